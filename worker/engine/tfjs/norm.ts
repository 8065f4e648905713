/** Group and layer normalisation with their gradients. Statistics are those of two passes: mean first, then variance. */
import * as tf from '@tensorflow/tfjs-core';
import type { Op } from '../op.ts';

/** x [B,H,W,C] channels last, gamma and beta [C]. */
export function groupNorm(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { numGroups, epsilon }: Extract<Op, { kind: 'groupNorm' }>,
): tf.Tensor {
  const { centred, inverse } = groupStatistics(x, numGroups, epsilon);
  // 1/std and gamma meet while both are small: the large tensor is multiplied once.
  const scale = tf.mul(inverse, tf.reshape(gamma, [1, 1, numGroups, -1]));
  const y = tf.add(tf.mul(centred, scale), tf.reshape(beta, [1, 1, numGroups, -1]));
  return tf.reshape(y, x.shape);
}

/**
 * dx, dgamma, dbeta from x and dy [B,H,W,C] channels last, and gamma [C].
 *
 * With c = x - mean and r = 1 / sqrt(var + eps) per group, and per channel the sums of dy and of dy c over pixels,
 * everything else is small: dx = (r gamma) dy + k1 c + k0 with k0 = -r mean(gamma dy), k1 = -r^3 mean(gamma dy c).
 */
export function groupNormGrad(
  x: tf.Tensor,
  gamma: tf.Tensor,
  dy: tf.Tensor,
  { numGroups, epsilon }: Extract<Op, { kind: 'groupNormGrad' }>,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const { centred, inverse } = groupStatistics(x, numGroups, epsilon);
  const dyGroups = tf.reshape(dy, centred.shape);
  const gammaGroups = tf.reshape(gamma, [1, 1, numGroups, -1]);
  const sumDy = tf.sum(dyGroups, [1], true); // [B,1,G,C/G], as the next
  const sumDyCentred = tf.sum(tf.mul(dyGroups, centred), [1], true);
  const groupSize = centred.size / inverse.size;
  const meanOverGroup = (perChannel: tf.Tensor): tf.Tensor =>
    tf.div(tf.sum(tf.mul(perChannel, gammaGroups), [3], true), groupSize);

  const k0 = tf.neg(tf.mul(meanOverGroup(sumDy), inverse));
  const k1 = tf.neg(tf.mul(meanOverGroup(sumDyCentred), tf.mul(inverse, tf.square(inverse))));
  const dx = tf.add(tf.mul(dyGroups, tf.mul(inverse, gammaGroups)), tf.add(tf.mul(centred, k1), k0));
  return [
    tf.reshape(dx, x.shape),
    tf.reshape(tf.sum(tf.mul(sumDyCentred, inverse), [0]), gamma.shape),
    tf.reshape(tf.sum(sumDy, [0]), gamma.shape),
  ];
}

/** x [B,H,W,C] less its mean, as [B,H*W,G,C/G], and 1/std as [B,1,G,1]. */
function groupStatistics(
  x: tf.Tensor,
  numGroups: number,
  epsilon: number,
): { centred: tf.Tensor; inverse: tf.Tensor } {
  const [batch, height, width, channels] = x.shape;
  const groups = tf.reshape(x, [batch, height * width, numGroups, channels / numGroups]);
  const centred = tf.sub(groups, tf.mean(groups, [1, 3], true));
  const variance = tf.mean(tf.square(centred), [1, 3], true);
  return { centred, inverse: tf.rsqrt(tf.add(variance, epsilon)) };
}

/** Over the last axis: x [...,C], gamma and beta [C]. */
export function layerNorm(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon }: Extract<Op, { kind: 'layerNorm' }>,
): tf.Tensor {
  const { centred, inverse } = rowStatistics(x, epsilon);
  return tf.add(tf.mul(tf.mul(centred, inverse), gamma), beta);
}

/**
 * dx, dgamma, dbeta. With u = (x - mean) / sqrt(var + eps) and g = gamma dy:
 * dx = (g - mean(g) - u mean(g u)) / sqrt(var + eps).
 */
export function layerNormGrad(
  x: tf.Tensor,
  gamma: tf.Tensor,
  dy: tf.Tensor,
  { epsilon }: Extract<Op, { kind: 'layerNormGrad' }>,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const { centred, inverse } = rowStatistics(x, epsilon);
  const unit = tf.mul(centred, inverse);
  const g = tf.mul(dy, gamma);
  const projection = tf.mul(unit, tf.mean(tf.mul(g, unit), [-1], true));
  const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, [-1], true)), projection), inverse);
  const rows = (y: tf.Tensor): tf.Tensor => tf.reshape(y, [-1, gamma.size]);
  return [dx, tf.sum(rows(tf.mul(dy, unit)), [0]), tf.sum(rows(dy), [0])];
}

function rowStatistics(x: tf.Tensor, epsilon: number): { centred: tf.Tensor; inverse: tf.Tensor } {
  const centred = tf.sub(x, tf.mean(x, [-1], true));
  const variance = tf.mean(tf.square(centred), [-1], true);
  return { centred, inverse: tf.rsqrt(tf.add(variance, epsilon)) };
}
