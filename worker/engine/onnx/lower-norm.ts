/**
 * Group and layer normalisation with their gradients, written out in elementwise operators where ONNX Runtime
 * has no fused kernel.
 */
import { numElements } from '../../../shared/tensor.ts';
import type { Op } from '../op.ts';
import type { Emitter } from './emitter.ts';

/** That of every instance normalisation where they share one. */
const SHARED_EPSILON = 1e-5;

/**
 * x [B,C,...]
 * @param sharesEpsilon whether the provider gives every instance normalisation the same epsilon
 */
export function emitGroupNorm(
  e: Emitter,
  op: Extract<Op, { kind: 'groupNorm' }>,
  [x, gamma, beta]: readonly string[],
  shape: readonly number[],
  sharesEpsilon: boolean,
  y: string,
): void {
  const { numGroups } = op;
  const [batch, channels] = shape;
  const epsilon = sharesEpsilon ? SHARED_EPSILON : op.epsilon;
  // s x has the variance s^2 var, so normalised with epsilon it is x normalised with epsilon / s^2.
  const scale = Math.sqrt(epsilon / op.epsilon);
  const input = scale === 1 ? x : e.emit('Mul', [x, e.scalar(scale)]);
  const grouped = e.reshape(input, [batch, numGroups, -1]);
  const unit = e.emit('InstanceNormalization', [grouped, e.filled(numGroups, 1), e.filled(numGroups, 0)], {
    epsilon: { float: epsilon },
  });
  const perChannel = [channels, ...shape.slice(2).map(() => 1)];
  const scaled = e.emit('Mul', [e.reshape(unit, shape), e.reshape(gamma, perChannel)]);
  e.emit('Add', [scaled, e.reshape(beta, perChannel)], {}, y);
}

/**
 * Outputs dx, dgamma, dbeta.
 *
 * With c = x - mean and r = 1 / sqrt(var + eps) per group, and per channel the sums of dy and of dy c over pixels,
 * everything else is small: dx = (r gamma) dy + k1 c + k0 with k0 = -r mean(gamma dy), k1 = -r^3 mean(gamma dy c).
 * Written this way a step reads the large tensors nine times; through the normalised activation it would be sixteen.
 */
export function emitGroupNormGrad(
  e: Emitter,
  op: Extract<Op, { kind: 'groupNormGrad' }>,
  [x, gamma, dy]: readonly string[],
  shape: readonly number[],
  [dx, dgamma, dbeta]: readonly string[],
): void {
  const { numGroups, epsilon } = op;
  const [batch, channels] = shape;
  const numPixels = numElements(shape.slice(2));
  const groupSize = channels / numGroups;
  const mul = (a: string, b: string): string => e.emit('Mul', [a, b]);
  const perGroup = (y: string): string => e.sum(e.reshape(y, [batch, numGroups, groupSize]), [2], true);

  const rows = e.reshape(x, [batch, numGroups, groupSize * numPixels]);
  const centredRows = e.emit('Sub', [rows, e.mean(rows, [2])]);
  const sumOfSquares = e.emit('ReduceSumSquare', [centredRows, e.ints([2])], { keepdims: 1 });
  const variance = mul(sumOfSquares, e.scalar(1 / (groupSize * numPixels)));
  const inverse = e.emit('Reciprocal', [e.emit('Sqrt', [e.emit('Add', [variance, e.scalar(epsilon)])])]);

  const centred = e.reshape(centredRows, [batch * channels, 1, numPixels]);
  const dyRows = e.reshape(dy, [batch * channels, 1, numPixels]);
  const dot = e.emit('FusedMatMul', [dyRows, centred], { transA: 0, transB: 1, alpha: { float: 1 } });
  const sumDy = e.reshape(e.sum(dyRows, [2], true), [batch, channels]);
  const sumDyCentred = e.reshape(dot, [batch, channels]);
  const gammaRow = e.reshape(gamma, [1, channels]);
  const inverseOfChannel = e.reshape(e.emit('Expand', [inverse, e.ints([batch, numGroups, groupSize])]), [
    batch,
    channels,
  ]);
  e.sum(mul(sumDyCentred, inverseOfChannel), [0], false, dgamma);
  e.sum(sumDy, [0], false, dbeta);

  const negatedMean = e.scalar(-1 / (groupSize * numPixels));
  const k0 = mul(mul(perGroup(mul(gammaRow, sumDy)), negatedMean), inverse);
  const cubed = mul(mul(inverse, inverse), inverse);
  const k1 = mul(mul(perGroup(mul(gammaRow, sumDyCentred)), negatedMean), cubed);
  const scaledDy = mul(e.reshape(mul(inverseOfChannel, gammaRow), [batch * channels, 1, 1]), dyRows);
  const statisticsPart = e.emit('Add', [mul(k1, centredRows), k0]);
  e.emit('Add', [e.reshape(scaledDy, shape), e.reshape(statisticsPart, shape)], {}, dx);
}

export function emitLayerNorm(
  e: Emitter,
  op: Extract<Op, { kind: 'layerNorm' }>,
  inputs: readonly string[],
  y: string,
): void {
  e.emit('LayerNormalization', inputs, { axis: -1, epsilon: { float: op.epsilon } }, y);
}

/** Outputs dx, dgamma, dbeta; normalised over the last axis of `shape`. */
export function emitLayerNormGrad(
  e: Emitter,
  op: Extract<Op, { kind: 'layerNormGrad' }>,
  [x, gamma, dy]: readonly string[],
  shape: readonly number[],
  [dx, dgamma, dbeta]: readonly string[],
): void {
  const last = shape.length - 1;
  const { unit, gradient } = normalisedGradient(e, x, e.emit('Mul', [dy, gamma]), last, op.epsilon);
  e.emit('Identity', [gradient], {}, dx);
  const otherAxes = shape.flatMap((_, axis) => (axis === last ? [] : [axis]));
  e.sum(e.emit('Mul', [dy, unit]), otherAxes, false, dgamma);
  e.sum(dy, otherAxes, false, dbeta);
}

/**
 * With u = (x - mean) / sqrt(var + eps) over `axis` and g the gradient of u:
 * dx = (g - mean(g) - u mean(g u)) / sqrt(var + eps). The statistics are recomputed from x: keeping them from
 * the forward pass would keep every normalised activation alive too.
 */
function normalisedGradient(
  e: Emitter,
  x: string,
  g: string,
  axis: number,
  epsilon: number,
): { unit: string; gradient: string } {
  const centred = e.emit('Sub', [x, e.mean(x, [axis])]);
  const variance = e.mean(e.emit('Mul', [centred, centred]), [axis]);
  const inverse = e.emit('Reciprocal', [e.emit('Sqrt', [e.emit('Add', [variance, e.scalar(epsilon)])])]);
  const unit = e.emit('Mul', [centred, inverse]);
  const projection = e.emit('Mul', [unit, e.mean(e.emit('Mul', [g, unit]), [axis])]);
  const residual = e.emit('Sub', [e.emit('Sub', [g, e.mean(g, [axis])]), projection]);
  return { unit, gradient: e.emit('Mul', [residual, inverse]) };
}
