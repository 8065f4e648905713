/** Which nodes of a graph matter: what every lowering asks before it emits or runs anything. */
import type { Graph, Node } from './graph.ts';

/** Nodes some output depends on. */
export function liveNodes(graph: Graph): Set<Node> {
  const live = new Set<Node>([...graph.outputs.values()].map((value) => value.node));
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    if (live.has(graph.nodes[i])) graph.nodes[i].inputs.forEach((input) => live.add(input.node));
  }
  return live;
}

/** Nodes that compute nothing. */
export function isLeaf(node: Node): boolean {
  return node.op.kind === 'input' || node.op.kind === 'weight' || node.op.kind === 'constant';
}
