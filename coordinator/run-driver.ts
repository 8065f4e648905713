/**
 * The driver of a run: reads like the run.
 *
 *   profile   one worker looks at model and data; mistakes end the run here
 *   plan      the UNet is cut, folded, onto the workers
 *   place     stage actors are spawned, all or none, in a new generation
 *   select    one threshold for the whole model; every stage finds its entries
 *   train     per step: batch through the pipeline, gradients, commit, update; validation, re-selection, checkpoints
 *   finish    adapter, merged model, samples, loss curve, report
 *
 * When a worker dies, the generation ends: the remaining workers are planned anew and go on from the newest whole
 * checkpoint, as often as faults.maxRestarts allows. A step is applied only after its commit, so nothing that was
 * reported done is ever done twice or lost but for the steps since that checkpoint, which are run again.
 */
import { basename } from 'node:path';
import type { ObjectRef } from '../shared/actor/object-ref.ts';
import { ActorSystem } from '../shared/actor/system.ts';
import { sha256Hex } from '../shared/digest.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import type {
  ActorClasses,
  GradientReport,
  ModelProfile,
  SelectionReport,
  StageArgs,
} from '../shared/stage-protocol.ts';
import { TOOL_VERSION } from '../shared/version.ts';
import {
  checkpointFolder,
  newestCheckpoint,
  pruneCheckpoints,
  stageFileName,
  writeManifest,
  type Checkpoint,
} from './checkpoint-manifest.ts';
import { decideFailure } from './failure-policy.ts';
import { planRun } from './plan/planner.ts';
import type { RunPlan } from './plan/run-plan.ts';
import { planRequest, planWorker } from './plan/plan-request.ts';
import { summarizePlan } from './plan/plan-summary.ts';
import { Replica, type StageRef } from './replica.ts';
import { linkLatest, writeReport, type RunReport } from './report.ts';
import type { RunContext, RunOutcome } from './run-context.ts';
import { median, StepDeadline } from './step-deadline.ts';
import { endpointOf, type RegisteredWorker } from './worker-registry.ts';

/** Longest wait for workers to register before a run gives up. */
const WORKERS_TIMEOUT_MS = 120_000;
/** Profiling hashes the base model and decodes every picture once. */
const PROFILE_TIMEOUT_MS = 900_000;
/** Selection reads every weight; artifacts draw pictures. */
const LONG_CALL_TIMEOUT_MS = 1_800_000;

type System = ActorSystem<ActorClasses>;

export async function driveRun(context: RunContext): Promise<RunOutcome> {
  return new RunDriver(context).run();
}

/** One worker group, from placement to its end. */
interface Group {
  readonly system: System;
  readonly plan: RunPlan;
  readonly replicas: readonly Replica[];
  readonly workers: readonly RegisteredWorker[];
}

/** What is fixed once values are selected. */
interface Selected {
  readonly threshold: number | null;
  readonly learningRate: number;
  readonly rankCandidates: readonly string[];
  readonly parameterCount: number;
  trainableCount: number;
  maskDigest: string;
  numReselections: number;
}

class RunDriver {
  readonly #context: RunContext;
  readonly #startedAtMs: number;
  readonly #trainingLosses: { step: number; loss: number }[] = [];
  readonly #validationLosses: { step: number; loss: number }[] = [];
  readonly #reselections: { step: number; trainableCount: number; releasedCount: number }[] = [];
  readonly #stepSeconds: number[] = [];
  readonly #lostWorkers = new Set<string>();
  #numGenerations = 0;

  constructor(context: RunContext) {
    this.#context = context;
    this.#startedAtMs = context.clock.nowMs();
  }

  async run(): Promise<RunOutcome> {
    const { journal, config, log } = this.#context;
    await journal.enter('planning');
    const profile = await this.#profile();
    for (let numRestarts = 0; ; numRestarts++) {
      try {
        return await this.#runGeneration(profile, numRestarts > 0);
      } catch (thrown) {
        const error = asSaraError(thrown);
        if (this.#context.signal.aborted) throw this.#context.signal.reason;
        const decision = decideFailure(error, { numRestarts, maxRestarts: config.faults.maxRestarts });
        if (decision.kind !== 'respawn') throw decision.error;
        if (typeof error.context.worker === 'string') this.#lostWorkers.add(error.context.worker);
        log.warn({ err: error, numRestarts }, 'worker group lost; going on from the newest checkpoint');
        await journal.publish({
          kind: 'log',
          level: 'warn',
          message: `${error.message}; going on from the newest checkpoint`,
          worker: '',
        });
      }
    }
  }

  async #profile(): Promise<ModelProfile> {
    const { registry, signal, journal, run } = this.#context;
    const [worker] = await registry.waitFor({
      count: 1,
      purpose: `run ${run}`,
      timeoutMs: WORKERS_TIMEOUT_MS,
      signal,
    });
    const generation = await journal.advanceGeneration();
    return this.#withSystem(generation, async (system) => {
      const actor = await system.spawn(endpointOf(worker), 'ModelActor', this.#place(), { signal });
      const profile = await actor.profile({}, { timeoutMs: PROFILE_TIMEOUT_MS, signal });
      for (const { path, reason } of profile.skippedImages) {
        await journal.publish({
          kind: 'log',
          level: 'warn',
          message: `left out ${path}: ${reason}`,
          worker: worker.name,
        });
      }
      await system.stop(actor);
      return profile;
    });
  }

  async #runGeneration(profile: ModelProfile, isRestart: boolean): Promise<RunOutcome> {
    const { journal, config } = this.#context;
    const { plan, workers } = await this.#plan(profile, isRestart);
    const generation = await journal.advanceGeneration();
    this.#numGenerations++;
    return this.#withSystem(generation, async (system) => {
      const group = await this.#placeStages(system, plan, workers, profile);
      const checkpoint = await this.#findCheckpoint(profile, isRestart);
      const selected = await this.#select(group, checkpoint);
      const firstStep = checkpoint?.step ?? 0;
      if (!isRestart) await journal.enter('running');
      await journal.startAt(firstStep);
      this.#forgetAfter(firstStep);

      await this.#train(group, selected, profile, firstStep);

      await journal.enter('finishing');
      const report = await this.#finish(group, selected, profile, config.train.steps);
      for (const replica of group.replicas) await system.stop(...replica.stages);
      return { report };
    });
  }

  async #plan(
    profile: ModelProfile,
    isRestart: boolean,
  ): Promise<{ plan: RunPlan; workers: RegisteredWorker[] }> {
    const { config, registry, signal, journal, run } = this.#context;
    const wanted = (config.pipeline.stages ?? 1) * (config.pipeline.replicas ?? 1);
    const waitFor = (count: number): Promise<RegisteredWorker[]> =>
      registry.waitFor({
        count,
        purpose: `run ${run}`,
        except: this.#lostWorkers,
        timeoutMs: WORKERS_TIMEOUT_MS,
        signal,
      });
    const workers = await waitFor(isRestart ? 1 : wanted);
    // Fewer workers than before: the shape that was asked for gives way to what is left.
    const shape = workers.length < wanted ? { stages: null, replicas: null } : config.pipeline;
    const plan = planRun(planRequest({ ...config, pipeline: shape }, profile, workers.map(planWorker)));
    await journal.recordPlan(summarizePlan(plan));
    return { plan, workers };
  }

  async #placeStages(
    system: System,
    plan: RunPlan,
    workers: readonly RegisteredWorker[],
    profile: ModelProfile,
  ): Promise<Group> {
    const { config, natsServers, signal } = this.#context;
    const workerOf = new Map(workers.map((worker) => [worker.name, worker]));
    const actorsOn = (name: string): number => plan.placements.filter(({ worker }) => worker === name).length;
    const placements = plan.placements.map(({ stage, replica, worker: name }) => {
      const worker = workerOf.get(name)!;
      const args: StageArgs = {
        ...this.#place(),
        stage,
        numStages: plan.numStages,
        replica,
        numReplicas: plan.numReplicas,
        segments: plan.segments,
        baseHash: profile.baseHash,
        natsServers: plan.numReplicas === 1 ? null : natsServers,
        microBatchSize: plan.microBatchSize,
        numThreads: config.engine.numThreads ?? Math.max(1, Math.floor(worker.numThreads / actorsOn(name))),
      };
      return { worker: endpointOf(worker), className: 'StageActor' as const, args, options: { signal } };
    });
    const refs = await system.spawnGroup(placements);
    const replicas = Array.from({ length: plan.numReplicas }, (_, replica) => {
      const stages: StageRef[] = [];
      plan.placements.forEach((placement, i) => {
        if (placement.replica === replica) stages[placement.stage] = refs[i];
      });
      return new Replica({
        stages,
        free: (...objects) => {
          system.free(...objects);
        },
      });
    });
    return { system, plan, replicas, workers: workers.filter(({ name }) => actorsOn(name) > 0) };
  }

  async #findCheckpoint(profile: ModelProfile, isRestart: boolean): Promise<Checkpoint | null> {
    const { runFolder, isResumed, log } = this.#context;
    if (!isResumed && !isRestart) return null;
    return newestCheckpoint(runFolder, profile.baseHash, (folder, reason) => {
      log.warn({ folder, reason }, `checkpoint ${basename(folder)} passed over: ${reason}`);
    });
  }

  /** One threshold for all shards, then every stage's own entries. */
  async #select(group: Group, checkpoint: Checkpoint | null): Promise<Selected> {
    const { config, journal } = this.#context;
    const options = this.#longCall();
    const stages = allStages(group);
    const threshold =
      checkpoint !== null
        ? checkpoint.threshold
        : config.sara === null
          ? null
          : await this.#threshold(group, config.sara);
    const reports = await Promise.all(
      stages.map((stage) =>
        stage.select(
          {
            source:
              checkpoint !== null
                ? { kind: 'checkpoint', files: checkpoint.files, threshold }
                : threshold === null
                  ? { kind: 'everything' }
                  : { kind: 'threshold', threshold },
          },
          options,
        ),
      ),
    );
    const own = reports.slice(0, group.plan.numStages);
    requireEqualReplicas(group.plan, reports);
    const selected: Selected = {
      threshold,
      learningRate: own[0].learningRate,
      rankCandidates: own.flatMap(({ rankCandidates }) => rankCandidates).sort(),
      parameterCount: sum(own, ({ parameterCount }) => parameterCount),
      trainableCount: sum(own, ({ trainableCount }) => trainableCount),
      maskDigest: runDigest(own),
      numReselections: own[0].numReselections,
    };
    if (selected.trainableCount === 0) {
      throw new SaraError(
        'CONFIG_INVALID',
        `sara.threshold ${threshold} selects no weight of ${selected.parameterCount}; raise it, or give sara.fraction`,
        { threshold },
      );
    }
    await journal.publish({
      kind: 'mask-refreshed',
      stage: 1 + selected.numReselections,
      trainableCount: selected.trainableCount,
      releasedCount: 0,
      digest: selected.maskDigest,
    });
    return selected;
  }

  async #threshold(
    { system, replicas }: Group,
    sara: { threshold: number | null; fraction: number | null },
  ): Promise<number> {
    if (sara.threshold !== null || sara.fraction === null) return sara.threshold ?? 0;
    const { stages } = replicas[0];
    const { fraction } = sara;
    const options = this.#longCall();
    const histograms = async (upperBin: number | null): Promise<ObjectRef[]> =>
      (await Promise.all(stages.map((stage) => stage.magnitudeHistogram({ upperBin }, options)))).map(
        ({ counts }) => counts,
      );
    const upper = await histograms(null);
    const { upperBin } = await stages[0].resolveThreshold({ fraction, upper, lower: [] }, options);
    const lower = await histograms(upperBin);
    const { threshold } = await stages[0].resolveThreshold({ fraction, upper, lower }, options);
    system.free(...upper, ...lower);
    return threshold!;
  }

  async #train(group: Group, selected: Selected, profile: ModelProfile, firstStep: number): Promise<void> {
    const { config, signal } = this.#context;
    const { validation, checkpoint, train } = config;
    const deadline = new StepDeadline();
    if (this.#validationLosses.length === 0) await this.#validate(group, profile, firstStep);
    for (let step = firstStep; step < train.steps; step++) {
      if (
        config.sara !== null &&
        config.sara.reselectStep === step &&
        step > 0 &&
        selected.numReselections === 0
      ) {
        await this.#reselect(group, selected, step);
      }
      signal.throwIfAborted();
      await this.#trainStep(group, selected, step, deadline);
      const done = step + 1;
      const isLast = done === train.steps;
      if (isLast || (validation.everySteps > 0 && done % validation.everySteps === 0))
        await this.#validate(group, profile, done);
      if (isLast || (checkpoint.everySteps > 0 && done % checkpoint.everySteps === 0))
        await this.#checkpoint(group, selected, profile, done);
    }
  }

  /** Pipeline, gradients, commit, update: applied by every stage of every replica, or by none. */
  async #trainStep(
    { plan, replicas }: Group,
    selected: Selected,
    step: number,
    deadline: StepDeadline,
  ): Promise<void> {
    const { journal, config, signal, clock } = this.#context;
    const startedAtMs = clock.nowMs();
    const options = { timeoutMs: deadline.timeoutMs, signal };
    const losses = await Promise.all(
      replicas.map((replica) => replica.trainStep(step, plan.microBatchesPerReplica, options)),
    );
    const loss = sum(losses, (part) => part) / losses.length;

    const { rankCandidates } = selected;
    const stages = replicas.flatMap((replica) => replica.stages);
    const reports = await Promise.all(
      stages.map((stage) => stage.finishGradients({ step, rankCandidates }, options)),
    );
    requireFinite(step, loss, reports);
    requireEqualReplicas(plan, reports);
    const own = reports.slice(0, plan.numStages);
    const maskDigest = runDigest(own);

    await journal.commitStep({ step, loss, maskDigest });

    const squaredNorms = own.map(({ squaredNorm }) => squaredNorm);
    const [{ learningRate, gradientNorm }] = await Promise.all(
      stages.map((stage) => stage.applyUpdate({ step, squaredNorms }, options)),
    );
    const durationMs = clock.nowMs() - startedAtMs;
    deadline.observe(durationMs);
    this.#stepSeconds.push(durationMs / 1000);
    this.#trainingLosses.push({ step, loss });
    await journal.publish({
      kind: 'step-committed',
      loss,
      learningRate,
      gradNorm: gradientNorm,
      seconds: durationMs / 1000,
      samplesPerSecond: (config.train.batchSize * 1000) / durationMs,
      trainableCount: selected.trainableCount,
    });
  }

  /** All stages prepare, their digests become known to all, all switch at this committed step. */
  async #reselect(group: Group, selected: Selected, step: number): Promise<void> {
    const { journal } = this.#context;
    const options = this.#longCall();
    const stages = allStages(group);
    const prepared = await Promise.all(stages.map((stage) => stage.prepareReselection({ step }, options)));
    requireEqualReplicas(group.plan, prepared);
    const own = prepared.slice(0, group.plan.numStages);
    const digest = runDigest(own);
    const releasedCount = sum(own, (report) => report.releasedCount);
    const trainableCount = sum(own, (report) => report.trainableCount);
    await journal.publish({
      kind: 'mask-refreshed',
      stage: 2 + selected.numReselections,
      trainableCount,
      releasedCount,
      digest,
    });
    await Promise.all(
      stages.map((stage, i) =>
        stage.commitReselection({ step, maskDigest: prepared[i].maskDigest }, options),
      ),
    );
    selected.trainableCount = trainableCount;
    selected.maskDigest = digest;
    selected.numReselections++;
    this.#reselections.push({ step, trainableCount, releasedCount });
  }

  async #validate(
    { plan, replicas }: Group,
    { numValidationSamples }: ModelProfile,
    step: number,
  ): Promise<void> {
    if (numValidationSamples === 0) return;
    const { journal } = this.#context;
    // Whole micro-batches only, so that every sample weighs the same.
    const numMicroBatches = Math.max(1, Math.floor(numValidationSamples / plan.microBatchSize));
    const loss = await replicas[0].evaluate(step, numMicroBatches, this.#longCall());
    this.#validationLosses.push({ step, loss });
    await journal.publish({ kind: 'validated', loss, numExamples: numMicroBatches * plan.microBatchSize });
  }

  async #checkpoint(
    { plan, replicas }: Group,
    selected: Selected,
    profile: ModelProfile,
    step: number,
  ): Promise<void> {
    const { runFolder, run, config, journal } = this.#context;
    const folder = await checkpointFolder(runFolder, step);
    const options = this.#longCall();
    const stages = await Promise.all(
      replicas[0].stages.map(async (stage, i) => {
        const file = stageFileName(i);
        return { file, ...(await stage.checkpoint({ file: `${folder}/${file}` }, options)) };
      }),
    );
    const { threshold, numReselections } = selected;
    const sizeBytes = await writeManifest(folder, {
      run,
      step,
      baseHash: profile.baseHash,
      threshold,
      numReselections,
      stages,
    });
    await pruneCheckpoints(runFolder, config.checkpoint.keepLast);
    await journal.publish({
      kind: 'checkpointed',
      path: folder,
      sizeBytes,
      digest: runDigest(stages.slice(0, plan.numStages)),
    });
  }

  async #finish(group: Group, selected: Selected, profile: ModelProfile, step: number): Promise<RunReport> {
    const { journal, runFolder, signal } = this.#context;
    const { system, replicas, workers } = group;
    const options = this.#longCall();
    const values = (
      await Promise.all(replicas[0].stages.map((stage) => stage.exportValues({}, options)))
    ).map((exported) => exported.values);
    const [worker] = workers;
    const artifactActor = await system.spawn(
      endpointOf(worker),
      'ArtifactActor',
      { ...this.#place(), numThreads: worker.numThreads },
      { signal },
    );
    const { threshold, numReselections } = selected;
    const written = [
      await artifactActor.writeModel({ values, step, threshold, numReselections }, options),
      await artifactActor.renderLoss(
        { training: this.#trainingLosses, validation: this.#validationLosses },
        options,
      ),
      await artifactActor.renderSamples({}, options),
    ];
    system.free(...values);
    const artifacts = written.flatMap((result) => result.artifacts);
    const report = await this.#report(group, selected, profile, artifacts);
    await system.stop(artifactActor);
    const reportFile = await writeReport(runFolder, report);
    await linkLatest(runFolder);
    for (const artifact of [...artifacts, { name: 'report', mediaType: 'application/json', ...reportFile }]) {
      await journal.publish({ kind: 'artifact', ...artifact });
    }
    return report;
  }

  async #report(
    { plan, replicas, workers }: Group,
    selected: Selected,
    profile: ModelProfile,
    artifacts: RunReport['artifacts'],
  ): Promise<RunReport> {
    const { run, config, clock, link } = this.#context;
    const peakRssBytes: Record<string, number> = { coordinator: process.resourceUsage().maxRSS * 1024 };
    const stages = replicas.flatMap((replica) => replica.stages);
    for (const stage of stages) {
      const { peakRssBytes: peak } = await stage.peakMemory({}, this.#longCall());
      peakRssBytes[stage.$identity.worker.name] = peak;
    }
    const secondsPerStep = this.#stepSeconds.length === 0 ? 0 : median(this.#stepSeconds);
    return {
      run,
      name: config.name,
      method: config.method,
      validationLossBefore: this.#validationLosses.at(0)?.loss ?? null,
      validationLossAfter: this.#validationLosses.at(-1)?.loss ?? null,
      trainableCount: selected.trainableCount,
      parameterCount: selected.parameterCount,
      numStages: plan.numStages,
      numReplicas: plan.numReplicas,
      numWorkers: workers.length,
      steps: config.train.steps,
      secondsPerStep,
      samplesPerSecond: secondsPerStep === 0 ? 0 : config.train.batchSize / secondsPerStep,
      secondsTotal: (clock.nowMs() - this.#startedAtMs) / 1000,
      peakRssBytes,
      trainingLosses: this.#trainingLosses,
      validationLosses: this.#validationLosses,
      reselections: this.#reselections,
      maskDigest: selected.maskDigest,
      baseHash: profile.baseHash,
      threshold: selected.threshold,
      learningRate: selected.learningRate,
      numGenerations: this.#numGenerations,
      numTrainingExamples: profile.numTrainingExamples,
      numValidationSamples: profile.numValidationSamples,
      skippedImages: profile.skippedImages,
      artifacts: artifacts.map(({ name, path, sizeBytes }) => ({ name, path, sizeBytes })),
      config,
      versions: { sara: TOOL_VERSION, node: process.versions.node, natsServer: link.serverVersion },
    };
  }

  /** Runs `use` with an actor system that is closed whatever happens; its actors end with it. */
  async #withSystem<T>(generation: number, use: (system: System) => Promise<T>): Promise<T> {
    const { run, log } = this.#context;
    const system: System = new ActorSystem<ActorClasses>({ run, generation, log });
    try {
      return await use(system);
    } finally {
      await system.close();
    }
  }

  /** After a return to an earlier checkpoint: what came later never happened. */
  #forgetAfter(step: number): void {
    dropWhile(this.#trainingLosses, (point) => point.step >= step);
    dropWhile(this.#validationLosses, (point) => point.step > step);
    dropWhile(this.#reselections, (point) => point.step > step);
  }

  #place() {
    const { run, configJson, runFolder } = this.#context;
    return { run, configJson, runFolder };
  }

  #longCall() {
    return { timeoutMs: LONG_CALL_TIMEOUT_MS, signal: this.#context.signal };
  }
}

/** By replica, then stage: the order of every list of reports. */
function allStages({ replicas }: Group): StageRef[] {
  return replicas.flatMap((replica) => replica.stages);
}

/** One digest for the run's mask: that of the only stage, or a hash over those of all stages in order. */
function runDigest(stages: readonly { maskDigest: string }[]): string {
  return stages.length === 1
    ? stages[0].maskDigest
    : sha256Hex(stages.map(({ maskDigest }) => maskDigest).join('\n'));
}

/** @throws SaraError MASK_DIVERGED when a replica's stage has another mask than the same stage of replica 0 */
function requireEqualReplicas(
  { numStages }: RunPlan,
  reports: readonly Pick<SelectionReport, 'maskDigest'>[],
): void {
  for (const [i, { maskDigest }] of reports.entries()) {
    const first = reports[i % numStages].maskDigest;
    if (maskDigest === first) continue;
    const replica = Math.floor(i / numStages);
    throw new SaraError(
      'MASK_DIVERGED',
      `stage ${i % numStages} has mask ${first} in replica 0 and ${maskDigest} in replica ${replica}`,
      { stage: i % numStages, replica },
    );
  }
}

/** @throws SaraError NOT_FINITE: the step is not committed, nothing is applied */
function requireFinite(step: number, loss: number, reports: readonly GradientReport[]): void {
  if (Number.isFinite(loss) && reports.every(({ isFinite }) => isFinite)) return;
  throw new SaraError(
    'NOT_FINITE',
    `step ${step} gave loss ${loss} and a gradient that is not finite; lower optimizer.learningRate or optimizer.maxGradNorm`,
    { step, loss: String(loss) },
  );
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** Removes the last entries for as long as `isGone` holds. */
function dropWhile<T>(entries: T[], isGone: (entry: T) => boolean): void {
  while (entries.length > 0 && isGone(entries[entries.length - 1])) entries.pop();
}
