/**
 * The training objective: what the UNet is given, what it should have answered, and how far it was off.
 *
 * The plain loss is the mean squared error over all values, equally weighted over timesteps, as in the simple
 * objective of Ho et al. (2020), eq. 14. How a run may weigh it otherwise is in loss-weight.ts; the sums themselves
 * are the training graph's.
 */
import { SaraError } from '../../shared/errors.ts';
import type { NoiseSchedule } from './noise-schedule.ts';

/** What one forward pass is trained on; each array holds B samples one after the other. */
export interface TrainingPair {
  /** The UNet's input x_t. */
  readonly noisy: Float32Array;
  /** What its output is compared with. */
  readonly target: Float32Array;
}

/**
 * @param x0_BN clean samples, float32, in the UNet's space (pixels in [-1, 1] or scaled latents)
 * @param noise_BN standard normal, same length
 * @param timesteps_B integers in [0, schedule.numTrainTimesteps)
 * @returns the noise for an epsilon model, the velocity for a v_prediction model
 */
export function makeTarget(
  schedule: NoiseSchedule,
  x0_BN: Float32Array,
  noise_BN: Float32Array,
  timesteps_B: ArrayLike<number>,
): Float32Array {
  switch (schedule.predictionType) {
    case 'epsilon':
      return noise_BN.slice();
    case 'v_prediction':
      return schedule.velocity(x0_BN, noise_BN, timesteps_B);
  }
}

/**
 * Input and target of the UNet for the same draw; parameters as {@link makeTarget}.
 * @param inputNoise_BN what the input is noised with, where it is not what the target is made of (see
 *   {@link perturbedNoise})
 */
export function makeTrainingPair(
  schedule: NoiseSchedule,
  x0_BN: Float32Array,
  noise_BN: Float32Array,
  timesteps_B: ArrayLike<number>,
  inputNoise_BN: Float32Array = noise_BN,
): TrainingPair {
  return {
    noisy: schedule.addNoise(x0_BN, inputNoise_BN, timesteps_B),
    target: makeTarget(schedule, x0_BN, noise_BN, timesteps_B),
  };
}

/**
 * Noise whose mean differs from channel to channel: noise + size * draw, the draw one standard normal per channel.
 * Plain noise says nothing about a picture's mean, which a model therefore leaves as it finds it.
 * @param noise_CHW one sample
 * @param draws_C standard normal
 * @see Guttenberg, "Diffusion with Offset Noise" (2023)
 */
export function offsetNoise(noise_CHW: Float32Array, draws_C: Float32Array, size: number): Float32Array {
  const numPixels = noise_CHW.length / draws_C.length;
  return noise_CHW.map((value, i) => value + size * draws_C[Math.floor(i / numPixels)]);
}

/**
 * noise + gamma * draw, for the input only: a trained model meets its own errors when it samples, and learns here to
 * correct them.
 * @param draws standard normal, as long as `noise`
 * @see Ning et al., "Input Perturbation Reduces Exposure Bias in Diffusion Models", algorithm 1
 */
export function perturbedNoise(noise: Float32Array, draws: Float32Array, gamma: number): Float32Array {
  return noise.map((value, i) => value + gamma * draws[i]);
}

/**
 * mean((output - target)^2), summed in float64: the oracle for the loss node of the training graph, and the
 * validation loss.
 */
export function meanSquaredError(output: Float32Array, target: Float32Array): number {
  if (output.length !== target.length || output.length === 0) {
    throw new SaraError('INTERNAL', `output has ${output.length} values, target ${target.length}`, {
      outputValues: output.length,
      targetValues: target.length,
    });
  }
  let sum = 0;
  for (let i = 0; i < output.length; i++) sum += (output[i] - target[i]) ** 2;
  return sum / output.length;
}
