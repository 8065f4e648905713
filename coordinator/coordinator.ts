/**
 * The coordinator: takes runs, works them off one at a time, and answers what is asked about them.
 *
 * All it knows is in KV and the event stream (run-store.ts, EventBus); here is only the queue of this process and
 * the abort switch of the run in progress. Driving a run is the run driver's business, what its end means is
 * settled here: success, failure and cancellation are recorded in one place.
 */
import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ActorSystem } from '../shared/actor/system.ts';
import { writeBytesAtomic } from '../shared/atomic-file.ts';
import type { Clock } from '../shared/clock.ts';
import {
  parseRunConfigJson,
  resolveRunConfig,
  serializeRunConfig,
  type ResolvedRunConfig,
  type RunConfig,
} from '../shared/config.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { EventBus } from '../shared/messaging/bus.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import type { ChannelSecurity } from '../shared/rpc/channel.ts';
import type {
  CallInfo,
  CoordinatorApi,
  PlanSummary,
  RunRequest,
  RunSummary,
  WorkerSummary,
} from '../shared/run-api.ts';
import { isTerminal, type RunEvent } from '../shared/run-event.ts';
import type { ActorClasses } from '../shared/stage-protocol.ts';
import { parseStrictJson } from '../shared/strict-json.ts';
import { RunJournal } from './commit.ts';
import { planRequest, planWorker } from './plan/plan-request.ts';
import { summarizePlan } from './plan/plan-summary.ts';
import { planRun } from './plan/planner.ts';
import type { ProfileModel } from './plan/profile-model.ts';
import type { DriveRun } from './run-context.ts';
import { requireRunId, runId } from './run-id.ts';
import { summarizeRun, type RunSpec } from './run-state.ts';
import { RunStore, type StoredRun } from './run-store.ts';
import { endpointOf, WorkerRegistry } from './worker-registry.ts';

/** In the run folder: the complete configuration, from which it can be resumed. */
export const CONFIG_FILE = 'config.json';

/** What a coordinator leaves to others. */
export interface CoordinatorParts {
  readonly driveRun: DriveRun;
  readonly profileModel: ProfileModel;
  /** How workers are reached. Default: without TLS. */
  readonly workerSecurity?: ChannelSecurity;
}

export interface CoordinatorOptions extends CoordinatorParts {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly log: Logger;
}

interface QueuedRun {
  readonly run: string;
  readonly isResumed: boolean;
}

export class Coordinator implements CoordinatorApi {
  readonly #options: CoordinatorOptions;
  readonly #store: RunStore;
  readonly #events: EventBus;
  readonly #registry: WorkerRegistry;
  readonly #log: Logger;
  readonly #queue: QueuedRun[] = [];
  readonly #stopping = new AbortController();
  #current: { readonly run: string; readonly abort: AbortController } | null = null;
  /** Works the queue off; null while it is empty. */
  #working: Promise<void> | null = null;

  private constructor(
    options: CoordinatorOptions,
    store: RunStore,
    events: EventBus,
    registry: WorkerRegistry,
  ) {
    this.#options = options;
    this.#store = store;
    this.#events = events;
    this.#registry = registry;
    this.#log = options.log;
  }

  /** Opens the state in NATS and takes up the queue it finds there. */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    const { link, clock, log } = options;
    const store = await RunStore.open(link, clock);
    const events = await EventBus.open(link);
    const registry = await WorkerRegistry.open(link, { clock, log });
    const coordinator = new Coordinator(options, store, events, registry);
    await coordinator.#takeOver();
    return coordinator;
  }

  get #workerSecurity(): ChannelSecurity {
    return this.#options.workerSecurity ?? { kind: 'insecure' };
  }

  get registry(): WorkerRegistry {
    return this.#registry;
  }

  async submitRun(request: RunRequest): Promise<{ run: string }> {
    const config = requestedConfig(request);
    const nowMs = this.#options.clock.nowMs();
    const label = config.name === '' ? basename(config.data.path) : config.name;
    const run = runId(nowMs, label, randomInt(65536));
    await this.#enqueueNew(run, join(config.output.dir, run), config, false);
    return { run };
  }

  /**
   * Goes on with the run whose folder this is, from its newest whole checkpoint, known to this coordinator or not.
   * @param config may differ from the one it began with, e.g. in workers or steps
   */
  async resumeRun(runFolder: string, config: ResolvedRunConfig): Promise<{ run: string }> {
    const run = requireRunId(basename(runFolder));
    const known = await this.#find(run);
    if (known === null) {
      await this.#enqueueNew(run, runFolder, config, true);
    } else {
      await this.#store.change(run, { kind: 'resume' });
      await this.#enqueue({ run, isResumed: true }, 'resumed');
    }
    return { run };
  }

  async getRun({ run }: { run: string }): Promise<RunSummary> {
    const { spec, record } = await this.#store.get(requireRunId(run));
    return summarizeRun(spec, record);
  }

  async listRuns(): Promise<{ runs: RunSummary[] }> {
    const runs = await this.#store.list();
    return { runs: runs.map(({ spec, record }) => summarizeRun(spec, record)) };
  }

  async *watchRun(
    { run, fromSequence }: { run: string; fromSequence: number },
    { signal }: CallInfo,
  ): AsyncGenerator<RunEvent, void> {
    await this.#store.get(requireRunId(run));
    yield* this.#events.watch(run, { fromSequence, signal });
  }

  async cancelRun({ run, reason }: { run: string; reason: string }): Promise<RunSummary> {
    const { spec, record } = await this.#store.get(requireRunId(run));
    if (isTerminal(record.state)) return summarizeRun(spec, record);
    const why = reason === '' ? 'cancelled by a user' : reason;
    if (this.#current?.run === run) {
      this.#current.abort.abort(new SaraError('CANCELLED', why, { run }));
      return summarizeRun(spec, record);
    }
    const waiting = this.#queue.findIndex((queued) => queued.run === run);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    await new RunJournal(this.#store, this.#events, record).enter('cancelled', why);
    return this.getRun({ run });
  }

  async listWorkers(): Promise<{ workers: WorkerSummary[] }> {
    const placements = await this.#placements();
    const workers = (await this.#registry.list()).map((worker): WorkerSummary => {
      const placed = placements.get(worker.name);
      const busyState = placed === undefined ? 'idle' : 'busy';
      return {
        name: worker.name,
        address: worker.address,
        state: worker.isDraining ? 'draining' : busyState,
        device: worker.device,
        memoryBytes: worker.memoryBytes,
        memoryUsedBytes: placed?.memoryBytes ?? 0,
        run: placed?.run ?? null,
        leaseAgeMs: Math.round(worker.leaseAgeMs),
      };
    });
    return { workers };
  }

  async planRun(request: RunRequest, { signal }: CallInfo): Promise<PlanSummary> {
    const config = requestedConfig(request);
    const workers = await this.#registry.available();
    if (workers.length === 0) {
      throw new SaraError(
        'NOT_ENOUGH_WORKERS',
        'a plan needs a worker that reads the model, and none is registered',
      );
    }
    const configJson = new TextDecoder().decode(serializeRunConfig(config));
    const place = { configJson, runFolder: config.output.dir };
    const profile = await this.#options.profileModel(endpointOf(workers[0]), place, {
      signal,
      security: this.#workerSecurity,
      log: this.#log,
    });
    return summarizePlan(planRun(planRequest(config, profile, workers.map(planWorker))));
  }

  /** Cancels the run in progress and waits for it; queued runs stay queued in KV. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#queue.length = 0;
    this.#current?.abort.abort(new SaraError('CANCELLED', 'the coordinator was stopped', {}));
    await this.#working;
  }

  async #find(run: string): Promise<StoredRun | null> {
    try {
      return await this.#store.get(run);
    } catch (error) {
      if (error instanceof SaraError && error.code === 'RUN_NOT_FOUND') return null;
      throw error;
    }
  }

  async #enqueueNew(
    run: string,
    runFolder: string,
    config: ResolvedRunConfig,
    isResumed: boolean,
  ): Promise<void> {
    const configBytes = serializeRunConfig(config);
    await mkdir(runFolder, { recursive: true });
    await writeBytesAtomic(join(runFolder, CONFIG_FILE), configBytes);
    const spec: RunSpec = {
      run,
      name: config.name,
      configJson: new TextDecoder().decode(configBytes),
      runFolder,
      totalSteps: config.train.steps,
      createdAtMs: this.#options.clock.nowMs(),
    };
    await this.#store.create(spec);
    await this.#enqueue({ run, isResumed }, isResumed ? 'resumed' : 'submitted');
  }

  async #enqueue(queued: QueuedRun, reason: string): Promise<void> {
    const { record } = await this.#store.get(queued.run);
    await new RunJournal(this.#store, this.#events, record).publish({
      kind: 'state-changed',
      state: 'queued',
      reason,
    });
    this.#queue.push(queued);
    this.#working ??= this.#workOff();
  }

  /** What another coordinator left: queued runs are taken up, a run that was in progress has lost its driver. */
  async #takeOver(): Promise<void> {
    const orphaned: RunJournal[] = [];
    for (const { spec, record } of (await this.#store.list()).reverse()) {
      if (isTerminal(record.state)) continue;
      if (record.state === 'queued') {
        this.#queue.push({ run: spec.run, isResumed: false });
        continue;
      }
      const journal = new RunJournal(this.#store, this.#events, record);
      // Should that coordinator be only slow, it finds itself in an old generation.
      await journal.advanceGeneration();
      await journal.fail(
        new SaraError(
          'RUN_FAILED',
          `the coordinator ended while the run was ${record.state}; 'sara train --resume ${spec.runFolder}' goes on ` +
            'from its last checkpoint',
          { run: spec.run, step: record.step },
        ),
      );
      orphaned.push(journal);
    }
    // Before the next run is planned, for it would find the workers full.
    this.#working = this.#stopActorsOf(orphaned).then(() => this.#workOff());
  }

  /** Frees the workers of runs that nobody drives any more. Never rejects. */
  async #stopActorsOf(orphaned: readonly RunJournal[]): Promise<void> {
    if (orphaned.length === 0) return;
    const workers = await this.#registry.list().catch(() => []);
    for (const { run, generation } of orphaned) {
      const system = new ActorSystem<ActorClasses>({
        run,
        generation,
        security: this.#workerSecurity,
        log: this.#log,
      });
      const stopped = await Promise.allSettled(workers.map((worker) => system.stopRun(endpointOf(worker))));
      const numActors = stopped.reduce(
        (sum, outcome) => sum + (outcome.status === 'fulfilled' ? outcome.value : 0),
        0,
      );
      this.#log.warn({ run, numActors }, 'stopped the actors of a run that had lost its coordinator');
      system.close();
    }
  }

  /** One run after the other until there is none. Never rejects. */
  async #workOff(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (this.#stopping.signal.aborted) break;
      try {
        await this.#work(next);
      } catch (error) {
        // The run's end could not be recorded: NATS is away for good, or another coordinator has it.
        this.#log.error({ err: asSaraError(error), run: next.run }, 'could not record the end of a run');
      }
    }
    this.#working = null;
  }

  async #work({ run, isResumed }: QueuedRun): Promise<void> {
    const abort = new AbortController();
    this.#current = { run, abort };
    const log = this.#log.child({ run });
    const { spec, record } = await this.#store.get(run);
    const journal = new RunJournal(this.#store, this.#events, record);
    try {
      await this.#options.driveRun({
        run,
        config: parseRunConfigJson(new TextEncoder().encode(spec.configJson), `run ${run}`),
        configJson: spec.configJson,
        runFolder: spec.runFolder,
        isResumed,
        link: this.#options.link,
        registry: this.#registry,
        workerSecurity: this.#workerSecurity,
        journal,
        signal: abort.signal,
        log,
        clock: this.#options.clock,
      });
      await journal.enter('succeeded');
    } catch (thrown) {
      await this.#recordEnd(journal, asSaraError(thrown), log);
    } finally {
      this.#current = null;
    }
  }

  async #recordEnd(journal: RunJournal, error: SaraError, log: Logger): Promise<void> {
    log.error({ err: error }, 'the run ended before its time');
    // Whoever has the newer generation records what becomes of the run.
    if (error.disposition === 'leave-group') return;
    await this.#options.link.whenConnected();
    if (error.code === 'CANCELLED') await journal.enter('cancelled', error.message);
    else await journal.fail(error);
  }

  /** Which run holds which worker: from the plan of the run in progress. */
  async #placements(): Promise<Map<string, { run: string; memoryBytes: number }>> {
    const run = this.#current?.run;
    if (run === undefined) return new Map();
    const { record } = await this.#store.get(run);
    const stages = record.plan?.stages ?? [];
    return new Map(
      stages.map((stage) => [
        stage.worker,
        { run, memoryBytes: stage.parameterBytes + stage.activationBytes },
      ]),
    );
  }
}

/** Sections within sections, lists within those; with room to spare. */
const MAX_CONFIG_DEPTH = 8;

/** The configuration a client sent, complete and checked. @throws SaraError CONFIG_INVALID */
function requestedConfig({ configJson, baseDirectory }: RunRequest): ResolvedRunConfig {
  const source = 'the submitted configuration';
  let tree: unknown;
  try {
    tree = parseStrictJson(configJson, MAX_CONFIG_DEPTH);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('CONFIG_INVALID', `${source} is no JSON: ${reason}`, { reason }, { cause });
  }
  return resolveRunConfig(tree as RunConfig, source, baseDirectory);
}
