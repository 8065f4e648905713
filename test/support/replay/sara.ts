/**
 * Replays a recorded SaRA run (`unet/`, io.safetensors, case.json with its log, final_weights.safetensors) through
 * real stage actors: selection, loss, rank term, clipping, AdamW and re-selection.
 *
 * The recording's log counts steps from 1, stages from 0. The rank matrix of each step is the recorded one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveRunConfig, type ResolvedRunConfig } from '../../../shared/config.ts';
import type { ObjectRef } from '../../../shared/actor/object-ref.ts';
import type { TensorBundle } from '../../../shared/actor/protocol.ts';
import { silentLogger } from '../../../shared/log.ts';
import { WeightFiles } from '../../../shared/safetensors.ts';
import type { BatchSpec, TaskKind } from '../../../shared/stage-protocol.ts';
import { importBundles } from '../../../worker/checkpoint/exported-values.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { partition, type Segment } from '../../../worker/engine/partition.ts';
import { SparseAllReduce } from '../../../worker/exchange/sparse-all-reduce.ts';
import { readUNetConfig } from '../../../worker/model/diffusers-config.ts';
import type { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { explicitIndices } from '../../../worker/sara/mask.ts';
import type { PreparedInputs } from '../../../worker/stage/batch-source.ts';
import { StageActor } from '../../../worker/stage/stage-actor.ts';
import { WeightReader } from '../../../worker/stage/weight-reader.ts';
import type { StageSetup } from '../../../worker/stage/stage-setup.ts';
import type { WeightMode } from '../../../worker/stage/trainable-weights.ts';
import { buildTrainingGraph } from '../../../worker/training-graph.ts';
import type { RecordedTrajectory } from '../golden-sara.ts';
import { relativeError } from '../numbers.ts';
import { memoryContext } from '../stage-harness.ts';
import { Comparisons } from './comparisons.ts';
import { Recording } from './recording.ts';
import { evenSegments } from './segments.ts';

/** The recording agrees with float64 to 5e-6; what is left is the order of float32 sums. */
export const LOSS_TOLERANCE = 1e-5;
export const GRADIENT_NORM_TOLERANCE = 1e-4;
export const VALUES_TOLERANCE = 1e-4;

export interface SaraReplayOptions {
  readonly engine: Engine;
  readonly weightMode: WeightMode;
  /** Stage that owns segment i of the UNet cut into as many even segments. Default: all in one. */
  readonly stageOfSegment?: readonly number[];
}

export async function replaySara(folder: string, options: SaraReplayOptions): Promise<Comparisons> {
  const recorded = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')) as RecordedTrajectory;
  const io = await Recording.open(join(folder, 'io.safetensors'));
  const final = await Recording.open(join(folder, 'final_weights.safetensors'));
  const files = await WeightFiles.open(join(folder, 'unet'), 'diffusion_pytorch_model');
  const comparisons = new Comparisons();
  try {
    const replica = await Replica.open(folder, recorded, io, files, options);
    await followLog(replica, recorded, comparisons);
    comparisons.add('values', VALUES_TOLERANCE, 'last step', await finalValuesError(replica, final, files));
    await replica.dispose();
  } finally {
    await Promise.all([io.close(), final.close(), files.close()]);
  }
  return comparisons;
}

async function followLog(
  replica: Replica,
  recorded: RecordedTrajectory,
  comparisons: Comparisons,
): Promise<void> {
  let mask = await replica.select(recorded.threshold);
  for (const [step, want] of recorded.log.entries()) {
    const at = `step ${want.step}`;
    comparisons.add('trainableCount', 0, at, Math.abs(mask.trainableCount - want.selected));
    // A digest covers a whole mask; stages have one each of their own part.
    if (replica.numStages === 1)
      comparisons.add('maskDigest', 0, at, mask.digest === want.mask_digest ? 0 : 1);
    const { loss, gradientNorm } = await replica.train(step, want.rank_matrix);
    comparisons.add('loss', LOSS_TOLERANCE, at, relativeError([loss], [want.loss]));
    comparisons.add(
      'gradientNorm',
      GRADIENT_NORM_TOLERANCE,
      at,
      relativeError([gradientNorm], [want.grad_norm]),
    );
    if (want.step === recorded.reselect_after_step) mask = await replica.reselect(step + 1);
  }
}

/** Of every value that was ever trained, released ones included. */
async function finalValuesError(replica: Replica, final: Recording, files: WeightFiles): Promise<number> {
  const { mask, vector } = importBundles(
    await replica.exportValues(),
    (name) => files.entries.get(name)?.shape ?? [],
  );
  const reference = new Float32Array(mask.count);
  for (const entry of mask.entries) {
    const { data } = await final.floats(entry.name);
    reference.set(
      Float32Array.from(explicitIndices(entry), (index) => data[index]),
      entry.offset,
    );
  }
  return relativeError(vector, reference);
}

/** The stages of one replica in this process, called in the order a run driver calls them. */
class Replica {
  readonly #stages: readonly StageActor[];
  readonly #stageOfSegment: readonly number[];
  readonly #ctx = memoryContext();

  private constructor(stages: readonly StageActor[], stageOfSegment: readonly number[]) {
    this.#stages = stages;
    this.#stageOfSegment = stageOfSegment;
  }

  static async open(
    folder: string,
    recorded: RecordedTrajectory,
    io: Recording,
    files: WeightFiles,
    { engine, weightMode, stageOfSegment = [0] }: SaraReplayOptions,
  ): Promise<Replica> {
    const [batch, , height, width] = io.shape(`${recorded.log[0].step}.latents_noisy`);
    const [, numTokens] = io.shape(`${recorded.log[0].step}.encoder_hidden_states`);
    const unet = await readUNetConfig(join(folder, 'unet'));
    const graph = buildTrainingGraph({ unet, textEncoder: null, batch, height, width, numTokens });
    const segments = partition(graph, stageOfSegment.length, evenSegments(graph, stageOfSegment.length));
    const config = recordedConfig(folder, recorded, batch, height);
    const stages: StageActor[] = [];
    for (let stage = 0; stage <= Math.max(...stageOfSegment); stage++) {
      const setup = stageSetup({
        stage,
        config,
        recorded,
        files,
        segments,
        stageOfSegment,
        engine,
        weightMode,
      });
      const exchange = await SparseAllReduce.join(
        null,
        { run: 'replay', generation: 1, stage, replica: 0, numReplicas: 1 },
        { wire: 'float32', timeoutMs: 1000, log: silentLogger },
      );
      stages.push(
        new StageActor(setup, exchange, stage === stageOfSegment[0] ? recordedBatches(recorded, io) : null),
      );
    }
    return new Replica(stages, stageOfSegment);
  }

  get numStages(): number {
    return this.#stages.length;
  }

  async select(threshold: number): Promise<{ trainableCount: number; digest: string }> {
    const reports = await Promise.all(
      this.#stages.map((stage) => stage.select(this.#ctx, { source: { kind: 'threshold', threshold } })),
    );
    return combined(reports);
  }

  async reselect(step: number): Promise<{ trainableCount: number; digest: string }> {
    const reports = await Promise.all(
      this.#stages.map(async (stage) => {
        const { maskDigest } = await stage.prepareReselection(this.#ctx, { step });
        return stage.commitReselection(this.#ctx, { step, maskDigest });
      }),
    );
    return combined(reports);
  }

  async train(step: number, rankMatrix: string): Promise<{ loss: number; gradientNorm: number }> {
    const batch = { purpose: 'training', step, microBatch: 0 } as const;
    const loss = await this.#backpropagate(batch);
    const reports = await Promise.all(
      this.#stages.map((stage) => stage.finishGradients(this.#ctx, { step, rankCandidates: [rankMatrix] })),
    );
    const squaredNorms = reports.map((report) => report.squaredNorm);
    const updates = await Promise.all(
      this.#stages.map((stage) => stage.applyUpdate(this.#ctx, { step, squaredNorms })),
    );
    return { loss, gradientNorm: updates[0].gradientNorm };
  }

  async exportValues(): Promise<TensorBundle[]> {
    return Promise.all(
      this.#stages.map(async (stage) => this.#ctx.pull((await stage.exportValues(this.#ctx)).values)),
    );
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#stages.map((stage) => stage.dispose()));
  }

  /** Forward through all segments, loss in the last, backward through the others. */
  async #backpropagate(batch: BatchSpec): Promise<number> {
    const waiting = new Map<string, ObjectRef[]>();
    const route = (outgoing: Readonly<Record<string, ObjectRef>>): void => {
      for (const [stage, ref] of Object.entries(outgoing))
        waiting.set(stage, [...(waiting.get(stage) ?? []), ref]);
    };
    const last = this.#stageOfSegment.length - 1;
    const tasks: [TaskKind, number][] = [];
    for (let segment = 0; segment < last; segment++) tasks.push(['forward', segment]);
    tasks.push(['loss', last]);
    for (let segment = last - 1; segment >= 0; segment--) tasks.push(['backward', segment]);

    const prepared = await this.#stages[this.#stageOfSegment[0]].prepareBatch(this.#ctx, { batch });
    const { size } = prepared;
    route(prepared.outgoing);
    let loss = NaN;
    for (const [kind, segment] of tasks) {
      const stage = this.#stageOfSegment[segment];
      const incoming = waiting.get(String(stage)) ?? [];
      waiting.delete(String(stage));
      const result = await this.#stages[stage].runTask(this.#ctx, {
        kind,
        segment,
        batch,
        size,
        incoming,
      });
      route(result.outgoing);
      if (result.loss !== null && kind === 'loss') loss = result.loss;
    }
    return loss;
  }
}

function combined(reports: readonly { trainableCount: number; maskDigest: string }[]): {
  trainableCount: number;
  digest: string;
} {
  return {
    trainableCount: reports.reduce((sum, report) => sum + report.trainableCount, 0),
    digest: reports[0].maskDigest,
  };
}

function recordedBatches(recorded: RecordedTrajectory, io: Recording) {
  return {
    prepare: async ({ step }: BatchSpec): Promise<PreparedInputs> => {
      const id = recorded.log[step].step;
      const sample = await io.floats(`${id}.latents_noisy`);
      const [, , height, width] = sample.shape;
      const tensors = {
        sample,
        target: await io.floats(`${id}.target`),
        encoder_hidden_states: await io.floats(`${id}.encoder_hidden_states`),
        timesteps: await io.floats(`${id}.timesteps`),
      };
      return { tensors, size: { height, width } };
    },
    dispose: () => Promise.resolve(),
  };
}

/** The recorded settings as a run configuration. */
function recordedConfig(
  folder: string,
  recorded: RecordedTrajectory,
  batchSize: number,
  resolution: number,
): ResolvedRunConfig {
  return resolveRunConfig(
    {
      model: { path: folder },
      data: { path: folder, resolution },
      sara: { threshold: recorded.threshold, rank: { weight: recorded.rank_weight, minDimension: 0 } },
      optimizer: {
        learningRate: recorded.lr,
        betas: [...recorded.betas],
        epsilon: recorded.eps,
        weightDecay: recorded.weight_decay,
        maxGradNorm: recorded.max_grad_norm,
      },
      schedule: { type: 'constant' },
      train: { steps: recorded.log.length, batchSize, microBatchSize: batchSize },
    },
    join(folder, 'case.json'),
    process.cwd(),
  );
}

interface SetupParts {
  readonly stage: number;
  readonly config: ResolvedRunConfig;
  readonly recorded: RecordedTrajectory;
  readonly files: WeightFiles;
  readonly segments: readonly Segment[];
  readonly stageOfSegment: readonly number[];
  readonly engine: Engine;
  readonly weightMode: WeightMode;
}

function stageSetup(parts: SetupParts): StageSetup {
  const { stage, config, recorded, files, segments, stageOfSegment, engine, weightMode } = parts;
  const own = segments.filter((segment) => stageOfSegment[segment.index] === stage);
  return {
    stage,
    replica: 0,
    numReplicas: 1,
    config,
    // Only batches and artifacts read the model folder; the recording stands for both.
    model: undefined as unknown as DiffusersModel,
    engine,
    baseHash: '',
    base: new WeightReader(
      { entries: files.entries, readFloat32: async (name) => (await files.readFloat32(name)).data },
      weightMode === 'in-place',
    ),
    segments,
    segmentsAt: () => segments,
    ownSegments: own.map((segment) => segment.index),
    stageOf: (segment) => stageOfSegment[segment],
    names: new Set(own.flatMap((segment) => segment.weightNames)),
    parameterCount: 0,
    filter: { include: [], exclude: [] },
    rankTerm: { weight: recorded.rank_weight, every: 'one', minDimension: 0, reshapeConvs: false },
    adamw: { betas: recorded.betas, epsilon: recorded.eps, weightDecay: recorded.weight_decay },
    weightMode,
    microBatchShare: 1,
    lossScale: 1,
    learningRateSchedule: () => ({
      kind: 'constant',
      learningRate: recorded.lr,
      warmupSteps: 0,
      totalSteps: recorded.log.length,
    }),
    close: () => Promise.resolve(),
  };
}
