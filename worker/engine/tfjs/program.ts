/**
 * A graph as the steps of an interpreter: which nodes run, in which order, and which values end with each.
 *
 * Computed once per graph. Memory is decided here: a value lives from its step to the last step that reads it.
 */
import type { Graph, Node, Value } from '../graph.ts';
import { isLeaf, liveNodes } from '../live-nodes.ts';

export interface Step {
  readonly node: Node;
  /** Values that no later step reads and no output names; this step's own results among them where nobody reads them. */
  readonly ends: readonly Value[];
}

export interface Program {
  readonly steps: readonly Step[];
  /** Graph inputs that some step or output reads. */
  readonly inputs: readonly Value[];
  readonly weights: readonly Value[];
  readonly constants: readonly Value[];
}

export function programOf(graph: Graph): Program {
  const live = liveNodes(graph);
  const order = runOrder(graph.nodes.filter((node) => live.has(node)));
  const kept = new Set(graph.outputs.values());
  const lastReader = new Map<Value, Node>();
  for (const node of order) {
    for (const value of [...node.outputs, ...node.inputs]) lastReader.set(value, node);
  }
  const ends = new Map<Node, Value[]>(order.map((node) => [node, []]));
  for (const [value, node] of lastReader) {
    // Weights and constants outlive the run.
    const isRunValue = !isLeaf(value.node) || value.node.op.kind === 'input';
    if (isRunValue && !kept.has(value)) ends.get(node)!.push(value);
  }
  const leaves = (kind: string): Value[] =>
    graph.nodes.filter((node) => live.has(node) && node.op.kind === kind).map((node) => node.outputs[0]);
  return {
    steps: order.map((node) => ({ node, ends: ends.get(node)! })),
    inputs: leaves('input'),
    weights: leaves('weight'),
    constants: leaves('constant'),
  };
}

/**
 * The graph's own order, except that a gather follows the dense gradient it reads at once. A backward program lists
 * all its gathers at the end, where every dense gradient would have to wait for them.
 */
function runOrder(nodes: readonly Node[]): Node[] {
  const gathers = new Map<Value, Node[]>();
  for (const node of nodes) {
    if (node.op.kind !== 'gatherMasked') continue;
    const [gradient] = node.inputs;
    gathers.set(gradient, [...(gathers.get(gradient) ?? []), node]);
  }
  const order: Node[] = [];
  for (const node of nodes) {
    if (node.op.kind === 'gatherMasked') continue;
    if (!isLeaf(node)) order.push(node);
    for (const output of node.outputs) order.push(...(gathers.get(output) ?? []));
  }
  return order;
}
