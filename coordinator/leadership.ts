/**
 * Which of several coordinators leads: the one that holds the lease `leader`. The others answer questions, and take
 * over when the leader's lease ends.
 *
 * Invariants:
 * 1. At most one process believes that it leads (shared/messaging/lease.ts).
 * 2. Leading is no licence to write: what is written about a run is fenced by its generation. So a leader that loses
 *    its lease because NATS is away need not stop what it drives; it must when it learns of another leader.
 * 3. A leader that resigns is followed at once, one that dies within a lease time and one look more.
 */
import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../shared/clock.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { KvBucket } from '../shared/messaging/kv.ts';
import { Lease, parseLease, type LeaseValue } from '../shared/messaging/lease.ts';
import { BUCKETS } from '../shared/messaging/subjects.ts';

/** Time without renewal after which another coordinator leads, where the bucket is not made with another one. */
export const LEADER_LEASE_MS = 15_000;

const KEY = 'leader';

/** How often a standby looks whether the lease is free, within one lease time: servers before 2.11 do not say. */
const LOOKS_PER_LEASE = 6;

export interface LeadershipOptions {
  /** For people. */
  readonly name: string;
  /** host:port where this coordinator answers. */
  readonly address: string;
  /** For the bucket of leases, if this is who makes it. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
  readonly log: Logger;
  /** Told when this process has begun to lead. */
  readonly onElected: () => void;
  /** Told when another process leads, which this one does not any more if it did. */
  readonly onFollowing: (leader: LeaseValue) => void;
}

export class Leadership {
  readonly #bucket: KvBucket<LeaseValue>;
  readonly #options: LeadershipOptions;
  readonly #self: LeaseValue;
  readonly #clock: Clock;
  readonly #resigning = new AbortController();
  readonly #campaigning: Promise<void>;
  /** Resolves when it is known who leads. */
  readonly #known: Promise<void>;
  #setKnown: () => void = () => undefined;
  #lease: Lease | null = null;
  #leader: LeaseValue | null = null;

  private constructor(bucket: KvBucket<LeaseValue>, options: LeadershipOptions) {
    this.#bucket = bucket;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#self = { holder: `${options.name}-${randomUUID()}`, address: options.address };
    this.#known = new Promise((resolve) => (this.#setKnown = resolve));
    this.#campaigning = this.#campaign();
  }

  /** Stands for election from now on. @throws SaraError NATS_UNAVAILABLE */
  static async open(link: NatsLink, options: LeadershipOptions): Promise<Leadership> {
    const ttlMs = options.leaseMs ?? LEADER_LEASE_MS;
    const bucket = await KvBucket.open(link, BUCKETS.leases, { ttlMs, parse: parseLease });
    return new Leadership(bucket, options);
  }

  /** Time without a sign of life after which another coordinator leads, in ms. */
  get leaseMs(): number {
    return this.#bucket.ttlMs;
  }

  get isLeading(): boolean {
    return this.#lease?.lost.aborted === false;
  }

  /** Resolves when it is known who leads: at once, unless NATS is away. */
  whenKnown(): Promise<void> {
    return this.#known;
  }

  /** @throws SaraError NOT_LEADER, with the leader's address in its context, unless this process leads */
  requireLeading(): void {
    if (this.isLeading) return;
    const leader = this.#leader?.address ?? '';
    const who =
      leader === '' ? 'none leads at the moment; ask again shortly' : `the one at ${leader} does; ask there`;
    throw new SaraError('NOT_LEADER', `this coordinator does not lead: ${who}`, { leader });
  }

  /** Gives the lease up, so that another takes it at once, and stands no more. Idempotent. */
  async resign(): Promise<void> {
    this.#resigning.abort();
    await this.#campaigning;
  }

  /** Stands, leads, loses, stands again, until resigned. Never rejects. */
  async #campaign(): Promise<void> {
    const { signal } = this.#resigning;
    while (!signal.aborted) {
      try {
        this.#lease = await Lease.acquire(this.#bucket, KEY, this.#self, this.#clock);
        await this.#lead(this.#lease);
      } catch (error) {
        await this.#follow(asSaraError(error));
      }
    }
  }

  async #lead(lease: Lease): Promise<void> {
    const { log, onElected } = this.#options;
    const { signal } = this.#resigning;
    log.info({ address: this.#self.address }, 'this coordinator leads');
    this.#leader = this.#self;
    onElected();
    this.#setKnown();
    await aborted(AbortSignal.any([signal, lease.lost]));
    if (signal.aborted) await lease.release();
    else log.warn({ err: asSaraError(lease.lost.reason) }, 'this coordinator leads no more');
    this.#lease = null;
  }

  /** After a refusal: learns who leads, and waits until it may have ended. */
  async #follow(refusal: SaraError): Promise<void> {
    const { log, onFollowing } = this.#options;
    if (refusal.code !== 'STATE_CONFLICT') {
      log.warn({ err: refusal }, 'cannot stand for leader');
    } else {
      const leader = await this.#bucket.get(KEY).catch(() => null);
      if (leader !== null && leader.value.holder !== this.#self.holder) {
        if (leader.value.holder !== this.#leader?.holder) log.info(leader.value, 'another coordinator leads');
        this.#leader = leader.value;
        onFollowing(leader.value);
        this.#setKnown();
      }
    }
    await this.#pause();
  }

  /** Ends early when the leader has resigned. Never rejects. */
  async #pause(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#resigning.signal]);
    const resigned = async (): Promise<void> => {
      for await (const { value } of this.#bucket.watch(KEY, { signal })) if (value === null) return;
      await aborted(signal);
    };
    // Without the watch the next look comes as ever.
    const watched = resigned().catch(() => aborted(signal));
    await Promise.race([
      this.#clock.sleep(this.leaseMs / LOOKS_PER_LEASE, signal).catch(() => undefined),
      watched,
    ]);
    over.abort();
    await watched;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
