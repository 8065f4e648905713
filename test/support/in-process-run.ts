/**
 * A run without processes: real stage actors, the real planner's cut and the real pipeline, called in the order the
 * run driver calls them. Tensors pass through a map, and replicas add their gradients in memory.
 *
 * It trains exactly what a cluster trains, so runs that are cut, shared or interrupted differently can be compared
 * in seconds.
 */
import assert from 'node:assert/strict';
import { decodeValue, encodeValue } from '../../shared/actor/value.ts';
import type { ActorContext, TensorBundle } from '../../shared/actor/protocol.ts';
import { serializeRunConfig, type ResolvedRunConfig } from '../../shared/config.ts';
import type {
  ModelProfile,
  SelectionReport,
  SelectionSource,
  StageArgs,
} from '../../shared/stage-protocol.ts';
import { planRequest } from '../../coordinator/plan/plan-request.ts';
import { planRun } from '../../coordinator/plan/planner.ts';
import type { RunPlan } from '../../coordinator/plan/run-plan.ts';
import { Replica, type StageRef } from '../../coordinator/replica.ts';
import { importBundles } from '../../worker/checkpoint/exported-values.ts';
import type { SparseAllReduce } from '../../worker/exchange/sparse-all-reduce.ts';
import { profileRun } from '../../worker/model-actor.ts';
import type { MaskedVector } from '../../worker/sara/mask.ts';
import { ImageBatchSource } from '../../worker/stage/batch-source.ts';
import { StageActor } from '../../worker/stage/stage-actor.ts';
import { openStageSetup } from '../../worker/stage/stage-setup.ts';
import { DiffusersModel } from '../../worker/model/diffusers-model.ts';
import { baseWeights } from '../../worker/stage/stage-setup.ts';
import { memoryContext } from './stage-harness.ts';

/** Far above what the tiny model needs, so that only the shape asked for decides the cut. */
const WORKER_MEMORY_BYTES = 2 ** 34;
const NUM_THREADS = 1;
const NO_LIMIT = { timeoutMs: 60_000 };

export interface Shape {
  readonly numStages: number;
  readonly numReplicas: number;
}

export class InProcessRun {
  readonly config: ResolvedRunConfig;
  readonly profile: ModelProfile;
  readonly plan: RunPlan;
  readonly replicas: readonly Replica[];
  readonly #actors: readonly StageActor[];
  readonly #store: Map<string, TensorBundle>;
  #reports: readonly SelectionReport[] = [];
  #step = 0;

  private constructor(
    config: ResolvedRunConfig,
    profile: ModelProfile,
    plan: RunPlan,
    actors: readonly StageActor[],
    store: Map<string, TensorBundle>,
  ) {
    this.config = config;
    this.profile = profile;
    this.plan = plan;
    this.#actors = actors;
    this.#store = store;
    const refs = actors.map((actor) => stageRef(actor, memoryContext(store)));
    const free = (...objects: readonly { id: string }[]): void => {
      for (const { id } of objects) store.delete(id);
    };
    this.replicas = Array.from({ length: plan.numReplicas }, (_, replica) => {
      const stages = refs.slice(replica * plan.numStages, (replica + 1) * plan.numStages);
      return new Replica({ stages, free });
    });
  }

  /** Cuts and places the stages; nothing is selected yet. */
  static async open(config: ResolvedRunConfig, { numStages, numReplicas }: Shape): Promise<InProcessRun> {
    const profile = await profileRun(config);
    const workers = Array.from({ length: numStages * numReplicas }, (_, i) => ({
      name: `worker-${i}`,
      memoryBytes: WORKER_MEMORY_BYTES,
      flopsPerSecond: 1e9,
      numThreads: NUM_THREADS,
    }));
    const pipeline = { stages: numStages, replicas: numReplicas };
    const plan = planRun(planRequest({ ...config, pipeline }, profile, workers));
    const sums = Array.from({ length: numStages }, () => new MemorySum(numReplicas));
    const actors = await Promise.all(
      plan.placements.map(({ stage, replica }) =>
        openStage(config, profile, plan, stage, replica, sums[stage].member(replica)),
      ),
    );
    return new InProcessRun(config, profile, plan, actors, new Map());
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  get trainableCount(): number {
    return this.#reports
      .slice(0, this.plan.numStages)
      .reduce((sum, report) => sum + report.trainableCount, 0);
  }

  /** Objects that are still held: none, once a step is over. */
  get numObjects(): number {
    return this.#store.size;
  }

  /** Selects by the configuration, or takes up a checkpoint. */
  async select(checkpointFiles: readonly string[] | null = null): Promise<void> {
    const { sara } = this.config;
    const threshold = sara === null ? null : (sara.threshold ?? (await this.#threshold(sara.fraction ?? 0)));
    const fresh: SelectionSource =
      threshold === null ? { kind: 'everything' } : { kind: 'threshold', threshold };
    const source: SelectionSource =
      checkpointFiles === null ? fresh : { kind: 'checkpoint', files: checkpointFiles, threshold };
    this.#reports = await Promise.all(this.#stages.map((stage) => stage.select({ source })));
    this.#step = this.#reports[0].step;
  }

  async #threshold(fraction: number): Promise<number> {
    const { stages } = this.replicas[0];
    const histograms = (upperBin: number | null) =>
      Promise.all(stages.map(async (stage) => (await stage.magnitudeHistogram({ upperBin })).counts));
    const upper = await histograms(null);
    const { upperBin } = await stages[0].resolveThreshold({ fraction, upper, lower: [] });
    const lower = await histograms(upperBin);
    const { threshold } = await stages[0].resolveThreshold({ fraction, upper, lower });
    for (const ref of [...upper, ...lower]) this.#store.delete(ref.id);
    return threshold ?? 0;
  }

  /** Trains up to `step`, re-selecting where the configuration says. @returns the losses of the steps done */
  async trainTo(step: number): Promise<number[]> {
    const losses: number[] = [];
    while (this.#step < step) {
      const { sara } = this.config;
      if (sara !== null && sara.reselectStep === this.#step && this.#step > 0 && this.#numReselections === 0)
        await this.#reselect();
      losses.push(await this.#trainStep(this.#step));
      this.#step++;
    }
    return losses;
  }

  /** One step up to, but without, the update. */
  async computeGradients(step: number): Promise<{ loss: number; squaredNorms: number[] }> {
    const losses = await Promise.all(
      this.replicas.map((replica) => replica.trainStep(step, this.plan.microBatchesPerReplica, NO_LIMIT)),
    );
    const rankCandidates = this.#reports
      .slice(0, this.plan.numStages)
      .flatMap((report) => report.rankCandidates)
      .sort();
    const reports = await Promise.all(
      this.#stages.map((stage) => stage.finishGradients({ step, rankCandidates })),
    );
    return {
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      squaredNorms: reports.slice(0, this.plan.numStages).map(({ squaredNorm }) => squaredNorm),
    };
  }

  async #trainStep(step: number): Promise<number> {
    const { loss, squaredNorms } = await this.computeGradients(step);
    await Promise.all(this.#stages.map((stage) => stage.applyUpdate({ step, squaredNorms })));
    return loss;
  }

  async abortStep(step: number): Promise<void> {
    await Promise.all(this.#stages.map((stage) => stage.abortStep({ step })));
  }

  async validate(): Promise<number> {
    const { numValidationSamples } = this.profile;
    return this.replicas[0].evaluate(this.#step, numValidationSamples / this.plan.microBatchSize, NO_LIMIT);
  }

  /** Every value ever trained, of one replica. */
  async values(replica = 0): Promise<MaskedVector> {
    const bundles = await Promise.all(
      this.replicas[replica].stages.map(async (stage) => {
        const { values } = await stage.exportValues({});
        const bundle = this.#store.get(values.id)!;
        this.#store.delete(values.id);
        return bundle;
      }),
    );
    const model = await DiffusersModel.open(this.config.model.path);
    try {
      const { entries } = baseWeights(model, this.config);
      return importBundles(bundles, (name) => entries.get(name)!.shape);
    } finally {
      await model.close();
    }
  }

  /** @returns the stage files written */
  async checkpoint(folder: string): Promise<string[]> {
    const files = this.replicas[0].stages.map((_, stage) => `${folder}/stage-${stage}.safetensors`);
    await Promise.all(this.replicas[0].stages.map((stage, i) => stage.checkpoint({ file: files[i] })));
    return files;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#actors.map((actor) => actor.dispose()));
  }

  async #reselect(): Promise<void> {
    const step = this.#step;
    const reports = await Promise.all(
      this.#stages.map(async (stage) => {
        const { maskDigest } = await stage.prepareReselection({ step });
        return stage.commitReselection({ step, maskDigest });
      }),
    );
    this.#reports = this.#reports.map((report, i) => ({
      ...report,
      trainableCount: reports[i].trainableCount,
      numReselections: report.numReselections + 1,
    }));
  }

  get #numReselections(): number {
    return this.#reports[0].numReselections;
  }

  get #stages(): readonly StageRef[] {
    return this.replicas.flatMap((replica) => replica.stages);
  }
}

/** @returns what `use` made of a run that is disposed whatever happens */
export async function withRun<T>(
  config: ResolvedRunConfig,
  shape: Shape,
  use: (run: InProcessRun) => Promise<T>,
): Promise<T> {
  const run = await InProcessRun.open(config, shape);
  try {
    return await use(run);
  } finally {
    await run.dispose();
  }
}

async function openStage(
  config: ResolvedRunConfig,
  { baseHash, encoding }: ModelProfile,
  { numStages, numReplicas, segments, microBatchSize }: RunPlan,
  stage: number,
  replica: number,
  exchange: SparseAllReduce,
): Promise<StageActor> {
  const args: StageArgs = {
    run: 'in-process',
    configJson: new TextDecoder().decode(serializeRunConfig(config)),
    runFolder: config.output.dir,
    stage,
    numStages,
    replica,
    numReplicas,
    segments,
    baseHash,
    encoderHashes: encoding?.hashes ?? null,
    microBatchSize,
    numThreads: NUM_THREADS,
  };
  const setup = await openStageSetup(args);
  const { model, engine } = setup;
  const batches = setup.ownSegments.includes(0)
    ? await ImageBatchSource.open({
        config,
        model,
        engine,
        hashes: args.encoderHashes,
        onDamaged: (message) => assert.fail(message),
        replica,
        numReplicas,
        microBatchSize,
      })
    : null;
  return new StageActor(setup, exchange, batches);
}

/** A ref whose arguments and results take the form they have on the wire. */
function stageRef(actor: StageActor, ctx: ActorContext): StageRef {
  const methods = actor as unknown as Record<string, (ctx: ActorContext, args: unknown) => Promise<unknown>>;
  return new Proxy(
    {},
    {
      get: (_, method: string) => async (args: unknown) =>
        decodeValue(encodeValue(await methods[method](ctx, decodeValue(encodeValue(args))))),
    },
  ) as StageRef;
}

/** Adds the vectors of all replicas of one stage, in replica order, as the exchange over NATS does. */
class MemorySum {
  readonly #numReplicas: number;
  #vectors: Float32Array[] = [];
  #waiting: ((sum: Float32Array) => void)[] = [];

  constructor(numReplicas: number) {
    this.#numReplicas = numReplicas;
  }

  member(replica: number): SparseAllReduce {
    const exchange = {
      sum: (values: Float32Array) => this.#add(replica, values),
      leave: () => Promise.resolve(),
    };
    return exchange as unknown as SparseAllReduce;
  }

  #add(replica: number, values: Float32Array): Promise<Float32Array> {
    if (this.#numReplicas === 1) return Promise.resolve(values);
    this.#vectors[replica] = values;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length < this.#numReplicas) return;
      const sum = new Float32Array(values.length);
      for (const vector of this.#vectors) vector.forEach((value, i) => (sum[i] += value));
      for (const answer of this.#waiting) answer(sum.slice());
      this.#vectors = [];
      this.#waiting = [];
    });
  }
}
