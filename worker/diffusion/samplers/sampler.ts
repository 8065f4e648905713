/**
 * A sampler: the reverse process as a pure stepper over immutable states.
 *
 * The caller runs the UNet; a sampler only says at which timestep, on what input, and what follows from the
 * answer. All of them are deterministic, so one initial noise gives one picture. Numbers agree with the
 * diffusers scheduler of the same name, whose timestep rules are followed to the letter.
 *
 * Notation: abar is the cumulative alpha, sigma = sqrt((1 - abar) / abar), x = sqrt(abar) x0 + sqrt(1 - abar) eps.
 */
import type { SamplerName } from '../scheduler-config.ts';

/** Where a trajectory stands. */
export interface SamplerState {
  /** Number of steps taken; the trajectory is complete when it equals `timesteps.length`. */
  readonly index: number;
  /** The batch of samples, flat float32, in the sampler's own scale until complete. */
  readonly sample: Float32Array;
  /** Earlier results a multistep method refers to, oldest first; what they are is the sampler's business. */
  readonly history: readonly Float32Array[];
}

export interface Sampler {
  readonly name: SamplerName;
  /** One UNet evaluation each, in order; what the UNet receives as timestep. */
  readonly timesteps: readonly number[];
  /** Standard deviation of the initial sample. */
  readonly initialNoiseScale: number;
  /** The state before the first step. @param noise standard normal values, B*C*H*W of them */
  start(noise: Float32Array): SamplerState;
  /** What the UNet is to be given, together with `timesteps[state.index]`. */
  modelInput(state: SamplerState): Float32Array;
  /** The state after one step. @param modelOutput the UNet's answer to {@link modelInput}, same length */
  step(state: SamplerState, modelOutput: Float32Array): SamplerState;
}

/** sum_i coefficients[i] * arrays[i], each entry summed in float64. */
export function linearCombination(
  coefficients: readonly number[],
  arrays: readonly Float32Array[],
): Float32Array {
  const sum = new Float32Array(arrays[0].length);
  for (let i = 0; i < sum.length; i++) {
    let entry = 0;
    for (let k = 0; k < arrays.length; k++) entry += coefficients[k] * arrays[k][i];
    sum[i] = entry;
  }
  return sum;
}

/** initialNoiseScale * noise, as a state at index 0. */
export function initialState(noise: Float32Array, initialNoiseScale: number): SamplerState {
  return { index: 0, sample: linearCombination([initialNoiseScale], [noise]), history: [] };
}
