/**
 * The driver of a run: reads like the run.
 *
 *   profile   one worker looks at model and data; mistakes end the run here
 *   encode    latents and text states, on all workers, into the cache      (encode-data.ts)
 *   plan      the UNet is cut, folded, onto the workers
 *   place     stage actors are spawned, all or none, in a new generation   (worker-group.ts)
 *   select    one threshold for the whole model; every stage its entries   (training.ts)
 *   train     step by step; validation, re-selection, checkpoints          (training.ts)
 *   finish    adapter, merged model, samples, loss curve, report           (finish.ts)
 *
 * When a worker dies, its generation ends: the workers that are left are planned anew and go on from the newest whole
 * checkpoint, as often as faults.maxRestarts allows. Steps since that checkpoint are run again, with the same data.
 */
import { basename } from 'node:path';
import { ActorSystem } from '../shared/actor/system.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import type { ActorClasses, ModelProfile } from '../shared/stage-protocol.ts';
import type { WorkerRecord } from '../shared/worker-announcement.ts';
import { newestCheckpoint, type Checkpoint } from './checkpoint-manifest.ts';
import { decideFailure } from './failure-policy.ts';
import { encodeData } from './encode-data.ts';
import { finishRun } from './finish.ts';
import { planRequest, planWorker } from './plan/plan-request.ts';
import { summarizePlan } from './plan/plan-summary.ts';
import { planRun } from './plan/planner.ts';
import type { RunPlan } from './plan/run-plan.ts';
import type { RunContext, RunOutcome } from './run-context.ts';
import { RunHistory } from './run-history.ts';
import { RunBoard } from './tensorboard/run-board.ts';
import { Training } from './training.ts';
import { WorkerGroup, type System } from './worker-group.ts';
import { endpointOf, type RegisteredWorker } from './worker-registry.ts';

/** Longest wait for workers to register before a run gives up. */
const WORKERS_TIMEOUT_MS = 120_000;
/** Profiling hashes the base model and decodes every picture once. */
const PROFILE_TIMEOUT_MS = 900_000;

export async function driveRun(context: RunContext): Promise<RunOutcome> {
  const { isResumed, runFolder, journal, clock, log } = context;
  const history = isResumed
    ? await RunHistory.load(runFolder, (reason) => {
        log.warn({ reason }, 'the history of the run before it was resumed cannot be read');
      })
    : new RunHistory();
  const board = await RunBoard.open(runFolder, clock);
  journal.observe((event, step) => board.record(event, step));
  try {
    return await new RunDriver(context, history, board).run();
  } finally {
    journal.observe(null);
    await board.close();
  }
}

class RunDriver {
  readonly #context: RunContext;
  readonly #history: RunHistory;
  readonly #board: RunBoard;
  readonly #startedAtMs: number;
  /** Worker processes that died under this run; their leases may outlive them. */
  readonly #lost = new Set<string>();

  constructor(context: RunContext, history: RunHistory, board: RunBoard) {
    this.#context = context;
    this.#history = history;
    this.#board = board;
    this.#startedAtMs = context.clock.nowMs();
  }

  async run(): Promise<RunOutcome> {
    const { journal, config, log, signal } = this.#context;
    await journal.enter('planning');
    let profile: ModelProfile | null = null;
    let isEncoded = false;
    for (let numRestarts = 0; ; numRestarts++) {
      try {
        profile ??= await this.#profile();
        if (!isEncoded) await this.#encode(profile);
        isEncoded = true;
        return await this.#runGeneration(profile, numRestarts > 0);
      } catch (thrown) {
        signal.throwIfAborted();
        const error = asSaraError(thrown);
        const decision = decideFailure(error, { numRestarts, maxRestarts: config.faults.maxRestarts });
        if (decision.kind !== 'respawn') throw decision.error;
        log.warn({ err: error, numRestarts }, 'worker group lost; going on from the newest checkpoint');
        const message = `${error.message}; going on from the newest checkpoint`;
        await journal.publish({ kind: 'log', level: 'warn', message, worker: '' });
      }
    }
  }

  async #profile(): Promise<ModelProfile> {
    const { journal, signal, run, configJson, runFolder } = this.#context;
    return this.#inNewGeneration(async (system) => {
      const [worker] = await this.#waitForWorkers(system, 1);
      const place = { run, configJson, runFolder };
      const actor = await system.spawn(endpointOf(worker), 'ModelActor', place, { signal });
      const profile = await actor.profile({}, { timeoutMs: PROFILE_TIMEOUT_MS, signal });
      for (const { path, reason } of profile.skippedImages) {
        const message = `left out ${path}: ${reason}`;
        await journal.publish({ kind: 'log', level: 'warn', message, worker: worker.name });
      }
      for (const message of profile.dataRemarks) {
        await journal.publish({ kind: 'log', level: 'info', message, worker: worker.name });
      }
      return profile;
    });
  }

  /** The encoders are gone, with their generation, before a stage is placed. */
  async #encode({ encoding }: ModelProfile): Promise<void> {
    if (encoding === null) return;
    const { config } = this.#context;
    const numWanted = (config.pipeline.stages ?? 1) * (config.pipeline.replicas ?? 1);
    await this.#inNewGeneration(async (system) =>
      encodeData(this.#context, system, await this.#waitForWorkers(system, numWanted), encoding),
    );
  }

  async #runGeneration(profile: ModelProfile, isRestart: boolean): Promise<RunOutcome> {
    const { journal } = this.#context;
    return this.#inNewGeneration(async (system) => {
      this.#history.numGenerations++;
      const { plan, workers } = await this.#plan(system, profile, isRestart);
      const checkpoint = await this.#findCheckpoint(profile, isRestart);
      const firstStep = checkpoint?.step ?? 0;
      const group = await WorkerGroup.place(this.#context, system, plan, workers, profile);
      const training = await Training.select(this.#context, group, profile, this.#history, checkpoint);
      await journal.enter('running');
      await journal.startAt(firstStep);
      this.#history.forgetAfter(firstStep);
      await this.#board.restart(firstStep);

      await training.run(firstStep);

      await journal.enter('finishing');
      const { selected } = training;
      const finished = { group, profile, selected, history: this.#history, startedAtMs: this.#startedAtMs };
      return { report: await finishRun(this.#context, finished) };
    });
  }

  async #plan(
    system: System,
    profile: ModelProfile,
    isRestart: boolean,
  ): Promise<{ plan: RunPlan; workers: RegisteredWorker[] }> {
    const { config, journal } = this.#context;
    const numWanted = (config.pipeline.stages ?? 1) * (config.pipeline.replicas ?? 1);
    const workers = isRestart
      ? await this.#waitForReplacement(system, numWanted)
      : await this.#waitForWorkers(system, numWanted);
    // Fewer workers than before: the shape that was asked for gives way to what is left.
    const pipeline = workers.length < numWanted ? { stages: null, replicas: null } : config.pipeline;
    const plan = planRun(planRequest({ ...config, pipeline }, profile, workers.map(planWorker)));
    await journal.recordPlan(summarizePlan(plan));
    return { plan, workers };
  }

  async #findCheckpoint({ baseHash }: ModelProfile, isRestart: boolean): Promise<Checkpoint | null> {
    const { runFolder, isResumed, log } = this.#context;
    if (!isResumed && !isRestart) return null;
    return newestCheckpoint(runFolder, baseHash, (folder, reason) => {
      log.warn({ folder, reason }, `checkpoint ${basename(folder)} passed over: ${reason}`);
    });
  }

  /**
   * Waits for workers that have a lease and answer, too: a lease outlives its worker by some seconds. Who has died is
   * found out here and nowhere else, for a stage that fails because its neighbour is gone reports itself.
   */
  async #waitForWorkers(
    system: System,
    count: number,
    timeoutMs = WORKERS_TIMEOUT_MS,
  ): Promise<RegisteredWorker[]> {
    const { registry, signal, run, clock, log } = this.#context;
    const giveUpAtMs = clock.nowMs() + timeoutMs;
    for (;;) {
      const workers = await registry.waitFor({
        count,
        purpose: `run ${run}`,
        isExcepted: (worker) => this.#lost.has(processOf(worker)),
        timeoutMs: Math.max(0, giveUpAtMs - clock.nowMs()),
        signal,
      });
      const answers = await Promise.allSettled(workers.map((worker) => system.status(endpointOf(worker))));
      const silent = workers.filter((_, i) => answers[i].status === 'rejected');
      if (silent.length === 0) return workers;
      for (const worker of silent) this.#lost.add(processOf(worker));
      log.warn(
        { workers: silent.map(({ name }) => name) },
        'workers with a lease that do not answer are left out',
      );
    }
  }

  /** As many workers as before, if another comes in time; else those that are left. */
  async #waitForReplacement(system: System, numWanted: number): Promise<RegisteredWorker[]> {
    const { config, log } = this.#context;
    try {
      return await this.#waitForWorkers(system, numWanted, config.faults.replacementTimeoutMs);
    } catch (error) {
      if (!(error instanceof SaraError) || error.code !== 'NOT_ENOUGH_WORKERS') throw error;
      log.warn({ err: error }, 'no replacement came; going on with the workers that are left');
      return this.#waitForWorkers(system, 1);
    }
  }

  /**
   * Claims the next generation and runs `use` with an actor system of it. Its actors end with it, whatever happens:
   * those that survive a failure would keep their memory from those that take their place.
   */
  async #inNewGeneration<T>(use: (system: System) => Promise<T>): Promise<T> {
    const { run, log, journal, workerSecurity: security } = this.#context;
    const generation = await journal.advanceGeneration();
    const system: System = new ActorSystem<ActorClasses>({ run, generation, security, log });
    try {
      return await use(system);
    } finally {
      await system.stopAll();
      system.close();
    }
  }
}

/** A worker that was restarted under its name is another one. */
function processOf({ name, startedAtMs }: WorkerRecord): string {
  return `${name} since ${startedAtMs}`;
}
