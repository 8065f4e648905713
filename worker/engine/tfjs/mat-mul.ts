/** Products of matrices. */
import * as tf from '@tensorflow/tfjs-core';
import { numElements } from '../../../shared/tensor.ts';
import { broadcastShape, sameShape } from '../graph.ts';
import type { Op } from '../op.ts';
import type { Formulation } from './formulation.ts';

type MatMulOptions = Omit<Extract<Op, { kind: 'matMul' }>, 'kind'>;

/** alpha * op(a) op(b) over the last two axes; leading axes broadcast. */
export function matMul(
  a: tf.Tensor,
  b: tf.Tensor,
  { transA, transB, alpha }: MatMulOptions,
  formulation: Formulation,
): tf.Tensor {
  if (alpha === 1) return product(a, b, transA, transB, formulation);
  // The scale goes to the smaller factor; the result is seldom smaller than both.
  return a.size < b.size
    ? product(tf.mul(a, alpha), b, transA, transB, formulation)
    : product(a, tf.mul(b, alpha), transA, transB, formulation);
}

function product(
  a: tf.Tensor,
  b: tf.Tensor,
  transA: boolean,
  transB: boolean,
  formulation: Formulation,
): tf.Tensor {
  // A matrix under a batch is a linear layer: one product of all rows.
  if (b.rank === 2 && a.rank > 2 && !transA) {
    const rows = tf.reshape(a, [-1, a.shape[a.rank - 1]]);
    const result = product(rows, b, false, transB, formulation);
    return tf.reshape(result, [...a.shape.slice(0, -1), result.size / rows.shape[0]]);
  }
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = broadcastBatch(a, batch);
  const right = broadcastBatch(b, batch);
  if (formulation.products === 'kernel') return tf.matMul(left, right, transA, transB);

  const lefts = matrices(left, transA);
  const rights = matrices(right, transB);
  const results = lefts.map((matrix, i) => tf.matMul(matrix, rights[i]));
  const { shape } = results[0];
  return tf.reshape(results.length === 1 ? results[0] : tf.stack(results), [...batch, ...shape]);
}

function broadcastBatch(x: tf.Tensor, batch: readonly number[]): tf.Tensor {
  const shape: number[] = x.shape;
  if (sameShape(shape.slice(0, -2), batch)) return x;
  return tf.broadcastTo(x, [...batch, ...shape.slice(-2)]);
}

/** The matrices of a batch, each as it or its transpose is. */
function matrices(x: tf.Tensor, transposed: boolean): tf.Tensor[] {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const count = numElements(x.shape.slice(0, -2));
  const stack = tf.reshape(x, [count, rows, columns]);
  const upright = transposed ? tf.transpose(stack, [0, 2, 1]) : stack;
  return count === 1 ? [tf.squeeze(upright, [0])] : tf.unstack(upright);
}
