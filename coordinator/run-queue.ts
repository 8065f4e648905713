/**
 * Works off the runs that wait in KV, one after the other, for as long as this coordinator leads.
 *
 * There is no queue but the records: which run is next follows from them, so whoever leads next goes on where this one
 * stopped. A run found in progress has lost its driver, for only the leader drives, and it drives one: it comes first.
 */
import { asSaraError, SaraError } from '../shared/errors.ts';
import { parseRunConfigJson } from '../shared/config.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import type { EventBus } from '../shared/messaging/bus.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import type { ChannelSecurity } from '../shared/rpc/channel.ts';
import { isTerminal } from '../shared/run-event.ts';
import { RunJournal } from './commit.ts';
import type { RunTelemetry } from './observe/run-telemetry.ts';
import type { DriveRun } from './run-context.ts';
import type { RunStore, StoredRun } from './run-store.ts';
import type { WorkerRegistry } from './worker-registry.ts';

export interface RunQueueOptions {
  readonly store: RunStore;
  readonly events: EventBus;
  readonly registry: WorkerRegistry;
  readonly link: NatsLink;
  readonly driveRun: DriveRun;
  /** How workers are reached. */
  readonly workerSecurity: ChannelSecurity;
  readonly telemetry: RunTelemetry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** After a failure to look into the queue: NATS is away, and is waited for elsewhere. */
const LOOK_AGAIN_MS = 1_000;

export class RunQueue {
  readonly #options: RunQueueOptions;
  #leading: AbortController | null = null;
  #working: Promise<void> = Promise.resolve();
  #current: { readonly run: string; readonly abort: AbortController } | null = null;

  constructor(options: RunQueueOptions) {
    this.#options = options;
  }

  /** Begins, or goes on after pause(): what is being driven has never stopped. */
  start(): void {
    const leading = new AbortController();
    this.#leading?.abort();
    this.#leading = leading;
    this.#working = this.#working.then(() => this.#workOff(leading.signal));
  }

  /** Takes up no further run. The one in progress goes on: its generation says whether it may. */
  pause(): void {
    this.#leading?.abort();
    this.#leading = null;
  }

  /** Ends the run in progress for `reason` and waits for that; takes up no further one. */
  async stop(reason: SaraError): Promise<void> {
    this.pause();
    this.#current?.abort.abort(reason);
    await this.#working;
  }

  /** @returns false when this is not the run in progress */
  cancel(run: string, why: string): boolean {
    if (this.#current?.run !== run) return false;
    this.#current.abort.abort(new SaraError('CANCELLED', why, { run }));
    return true;
  }

  /** One run after the other. Never rejects. */
  async #workOff(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const _ of store.whenQueued(signal)) {
          for (;;) {
            const next = nextRun(await store.list());
            if (next === null || isAborted(signal)) break;
            await this.#work(next);
          }
        }
      } catch (error) {
        if (isAborted(signal)) return;
        log.warn({ err: asSaraError(error) }, 'cannot look into the queue');
        await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  /** @throws SaraError when the run's end cannot be recorded: NATS is away for good, or another coordinator has it */
  async #work({ spec, record }: StoredRun): Promise<void> {
    const { store, driveRun, ...surroundings } = this.#options;
    const { events } = surroundings;
    const { run, runFolder, configJson } = spec;
    const abort = new AbortController();
    this.#current = { run, abort };
    const log = this.#options.log.child({ run });
    const journal = new RunJournal(store, events, record);
    try {
      const config = parseRunConfigJson(new TextEncoder().encode(configJson), `run ${run}`);
      const { signal } = abort;
      await driveRun({ ...surroundings, run, config, configJson, runFolder, journal, signal, log });
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
}

/** It may be, by now; which a narrowed type denies. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** A run in progress before those that wait; of these the highest priority, then the longest wait. */
export function nextRun(runs: readonly StoredRun[]): StoredRun | null {
  const open = runs.filter(({ record }) => !isTerminal(record.state));
  const isInProgress = ({ record }: StoredRun): number => (record.state === 'queued' ? 0 : 1);
  open.sort(
    (a, b) =>
      isInProgress(b) - isInProgress(a) ||
      b.spec.priority - a.spec.priority ||
      a.record.updatedAtMs - b.record.updatedAtMs ||
      (a.spec.run < b.spec.run ? -1 : 1),
  );
  return open.at(0) ?? null;
}
