/**
 * Mixed precision on the lowered model: products and convolutions in float16, all else in float32.
 *
 * Factors are cast to float16 once each, results back to float32; norms, softmax, sums, the loss and the gathered
 * gradients stay in float32, as PyTorch's autocast has them. Trainable values, moments and what the optimizer does are
 * outside the graph and float32 in any case. Gradients that float16 would round to zero are kept by scaling the loss
 * (`engine.lossScale`).
 */
import type { Emitter } from './emitter.ts';
import { ONNX_TYPE, type OnnxNode } from './onnx-schema.ts';

/** Operators whose work is in products, and whose floating point inputs are all factors or biases. */
const PRODUCTS: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'FusedMatMul',
  'Gemm',
  'MatMul',
  'MultiHeadAttention',
]);

/** @param nodes of `e`, in execution order; the result is to be in the same */
export function inHalfPrecision(e: Emitter, nodes: readonly OnnxNode[]): OnnxNode[] {
  const storedAsHalf = halfSources(e, nodes);
  const halves = new Map<string, string>();
  const result: OnnxNode[] = [];
  const cast = (from: string, to: keyof typeof ONNX_TYPE, output: string): void => {
    const attributes = { to: ONNX_TYPE[to] };
    result.push({ opType: 'Cast', domain: '', inputs: [from], outputs: [output], attributes });
  };
  const half = (name: string): string => {
    if (name === '') return name; // an optional input that is left out
    let known = storedAsHalf.get(name) ?? halves.get(name);
    if (known === undefined) {
      known = e.fresh('half');
      cast(name, 'float16', known);
      halves.set(name, known);
    }
    return known;
  };
  for (const node of nodes) {
    if (!PRODUCTS.has(node.opType)) {
      result.push(node);
      continue;
    }
    const product = e.fresh('half');
    result.push({ ...node, inputs: node.inputs.map(half), outputs: [product] });
    cast(product, 'float32', node.outputs[0]);
  }
  return result;
}

/** Values that are weights stored in float16 and cast up, by the name of what they are cast from. */
function halfSources(e: Emitter, nodes: readonly OnnxNode[]): Map<string, string> {
  const stored = new Set(e.initializers.filter(({ type }) => type === 'float16').map(({ name }) => name));
  return new Map(
    nodes.flatMap(({ opType, inputs: [from], outputs: [to] }) =>
      opType === 'Cast' && stored.has(from) ? [[to, from] as const] : [],
    ),
  );
}
