/**
 * The sampling loop: noise in, samples out, the UNet being whatever function the caller brings.
 */
import { guide } from './guidance.ts';
import type { Sampler, SamplerState } from './samplers/sampler.ts';

/**
 * The UNet's answer for the whole batch.
 * @param input flat float32 [B,C,H,W]
 * @param timestep the same for every sample
 * @param condition with the prompts, or with the empty (or negative) prompt
 */
export type Predict = (
  input: Float32Array,
  timestep: number,
  condition: 'prompt' | 'unconditional',
) => Promise<Float32Array>;

export interface SamplingOptions {
  /** Strength of classifier-free guidance; 1 switches it off and halves the cost. */
  readonly guidanceScale: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (numDone: number, numSteps: number) => void;
}

/**
 * @param noise standard normal, B*C*H*W values
 * @returns the samples at the end of the trajectory, same layout
 */
export async function sampleFrom(
  sampler: Sampler,
  noise: Float32Array,
  predict: Predict,
  { guidanceScale, signal, onStep }: SamplingOptions,
): Promise<Float32Array> {
  let state: SamplerState = sampler.start(noise);
  for (const timestep of sampler.timesteps) {
    signal?.throwIfAborted();
    const input = sampler.modelInput(state);
    const conditional = await predict(input, timestep, 'prompt');
    const answer =
      guidanceScale === 1
        ? conditional
        : guide(conditional, await predict(input, timestep, 'unconditional'), guidanceScale);
    state = sampler.step(state, answer);
    onStep?.(state.index, sampler.timesteps.length);
  }
  return state.sample;
}
