/**
 * The driver of a run: reads like the run.
 *
 *   take over  what a worker group before left behind: its state is saved, its actors are stopped  (survivors.ts)
 *   profile    one worker looks at model and data; mistakes end the run here
 *   encode     latents and text states, on all workers, into the cache      (encode-data.ts)
 *   plan       the UNet is cut, folded, onto the workers
 *   place      stage actors are spawned, all or none, in a new generation   (worker-group.ts)
 *   select     one threshold for the whole model; every stage its entries   (training.ts)
 *   train      step by step; validation, re-selection, checkpoints          (training.ts)
 *   finish     adapter, merged model, samples, loss curve, report           (finish.ts)
 *
 * A worker group ends when a worker is lost or leaves, when more workers have come than it can use, and with its
 * coordinator. The next one is planned anew, in the next generation. It goes on at the very step where the last one
 * stopped if the stages that are left hold the whole run, else from the newest whole checkpoint: steps since then are
 * run again, with the same data. Only losses count against faults.maxRestarts.
 */
import { basename } from 'node:path';
import { ActorSystem } from '../shared/actor/system.ts';
import { abortReason } from '../shared/clock.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import type { ActorClasses, ModelProfile } from '../shared/stage-protocol.ts';
import { newestCheckpoint, type Checkpoint } from './checkpoint-manifest.ts';
import { decideFailure } from './failure-policy.ts';
import { encodeData } from './encode-data.ts';
import { finishRun } from './finish.ts';
import { GroupWatch, processOf } from './group-watch.ts';
import { planRequest, planWorker } from './plan/plan-request.ts';
import { summarizePlan } from './plan/plan-summary.ts';
import { planRun } from './plan/planner.ts';
import type { RunPlan } from './plan/run-plan.ts';
import type { RunContext, RunOutcome } from './run-context.ts';
import { RunHistory } from './run-history.ts';
import { stopRunOn, takeOverFromSurvivors } from './survivors.ts';
import { RunBoard } from './tensorboard/run-board.ts';
import { Training } from './training.ts';
import { WorkerGroup, type System } from './worker-group.ts';
import { endpointOf, type RegisteredWorker } from './worker-registry.ts';

const TAKEN_UP = 'taken up by another coordinator';

/** How a worker group came to its end, other than by a failure. */
type GenerationEnd =
  | { readonly kind: 'finished'; readonly outcome: RunOutcome }
  | { readonly kind: 'regroup'; readonly why: string };

/** Longest wait for workers to register before a run gives up. */
const WORKERS_TIMEOUT_MS = 120_000;
/** Profiling hashes the base model and decodes every picture once. */
const PROFILE_TIMEOUT_MS = 900_000;

export async function driveRun(context: RunContext): Promise<RunOutcome> {
  const { run, runFolder, events, journal, clock, log } = context;
  const history = await RunHistory.load(runFolder, (reason) => {
    log.warn({ reason }, 'the history of the run before it was resumed cannot be read');
  });
  const { step, loss } = journal.record;
  history.complete(await events.past(run), loss === null ? null : { step: step - 1, loss });
  const board = await RunBoard.open(runFolder, clock);
  journal.observe((event, at) => board.record(event, at));
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
  #profile: ModelProfile | null = null;
  #isEncoded = false;

  constructor(context: RunContext, history: RunHistory, board: RunBoard) {
    this.#context = context;
    this.#history = history;
    this.#board = board;
    this.#startedAtMs = context.clock.nowMs();
  }

  async run(): Promise<RunOutcome> {
    const { run, journal, config, log, signal, workerSecurity: security, telemetry } = this.#context;
    let numRestarts = 0;
    for (let isFirst = true; ; isFirst = false) {
      // Whoever drove this run before, or still believes to, can commit nothing from here on.
      const generation = await journal.advanceGeneration();
      const system: System = new ActorSystem<ActorClasses>({ run, generation, security, log });
      let isLeft = false;
      try {
        if (isFirst) await journal.enter('planning', journal.state === 'queued' ? '' : TAKEN_UP);
        const ended = await this.#runGeneration(system, isFirst);
        if (ended.kind === 'finished') return ended.outcome;
        isLeft = true;
        log.info({ why: ended.why }, 'forming the worker group anew');
        const message = `${ended.why}; forming the worker group anew after step ${journal.step}`;
        await journal.publish({ kind: 'log', level: 'info', message, worker: '' });
      } catch (thrown) {
        const error = asSaraError(signal.aborted ? abortReason(signal) : thrown);
        const decision = decideFailure(error, { numRestarts, maxRestarts: config.faults.maxRestarts });
        // What lives on is of use to whoever drives next: this driver in its next generation, or another.
        isLeft = decision.kind === 'respawn' || decision.kind === 'leave';
        if (decision.kind !== 'respawn') throw decision.error;
        numRestarts++;
        telemetry.restarted();
        log.warn({ err: error, numRestarts }, 'worker group lost; going on with what is left');
        const message = `${error.message}; going on with what is left`;
        await journal.publish({ kind: 'log', level: 'warn', message, worker: '' });
      } finally {
        if (!isLeft) await this.#stopEverything(system);
        system.close();
      }
    }
  }

  async #runGeneration(system: System, isFirst: boolean): Promise<GenerationEnd> {
    const { journal } = this.#context;
    await takeOverFromSurvivors(this.#context, system, this.#history);
    const profile = (this.#profile ??= await this.#profileModel(system));
    if (!this.#isEncoded) await this.#encode(system, profile);
    this.#isEncoded = true;
    this.#history.numGenerations++;
    const { plan, workers } = await this.#plan(system, profile, !isFirst);
    const checkpoint = await this.#findCheckpoint(profile);
    const firstStep = checkpoint?.step ?? 0;
    const group = await WorkerGroup.place(this.#context, system, plan, workers, profile);
    const watch = this.#watch(group, profile);
    const signal = AbortSignal.any([this.#context.signal, watch.lost]);
    try {
      const context = { ...this.#context, signal };
      const training = await Training.select(context, group, profile, this.#history, checkpoint);
      await journal.enter('running');
      await journal.startAt(firstStep);
      this.#history.forgetAfter(firstStep);
      await this.#board.restart(firstStep);

      const why = await training.run(firstStep, () => watch.change);
      if (why !== null) return { kind: 'regroup', why };

      await journal.enter('finishing');
      const { selected } = training;
      const finished = { group, profile, selected, history: this.#history, startedAtMs: this.#startedAtMs };
      return { kind: 'finished', outcome: { report: await finishRun(context, finished) } };
    } catch (error) {
      // Calls to a worker that is lost fail in many ways; that it is lost is why.
      throw watch.lost.aborted && !this.#context.signal.aborted ? abortReason(watch.lost) : error;
    } finally {
      await watch.end();
    }
  }

  async #profileModel(system: System): Promise<ModelProfile> {
    const { journal, signal, run, configJson, runFolder } = this.#context;
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
    await system.stop(actor);
    return profile;
  }

  /** The encoders are gone before a stage is placed. */
  async #encode(system: System, { encoding }: ModelProfile): Promise<void> {
    if (encoding === null) return;
    const { config } = this.#context;
    const numWanted = (config.pipeline.stages ?? 1) * (config.pipeline.replicas ?? 1);
    await encodeData(this.#context, system, await this.#waitForWorkers(system, numWanted), encoding);
  }

  #watch(group: WorkerGroup, profile: ModelProfile): GroupWatch {
    const { registry, config, clock, log } = this.#context;
    const size = group.plan.numStages * group.plan.numReplicas;
    return new GroupWatch({
      registry,
      workers: group.workers,
      betterPlan: (registered) => {
        // Forming the group anew for one that is not asked again would end where it began, over and over.
        const available = registered.filter((worker) => !this.#lost.has(processOf(worker)));
        if (available.length <= group.workers.length) return null;
        const plan = tryPlan(() => planRun(planRequest(config, profile, available.map(planWorker))));
        if (plan === null || plan.numStages * plan.numReplicas <= size) return null;
        const places = (p: RunPlan): string => `${p.numStages} x ${p.numReplicas}`;
        return `workers have come: ${places(plan)} stages and replicas instead of ${places(group.plan)}`;
      },
      clock,
      log,
    });
  }

  /** On every worker there is: one that was cut off while its run went on may be back with what it had. */
  async #stopEverything(system: System): Promise<void> {
    const { registry, log } = this.#context;
    try {
      await stopRunOn(system, await registry.list(), this.#context);
    } catch (error) {
      log.warn({ err: asSaraError(error) }, 'cannot look up the workers to stop their actors');
      await system.stopAll();
    }
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

  async #findCheckpoint({ baseHash }: ModelProfile): Promise<Checkpoint | null> {
    const { runFolder, log } = this.#context;
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
}

/** @returns null where no plan fits */
function tryPlan(plan: () => RunPlan): RunPlan | null {
  try {
    return plan();
  } catch {
    return null;
  }
}
