/**
 * Group and layer normalisation with their gradients, written out in elementwise operators where ONNX Runtime
 * has no fused kernel.
 */
import { numElements } from '../../../shared/tensor.ts';
import type { Op } from '../op.ts';
import type { Emitter } from './emitter.ts';

/** x [B,C,...] */
export function emitGroupNorm(e: Emitter, op: Extract<Op, { kind: 'groupNorm' }>, [x, gamma, beta]: readonly string[], shape: readonly number[], y: string): void {
  const { numGroups, epsilon } = op;
  const [batch, channels] = shape;
  const grouped = e.reshape(x, [batch, numGroups, -1]);
  const unit = e.emit('InstanceNormalization', [grouped, e.filled(numGroups, 1), e.filled(numGroups, 0)], { epsilon: { float: epsilon } });
  const perChannel = [channels, ...shape.slice(2).map(() => 1)];
  const scaled = e.emit('Mul', [e.reshape(unit, shape), e.reshape(gamma, perChannel)]);
  e.emit('Add', [scaled, e.reshape(beta, perChannel)], {}, y);
}

/** Outputs dx, dgamma, dbeta. */
export function emitGroupNormGrad(
  e: Emitter,
  op: Extract<Op, { kind: 'groupNormGrad' }>,
  [x, gamma, dy]: readonly string[],
  shape: readonly number[],
  [dx, dgamma, dbeta]: readonly string[],
): void {
  const [batch, channels] = shape;
  const rows = [batch, op.numGroups, numElements(shape) / (batch * op.numGroups)];
  const spatial = shape.slice(2);
  const weighted = e.emit('Mul', [dy, e.reshape(gamma, [channels, ...spatial.map(() => 1)])]);
  const { unit, gradient } = normalisedGradient(e, e.reshape(x, rows), e.reshape(weighted, rows), 2, op.epsilon);
  e.reshape(gradient, shape, dx);
  const otherAxes = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  e.sum(e.emit('Mul', [dy, e.reshape(unit, shape)]), otherAxes, false, dgamma);
  e.sum(dy, otherAxes, false, dbeta);
}

export function emitLayerNorm(e: Emitter, op: Extract<Op, { kind: 'layerNorm' }>, inputs: readonly string[], y: string): void {
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
function normalisedGradient(e: Emitter, x: string, g: string, axis: number, epsilon: number): { unit: string; gradient: string } {
  const centred = e.emit('Sub', [x, e.mean(x, [axis])]);
  const variance = e.mean(e.emit('Mul', [centred, centred]), [axis]);
  const inverse = e.emit('Reciprocal', [e.emit('Sqrt', [e.emit('Add', [variance, e.scalar(epsilon)])])]);
  const unit = e.emit('Mul', [centred, inverse]);
  const projection = e.emit('Mul', [unit, e.mean(e.emit('Mul', [g, unit]), [axis])]);
  const residual = e.emit('Sub', [e.emit('Sub', [g, e.mean(g, [axis])]), projection]);
  return { unit, gradient: e.emit('Mul', [residual, inverse]) };
}
