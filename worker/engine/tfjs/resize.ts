/**
 * Nearest-neighbour resizing and its adjoint, channels last. Doubling, which is every case but odd sizes, has kernels;
 * for the others the source of each pixel is ours to say, since backends round it in float32 or float64 as they like.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Formulation } from './formulation.ts';
import { matMul } from './mat-mul.ts';

/** x [B,h,w,C] -> [B,height,width,C]. */
export function upsampleNearest(x: tf.Tensor, height: number, width: number): tf.Tensor {
  const [, h, w] = x.shape;
  if (height === 2 * h && width === 2 * w)
    return tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [height, width]);
  const rows = tf.gather(x, tf.tensor1d(sourceIndices(h, height), 'int32'), 1);
  return tf.gather(rows, tf.tensor1d(sourceIndices(w, width), 'int32'), 2);
}

/** dy [B,H,W,C] -> [B,height,width,C]: each source pixel gathers the gradients of its copies. */
export function upsampleNearestGrad(
  dy: tf.Tensor,
  height: number,
  width: number,
  formulation: Formulation,
): tf.Tensor {
  const [batch, h, w, channels] = dy.shape;
  // The sum of four is four times their mean, exactly.
  if (h === 2 * height && w === 2 * width) return tf.mul(tf.avgPool(dy as tf.Tensor4D, 2, 2, 'valid'), 4);
  const sum = (x: tf.Tensor, from: number, to: number): tf.Tensor =>
    matMul(copies(from, to), x, { transA: false, transB: false, alpha: 1 }, formulation);
  const rowSums = sum(tf.reshape(dy, [batch, h, w * channels]), height, h);
  const sums = sum(tf.reshape(rowSums, [batch * height, w, channels]), width, w);
  return tf.reshape(sums, [batch, height, width, channels]);
}

/** Source pixel of each target pixel, in the float32 arithmetic that PyTorch's `nearest` uses. */
function sourceIndices(from: number, to: number): Int32Array {
  const scale = Math.fround(from / to);
  return Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(Math.fround(i * scale))));
}

/** [from, to] with a one where target pixel `to` copies source pixel `from`. */
function copies(from: number, to: number): tf.Tensor {
  const matrix = new Float32Array(from * to);
  for (const [i, source] of sourceIndices(from, to).entries()) matrix[source * to + i] = 1;
  return tf.tensor2d(matrix, [from, to]);
}
