/**
 * Clipping by the norm of the whole compact gradient, as `torch.nn.utils.clip_grad_norm_` does it.
 *
 * The gradient is spread over shards: each reports its squared norm, the run adds them in shard order and hands
 * every shard the same coefficient. Squared norms are summed in float64, so the cut of the model does not show.
 */
import { SaraError } from '../../shared/errors.ts';

/** Keeps the coefficient finite for a zero gradient; PyTorch's value. */
const NORM_EPSILON = 1e-6;

/** @returns the sum of squares in float64; NaN or infinity when the gradient holds one */
export function squaredNorm(gradient: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
  return sum;
}

export interface Clipping {
  /** Norm of the gradient over all shards, before clipping. */
  readonly gradientNorm: number;
  /** What every gradient element is to be multiplied with, in (0, 1]. */
  readonly coefficient: number;
}

/**
 * @param squaredNorms one per shard, in shard order
 * @param maxNorm positive; Infinity to measure without clipping
 * @throws SaraError NOT_FINITE when a shard's gradient is not finite: no update may follow
 */
export function clipByGlobalNorm(squaredNorms: readonly number[], maxNorm: number): Clipping {
  let sum = 0;
  for (const [shard, squared] of squaredNorms.entries()) {
    if (!Number.isFinite(squared)) {
      throw new SaraError(
        'NOT_FINITE',
        `squared gradient norm of shard ${shard} is ${squared}; lower the learning rate or the precision's loss scale`,
        { shard, squared: String(squared) },
      );
    }
    sum += squared;
  }
  const gradientNorm = Math.sqrt(sum);
  return { gradientNorm, coefficient: Math.min(1, maxNorm / (gradientNorm + NORM_EPSILON)) };
}
