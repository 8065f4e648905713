/**
 * The workers there are: those whose lease stands in the bucket. Leaves deciding to plan and policy.
 */
import type { WorkerEndpoint } from '../shared/actor/protocol.ts';
import type { Clock } from '../shared/clock.ts';
import { abortReason } from '../shared/clock.ts';
import { SaraError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import type { KvBucket } from '../shared/messaging/kv.ts';
import { markDraining, openWorkerBucket, type WorkerRecord } from '../shared/worker-announcement.ts';

export interface WaitOptions {
  /** Workers that must be there. */
  readonly count: number;
  /** What they are for, as it goes into logs and errors: "run 2026... (2 stages x 1 replica)". */
  readonly purpose: string;
  /** Which are not counted, e.g. those just lost, whose lease has not ended yet. Default: none. */
  readonly isExcepted?: (worker: WorkerRecord) => boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How often a waiting registry says what it waits for. */
const REMINDER_MS = 10_000;

export class WorkerRegistry {
  readonly #bucket: KvBucket<WorkerRecord>;
  readonly #clock: Clock;
  readonly #log: Logger;

  private constructor(bucket: KvBucket<WorkerRecord>, clock: Clock, log: Logger) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.#log = log;
  }

  /** @param ttlMs of the leases, if this is who makes their bucket */
  static async open(
    link: NatsLink,
    options: { clock: Clock; log: Logger; ttlMs?: number },
  ): Promise<WorkerRegistry> {
    return new WorkerRegistry(await openWorkerBucket(link, options.ttlMs), options.clock, options.log);
  }

  /** Time without a sign of life after which a worker counts as lost, in ms. */
  get leaseMs(): number {
    return this.#bucket.ttlMs;
  }

  /**
   * Tells a worker to take no more actors and to leave when its present ones are gone.
   * @throws SaraError WORKER_NOT_FOUND
   */
  async drain(name: string): Promise<void> {
    await markDraining(this.#bucket, name);
  }

  /** All workers with a lease, by name; draining ones too. */
  async list(): Promise<RegisteredWorker[]> {
    const names = await this.#bucket.keys();
    const found = await Promise.all(names.map((name) => this.#bucket.get(name)));
    return found
      .filter((entry) => entry !== null)
      .map(({ value }) => ({ ...value, leaseAgeMs: Math.max(0, this.#clock.nowMs() - value.renewedAtMs) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Workers that take actors, by name. */
  async available(isExcepted: (worker: WorkerRecord) => boolean = () => false): Promise<RegisteredWorker[]> {
    return (await this.list()).filter((worker) => !worker.isDraining && !isExcepted(worker));
  }

  /**
   * Resolves with the available workers as soon as there are enough.
   * @throws SaraError NOT_ENOUGH_WORKERS at the deadline; the signal's reason
   */
  async waitFor({ count, purpose, isExcepted, timeoutMs, signal }: WaitOptions): Promise<RegisteredWorker[]> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), timeoutMs);
    const reminder = setInterval(() => {
      this.#log.info({ purpose, count, numLive: numSeen }, `waiting for ${count} workers for ${purpose}`);
    }, REMINDER_MS);
    let numSeen = 0;
    try {
      // The watch starts with the entries that exist, so nothing is missed between looking and waiting.
      for await (const _ of this.#changes(AbortSignal.any([signal, giveUp.signal]))) {
        const workers = await this.available(isExcepted);
        numSeen = workers.length;
        if (numSeen >= count) return workers;
      }
    } finally {
      clearTimeout(timer);
      clearInterval(reminder);
    }
    if (signal.aborted) throw abortReason(signal);
    throw new SaraError(
      'NOT_ENOUGH_WORKERS',
      `${purpose} needs ${count} workers > ${numSeen} registered after ${timeoutMs} ms; start more with 'sara worker'`,
      { needed: count, registered: numSeen, timeoutMs },
    );
  }

  async *#changes(signal: AbortSignal): AsyncGenerator<void> {
    yield;
    try {
      for await (const _ of this.#bucket.watch('>', { signal })) yield;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

export interface RegisteredWorker extends WorkerRecord {
  /** Time since its lease was last renewed, in ms; as exact as the two machines' clocks agree. */
  readonly leaseAgeMs: number;
}

export function endpointOf({ name, address }: WorkerRecord): WorkerEndpoint {
  return { name, address };
}
