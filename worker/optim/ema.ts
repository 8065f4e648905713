/**
 * Exponential moving average of the trainable values: a second compact vector, never a copy of the model.
 *
 * The decay warms up, (1 + n) / (10 + n) capped at the configured decay, so that the average does not hang on to
 * the base model's values in a short run (Tensorflow's `ExponentialMovingAverage(num_updates)`, also diffusers').
 */
import { SaraError } from '../../shared/errors.ts';

/**
 * Decay used at update `step`.
 *
 * @param step which update of the run, counted from 1
 * @param maxDecay in [0, 1)
 */
export function emaDecay(step: number, maxDecay: number): number {
  return Math.min(maxDecay, (1 + step) / (10 + step));
}

/**
 * `average = decay * average + (1 - decay) * values`, in place.
 *
 * @throws SaraError INTERNAL when lengths differ
 */
export function updateEma(average: Float32Array, values: Float32Array, decay: number): void {
  if (average.length !== values.length) {
    throw new SaraError(
      'INTERNAL',
      `average has ${average.length} values, the trained vector ${values.length}`,
      {
        average: average.length,
        values: values.length,
      },
    );
  }
  for (let i = 0; i < values.length; i++) average[i] += (1 - decay) * (values[i] - average[i]);
}
