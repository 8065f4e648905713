/** Linear layers: a product and the bias added to it are one Gemm, which passes over the output once less. */
import { numElements } from '../../../shared/tensor.ts';
import type { Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { countReaders } from '../readers.ts';
import type { Emitter } from './emitter.ts';

/** x [..., in] times w, [out, in] where `transB`, plus bias [out]. */
export interface BiasedProduct {
  readonly product: Node;
  readonly x: Value;
  readonly w: Value;
  readonly bias: Value;
  readonly transB: boolean;
}

/** By the node that adds the bias, the product it alone reads. */
export function biasedProducts(nodes: readonly Node[], outputs: Iterable<Value>): Map<Node, BiasedProduct> {
  const numReaders = countReaders(nodes, outputs);
  const found = new Map<Node, BiasedProduct>();
  for (const node of nodes) {
    if (node.op.kind !== 'add') continue;
    const [sum, bias] = node.inputs;
    const product = sum.node;
    if (product.op.kind !== 'matMul' || product.op.transA || product.op.alpha !== 1) continue;
    const [x, w] = product.inputs;
    const width = sum.shape[sum.shape.length - 1];
    const isBias = bias.shape.length === 1 && bias.shape[0] === width;
    if (w.shape.length === 2 && isBias && numReaders.get(sum) === 1)
      found.set(node, { product, x, w, bias, transB: product.op.transB });
  }
  return found;
}

export function emitBiasedProduct(
  e: Emitter,
  { x, w, bias, transB }: BiasedProduct,
  nameOf: (value: Value) => string,
  shape: readonly number[],
  y: string,
): void {
  const columns = x.shape[x.shape.length - 1];
  const rows = e.reshape(nameOf(x), [numElements(x.shape) / columns, columns]);
  e.reshape(e.emit('Gemm', [rows, nameOf(w), nameOf(bias)], { transB: +transB }), shape, y);
}

export function emitMatMul(
  e: Emitter,
  { transA, transB, alpha }: Pick<Extract<Op, { kind: 'matMul' }>, 'transA' | 'transB' | 'alpha'>,
  inputs: readonly string[],
  y?: string,
): string {
  if (!transA && !transB && alpha === 1) return e.emit('MatMul', inputs, {}, y);
  return e.emit('FusedMatMul', inputs, { transA: +transA, transB: +transB, alpha: { float: alpha } }, y);
}
