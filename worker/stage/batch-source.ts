/**
 * The tensors of a micro-batch, as the training graph names them: from the run's image folders, with every draw a
 * function of (seed, step, position in the global batch).
 *
 * Owned by the stage of segment 0; frozen encoders live here and nowhere else.
 */
import type { BatchSpec, InputSize } from '../../shared/stage-protocol.ts';
import { floatTensor, type Tensor } from '../../shared/tensor.ts';
import {
  prepareBatch,
  prepareValidationBatch,
  type BatchPlan,
  type PreparedBatch,
  type ValidationSample,
} from '../data/batch.ts';
import { BatchOrder } from '../data/order.ts';
import { trainedTextInputs } from './conditions.ts';
import { Encoders, type EncodersOptions } from './encoders.ts';
import { LossInputs } from './loss-inputs.ts';
import {
  augmentationSettings,
  captionSettings,
  heldOutSamples,
  noiseScheduleOf,
  openRunData,
  type RunData,
} from './run-data.ts';
import { inputSize } from './stage-setup.ts';

/** Validation draws do not follow the run's seed: losses of runs with different seeds stay comparable. */
const VALIDATION_SEED = 0;

export interface PreparedInputs {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly size: InputSize;
}

/** Where the stage of segment 0 gets its micro-batches from. */
export interface BatchSource {
  /**
   * Tensors by the training graph's input names: sample, timesteps, target, conditions or token ids, and what the
   * loss is shaped by.
   */
  prepare(batch: BatchSpec): Promise<PreparedInputs>;
  dispose(): Promise<void>;
}

export interface ImageBatchSourceOptions extends EncodersOptions {
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
  readonly #encoders: Encoders;

  private constructor(options: ImageBatchSourceOptions, data: RunData, plan: BatchPlan) {
    this.#options = options;
    this.#data = data;
    this.#plan = plan;
    this.#heldOut = heldOutSamples(data, plan.schedule, options.config);
    this.#lossInputs = new LossInputs(options.config, plan.schedule);
    this.#encoders = new Encoders(options);
  }

  static async open(options: ImageBatchSourceOptions): Promise<ImageBatchSource> {
    const { config, model } = options;
    const data = await openRunData(config, model);
    const { schedule, timesteps } = noiseScheduleOf(model, config);
    const { seed, batchSize } = config.train;
    const plan: BatchPlan = {
      seed,
      captions: captionSettings(config),
      augmentation: augmentationSettings(config),
      schedule,
      timesteps,
      noiseOffset: config.objective.noiseOffset,
      inputPerturbation: config.objective.inputPerturbation,
      order: new BatchOrder(
        seed,
        batchSize,
        data.training.buckets.map(({ entries }) => entries),
      ),
    };
    return new ImageBatchSource(options, data, plan);
  }

  async prepare(batch: BatchSpec): Promise<PreparedInputs> {
    const prepared = await (batch.purpose === 'training' ? this.#training(batch) : this.#validation(batch));
    // An encoder that was needed all the same, for a damaged result, is not needed for long.
    await this.#encoders.rest();
    return prepared;
  }

  async dispose(): Promise<void> {
    await this.#encoders.dispose();
  }

  async #training({ step, microBatch }: BatchSpec): Promise<PreparedInputs> {
    const { replica, numReplicas, microBatchSize, config } = this.#options;
    const { training } = this.#data;
    const start = replica * (config.train.batchSize / numReplicas) + microBatch * microBatchSize;
    const batch = await prepareBatch(
      this.#plan,
      step,
      { start, end: start + microBatchSize },
      this.#encoders.samplesOf(training),
    );
    const samples = Array.from(batch.exampleIndices, (index, i) => ({
      timestep: batch.timesteps[i],
      isPrior: training.isPrior(index),
      mask: batch.masks[i],
    }));
    const picture = training.buckets[batch.bucket].size;
    const size = inputSize(this.#options.model, picture);
    return {
      tensors: {
        ...(await this.#tensors(batch, size)),
        ...this.#lossInputs.training(samples, { picture, input: size }),
      },
      size,
    };
  }

  /** Held-out samples [microBatch * size, ...), wrapping around where the last micro-batch is not full. */
  async #validation({ microBatch }: BatchSpec): Promise<PreparedInputs> {
    const { microBatchSize } = this.#options;
    const start = microBatch * microBatchSize;
    const samples = Array.from(
      { length: microBatchSize },
      (_, i) => this.#heldOut[(start + i) % this.#heldOut.length],
    );
    const batch = await prepareValidationBatch(
      this.#plan.schedule,
      this.#encoders.samplesOf(this.#data.validation!),
      VALIDATION_SEED,
      samples,
      this.#plan.captions,
    );
    const { resolution } = this.#options.config.data;
    const picture = { height: resolution, width: resolution };
    const size = inputSize(this.#options.model, picture);
    return {
      tensors: {
        ...(await this.#tensors(batch, size)),
        ...this.#lossInputs.plain(microBatchSize, { picture, input: size }),
      },
      size,
    };
  }

  async #tensors(
    { noisy, target, timesteps, captions, frames }: PreparedBatch,
    { height, width }: InputSize,
  ): Promise<Record<string, Tensor>> {
    const { config, model } = this.#options;
    const batch = captions.length;
    const shape = [batch, model.unetConfig.inChannels, height, width];
    return {
      sample: floatTensor(shape, noisy),
      target: floatTensor(shape, target),
      timesteps: floatTensor([batch], Float32Array.from(timesteps)),
      ...(config.train.textEncoder
        ? trainedTextInputs(model, captions, frames)
        : await this.#encoders.conditions.encode(captions, frames)),
    };
  }
}
