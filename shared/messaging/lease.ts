/**
 * A right that at most one process holds at a time, such as leading: an entry in a bucket whose entries expire,
 * renewed while it is held.
 *
 * Invariants:
 * 1. The holder stops believing before the server lets others in: its time runs from before a renewal was sent, the
 *    server's from when it arrived. So `lost` aborts no later than the entry can be taken.
 * 2. A renewal that finds another holder's revision means the lease is lost.
 * 3. While NATS is away renewals are tried until the time is up, then the lease is lost.
 */
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { SaraError } from '../errors.ts';
import type { KvBucket } from './kv.ts';

/** Two renewals may fail before the third saves the lease. */
const RENEWALS_PER_TTL = 3;

export interface LeaseValue {
  /** Who holds it; unique to the process. */
  readonly holder: string;
  /** host:port where the holder is reached; '' when it is not. */
  readonly address: string;
}

/** Checks a lease that was read from a bucket. */
export function parseLease(json: unknown): LeaseValue {
  const { holder, address } = (json ?? {}) as Partial<Record<string, unknown>>;
  if (typeof holder === 'string' && typeof address === 'string') return { holder, address };
  throw new SaraError('DATA_INVALID', 'a lease must name its holder and where it is reached');
}

export class Lease {
  readonly key: string;
  readonly #bucket: KvBucket<LeaseValue>;
  readonly #value: LeaseValue;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #renewing: Promise<void>;
  #revision: number;

  private constructor(
    bucket: KvBucket<LeaseValue>,
    key: string,
    value: LeaseValue,
    held: { revision: number; sinceMs: number },
    clock: Clock,
  ) {
    this.#bucket = bucket;
    this.key = key;
    this.#value = value;
    this.#ttlMs = bucket.ttlMs;
    this.#clock = clock;
    this.#revision = held.revision;
    this.#renewing = this.#keep(held.sinceMs);
  }

  /**
   * Takes a lease nobody holds and keeps it.
   * @param bucket one whose entries end; their time to live is the lease's
   * @throws SaraError STATE_CONFLICT when it is held
   */
  static async acquire(
    bucket: KvBucket<LeaseValue>,
    key: string,
    value: LeaseValue,
    clock: Clock = systemClock,
  ): Promise<Lease> {
    const sinceMs = clock.nowMs();
    const revision = await bucket.create(key, value);
    return new Lease(bucket, key, value, { revision, sinceMs }, clock);
  }

  /** Grows with every renewal and every holder: fences off whoever held it before. */
  get revision(): number {
    return this.#revision;
  }

  /** Aborted when the lease is no longer held against our will. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Gives the lease up, so that the next holder need not wait. Idempotent. */
  async release(): Promise<void> {
    if (this.#released.signal.aborted) return;
    this.#released.abort();
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    try {
      await this.#bucket.delete(this.key, this.#revision);
    } catch {
      // It ends by itself.
    }
  }

  /** Renews until released or lost. Never rejects. */
  async #keep(sinceMs: number): Promise<void> {
    let heldUntilMs = sinceMs + this.#ttlMs;
    const pauseMs = this.#ttlMs / RENEWALS_PER_TTL;
    for (;;) {
      const waitMs = Math.max(0, Math.min(pauseMs, heldUntilMs - this.#clock.nowMs()));
      if (!(await this.#pause(waitMs))) return;
      const sentMs = this.#clock.nowMs();
      if (sentMs >= heldUntilMs) {
        this.#lose(`was not renewed for ${this.#ttlMs} ms: NATS is away`);
        return;
      }
      const outcome = await this.#renew(heldUntilMs - sentMs);
      if (outcome === 'renewed') heldUntilMs = sentMs + this.#ttlMs;
      // Unknown: tried again after the pause, for as long as the lease lasts.
      if (outcome === 'taken') {
        this.#lose('was taken by somebody else');
        return;
      }
    }
  }

  /** @returns false when released meanwhile */
  async #pause(ms: number): Promise<boolean> {
    try {
      await this.#clock.sleep(ms, this.#released.signal);
      return true;
    } catch {
      return false;
    }
  }

  async #renew(withinMs: number): Promise<'renewed' | 'taken' | 'unknown'> {
    const timeUp = new AbortController();
    const timer = this.#clock.sleep(withinMs, timeUp.signal).then(
      () => 'unknown' as const,
      () => 'unknown' as const,
    );
    const update = this.#bucket.update(this.key, this.#value, this.#revision).then(
      (revision) => {
        this.#revision = revision;
        return 'renewed' as const;
      },
      (error: unknown) =>
        error instanceof SaraError && error.code === 'STATE_CONFLICT'
          ? this.#whoHolds()
          : ('unknown' as const),
    );
    const outcome = await Promise.race([update, timer]);
    timeUp.abort();
    return outcome;
  }

  /** After a conflict: the revision may be our own, from a renewal whose answer was lost. */
  async #whoHolds(): Promise<'taken' | 'unknown'> {
    try {
      const found = await this.#bucket.get(this.key);
      if (found?.value.holder !== this.#value.holder) return 'taken';
      this.#revision = found.revision;
      return 'unknown';
    } catch {
      return 'unknown';
    }
  }

  #lose(why: string): void {
    const { holder } = this.#value;
    this.#lost.abort(
      new SaraError('STALE_GENERATION', `the lease '${this.key}' of ${holder} ${why}`, {
        key: this.key,
        holder,
      }),
    );
  }
}
