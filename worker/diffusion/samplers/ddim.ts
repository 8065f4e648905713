/**
 * DDIM, deterministic (eta = 0): Song et al. (2021), eq. 12. The sampler of the quickstart.
 * In pixel space the estimate of x0 is clamped to the range of pixels, as the scheduler config says.
 */
import { SaraError } from '../../../shared/errors.ts';
import type { NoiseSchedule } from '../noise-schedule.ts';
import { initialState, type Sampler, type SamplerState } from './sampler.ts';
import { inferenceTimesteps } from './timesteps.ts';

/** @param numSteps UNet evaluations, in [1, numTrainTimesteps] */
export function ddimSampler(schedule: NoiseSchedule, numSteps: number): Sampler {
  const { config } = schedule;
  const timesteps = inferenceTimesteps(config, numSteps);
  // diffusers steps by this stride whatever the spacing, so a following timestep may differ from it by rounding.
  const stride = Math.floor(config.numTrainTimesteps / numSteps);

  return {
    name: 'ddim',
    timesteps,
    initialNoiseScale: 1,
    start: (noise) => initialState(noise, 1),
    modelInput: (state) => state.sample,
    step(state: SamplerState, modelOutput: Float32Array): SamplerState {
      const timestep = timesteps[state.index];
      const alpha = schedule.alphasCumprod[timestep];
      if (alpha === 0 && config.predictionType === 'epsilon') {
        throw new SaraError('NOT_FINITE', `timestep ${timestep} holds no signal: epsilon cannot tell x0`, {
          timestep,
        });
      }
      const next = ddimTarget(schedule, timestep - stride);
      const [onX0, onEps] = [Math.sqrt(next), Math.sqrt(1 - next)];
      const [signal, noise] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      const range = config.clipSampleRange ?? Infinity;
      const sample = new Float32Array(state.sample.length);
      for (let i = 0; i < sample.length; i++) {
        const x = state.sample[i];
        const output = modelOutput[i];
        const isEpsilon = config.predictionType === 'epsilon';
        const x0 = isEpsilon ? (x - noise * output) / signal : signal * x - noise * output;
        const eps = isEpsilon ? output : signal * output + noise * x;
        sample[i] = onX0 * Math.min(Math.max(x0, -range), range) + onEps * eps;
      }
      return { index: state.index + 1, sample, history: [] };
    },
  };
}

/** abar at `timestep`; below 0 the trajectory has arrived at a clean sample, or at timestep 0 if so configured. */
export function ddimTarget(schedule: NoiseSchedule, timestep: number): number {
  if (timestep >= 0) return schedule.alphasCumprod[timestep];
  return schedule.config.setAlphaToOne ? 1 : schedule.alphasCumprod[0];
}
