/**
 * How a worker makes itself known: a record in a KV bucket whose entries expire, renewed while the worker lives.
 * What the coordinator knows about workers is what stands in that bucket.
 *
 * Invariants:
 * 1. A record that is not renewed for the bucket's time to live is gone, however its worker ended.
 * 2. A name belongs to one process. A second one of the same name waits until the first one's record is gone, for a
 *    restarted worker must come back under its name, and refuses to start when it stays.
 * 3. Renewal is compare-and-set: a worker that finds another's record under its name has been replaced and stops.
 * 4. Who drains stays so: the coordinator may set the mark in the record (`sara drain`), its worker finds it there.
 */
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { asSaraError, SaraError } from './errors.ts';
import type { Logger } from './log.ts';
import type { NatsLink } from './messaging/connection.ts';
import { KvBucket } from './messaging/kv.ts';
import { BUCKETS } from './messaging/subjects.ts';
import { z } from 'zod';

/**
 * Time without renewal after which a worker counts as lost, where nobody has made the bucket with another one. Longer
 * than a NATS restart takes.
 */
export const LEASE_TTL_MS = 15_000;

/** Two renewals may be lost before the third saves the lease. */
const RENEWALS_PER_TTL = 3;

/** Lost races against the worker's own renewals before giving up. */
const MAX_MARK_CONFLICTS = 8;

const workerRecordSchema = z.object({
  /** Unique among live workers, e.g. `worker-0`; [a-zA-Z0-9_-]. */
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** host:port of its actor host. */
  address: z.string().min(1),
  /** What it computes on: 'cpu', or the name of the GPU. */
  device: z.string().min(1),
  /** Memory that actors may use. */
  memoryBytes: z.number().positive(),
  /** Engine threads. */
  numThreads: z.int().min(1),
  pid: z.int().min(1),
  startedAtMs: z.number(),
  /** Of the software. */
  version: z.string(),
  /** Takes no new actors. */
  isDraining: z.boolean(),
  /** When the lease was last renewed, on the worker's clock. */
  renewedAtMs: z.number(),
});

export type WorkerRecord = z.output<typeof workerRecordSchema>;

/** What a worker knows of itself when it starts. */
export type WorkerFacts = Omit<WorkerRecord, 'isDraining' | 'renewedAtMs'>;

/** The bucket of live workers. */
export function openWorkerBucket(link: NatsLink, ttlMs = LEASE_TTL_MS): Promise<KvBucket<WorkerRecord>> {
  return KvBucket.open(link, BUCKETS.workers, { ttlMs, parse: (json) => workerRecordSchema.parse(json) });
}

export interface AnnouncementOptions {
  /** For the bucket, if this is who makes it. */
  readonly ttlMs?: number;
  readonly clock?: Clock;
  /** Ends the waiting for a name that is still taken. */
  readonly signal?: AbortSignal;
  readonly log: Logger;
}

export class WorkerAnnouncement {
  readonly #bucket: KvBucket<WorkerRecord>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lost = new AbortController();
  readonly #draining = new AbortController();
  readonly #stopping = new AbortController();
  #record: WorkerRecord;
  #revision: number;
  #renewing: Promise<void>;

  private constructor(
    bucket: KvBucket<WorkerRecord>,
    record: WorkerRecord,
    revision: number,
    options: { clock: Clock; log: Logger },
  ) {
    this.#bucket = bucket;
    this.#record = record;
    this.#revision = revision;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#renewing = this.#keepRenewing();
  }

  /**
   * Announces the worker and keeps its record alive until released.
   * @throws SaraError STATE_CONFLICT when another live process holds the name; NATS_UNAVAILABLE
   */
  static async put(
    link: NatsLink,
    facts: WorkerFacts,
    options: AnnouncementOptions,
  ): Promise<WorkerAnnouncement> {
    const { clock = systemClock, signal, log } = options;
    const bucket = await openWorkerBucket(link, options.ttlMs);
    const giveUpAtMs = clock.nowMs() + 2 * bucket.ttlMs;
    for (let isFirst = true; ; isFirst = false) {
      const record = { ...facts, isDraining: false, renewedAtMs: clock.nowMs() };
      const revision = await createIfFree(bucket, record);
      if (revision !== null) return new WorkerAnnouncement(bucket, record, revision, { clock, log });
      const holder = (await bucket.get(record.name))?.value;
      if (clock.nowMs() >= giveUpAtMs) throw nameTaken(record, holder);
      if (isFirst)
        log.info({ worker: record.name, pid: holder?.pid }, 'name still taken; waiting for its lease to end');
      await clock.sleep(bucket.ttlMs / RENEWALS_PER_TTL, signal);
    }
  }

  get record(): WorkerRecord {
    return this.#record;
  }

  /** Aborted when another process has taken the name over: this worker must stop. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborted when this worker is to take no new actors any more and leave, whoever said so. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** Says that this worker takes no new actors from now on. */
  async drain(): Promise<void> {
    this.#beginDraining();
    await this.#renew();
  }

  #beginDraining(): void {
    this.#record = { ...this.#record, isDraining: true };
    this.#draining.abort();
  }

  /** Takes the record back, so that the coordinator need not wait for the lease to end. Idempotent. */
  async release(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    try {
      await this.#bucket.delete(this.#record.name, this.#revision);
    } catch (error) {
      // The record ends by itself.
      this.#log.warn({ err: asSaraError(error), worker: this.#record.name }, 'could not take the lease back');
    }
  }

  async #keepRenewing(): Promise<void> {
    while (!this.#stopping.signal.aborted && !this.#lost.signal.aborted) {
      try {
        await this.#clock.sleep(this.#bucket.ttlMs / RENEWALS_PER_TTL, this.#stopping.signal);
      } catch {
        return; // released
      }
      try {
        await this.#renew();
      } catch (error) {
        // NATS is away. The work goes on; when it is back the record is put again.
        this.#log.warn({ err: asSaraError(error), worker: this.#record.name }, 'could not renew the lease');
      }
    }
  }

  async #renew(): Promise<void> {
    const { name } = this.#record;
    this.#record = { ...this.#record, renewedAtMs: this.#clock.nowMs() };
    try {
      this.#revision = await this.#bucket.update(name, this.#record, this.#revision);
      return;
    } catch (error) {
      if (!(error instanceof SaraError) || error.code !== 'STATE_CONFLICT') throw error;
    }
    // Expired while NATS was away, or written by a renewal whose answer was lost or by the coordinator, to drain us,
    // or taken by another process.
    const found = await this.#bucket.get(name);
    if (found === null) {
      this.#revision = await this.#bucket.create(name, this.#record);
    } else if (isSameProcess(found.value, this.#record)) {
      if (found.value.isDraining) this.#beginDraining();
      this.#revision = await this.#bucket.update(name, this.#record, found.revision);
    } else {
      this.#lost.abort(nameTaken(this.#record, found.value));
    }
  }
}

async function createIfFree(bucket: KvBucket<WorkerRecord>, record: WorkerRecord): Promise<number | null> {
  try {
    return await bucket.create(record.name, record);
  } catch (error) {
    if (error instanceof SaraError && error.code === 'STATE_CONFLICT') return null;
    throw error;
  }
}

function isSameProcess(a: WorkerRecord, b: WorkerRecord): boolean {
  return a.address === b.address && a.pid === b.pid && a.startedAtMs === b.startedAtMs;
}

/**
 * Marks a worker's record, which makes its process leave when its actors are gone.
 * @throws SaraError WORKER_NOT_FOUND; STATE_CONFLICT when the record keeps changing
 */
export async function markDraining(bucket: KvBucket<WorkerRecord>, name: string): Promise<WorkerRecord> {
  for (let numConflicts = 0; ; numConflicts++) {
    const found = await bucket.get(name);
    if (found === null) {
      throw new SaraError(
        'WORKER_NOT_FOUND',
        `no worker is called '${name}'; 'sara workers' shows those there are`,
        { worker: name },
      );
    }
    if (found.value.isDraining) return found.value;
    const marked = { ...found.value, isDraining: true };
    try {
      await bucket.update(name, marked, found.revision);
      return marked;
    } catch (error) {
      const isConflict = error instanceof SaraError && error.code === 'STATE_CONFLICT';
      // Its worker renewed it in between, which it does a few times a minute.
      if (!isConflict || numConflicts >= MAX_MARK_CONFLICTS) throw error;
    }
  }
}

function nameTaken(record: WorkerRecord, holder: WorkerRecord | undefined): SaraError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} at ${holder.address}`;
  return new SaraError(
    'STATE_CONFLICT',
    `${who} is the worker '${record.name}'; give this one another --name, or stop that one`,
    { worker: record.name, holder: holder?.address ?? null },
  );
}
