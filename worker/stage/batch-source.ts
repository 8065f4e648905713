/**
 * The tensors of a micro-batch, as the training graph names them: from the run's image folders, with every draw a
 * function of (seed, step, position in the global batch).
 *
 * Owned by the stage of segment 0; the text encoder, where it is frozen, lives here and nowhere else.
 */
import { join } from 'node:path';
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import type { BatchSpec } from '../../shared/stage-protocol.ts';
import { floatTensor, type Tensor } from '../../shared/tensor.ts';
import {
  prepareBatch,
  prepareValidationBatch,
  validationSamples,
  type BatchPlan,
  type ValidationSample,
} from '../data/batch.ts';
import { scanImageFolder } from '../data/dataset.ts';
import { ImageSet, type BrokenImage } from '../data/image-set.ts';
import { NUM_CHANNELS } from '../data/image.ts';
import { SampleOrder } from '../data/order.ts';
import { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import type { Engine } from '../engine/engine.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';
import { trainingTimesteps } from '../diffusion/training-timesteps.ts';
import { Conditions, trainedTextInputs } from './conditions.ts';
import { LossInputs } from './loss-inputs.ts';

/** Decoded pictures kept in memory, per image set. */
const IMAGE_CACHE_BYTES = 512 * 2 ** 20;

/** Validation draws do not follow the run's seed: losses of runs with different seeds stay comparable. */
const VALIDATION_SEED = 0;

/** The run's pictures, checked. */
export interface RunData {
  readonly training: ImageSet;
  /** null where data.validationPath is not set. */
  readonly validation: ImageSet | null;
}

/** @throws SaraError FILE_NOT_FOUND or DATA_INVALID naming the folder or file */
export async function openRunData(config: ResolvedRunConfig): Promise<RunData> {
  const { path, validationPath, resolution, onBrokenImage, captionPrefix } = config.data;
  const open = async (folder: string): Promise<ImageSet> =>
    ImageSet.open(await scanImageFolder(folder, captionPrefix), {
      resolution: { height: resolution, width: resolution },
      onBrokenImage,
      cacheBytes: IMAGE_CACHE_BYTES,
    });
  return {
    training: await open(path),
    validation: validationPath === null ? null : await open(validationPath),
  };
}

export function brokenImages({ training, validation }: RunData): readonly BrokenImage[] {
  return [...training.broken, ...(validation?.broken ?? [])];
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
export async function openNoiseSchedule(
  model: DiffusersModel,
  { objective }: ResolvedRunConfig,
): Promise<{ schedule: NoiseSchedule; timesteps: Int32Array }> {
  const own = await NoiseSchedule.open(join(model.path, 'scheduler'));
  const schedule = objective.zeroTerminalSnr ? own.withZeroTerminalSnr() : own;
  return { schedule, timesteps: trainingTimesteps(schedule, objective) };
}

/** Where the stage of segment 0 gets its micro-batches from. */
export interface BatchSource {
  /**
   * Tensors by the training graph's input names: sample, timesteps, target, conditions or token ids, and what the
   * loss is shaped by.
   */
  prepare(batch: BatchSpec): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

export interface ImageBatchSourceOptions {
  readonly config: ResolvedRunConfig;
  readonly model: DiffusersModel;
  readonly engine: Engine;
  readonly replica: number;
  readonly numReplicas: number;
  readonly microBatchSize: number;
}

/** Micro-batches of the run's image folders. */
export class ImageBatchSource implements BatchSource {
  readonly #options: ImageBatchSourceOptions;
  readonly #data: RunData;
  readonly #plan: BatchPlan;
  readonly #heldOut: readonly ValidationSample[];
  readonly #lossInputs: LossInputs;
  /** null where the text encoder is part of the training graph. */
  readonly #conditions: Conditions | null;

  private constructor(
    options: ImageBatchSourceOptions,
    data: RunData,
    plan: BatchPlan,
    conditions: Conditions | null,
  ) {
    this.#options = options;
    this.#data = data;
    this.#plan = plan;
    this.#heldOut = heldOutSamples(data, plan.schedule, options.config);
    this.#lossInputs = new LossInputs(options.config, plan.schedule);
    this.#conditions = conditions;
  }

  static async open(options: ImageBatchSourceOptions): Promise<ImageBatchSource> {
    const { config, model, engine } = options;
    const data = await openRunData(config);
    const { schedule, timesteps } = await openNoiseSchedule(model, config);
    const plan: BatchPlan = {
      seed: config.train.seed,
      batchSize: config.train.batchSize,
      captionDropout: config.data.captionDropout,
      schedule,
      timesteps,
      noiseOffset: config.objective.noiseOffset,
      inputPerturbation: config.objective.inputPerturbation,
      order: new SampleOrder(config.train.seed, data.training.examples.length),
    };
    return new ImageBatchSource(
      options,
      data,
      plan,
      config.train.textEncoder ? null : await Conditions.open(model, engine, config.data.resolution),
    );
  }

  async prepare(batch: BatchSpec): Promise<Record<string, Tensor>> {
    return batch.purpose === 'training' ? this.#training(batch) : this.#validation(batch);
  }

  async dispose(): Promise<void> {
    await this.#conditions?.dispose();
  }

  async #training({ step, microBatch }: BatchSpec): Promise<Record<string, Tensor>> {
    const { replica, numReplicas, microBatchSize } = this.#options;
    const start = replica * (this.#plan.batchSize / numReplicas) + microBatch * microBatchSize;
    const batch = await prepareBatch(
      this.#plan,
      step,
      { start, end: start + microBatchSize },
      this.#data.training,
    );
    return {
      ...(await this.#tensors(batch.noisy, batch.target, batch.timesteps, batch.captions)),
      ...this.#lossInputs.training(batch.timesteps),
    };
  }

  /** Held-out samples [microBatch * size, ...), wrapping around where the last micro-batch is not full. */
  async #validation({ microBatch }: BatchSpec): Promise<Record<string, Tensor>> {
    const { microBatchSize } = this.#options;
    const start = microBatch * microBatchSize;
    const samples = Array.from(
      { length: microBatchSize },
      (_, i) => this.#heldOut[(start + i) % this.#heldOut.length],
    );
    const batch = await prepareValidationBatch(
      this.#plan.schedule,
      this.#data.validation!,
      VALIDATION_SEED,
      samples,
    );
    return {
      ...(await this.#tensors(batch.noisy, batch.target, batch.timesteps, batch.captions)),
      ...this.#lossInputs.plain(microBatchSize),
    };
  }

  async #tensors(
    noisy: Float32Array,
    target: Float32Array,
    timesteps: ArrayLike<number>,
    captions: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const { config, model } = this.#options;
    const batch = captions.length;
    const { resolution } = config.data;
    const shape = [batch, NUM_CHANNELS, resolution, resolution];
    return {
      sample: floatTensor(shape, noisy),
      target: floatTensor(shape, target),
      timesteps: floatTensor([batch], Float32Array.from(timesteps)),
      ...(this.#conditions === null
        ? trainedTextInputs(model, captions, resolution)
        : await this.#conditions.encode(captions)),
    };
  }
}
