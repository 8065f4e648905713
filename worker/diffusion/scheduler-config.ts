/**
 * A diffusers `scheduler_config.json`, checked and complete: which noise schedule a model was trained under and
 * how it is meant to be sampled.
 *
 * One parser for all supported scheduler classes, because the fields of the schedule are the same in each and
 * only defaults differ. A value that asks for something not implemented is refused by its name.
 * Field meanings and defaults follow diffusers/schedulers/scheduling_*.py.
 */
import type { SAMPLER_NAMES } from '../../shared/config.ts';
import { join } from 'node:path';
import type { ConfigJson } from '../model/component-configs.ts';
import { JsonFields, readJsonFile } from '../model/json-fields.ts';

/** What the UNet's output estimates: the noise, or the velocity of Salimans & Ho (2022), appendix D. */
export type PredictionType = 'epsilon' | 'v_prediction';

export type BetaSchedule = 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';

/** How inference timesteps are laid over the training timesteps; Lin et al. (2023), table 2. */
export type TimestepSpacing = 'leading' | 'trailing' | 'linspace';

export type SamplerName = (typeof SAMPLER_NAMES)[number];

export interface SchedulerConfig {
  /** The file it came from, for messages. */
  readonly source: string;
  /** The sampler the scheduler class stands for; DDPM stands for DDIM, its deterministic counterpart. */
  readonly defaultSampler: SamplerName;
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  /** Overrides the three fields above; one value per training timestep. */
  readonly trainedBetas: readonly number[] | null;
  /** Shifts the schedule so that the last timestep is pure noise; Lin et al. (2023), algorithm 1. */
  readonly rescaleBetasZeroSnr: boolean;
  readonly predictionType: PredictionType;
  readonly timestepSpacing: TimestepSpacing;
  /** Added to every timestep under `leading` spacing. */
  readonly stepsOffset: number;
  /** DDIM clamps its estimate of x0 to [-range, range]; null: no clamp (latent models). */
  readonly clipSampleRange: number | null;
  /** Whether the step after the last goes to a clean sample or to training timestep 0. DDIM and PNDM. */
  readonly setAlphaToOne: boolean;
  /** PNDM without its Runge-Kutta warm-up, as every published Stable Diffusion asks for. */
  readonly skipPrkSteps: boolean;
  /** Noise level after the last step. Euler and DPM-Solver. */
  readonly finalSigma: 'zero' | 'sigma_min';
  /** DPM-Solver takes its last step at first order when it has fewer than 15 steps. */
  readonly lowerOrderFinal: boolean;
  /** DPM-Solver leaves out timesteps whose log(alpha/sigma) is below this. */
  readonly lambdaMinClipped: number;
}

/** What is understood when a field is absent, by scheduler class. */
interface ClassDefaults {
  readonly sampler: SamplerName;
  readonly timestepSpacing: TimestepSpacing;
  readonly clipSample: boolean;
  readonly setAlphaToOne: boolean;
}

const SCHEDULER_CLASSES: Readonly<Record<string, ClassDefaults>> = {
  DDIMScheduler: { sampler: 'ddim', timestepSpacing: 'leading', clipSample: true, setAlphaToOne: true },
  DDPMScheduler: { sampler: 'ddim', timestepSpacing: 'leading', clipSample: true, setAlphaToOne: true },
  PNDMScheduler: { sampler: 'pndm', timestepSpacing: 'leading', clipSample: false, setAlphaToOne: false },
  EulerDiscreteScheduler: {
    sampler: 'euler',
    timestepSpacing: 'linspace',
    clipSample: false,
    setAlphaToOne: true,
  },
  DPMSolverMultistepScheduler: {
    sampler: 'dpmpp-2m',
    timestepSpacing: 'linspace',
    clipSample: false,
    setAlphaToOne: true,
  },
};

/** Fields whose only implemented value is diffusers' default. */
const FIXED_FIELDS: readonly (readonly [name: string, only: string | number | boolean | null])[] = [
  ['thresholding', false],
  ['interpolation_type', 'linear'],
  ['use_exponential_sigmas', false],
  ['use_beta_sigmas', false],
  ['use_lu_lambdas', false],
  ['use_flow_sigmas', false],
  ['use_dynamic_shifting', false],
  ['sigma_min', null],
  ['sigma_max', null],
  ['timestep_type', 'discrete'],
  ['solver_order', 2],
  ['algorithm_type', 'dpmsolver++'],
  ['solver_type', 'midpoint'],
  ['euler_at_final', false],
];

/** Fields that only have a meaning when a feature refused above is on. */
const INERT_FIELDS = ['dynamic_thresholding_ratio', 'sample_max_value', 'flow_shift', 'time_shift_type'];

/**
 * @param json the parsed `scheduler_config.json`
 * @param source its path, for messages
 * @throws SaraError MODEL_UNSUPPORTED naming file, field, value and accepted values; FILE_CORRUPT when `json` is no object
 */
export function parseSchedulerConfig(json: unknown, source: string): SchedulerConfig {
  const fields = new JsonFields(json, source);
  const className = fields.oneOf('_class_name', Object.keys(SCHEDULER_CLASSES), 'DDIMScheduler');
  const defaults = SCHEDULER_CLASSES[className];
  for (const [name, only] of FIXED_FIELDS) fields.oneOf(name, [only], only);
  for (const name of INERT_FIELDS) fields.raw(name, null);
  // Variance of the reverse process: the deterministic samplers here have none; a learned one would come as
  // additional output channels of the UNet.
  fields.oneOf(
    'variance_type',
    ['fixed_small', 'fixed_small_log', 'fixed_large', 'fixed_large_log', null],
    null,
  );

  const numTrainTimesteps = fields.integer('num_train_timesteps', 1000);
  const karras = fields.oneOf('use_karras_sigmas', [false, true, null], false) === true;
  if (karras && defaults.sampler !== 'dpmpp-2m')
    throw fields.refusal('use_karras_sigmas', true, `false for ${className}`);
  const config: SchedulerConfig = {
    source,
    defaultSampler: karras ? 'dpmpp-2m-karras' : defaults.sampler,
    numTrainTimesteps,
    betaStart: fields.positive('beta_start', 0.0001),
    betaEnd: fields.positive('beta_end', 0.02),
    betaSchedule: fields.oneOf('beta_schedule', ['linear', 'scaled_linear', 'squaredcos_cap_v2'], 'linear'),
    trainedBetas: parseTrainedBetas(fields, numTrainTimesteps),
    rescaleBetasZeroSnr: fields.boolean('rescale_betas_zero_snr', false),
    predictionType: fields.oneOf('prediction_type', ['epsilon', 'v_prediction'], 'epsilon'),
    timestepSpacing: fields.oneOf(
      'timestep_spacing',
      ['leading', 'trailing', 'linspace'],
      defaults.timestepSpacing,
    ),
    stepsOffset: fields.integer('steps_offset', 0, 0),
    clipSampleRange: parseClipSampleRange(fields, defaults.clipSample),
    setAlphaToOne: fields.boolean('set_alpha_to_one', defaults.setAlphaToOne),
    skipPrkSteps: fields.boolean('skip_prk_steps', false),
    finalSigma: fields.oneOf('final_sigmas_type', ['zero', 'sigma_min'], 'zero'),
    lowerOrderFinal: fields.boolean('lower_order_final', true),
    lambdaMinClipped: parseLambdaMinClipped(fields),
  };
  for (const [name, beta] of [
    ['beta_start', config.betaStart],
    ['beta_end', config.betaEnd],
  ] as const) {
    if (beta >= 1) throw fields.refusal(name, beta, 'a number in (0, 1)');
  }
  if (config.rescaleBetasZeroSnr && config.predictionType === 'epsilon') {
    // At zero signal the noise says nothing about the image: x0 = (x - sigma eps) / 0.
    throw fields.refusal('rescale_betas_zero_snr', true, 'false with prediction_type = "epsilon"');
  }
  fields.refuseUnknown();
  return config;
}

/**
 * Reads `<folder>/scheduler_config.json`.
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT, or what {@link parseSchedulerConfig} throws
 */
export async function readSchedulerConfig(folder: string): Promise<SchedulerConfig> {
  const path = join(folder, 'scheduler_config.json');
  return parseSchedulerConfig(await readJsonFile(path), path);
}

/**
 * The config of a model that was fine-tuned under a schedule rescaled to zero terminal SNR, in diffusers' fields.
 * @param json of its base
 */
export function withZeroTerminalSnr(json: ConfigJson): ConfigJson {
  return json.rescale_betas_zero_snr === true
    ? json
    : { ...json, rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
}

function parseTrainedBetas(fields: JsonFields, numTrainTimesteps: number): readonly number[] | null {
  const value = fields.raw('trained_betas', null);
  if (value === null) return null;
  const isBeta = (beta: unknown): beta is number => typeof beta === 'number' && beta > 0 && beta < 1;
  if (!Array.isArray(value) || value.length !== numTrainTimesteps || !value.every(isBeta)) {
    const accepted = `null or num_train_timesteps = ${numTrainTimesteps} numbers in (0, 1)`;
    throw fields.refusal('trained_betas', value, accepted);
  }
  return value;
}

function parseClipSampleRange(fields: JsonFields, clipByDefault: boolean): number | null {
  const clip = fields.boolean('clip_sample', clipByDefault);
  const range = fields.positive('clip_sample_range', 1);
  return clip ? range : null;
}

function parseLambdaMinClipped(fields: JsonFields): number {
  const value = fields.raw('lambda_min_clipped', null);
  if (value === null) return -Infinity;
  if (typeof value !== 'number') throw fields.refusal('lambda_min_clipped', value, 'a number or -Infinity');
  return value;
}
