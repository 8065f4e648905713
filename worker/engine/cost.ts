/**
 * What blocks of a graph cost, from shapes alone: arithmetic, parameters, activations, and the values that cross
 * between blocks. The planner cuts by these figures; `sara plan` prints them.
 */
import { numElements } from '../../shared/tensor.ts';
import type { BlockCost, BlockEdge } from '../../shared/stage-protocol.ts';
import type { Graph, Node, Value } from './graph.ts';

const FLOAT_BYTES = 4;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Costs per block in order of first appearance; a parameter counts to the block that reads it first. */
export function blockCosts(graph: Graph): BlockCost[] {
  const costs = new Map<string, Omit<Mutable<BlockCost>, 'name' | 'parameterBytes'>>();
  const owned = new Set<Value>();
  for (const node of graph.nodes) {
    if (node.block === '' || isLeaf(node)) continue;
    const cost = costs.get(node.block) ?? {
      flops: 0,
      parameterCount: 0,
      largestTensorBytes: 0,
      activationBytes: 0,
    };
    costs.set(node.block, cost);
    cost.flops += nodeFlops(node);
    if (!isView(node)) for (const output of node.outputs) cost.activationBytes += sizeBytes(output);
    for (const input of node.inputs) {
      if (input.node.op.kind !== 'weight' || owned.has(input)) continue;
      owned.add(input);
      cost.parameterCount += numElements(input.shape);
      cost.largestTensorBytes = Math.max(cost.largestTensorBytes, sizeBytes(input));
    }
  }
  return [...costs].map(([name, cost]) => ({
    name,
    ...cost,
    parameterBytes: cost.parameterCount * FLOAT_BYTES,
  }));
}

/** Values read in another block than the one that computes them. */
export function blockEdges(graph: Graph): BlockEdge[] {
  const readers = new Map<Value, Set<string>>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      if (isLeaf(input.node) || input.node.block === node.block) continue;
      const blocks = readers.get(input) ?? new Set();
      readers.set(input, blocks.add(node.block));
    }
  }
  return [...readers].map(([value, to]) => ({
    from: value.node.block,
    to: [...to],
    sizeBytes: sizeBytes(value),
  }));
}

/** Floating point operations of the GEMM-like nodes, a multiply-add counted as two; the rest is movement. */
export function nodeFlops(node: Node): number {
  const [y] = node.outputs;
  const [a, b] = node.inputs;
  switch (node.op.kind) {
    case 'conv2d':
      return 2 * numElements(y.shape) * numElements(b.shape.slice(1));
    case 'matMul':
      return 2 * numElements(y.shape) * a.shape[a.shape.length - (node.op.transA ? 2 : 1)];
    case 'attention':
      // q k^T and p v: each [Sq, Sk] times the channels of all heads
      return 4 * numElements(a.shape) * b.shape[1];
    default:
      return 0;
  }
}

/** Writes nothing: another shape of its input, or rows of a weight. */
function isView({ op, inputs }: Node): boolean {
  return (
    op.kind === 'reshape' || (op.kind === 'slice' && op.axis === 0 && inputs[0].node.op.kind === 'weight')
  );
}

function isLeaf(node: Node): boolean {
  return node.op.kind === 'input' || node.op.kind === 'weight' || node.op.kind === 'constant';
}

function sizeBytes(value: Value): number {
  return numElements(value.shape) * FLOAT_BYTES;
}
