/**
 * What a stage is before it trains: its model opened, its segments cut, its settings taken from the run's config.
 */
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import { parseRunConfigJson } from '../../shared/config.ts';
import { SaraError } from '../../shared/errors.ts';
import type { InputSize, StageArgs } from '../../shared/stage-protocol.ts';
import { numElements } from '../../shared/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import type { Graph } from '../engine/graph.ts';
import { createOnnxEngine } from '../engine/onnx/onnx-engine.ts';
import type { Precision } from '../engine/onnx/provider.ts';
import { partition, type Segment } from '../engine/partition.ts';
import type { Resolution } from '../data/image.ts';
import { DiffusersModel } from '../model/diffusers-model.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
import { learningRateForThreshold, type LrSchedule } from '../optim/lr-schedule.ts';
import type { RankTermOptions } from '../sara/rank-term.ts';
import { EVERY_TENSOR, type TensorFilter } from '../sara/tensor-filter.ts';
import { buildTrainingGraph, TEXT_ENCODER_PREFIX } from '../training-graph.ts';
import { lossFormOf } from './loss-inputs.ts';
import type { WeightMode } from './trainable-weights.ts';
import { WeightReader, type BaseWeights } from './weight-reader.ts';

/** What training needs to know of its stage, however its segments are fed. */
export interface TrainingSetup {
  readonly stage: number;
  readonly config: ResolvedRunConfig;
  readonly engine: Engine;
  readonly baseHash: string;
  readonly base: WeightReader;
  /** Parameters this stage reads. */
  readonly names: ReadonlySet<string>;
  readonly parameterCount: number;
  readonly filter: TensorFilter;
  readonly rankTerm: RankTermOptions;
  readonly adamw: AdamWOptions;
  readonly weightMode: WeightMode;
  /** Share of one micro-batch in the global batch. */
  readonly microBatchShare: number;
  /** What the loss is multiplied with before it is differentiated, and gradients are divided by; 1 for nothing. */
  readonly lossScale: number;
  /** @param threshold null for method full, whose learning rate is always given */
  learningRateSchedule(threshold: number | null): LrSchedule;
}

export interface StageSetup extends TrainingSetup {
  readonly replica: number;
  readonly numReplicas: number;
  readonly model: DiffusersModel;
  /** Every segment of the replica, at the square of data.resolution; names are the same at every size. */
  readonly segments: readonly Segment[];
  /** The same at any size, made once. */
  segmentsAt(size: InputSize): readonly Segment[];
  /** Ascending. */
  readonly ownSegments: readonly number[];
  stageOf(segment: number): number;
  close(): Promise<void>;
}

/** @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT, MODEL_UNSUPPORTED, CONFIG_INVALID */
export async function openStageSetup(args: StageArgs): Promise<StageSetup> {
  const config = parseRunConfigJson(Buffer.from(args.configJson), `configuration of run ${args.run}`);
  const engine = await engineOf(config, args.numThreads, config.engine.precision);
  const model = await DiffusersModel.open(config.model.path);
  const segmentOfBlock = new Map(
    args.segments.flatMap(({ blocks }, index) => blocks.map((block) => [block, index])),
  );
  const cut = (size: InputSize): Segment[] =>
    partition(trainingGraphOf(config, model, args.microBatchSize, size), args.segments.length, (block) => {
      const segment = segmentOfBlock.get(block);
      if (segment === undefined)
        throw new SaraError('INTERNAL', `the plan places no block ${block}`, { block });
      return segment;
    });
  const bySize = new Map<string, readonly Segment[]>();
  const segmentsAt = (size: InputSize): readonly Segment[] => {
    const key = `${size.height}x${size.width}`;
    const segments = bySize.get(key) ?? cut(size);
    bySize.set(key, segments);
    return segments;
  };
  const segments = segmentsAt(squareSize(config, model));
  const stageOf = (segment: number): number => args.segments[segment].stage;
  const own = segments.filter((segment) => stageOf(segment.index) === args.stage);
  const training = trainingSetup({
    stage: args.stage,
    config,
    engine,
    baseHash: args.baseHash,
    base: baseWeights(model, config),
    names: new Set(own.flatMap((segment) => segment.weightNames)),
    microBatchShare: args.microBatchSize / config.train.batchSize,
  });
  return {
    ...training,
    replica: args.replica,
    numReplicas: args.numReplicas,
    model,
    segments,
    segmentsAt,
    ownSegments: own.map((segment) => segment.index),
    stageOf,
    close: () => model.close(),
  };
}

/** Completes what a stage is given with what follows from its run's config. */
export function trainingSetup(
  given: Pick<TrainingSetup, 'stage' | 'config' | 'engine' | 'baseHash' | 'names' | 'microBatchShare'> & {
    readonly base: BaseWeights;
  },
): TrainingSetup {
  const { config, base, names } = given;
  const weightMode = config.engine.weights === 'auto' ? weightModeOn(given.engine) : config.engine.weights;
  return {
    ...given,
    // Method full copies all values out; SaRA in place ends up holding just what is read.
    base: new WeightReader(base, config.method === 'sara' && weightMode === 'in-place'),
    parameterCount: [...names].reduce(
      (sum, name) => sum + numElements(base.entries.get(name)?.shape ?? [0]),
      0,
    ),
    filter:
      config.sara === null ? EVERY_TENSOR : { include: config.sara.include, exclude: config.sara.exclude },
    rankTerm: config.sara === null ? NO_RANK_TERM : config.sara.rank,
    adamw: {
      betas: config.optimizer.betas,
      epsilon: config.optimizer.epsilon,
      weightDecay: config.optimizer.weightDecay,
    },
    lossScale: config.engine.precision === 'float16' ? config.engine.lossScale : 1,
    weightMode,
    learningRateSchedule: (threshold) => ({
      kind: config.schedule.type,
      learningRate: config.optimizer.learningRate ?? learningRateForThreshold(threshold ?? 0),
      warmupSteps: config.schedule.warmupSteps,
      totalSteps: config.train.steps,
      endRatio: config.schedule.endRatio,
      cycles: config.schedule.cycles,
      power: config.schedule.power,
    }),
  };
}

/**
 * Of the UNet's input for a picture, in latent pixels.
 * @throws SaraError CONFIG_INVALID when the picture does not divide into whole latents
 */
export function inputSize({ stride, path }: DiffusersModel, { height, width }: Resolution): InputSize {
  if (height % stride === 0 && width % stride === 0)
    return { height: height / stride, width: width / stride };
  throw new SaraError(
    'CONFIG_INVALID',
    `pictures of ${width}x${height} do not divide into the latents of ${path}, ${stride} pixels wide each; make ` +
      `data.resolution, and data.buckets.step where there are buckets, multiples of ${stride}`,
    { height, width, stride },
  );
}

/** Of the UNet's input for what is validated and, without buckets, trained. @throws SaraError as {@link inputSize} */
export function squareSize({ data }: ResolvedRunConfig, model: DiffusersModel): InputSize {
  return inputSize(model, { height: data.resolution, width: data.resolution });
}

/**
 * The run's training graph for one micro-batch.
 * @throws SaraError MODEL_UNSUPPORTED when two text encoders are to be trained
 */
export function trainingGraphOf(
  config: ResolvedRunConfig,
  model: DiffusersModel,
  microBatchSize: number,
  size: InputSize,
): Graph {
  if (config.train.textEncoder && model.textEncoders.length > 1) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `train.textEncoder: ${model.path} has two text encoders, which cannot be trained yet; set it to false`,
      { model: model.path },
    );
  }
  return buildTrainingGraph(
    {
      unet: model.unetConfig,
      textEncoder: config.train.textEncoder ? model.text : null,
      batch: microBatchSize,
      ...size,
      numTokens: model.text.numTokens,
    },
    lossFormOf(config),
  );
}

/**
 * @param precision of products; encoders and decoders keep float32, which some of them leave in float16
 * @throws SaraError CONFIG_INVALID when the backend asked for cannot be loaded
 */
export async function engineOf(
  { engine }: ResolvedRunConfig,
  numThreads: number,
  precision: Precision = 'float32',
): Promise<Engine> {
  switch (engine.name) {
    case 'onnx':
      return createOnnxEngine({ provider: engine.provider, numThreads, precision });
    case 'tfjs': {
      // Its packages are loaded by the runs that use them.
      const { createTfjsEngine } = await import('../engine/tfjs/tfjs-engine.ts');
      return createTfjsEngine({ backend: engine.backend, numThreads });
    }
  }
}

/** UNet tensors by their own names and, where it trains too, the text encoder's under {@link TEXT_ENCODER_PREFIX}. */
export function baseWeights({ unetFiles, text }: DiffusersModel, config: ResolvedRunConfig): BaseWeights {
  const read = async (name: string): Promise<Float32Array> =>
    name.startsWith(TEXT_ENCODER_PREFIX)
      ? (await text.files.readFloat32(name.slice(TEXT_ENCODER_PREFIX.length))).data
      : (await unetFiles.readFloat32(name)).data;
  if (!config.train.textEncoder) return { entries: unetFiles.entries, readFloat32: read };
  const textEntries = [...text.files.entries].map(
    ([name, entry]) => [TEXT_ENCODER_PREFIX + name, entry] as const,
  );
  return { entries: new Map([...unetFiles.entries, ...textEntries]), readFloat32: read };
}

const NO_RANK_TERM: RankTermOptions = { weight: 0, every: 'one', minDimension: 0, reshapeConvs: false };

/** A device with memory of its own cannot read host buffers in place. */
function weightModeOn({ readsHostMemory }: Engine): WeightMode {
  return readsHostMemory ? 'in-place' : 'scatter';
}
