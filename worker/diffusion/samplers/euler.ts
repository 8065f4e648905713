/**
 * Euler's method on the probability-flow ODE dx/dsigma = (x - x0) / sigma: Karras et al. (2022), algorithm 1
 * without noise. Samples live in the variance-exploding scale; the UNet sees them divided by sqrt(sigma^2 + 1).
 */
import type { NoiseSchedule } from '../noise-schedule.ts';
import { initialState, linearCombination, type Sampler, type SamplerState } from './sampler.ts';
import { finalSigma, trainingSigmas } from './sigmas.ts';
import { inferenceTimesteps } from './timesteps.ts';

/** @param numSteps UNet evaluations, in [1, numTrainTimesteps] */
export function eulerSampler(schedule: NoiseSchedule, numSteps: number): Sampler {
  const { config } = schedule;
  const timesteps = inferenceTimesteps(config, numSteps);
  const levels = trainingSigmas(schedule);
  const sigmas = [...timesteps.map((timestep) => levels[timestep]), finalSigma(schedule, levels)];
  // Under leading spacing the first level is not the end of the schedule, so the signal's variance counts too.
  const initialNoiseScale = config.timestepSpacing === 'leading' ? Math.sqrt(sigmas[0] ** 2 + 1) : sigmas[0];

  return {
    name: 'euler',
    timesteps,
    initialNoiseScale,
    start: (noise) => initialState(noise, initialNoiseScale),
    modelInput: (state) => linearCombination([1 / Math.sqrt(sigmas[state.index] ** 2 + 1)], [state.sample]),
    step(state: SamplerState, modelOutput: Float32Array): SamplerState {
      const sigma = sigmas[state.index];
      const stepSize = sigmas[state.index + 1] - sigma;
      // The derivative (x - x0) / sigma as a combination of x and the output: epsilon is the derivative itself;
      // x0 = x / (sigma^2 + 1) - output sigma / sqrt(sigma^2 + 1) for velocity.
      const [onSample, onOutput] =
        config.predictionType === 'epsilon'
          ? [0, 1]
          : [sigma / (sigma ** 2 + 1), 1 / Math.sqrt(sigma ** 2 + 1)];
      return {
        index: state.index + 1,
        sample: linearCombination(
          [1 + stepSize * onSample, stepSize * onOutput],
          [state.sample, modelOutput],
        ),
        history: [],
      };
    },
  };
}
