/**
 * A weight gradient of which only masked entries are wanted, as blocks of rows that are never all alive.
 *
 * Each block is a GEMM whose result still lies in the processor's cache when the masked entries are gathered from
 * it, so the dense gradient is not written to memory at all. Blocks follow each other along the first axis, as flat
 * row-major indices do: an ascending mask falls apart into one contiguous run of entries per block.
 */
import { numElements } from '../../../shared/tensor.ts';
import type { Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { countReaders } from '../readers.ts';
import type { Emitter } from './emitter.ts';
import { emitColumns, emitTaps, usesColumns } from './lower-conv-weight-grad.ts';
import { emitMatMul } from './lower-linear.ts';

/** Small enough to stay in a core's share of the last-level cache, large enough for a GEMM to run at full rate. */
const BLOCK_BYTES = 4 * 2 ** 20;

/** Flat entries [start, end) of a gradient. */
export interface GradientBlock {
  readonly start: number;
  readonly end: number;
  /** Set where the block holds the whole gradient tap by tap, see lower-conv-weight-grad.ts. */
  readonly tapMajor: { readonly numTaps: number; readonly numPairs: number } | null;
  /** Name of the block's flat values. */
  readonly emit: () => string;
}

/**
 * Nodes that need not be emitted where they stand, because all that reads them is a masked gather, which asks for
 * them block by block.
 */
export function nodesGatheredInBlocks(nodes: readonly Node[], outputs: Iterable<Value>): Set<Node> {
  const numReaders = countReaders(nodes, outputs);
  const found = new Set<Node>();
  const visit = (value: Value): void => {
    if (numReaders.get(value) !== 1 || !isBlockwise(value)) return;
    found.add(value.node);
    if (value.node.op.kind === 'concat') value.node.inputs.forEach(visit);
  };
  for (const node of nodes) if (node.op.kind === 'gatherMasked') visit(node.inputs[0]);
  return found;
}

function isBlockwise({ node, shape }: Value): boolean {
  switch (node.op.kind) {
    case 'concat':
      return node.op.axis === 0;
    case 'matMul':
      return shape.length === 2;
    case 'conv2dWeightGrad':
      return true;
    default:
      return false;
  }
}

/**
 * @param inBlocks from {@link nodesGatheredInBlocks}
 * @param nameOf name of a value that has been emitted
 */
export function gradientBlocks(
  e: Emitter,
  gradient: Value,
  inBlocks: ReadonlySet<Node>,
  nameOf: (value: Value) => string,
): GradientBlock[] {
  const { node, shape } = gradient;
  const { op } = node;
  const size = numElements(shape);
  const whole = (emit: () => string, tapMajor: GradientBlock['tapMajor'] = null): GradientBlock[] => [
    { start: 0, end: size, tapMajor, emit },
  ];
  if (!inBlocks.has(node)) return whole(() => e.reshape(nameOf(gradient), [-1]));
  if (op.kind === 'concat') {
    let offset = 0;
    return node.inputs.flatMap((part) => {
      const blocks = gradientBlocks(e, part, inBlocks, nameOf).map((block) => ({
        ...block,
        start: block.start + offset,
        end: block.end + offset,
      }));
      offset += numElements(part.shape);
      return blocks;
    });
  }
  const names = node.inputs.map(nameOf);
  if (op.kind === 'matMul') return rowBlocks(e, shape[0], size, blocksOfProduct(e, op, names));

  const conv = op as Extract<Op, { kind: 'conv2dWeightGrad' }>;
  const shapes = { x: node.inputs[0].shape, dy: node.inputs[1].shape, w: shape };
  if (usesColumns(shapes)) {
    const { rows, columns } = emitColumns(e, conv, names, shapes);
    const product = { transA: false, transB: true, alpha: 1 };
    return rowBlocks(e, shape[0], size, blocksOfProduct(e, product, [rows, columns]));
  }
  const [outChannels, inChannels, kh, kw] = shape;
  return whole(() => emitTaps(e, conv, names, shapes), {
    numTaps: kh * kw,
    numPairs: outChannels * inChannels,
  });
}

/** Rows [start, end) of a product of matrices. */
function blocksOfProduct(
  e: Emitter,
  product: Parameters<typeof emitMatMul>[1],
  [a, b]: readonly string[],
): (start: number, end: number) => string {
  return (start, end) =>
    emitMatMul(e, product, [e.slice(a, [{ axis: product.transA ? 1 : 0, start, end }]), b]);
}

function rowBlocks(
  e: Emitter,
  numRows: number,
  size: number,
  emit: (start: number, end: number) => string,
): GradientBlock[] {
  const rowSize = size / numRows;
  const rowsPerBlock = Math.ceil(numRows / Math.ceil((size * 4) / BLOCK_BYTES));
  const blocks: GradientBlock[] = [];
  for (let start = 0; start < numRows; start += rowsPerBlock) {
    const end = Math.min(numRows, start + rowsPerBlock);
    blocks.push({
      start: start * rowSize,
      end: end * rowSize,
      tapMajor: null,
      emit: () => e.reshape(emit(start, end), [-1]),
    });
  }
  return blocks;
}
