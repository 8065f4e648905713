/**
 * The coordinator: takes runs and answers what is asked about them.
 *
 * All it knows is in KV and the event stream (run-store.ts, EventBus), so of several on one NATS each answers
 * questions. One leads (leadership.ts): it alone changes things, works the runs off (run-queue.ts), and is followed by
 * another when it ends.
 */
import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeBytesAtomic } from '../shared/atomic-file.ts';
import type { Clock } from '../shared/clock.ts';
import {
  overrideRunConfig,
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
  SubmitRequest,
  WatchRequest,
  WorkerSummary,
} from '../shared/run-api.ts';
import { isTerminal, type RunEvent } from '../shared/run-event.ts';
import { parseStrictJson } from '../shared/strict-json.ts';
import { RunJournal } from './commit.ts';
import { Leadership } from './leadership.ts';
import { NO_TELEMETRY, type RunTelemetry } from './observe/run-telemetry.ts';
import { planRequest, planWorker } from './plan/plan-request.ts';
import { summarizePlan } from './plan/plan-summary.ts';
import { planRun } from './plan/planner.ts';
import type { ProfileModel } from './plan/profile-model.ts';
import type { DriveRun } from './run-context.ts';
import { requireRunId, runId } from './run-id.ts';
import { RunQueue } from './run-queue.ts';
import { applyChange, summarizeRun, type RunRecord, type RunSpec } from './run-state.ts';
import { RunStore } from './run-store.ts';
import { endpointOf, WorkerRegistry } from './worker-registry.ts';

/** In the run folder: the complete configuration, from which it can be resumed. */
export const CONFIG_FILE = 'config.json';

/** What a coordinator leaves to others. */
export interface CoordinatorParts {
  readonly driveRun: DriveRun;
  readonly profileModel: ProfileModel;
  /** How workers are reached. Default: without TLS. */
  readonly workerSecurity?: ChannelSecurity;
  /** Told what runs do. Default: nobody is. */
  readonly telemetry?: RunTelemetry;
}

export interface CoordinatorOptions extends CoordinatorParts {
  readonly link: NatsLink;
  /** For people and logs. */
  readonly name: string;
  /** Time without a sign of life after which a coordinator or worker counts as lost, if this is who sets it, in ms. */
  readonly leaseMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Coordinator implements CoordinatorApi {
  readonly #options: CoordinatorOptions;
  readonly #store: RunStore;
  readonly #events: EventBus;
  readonly #registry: WorkerRegistry;
  readonly #queue: RunQueue;
  #leadership: Leadership | null = null;
  /** Rejects when this coordinator can do nothing more. */
  readonly failed: Promise<never>;
  readonly #unlink: () => void;

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
    const { link, driveRun, telemetry = NO_TELEMETRY, clock, log } = options;
    const workerSecurity = this.#workerSecurity;
    const surroundings = { events, registry, link, workerSecurity, telemetry, clock, log };
    this.#queue = new RunQueue({ ...surroundings, store, driveRun });
    let fail: (error: SaraError) => void = () => undefined;
    this.failed = new Promise((_, reject) => (fail = reject));
    // Whoever serves this coordinator waits for it; nobody need.
    this.failed.catch(() => undefined);
    this.#unlink = options.link.onReconnect(() => {
      void this.#checkData(fail);
    });
  }

  /** Opens the state in NATS. What it tells is right from then on; what it is told it refuses until it leads. */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    const { link, clock, log, leaseMs } = options;
    const store = await RunStore.open(link, clock);
    const events = await EventBus.open(link, clock, options.telemetry?.event);
    const registry = await WorkerRegistry.open(link, {
      clock,
      log,
      ...(leaseMs === undefined ? {} : { ttlMs: leaseMs }),
    });
    return new Coordinator(options, store, events, registry);
  }

  /**
   * Stands for leader until stopped.
   * @param address host:port that other coordinators send their clients to
   * @returns when it is known who leads
   */
  async stand(address: string): Promise<void> {
    const { link, name, clock, log, leaseMs } = this.#options;
    this.#leadership = await Leadership.open(link, {
      name,
      address,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      clock,
      log,
      onElected: () => {
        this.#queue.start();
      },
      onFollowing: (leader) => {
        void this.#queue.stop(notLeading(leader.address));
      },
    });
    await this.#leadership.whenKnown();
  }

  get #workerSecurity(): ChannelSecurity {
    return this.#options.workerSecurity ?? { kind: 'insecure' };
  }

  get registry(): WorkerRegistry {
    return this.#registry;
  }

  get isLeading(): boolean {
    return this.#leadership?.isLeading === true;
  }

  #requireLeading(): void {
    if (this.#leadership === null) throw notLeading('');
    this.#leadership.requireLeading();
  }

  async submitRun(request: SubmitRequest): Promise<{ run: string }> {
    this.#requireLeading();
    const config = requestedConfig(request);
    const nowMs = this.#options.clock.nowMs();
    const label = config.name === '' ? basename(config.data.path) : config.name;
    const run = runId(nowMs, label, randomInt(65536));
    await this.#create(
      specOf(run, join(config.output.dir, run), config, request.priority, nowMs),
      'submitted',
    );
    return { run };
  }

  /** Goes on with an ended run from its newest whole checkpoint. @throws SaraError RUN_NOT_FOUND, CONFIG_INVALID */
  async resumeRun({ run, set }: { run: string; set: readonly string[] }): Promise<RunSummary> {
    this.#requireLeading();
    const { spec } = await this.#store.get(requireRunId(run));
    const place = { source: `run ${run}`, folder: spec.runFolder };
    const config = overrideRunConfig(spec.configJson, set, place);
    return this.#requeue(specOf(run, spec.runFolder, config, spec.priority, spec.createdAtMs));
  }

  /**
   * Goes on with the run whose folder this is, known to this cluster or not.
   * @param config may differ from the one it began with, e.g. in workers or steps
   */
  async takeUpRun(runFolder: string, config: ResolvedRunConfig): Promise<{ run: string }> {
    this.#requireLeading();
    const run = requireRunId(basename(runFolder));
    const spec = specOf(run, runFolder, config, 0, this.#options.clock.nowMs());
    if (await this.#isKnown(run)) await this.#requeue(spec);
    else await this.#create(spec, 'resumed');
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
    { run, fromSequence, historyOnly }: WatchRequest,
    { signal }: CallInfo,
  ): AsyncGenerator<RunEvent, void> {
    await this.#store.get(requireRunId(run));
    yield* this.#events.watch(run, { fromSequence, historyOnly, signal });
  }

  async cancelRun({ run, reason }: { run: string; reason: string }): Promise<RunSummary> {
    this.#requireLeading();
    const { spec, record } = await this.#store.get(requireRunId(run));
    if (isTerminal(record.state)) return summarizeRun(spec, record);
    const why = reason === '' ? 'cancelled by a user' : reason;
    if (this.#queue.cancel(run, why)) return summarizeRun(spec, record);
    await new RunJournal(this.#store, this.#events, record).enter('cancelled', why);
    return this.getRun({ run });
  }

  /** @throws SaraError WORKER_NOT_FOUND */
  async drainWorker({ worker }: { worker: string }): Promise<WorkerSummary> {
    this.#requireLeading();
    await this.#registry.drain(worker);
    const found = (await this.listWorkers()).workers.find(({ name }) => name === worker);
    if (found === undefined)
      throw new SaraError('WORKER_NOT_FOUND', `worker '${worker}' has left`, { worker });
    return found;
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
        version: worker.version,
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
      log: this.#options.log,
    });
    return summarizePlan(planRun(planRequest(config, profile, workers.map(planWorker))));
  }

  /**
   * Leaves: the run in progress stays as it is, with its actors, for the coordinator that leads next.
   * @param becauseOf cancels the run in progress instead, as far as this one leads
   */
  async stop(becauseOf?: SaraError): Promise<void> {
    this.#unlink();
    await this.#queue.stop(becauseOf ?? notLeading(''));
    await this.#leadership?.resign();
  }

  /** After NATS was away: has it come back with its data? */
  async #checkData(fail: (error: SaraError) => void): Promise<void> {
    try {
      await this.#store.requireOwnData();
    } catch (thrown) {
      const error = asSaraError(thrown);
      // Away again: the next return is looked at too.
      if (error.code !== 'STATE_LOST') return;
      this.#options.log.fatal({ err: error }, 'NATS has lost what was kept in it');
      fail(error);
      await this.#queue.stop(error);
    }
  }

  async #isKnown(run: string): Promise<boolean> {
    try {
      await this.#store.get(run);
      return true;
    } catch (error) {
      if (error instanceof SaraError && error.code === 'RUN_NOT_FOUND') return false;
      throw error;
    }
  }

  async #create(spec: RunSpec, reason: string): Promise<void> {
    await writeConfig(spec);
    const { record } = await this.#store.create(spec);
    await this.#publishQueued(record, reason);
  }

  async #requeue(spec: RunSpec): Promise<RunSummary> {
    // Refused while it goes on, before anything of it is changed; queued last, for then it may begin.
    const { record: ended } = await this.#store.get(spec.run);
    applyChange(ended, { kind: 'resume' }, this.#options.clock.nowMs());
    await writeConfig(spec);
    await this.#store.replaceSpec(spec);
    const record = await this.#store.change(spec.run, { kind: 'resume' });
    await this.#publishQueued(record, 'resumed');
    return summarizeRun(spec, record);
  }

  async #publishQueued(record: RunRecord, reason: string): Promise<void> {
    await new RunJournal(this.#store, this.#events, record).publish({
      kind: 'state-changed',
      state: 'queued',
      reason,
    });
  }

  /** Which run holds which worker: from the plans of the runs in progress. */
  async #placements(): Promise<Map<string, { run: string; memoryBytes: number }>> {
    const runs = await this.#store.list();
    const placed = runs
      .filter(({ record }) => !isTerminal(record.state) && record.state !== 'queued')
      .flatMap(({ record: { run, plan } }) => (plan?.stages ?? []).map((stage) => ({ run, stage })));
    return new Map(
      placed.map(({ run, stage }) => [
        stage.worker,
        { run, memoryBytes: stage.parameterBytes + stage.activationBytes },
      ]),
    );
  }
}

function notLeading(leader: string): SaraError {
  const who = leader === '' ? 'none may lead at the moment' : `the one at ${leader} does`;
  return new SaraError('NOT_LEADER', `this coordinator does not lead: ${who}`, { leader });
}

function specOf(
  run: string,
  runFolder: string,
  config: ResolvedRunConfig,
  priority: number,
  createdAtMs: number,
): RunSpec {
  return {
    run,
    name: config.name,
    configJson: new TextDecoder().decode(serializeRunConfig(config)),
    runFolder,
    totalSteps: config.train.steps,
    priority,
    createdAtMs,
  };
}

async function writeConfig({ runFolder, configJson }: RunSpec): Promise<void> {
  await mkdir(runFolder, { recursive: true });
  await writeBytesAtomic(join(runFolder, CONFIG_FILE), configJson);
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
