/**
 * What the UNet is trained on in one micro-batch: examples, captions, noise, timesteps, and from these its input
 * and target.
 *
 * Every draw is keyed by (seed, step, position in the global batch, purpose) and by nothing else, so cutting the
 * batch into micro-batches or replicas in any way leaves the data of a step the same.
 *
 * Shape legend: B samples of the micro-batch, N values per sample (C*H*W).
 */
import { SaraError } from '../../shared/errors.ts';
import { RandomStream, type Purpose, type RandomKey } from '../../shared/random.ts';
import type { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import { makeTrainingPair, offsetNoise, perturbedNoise, type TrainingPair } from '../diffusion/objective.ts';
import {
  captionAddition,
  drawVariant,
  UNCHANGED,
  type AugmentationSettings,
  type Variant,
} from './augment.ts';
import { variedCaption, wholeCaption, type CaptionSettings } from './captions.ts';
import type { PictureFrame } from './image.ts';
import type { BatchOrder } from './order.ts';

/** Settings that stay the same over a run. */
export interface BatchPlan {
  readonly seed: number | bigint;
  readonly captions: CaptionSettings;
  readonly augmentation: AugmentationSettings;
  readonly schedule: NoiseSchedule;
  /** Those that are trained at, each as likely as the other. */
  readonly timesteps: Int32Array;
  /** Size of the noise's draw per channel; 0: none. */
  readonly noiseOffset: number;
  /** Size of the noise that only the input has; 0: none. */
  readonly inputPerturbation: number;
  readonly order: BatchOrder;
}

/** A half-open range of positions in the global batch. */
export interface PositionRange {
  readonly start: number;
  readonly end: number;
}

/** The draws of one micro-batch; one entry per position of its range, in order. */
export interface BatchDraws {
  readonly step: number;
  readonly range: PositionRange;
  /** Of the whole step; which sizes it stands for is the data set's business. */
  readonly bucket: number;
  /** [B] indices into the examples. */
  readonly exampleIndices: Uint32Array;
  /** [B] what is done to the picture. */
  readonly variants: readonly Variant[];
  /** [B] of the plan's. */
  readonly timesteps: Int32Array;
  /** [B] true: the caption is replaced by the empty text. */
  readonly captionDropped: readonly boolean[];
}

/** One sample: a decoded picture in pixel space, or its latents. */
export interface Sample {
  /** float32 [N] */
  readonly values: Float32Array;
  /** uint8 [H, W], 255 where the loss counts; null: it counts everywhere. */
  readonly mask: Uint8Array | null;
}

/** What the draws of one visit of one example are keyed by. */
export type Visit = Omit<RandomKey, 'purpose'>;

/** Where a batch gets its samples from. */
export interface SampleSource {
  /** C: that N is a multiple of. */
  readonly numChannels: number;
  /** @param visit keys what the sample itself draws; null: nothing is drawn, as validation wants it */
  load(exampleIndex: number, variant: Variant, visit: Visit | null): Promise<Sample>;
  frameOf(exampleIndex: number): PictureFrame;
  readonly examples: readonly { readonly caption: string }[];
}

/** What the UNet is given and asked for. */
export interface PreparedBatch extends TrainingPair {
  /** [B] */
  readonly timesteps: Int32Array;
  /** [B] empty where the caption was dropped. */
  readonly captions: readonly string[];
  /** [B] */
  readonly frames: readonly PictureFrame[];
}

export interface TrainingBatch extends BatchDraws, PreparedBatch {
  /** [B] */
  readonly masks: readonly (Uint8Array | null)[];
}

/** The cheap draws of a micro-batch, without touching a picture. */
export function drawBatch(plan: BatchPlan, step: number, range: PositionRange): BatchDraws {
  const { seed, timesteps, captions, augmentation, order } = plan;
  const positions = Array.from({ length: range.end - range.start }, (_, i) => range.start + i);
  const stream = (sample: number, purpose: Purpose) => new RandomStream({ seed, step, sample, purpose });
  const { bucket, exampleIndices } = order.at(step);
  return {
    step,
    range,
    bucket,
    exampleIndices: exampleIndices.slice(range.start, range.end),
    variants: positions.map((sample) => drawVariant(augmentation, { seed, step, sample })),
    timesteps: Int32Array.from(positions, (p) => timesteps[stream(p, 'timestep').below(timesteps.length)]),
    captionDropped: positions.map((p) => stream(p, 'caption-dropout').uniform() < captions.dropout),
  };
}

/**
 * Loads and noises the samples of one micro-batch.
 * @param range within the global batch
 * @throws what `source.load` throws
 */
export async function prepareBatch(
  plan: BatchPlan,
  step: number,
  range: PositionRange,
  source: SampleSource,
): Promise<TrainingBatch> {
  const { seed } = plan;
  const draws = drawBatch(plan, step, range);
  const { exampleIndices, variants, captionDropped, timesteps } = draws;
  const samples = await Promise.all(
    Array.from(exampleIndices, (index, i) =>
      source.load(index, variants[i], { seed, step, sample: range.start + i }),
    ),
  );
  const x0_BN = concatenate(samples.map(({ values }) => values));
  const { noise, inputNoise } = drawNoise(plan, draws, x0_BN.length, source.numChannels);
  const captions = Array.from(exampleIndices, (index, i) => {
    if (captionDropped[i]) return '';
    const tags = new RandomStream({ seed, step, sample: range.start + i, purpose: 'caption-tags' });
    return variedCaption(source.examples[index].caption, plan.captions, tags) + captionAddition(variants[i]);
  });
  const pair = makeTrainingPair(plan.schedule, x0_BN, noise, timesteps, inputNoise);
  const frames = Array.from(exampleIndices, (index) => source.frameOf(index));
  return { ...draws, ...pair, captions, frames, masks: samples.map(({ mask }) => mask) };
}

/**
 * The noise of a micro-batch, B*N values: of the target, and of the input where the plan perturbs it.
 * @param numValues B*N
 */
function drawNoise(
  { seed, noiseOffset, inputPerturbation }: BatchPlan,
  { step, range, timesteps }: BatchDraws,
  numValues: number,
  numChannels: number,
): { noise: Float32Array; inputNoise: Float32Array } {
  const perSample = numValues / timesteps.length;
  const draw = (purpose: Purpose, count: number): Float32Array[] =>
    Array.from(timesteps, (_, i) =>
      new RandomStream({ seed, step, sample: range.start + i, purpose }).normals(count),
    );
  let parts = draw('noise', perSample);
  if (noiseOffset > 0) {
    const offsets = draw('noise-offset', numChannels);
    parts = parts.map((part, i) => offsetNoise(part, offsets[i], noiseOffset));
  }
  const noise = concatenate(parts);
  if (inputPerturbation === 0) return { noise, inputNoise: noise };
  const further = concatenate(draw('input-perturbation', perSample));
  return { noise, inputNoise: perturbedNoise(noise, further, inputPerturbation) };
}

/** One noise level of one held-out example. */
export interface ValidationSample {
  readonly exampleIndex: number;
  readonly timestep: number;
}

/**
 * Which samples make up the validation loss: the first examples, each at every timestep.
 * @param numExamples at most; fewer when the held-out set is smaller
 * @param timesteps a list, or how many to spread evenly over the schedule (the middle of each equal part)
 * @throws SaraError CONFIG_INVALID when a listed timestep is not one of the schedule's
 */
export function validationSamples(
  schedule: NoiseSchedule,
  source: SampleSource,
  numExamples: number,
  timesteps: number | readonly number[],
): ValidationSample[] {
  const total = schedule.numTrainTimesteps;
  const levels =
    typeof timesteps === 'number'
      ? Array.from({ length: timesteps }, (_, i) => Math.floor(((i + 0.5) / timesteps) * total))
      : timesteps;
  const outside = levels.find((timestep) => !Number.isInteger(timestep) || timestep < 0 || timestep >= total);
  if (outside !== undefined) {
    throw new SaraError(
      'CONFIG_INVALID',
      `validation.timesteps: ${outside} is not an integer in [0, ${total}), the timesteps of ${schedule.config.source}`,
      { timestep: outside, numTrainTimesteps: total },
    );
  }
  const count = Math.min(numExamples, source.examples.length);
  return Array.from({ length: count }, (_, exampleIndex) =>
    levels.map((timestep) => ({ exampleIndex, timestep })),
  ).flat();
}

/**
 * Loads and noises validation samples. The noise of a sample is the same whenever it is asked for and whatever else
 * is asked for with it, and neither picture nor caption is varied, so losses before, during and after a run differ by
 * the model alone.
 * @param samples as many as one forward pass takes
 * @param settings whose prefix and suffix captions are given
 */
export async function prepareValidationBatch(
  schedule: NoiseSchedule,
  source: SampleSource,
  seed: number | bigint,
  samples: readonly ValidationSample[],
  settings: CaptionSettings,
): Promise<PreparedBatch> {
  const timesteps = Int32Array.from(samples, ({ timestep }) => timestep);
  const loaded = await Promise.all(
    samples.map(({ exampleIndex }) => source.load(exampleIndex, UNCHANGED, null)),
  );
  const x0_BN = concatenate(loaded.map(({ values }) => values));
  const numValues = x0_BN.length / samples.length;
  const noise_BN = concatenate(
    samples.map(({ exampleIndex, timestep }) =>
      new RandomStream({ seed, step: timestep, sample: exampleIndex, purpose: 'validation-noise' }).normals(
        numValues,
      ),
    ),
  );
  const captions = samples.map(({ exampleIndex }) =>
    wholeCaption(source.examples[exampleIndex].caption, settings),
  );
  const frames = samples.map(({ exampleIndex }) => source.frameOf(exampleIndex));
  return { timesteps, captions, frames, ...makeTrainingPair(schedule, x0_BN, noise_BN, timesteps) };
}

function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    whole.set(array, offset);
    offset += array.length;
  }
  return whole;
}
