/**
 * Watches the workers of a group while it trains: which are lost, and whether the group should be formed anew.
 *
 * A worker is lost when its lease has ended, whatever its connections say: one that was cut off neither answers nor
 * refuses. While NATS is away nobody can renew, so time without a lease counts only while NATS answers.
 */
import { asSaraError, SaraError } from '../shared/errors.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import type { WorkerRecord } from '../shared/worker-announcement.ts';
import type { RegisteredWorker, WorkerRegistry } from './worker-registry.ts';

/** Looks within one lease time. */
const LOOKS_PER_LEASE = 6;

export interface GroupWatchOptions {
  readonly registry: WorkerRegistry;
  /** Those that hold a stage. */
  readonly workers: readonly RegisteredWorker[];
  /** Whether these workers would be put to better use by another plan; why, or null. */
  readonly betterPlan: (available: readonly RegisteredWorker[]) => string | null;
  readonly clock: Clock;
  readonly log: Logger;
}

export class GroupWatch {
  readonly #options: GroupWatchOptions;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #leases: LeaseTimes;
  readonly #watching: Promise<void>;
  #change: string | null = null;

  constructor(options: GroupWatchOptions) {
    this.#options = options;
    const { workers, registry, clock } = options;
    this.#leases = new LeaseTimes(workers, registry.leaseMs, clock.nowMs());
    this.#watching = this.#watch();
  }

  /** Aborted with ACTOR_DIED when a worker of the group is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Why the group should be formed anew before the next step; null when it should not. */
  get change(): string | null {
    return this.#change;
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#watching;
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    const { registry, clock, log } = this.#options;
    const { signal } = this.#ended;
    for (;;) {
      try {
        await clock.sleep(registry.leaseMs / LOOKS_PER_LEASE, signal);
      } catch {
        return;
      }
      try {
        this.#judge(await registry.list());
      } catch (error) {
        this.#leases.stop();
        log.warn({ err: asSaraError(error) }, 'cannot look after the workers');
      }
    }
  }

  #judge(registered: readonly RegisteredWorker[]): void {
    const { workers, betterPlan, clock, log } = this.#options;
    const lost = this.#leases.lost(registered, clock.nowMs());
    if (lost !== null) {
      const message = `worker ${lost.name} (${lost.address}) is lost: ${lost.why}`;
      this.#lost.abort(new SaraError('ACTOR_DIED', message, { worker: lost.name }));
      return;
    }
    const members = new Set(workers.map(processOf));
    const leaving = registered.filter((worker) => worker.isDraining && members.has(processOf(worker)));
    const change =
      leaving.length > 0
        ? `${leaving.map(({ name }) => name).join(', ')} ${leaving.length === 1 ? 'leaves' : 'leave'}`
        : betterPlan(registered.filter(({ isDraining }) => !isDraining));
    if (change !== null && change !== this.#change) log.info({ why: change }, 'another worker group is due');
    this.#change = change;
  }
}

/** When each worker of a group was last known to hold its lease. Pure but for what it was told. */
export class LeaseTimes {
  readonly #leaseMs: number;
  readonly #seenMs: Map<string, number>;
  readonly #workers: readonly WorkerRecord[];
  #isStopped = false;

  constructor(workers: readonly WorkerRecord[], leaseMs: number, nowMs: number) {
    this.#workers = workers;
    this.#leaseMs = leaseMs;
    this.#seenMs = new Map(workers.map((worker) => [worker.name, nowMs]));
  }

  /** NATS does not answer: until it does, no time passes. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * @param registered whose lease stands at `nowMs`
   * @returns a worker that is lost, and why
   */
  lost(
    registered: readonly WorkerRecord[],
    nowMs: number,
  ): { readonly name: string; readonly address: string; readonly why: string } | null {
    if (this.#isStopped) for (const name of this.#seenMs.keys()) this.#seenMs.set(name, nowMs);
    this.#isStopped = false;
    const byName = new Map(registered.map((worker) => [worker.name, worker]));
    for (const worker of this.#workers) {
      const { name, address } = worker;
      const found = byName.get(name);
      if (found !== undefined && processOf(found) !== processOf(worker))
        return { name, address, why: 'another process has taken its name' };
      if (found !== undefined) this.#seenMs.set(name, nowMs);
      const silentMs = nowMs - this.#seenMs.get(name)!;
      if (silentMs > this.#leaseMs)
        return { name, address, why: `no lease for ${silentMs} ms > ${this.#leaseMs} ms` };
    }
    return null;
  }
}

/** A worker that was restarted under its name is another one. */
export function processOf({ name, startedAtMs }: Pick<WorkerRecord, 'name' | 'startedAtMs'>): string {
  return `${name} since ${startedAtMs}`;
}
