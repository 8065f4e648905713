/**
 * PNDM in its linear multistep form (PLMS): Liu et al. (2022), eq. 9 and 12, without the Runge-Kutta warm-up, as
 * every published Stable Diffusion configures it.
 *
 * The first interval is done twice: a provisional Euler step to its end, then again from its beginning with the
 * mean of both answers. So numSteps + 1 evaluations, and the second timestep appears twice.
 * History holds up to three earlier answers, oldest first; before the second evaluation also, last, the initial
 * sample.
 */
import { SaraError } from '../../../shared/errors.ts';
import type { NoiseSchedule } from '../noise-schedule.ts';
import { ddimTarget } from './ddim.ts';
import { initialState, linearCombination, type Sampler, type SamplerState } from './sampler.ts';
import { inferenceTimesteps } from './timesteps.ts';

/** Adams-Bashforth weights by number of answers at hand, newest first. */
const MULTISTEP_WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * @param numSteps at least 2; the UNet is evaluated numSteps + 1 times
 * @throws SaraError CONFIG_INVALID for fewer, MODEL_UNSUPPORTED when the config wants the Runge-Kutta warm-up
 */
export function pndmSampler(schedule: NoiseSchedule, numSteps: number): Sampler {
  const { config } = schedule;
  if (config.defaultSampler === 'pndm' && !config.skipPrkSteps) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${config.source}: skip_prk_steps = false is not supported; accepted: true. Or choose another sampler.`,
      { source: config.source, field: 'skip_prk_steps', value: false },
    );
  }
  const spaced = inferenceTimesteps(config, numSteps);
  if (numSteps < 2)
    throw new SaraError('CONFIG_INVALID', `pndm needs at least 2 sampling steps, got ${numSteps}`, {
      numSteps,
    });
  const timesteps = [spaced[0], spaced[1], ...spaced.slice(1)];
  const stride = Math.floor(config.numTrainTimesteps / numSteps);

  /** From `from` to `to`: eq. 9 with the combined answer. */
  const transfer = (sample: Float32Array, answer: Float32Array, from: number, to: number): Float32Array => {
    const [alpha, next] = [ddimTarget(schedule, from), ddimTarget(schedule, to)];
    const denominator = alpha * Math.sqrt(1 - next) + Math.sqrt(alpha * (1 - alpha) * next);
    const onEpsilon = -(next - alpha) / denominator;
    const onSample = Math.sqrt(next / alpha);
    return config.predictionType === 'epsilon'
      ? linearCombination([onSample, onEpsilon], [sample, answer])
      : linearCombination(
          [onSample + onEpsilon * Math.sqrt(1 - alpha), onEpsilon * Math.sqrt(alpha)],
          [sample, answer],
        );
  };

  return {
    name: 'pndm',
    timesteps,
    initialNoiseScale: 1,
    start: (noise) => initialState(noise, 1),
    modelInput: (state) => state.sample,
    step({ index, sample, history }: SamplerState, modelOutput: Float32Array): SamplerState {
      const timestep = timesteps[index];
      if (index === 1) {
        const [first, initialSample] = history;
        const mean = linearCombination([1 / 2, 1 / 2], [modelOutput, first]);
        return {
          index: 2,
          sample: transfer(initialSample, mean, timestep + stride, timestep),
          history: [first],
        };
      }
      const answers = [...history, modelOutput].slice(-MULTISTEP_WEIGHTS.length);
      const weights = MULTISTEP_WEIGHTS[answers.length - 1];
      const combined = linearCombination(weights, answers.toReversed());
      return {
        index: index + 1,
        sample: transfer(sample, combined, timestep, timestep - stride),
        history: index === 0 ? [modelOutput, sample] : answers,
      };
    },
  };
}
