/**
 * AdamW with decoupled weight decay, on compact vectors: only the trained entries have a value, a gradient and
 * two moments. The arithmetic is PyTorch's `torch.optim.AdamW`, element by element, so that a recorded PyTorch
 * trajectory can be followed; state is stored in float32 and each element is computed in float64.
 *
 * Leaves the learning rate to lr-schedule.ts and the clipping coefficient to clip.ts.
 */
import { SaraError } from '../../shared/errors.ts';

export interface AdamWOptions {
  /** Decay rates of the first and second moment, each in [0, 1). */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment; positive. */
  readonly epsilon: number;
  /** Fraction of the value removed per unit of learning rate, apart from the gradient; at least 0. */
  readonly weightDecay: number;
}

/** The paper's settings (appendix B). */
export const DEFAULT_ADAMW: AdamWOptions = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 1e-2 };

/** First and second moment, one element per trained entry, in mask order. */
export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** Moments before the first update. */
export function zeroMoments(count: number): Moments {
  return { first: new Float32Array(count), second: new Float32Array(count) };
}

export interface AdamWUpdate {
  /** Updated in place; element `positions[j]` belongs to gradient element j. */
  readonly values: Float32Array;
  /** Where gradient element j lives in `values`; null when gradient and values have the same order and length. */
  readonly positions: Int32Array | null;
  /** Sum over micro-batches and replicas of dLoss/dValue, one element per trained entry. Not changed. */
  readonly gradient: Float32Array;
  /** Factor on the gradient (clipping coefficient, inverse loss scale); 1 for none. */
  readonly gradientScale: number;
  /** Updated in place. */
  readonly moments: Moments;
  /** Which update of the run this is, counted from 1; the bias correction never restarts within a run. */
  readonly step: number;
  readonly learningRate: number;
}

/**
 * One update: `p *= 1 - lr * decay; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)`.
 *
 * Values no gradient element points at are neither moved nor decayed.
 *
 * @throws SaraError INTERNAL when lengths disagree or `step` is below 1
 * @see Loshchilov and Hutter, "Decoupled Weight Decay Regularization", algorithm 2
 */
export function adamwStep(update: AdamWUpdate, options: AdamWOptions): void {
  const { values, positions, gradient, gradientScale, moments, step, learningRate } = update;
  requireMatchingLengths(update);
  const [beta1, beta2] = options.betas;
  const { first, second } = moments;
  const keep = 1 - learningRate * options.weightDecay;
  // Both corrections and the gradient's scale are taken out of the loop, which leaves it one root and one division:
  // a / (sqrt(v) / c + eps) = a c / (sqrt(v) + eps c).
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  const stepSize = (learningRate / (1 - beta1 ** step)) * rootCorrection;
  const epsilon = options.epsilon * rootCorrection;
  const newFirst = (1 - beta1) * gradientScale;
  const newSecond = (1 - beta2) * gradientScale * gradientScale;

  for (let j = 0; j < gradient.length; j++) {
    const g = gradient[j];
    const m = beta1 * first[j] + newFirst * g;
    const v = beta2 * second[j] + newSecond * g * g;
    first[j] = m;
    second[j] = v;
    const at = positions === null ? j : positions[j];
    values[at] = values[at] * keep - (stepSize * m) / (Math.sqrt(v) + epsilon);
  }
}

function requireMatchingLengths({ values, positions, gradient, moments, step }: AdamWUpdate): void {
  const count = gradient.length;
  const numTargets = positions === null ? values.length : positions.length;
  if (numTargets !== count || moments.first.length !== count || moments.second.length !== count || step < 1) {
    throw new SaraError(
      'INTERNAL',
      `AdamW update ${step}: gradient has ${count} elements, values ${numTargets}, ` +
        `moments ${moments.first.length} and ${moments.second.length}; all must agree and updates count from 1`,
      { count, numTargets, first: moments.first.length, second: moments.second.length, step },
    );
  }
}
