/** The data of a run and the noise schedule it is trained under, opened and checked as its configuration says. */
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import type { AugmentationSettings } from '../data/augment.ts';
import { bucketSizing, fixedSize, type Sizing } from '../data/buckets.ts';
import { formatBucketReport } from '../data/bucket-report.ts';
import { validationSamples, type ValidationSample } from '../data/batch.ts';
import type { CaptionSettings } from '../data/captions.ts';
import { openDataset, type BrokenImage, type FolderSettings } from '../data/dataset.ts';
import type { Resolution } from '../data/image.ts';
import { ImageSet } from '../data/image-set.ts';
import { TrainingSet } from '../data/training-set.ts';
import { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import { trainingTimesteps } from '../diffusion/training-timesteps.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';

/** Decoded pictures kept in memory, per image set. */
const IMAGE_CACHE_BYTES = 512 * 2 ** 20;

/** The run's pictures, checked. */
export interface RunData {
  readonly training: TrainingSet;
  /** null where data.validationPath is not set. */
  readonly validation: ImageSet | null;
}

/**
 * @param model whose UNet the pictures are for
 * @throws SaraError FILE_NOT_FOUND, DATA_INVALID or CONFIG_INVALID naming folder, file or field
 */
export async function openRunData(
  config: ResolvedRunConfig,
  model: Pick<DiffusersModel, 'vae'>,
): Promise<RunData> {
  const { path, validationPath, prior, mask, repeats, folderRepeats } = config.data;
  const square = fixedSize({ height: config.data.resolution, width: config.data.resolution });
  const sizing =
    config.data.buckets === null ? square : bucketSizing({ ...config.data, ...config.data.buckets });
  const open = async (folder: string, settings: FolderSettings, sizes: Sizing): Promise<ImageSet> =>
    ImageSet.open(await openDataset(folder, settings), {
      sizing: sizes,
      alphaIsMask: settings.mask === 'alpha',
      onBrokenImage: config.data.onBrokenImage,
      // Latents are read instead; a mask that goes with them is decoded when it is needed.
      cacheBytes: model.vae === null || settings.mask !== 'none' ? IMAGE_CACHE_BYTES : 0,
    });
  const once: FolderSettings = {
    captions: { extension: config.data.captionExtension, encoding: config.data.captionEncoding },
    repeats: { byFolderName: false, byFolder: {} },
    mask: 'none',
  };
  const own: FolderSettings = { ...once, mask, repeats: { byFolderName: folderRepeats, byFolder: repeats } };
  const training = new TrainingSet(
    await open(path, own, sizing),
    prior === null ? null : await open(prior.path, once, sizing),
  );
  return { training, validation: validationPath === null ? null : await open(validationPath, once, square) };
}

/** Sizes that programs are made for: those of the buckets and, for validation, the square of the resolution. */
export function pictureSizes({ training, validation }: RunData, { data }: ResolvedRunConfig): Resolution[] {
  const square = { height: data.resolution, width: data.resolution };
  return [...training.buckets.map(({ size }) => size), ...(validation === null ? [] : [square])];
}

export function brokenImages({ training, validation }: RunData): readonly BrokenImage[] {
  return [training.own, training.prior, validation].flatMap((set) => set?.broken ?? []);
}

/**
 * For the user's log: sentences on what was found beside the pictures or is remarkable about them, and where there are
 * buckets what they come to.
 */
export function dataRemarks(
  { training, validation }: RunData,
  { data, train }: ResolvedRunConfig,
): readonly string[] {
  const remarks = [training.own, training.prior, validation].flatMap((set) => set?.remarks ?? []);
  if (data.buckets === null) return remarks;
  return [...remarks, `pictures by bucket\n${formatBucketReport(training.report(train.batchSize))}`];
}

export function augmentationSettings({ data }: ResolvedRunConfig): AugmentationSettings {
  return { flip: data.flip, paired: data.pairedAugmentation };
}

export function captionSettings({ data }: ResolvedRunConfig): CaptionSettings {
  return {
    prefix: data.captionPrefix,
    suffix: data.captionSuffix,
    dropout: data.captionDropout,
    shuffleTags: data.shuffleTags,
    keepTags: data.keepTags,
    tagDropout: data.tagDropout,
  };
}

/** How many of the held-out examples the validation loss is computed on; the first ones. */
export function heldOutExamples(
  { validation }: RunData,
  { validation: { numSamples } }: ResolvedRunConfig,
): number {
  return Math.min(numSamples, validation?.examples.length ?? 0);
}

/** The (held-out image, timestep) pairs the validation loss is the mean of; none without a held-out set. */
export function heldOutSamples(
  { validation }: RunData,
  schedule: NoiseSchedule,
  config: ResolvedRunConfig,
): ValidationSample[] {
  const { numSamples, timesteps } = config.validation;
  return validation === null ? [] : validationSamples(schedule, validation, numSamples, timesteps);
}

/**
 * The schedule a run trains and validates under: the model's, as `objective` has it; and where on it the run trains.
 * @throws SaraError CONFIG_INVALID where the model cannot be trained so
 */
export function noiseScheduleOf(
  { scheduler }: DiffusersModel,
  { objective }: ResolvedRunConfig,
): { schedule: NoiseSchedule; timesteps: Int32Array } {
  const own = NoiseSchedule.fromConfig(scheduler.json, scheduler.source);
  const schedule = objective.zeroTerminalSnr ? own.withZeroTerminalSnr() : own;
  return { schedule, timesteps: trainingTimesteps(schedule, objective) };
}
