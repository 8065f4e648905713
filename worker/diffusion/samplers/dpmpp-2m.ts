/**
 * DPM-Solver++(2M): Lu et al. (2022b), algorithm 2, in the midpoint form, with the model's timesteps or Karras'.
 * History holds the previous step's estimate of x0.
 */
import { SaraError } from '../../../shared/errors.ts';
import type { NoiseSchedule } from '../noise-schedule.ts';
import { initialState, linearCombination, type Sampler, type SamplerState } from './sampler.ts';
import { finalSigma, karrasSigmas, timestepOfSigma, trainingSigmas } from './sigmas.ts';
import { dpmSolverTimesteps, roundHalfEven } from './timesteps.ts';

/** Below this many steps the last one is taken at first order, which is steadier (`lower_order_final`). */
const FEW_STEPS = 15;

/** Signal and noise factors of the variance-preserving scale at a level sigma, and lambda = log(alpha / sigma). */
interface Level {
  readonly alpha: number;
  readonly sigma: number;
  readonly lambda: number;
}

/**
 * @param numSteps UNet evaluations
 * @param spacing 'karras' spaces the noise levels as Karras et al. (2022), eq. 5
 */
export function dpmpp2mSampler(
  schedule: NoiseSchedule,
  numSteps: number,
  spacing: 'model' | 'karras' = 'model',
): Sampler {
  const { config } = schedule;
  const trained = trainingSigmas(schedule);
  const { timesteps, sigmas } =
    spacing === 'karras' ? karrasPath(schedule, trained, numSteps) : modelPath(schedule, trained, numSteps);
  const levels = [...sigmas, finalSigma(schedule, trained)].map(levelOf);
  const lastIsFirstOrder =
    config.finalSigma === 'zero' || (config.lowerOrderFinal && timesteps.length < FEW_STEPS);

  return {
    name: spacing === 'karras' ? 'dpmpp-2m-karras' : 'dpmpp-2m',
    timesteps,
    initialNoiseScale: 1,
    start: (noise) => initialState(noise, 1),
    modelInput: (state) => state.sample,
    step(state: SamplerState, modelOutput: Float32Array): SamplerState {
      const { index } = state;
      const [now, next] = [levels[index], levels[index + 1]];
      const x0 =
        config.predictionType === 'epsilon'
          ? linearCombination([1 / now.alpha, -now.sigma / now.alpha], [state.sample, modelOutput])
          : linearCombination([now.alpha, -now.sigma], [state.sample, modelOutput]);
      const h = next.lambda - now.lambda; // infinite when next.sigma is 0; exp(-h) is then 0
      const onX0 = -next.alpha * (Math.exp(-h) - 1);
      const onSample = next.sigma / now.sigma;
      const isLast = index === timesteps.length - 1;
      const history = [x0];
      if (index === 0 || (isLast && lastIsFirstOrder)) {
        const sample = linearCombination([onSample, onX0], [state.sample, x0]);
        return { index: index + 1, sample, history };
      }
      // Second order: x0 + (x0 - previous) / (2 r), r being the ratio of the last step to this one.
      const twoR = (2 * (now.lambda - levels[index - 1].lambda)) / h;
      const sample = linearCombination(
        [onSample, onX0 * (1 + 1 / twoR), -onX0 / twoR],
        [state.sample, x0, state.history[0]],
      );
      return { index: index + 1, sample, history };
    },
  };
}

interface Path {
  readonly timesteps: readonly number[];
  /** One per timestep. */
  readonly sigmas: readonly number[];
}

function modelPath(schedule: NoiseSchedule, trained: Float64Array, numSteps: number): Path {
  const { lambdaMinClipped } = schedule.config;
  // lambda = -log sigma falls with the timestep, so the admitted timesteps are the first few.
  const numAdmitted = trained.filter((sigma) => -Math.log(sigma) >= lambdaMinClipped).length;
  if (numAdmitted === 0) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${schedule.config.source}: lambda_min_clipped = ${lambdaMinClipped} leaves no timestep`,
      { field: 'lambda_min_clipped', value: lambdaMinClipped },
    );
  }
  const timesteps = dpmSolverTimesteps(schedule.config, numSteps, numAdmitted);
  return { timesteps, sigmas: timesteps.map((timestep) => trained[timestep]) };
}

function karrasPath(schedule: NoiseSchedule, trained: Float64Array, numSteps: number): Path {
  const sigmas = karrasSigmas(trained[0], trained[trained.length - 1], numSteps);
  const exact = sigmas.map((sigma) => timestepOfSigma(sigma, trained));
  // diffusers' timesteps are integers here as well: rounded, except under the cosine schedule, where it truncates.
  const toInteger = schedule.config.betaSchedule === 'squaredcos_cap_v2' ? Math.floor : roundHalfEven;
  return { timesteps: exact.map(toInteger), sigmas };
}

function levelOf(sigma: number): Level {
  const alpha = 1 / Math.sqrt(sigma ** 2 + 1);
  return { alpha, sigma: sigma * alpha, lambda: -Math.log(sigma) };
}
