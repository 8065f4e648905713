/**
 * Every run's spec and record in JetStream KV, the only place where they are kept: a coordinator that starts again
 * knows what the one before it knew. Changes are compare-and-set; what is allowed is for run-state.ts to say.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../shared/clock.ts';
import { SaraError, type ErrorCode } from '../shared/errors.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { KvBucket } from '../shared/messaging/kv.ts';
import { BUCKETS } from '../shared/messaging/subjects.ts';
import { retry, type BackoffPolicy } from '../shared/retry.ts';
import { applyChange, newRecord, type RunChange, type RunRecord, type RunSpec } from './run-state.ts';

/** A restart of NATS, or of the machine it runs on, is waited for. */
const MAX_OUTAGE_MS = 300_000;
const AGAIN: BackoffPolicy = { firstMs: 10, factor: 2, maxMs: 1_000 };

/** A run's two keys: what was asked for is written once and large, where it stands is small and written every step. */
const specKey = (run: string): string => `${run}.spec`;
const RECORD_SUFFIX = '.state';
const recordKey = (run: string): string => run + RECORD_SUFFIX;

export interface StoredRun {
  readonly spec: RunSpec;
  readonly record: RunRecord;
}

export class RunStore {
  readonly #specs: KvBucket<RunSpec>;
  readonly #records: KvBucket<RunRecord>;
  readonly #clock: Clock;

  private constructor(specs: KvBucket<RunSpec>, records: KvBucket<RunRecord>, clock: Clock) {
    this.#specs = specs;
    this.#records = records;
    this.#clock = clock;
  }

  static async open(link: NatsLink, clock: Clock): Promise<RunStore> {
    // Only this class writes this bucket, so the stored form needs no checks beyond being JSON.
    const specs = await KvBucket.open<RunSpec>(link, BUCKETS.runs, { parse: (json) => json as RunSpec });
    const records = await KvBucket.open<RunRecord>(link, BUCKETS.runs, {
      parse: (json) => json as RunRecord,
    });
    return new RunStore(specs, records, clock);
  }

  /** @throws SaraError STATE_CONFLICT when a run of this name exists already */
  async create(spec: RunSpec): Promise<StoredRun> {
    // The record makes it a run, so it comes last: a spec without one is a submission that never was.
    await this.#specs.put(specKey(spec.run), spec);
    const record = newRecord(spec.run, this.#clock.nowMs());
    await this.#records.create(recordKey(spec.run), record);
    return { spec, record };
  }

  /** @throws SaraError RUN_NOT_FOUND */
  async get(run: string): Promise<StoredRun> {
    const [spec, record] = await Promise.all([
      this.#specs.get(specKey(run)),
      this.#records.get(recordKey(run)),
    ]);
    if (spec === null || record === null) throw notFound(run);
    return { spec: spec.value, record: record.value };
  }

  /** Newest first. */
  async list(): Promise<StoredRun[]> {
    const keys = await this.#records.keys();
    const runs = keys
      .filter((key) => key.endsWith(RECORD_SUFFIX))
      .map((key) => key.slice(0, -RECORD_SUFFIX.length));
    const stored = await Promise.all(runs.map((run) => this.get(run)));
    return stored.sort(
      (a, b) => b.spec.createdAtMs - a.spec.createdAtMs || (a.spec.run < b.spec.run ? 1 : -1),
    );
  }

  /**
   * Applies `change` to the record as it is when nobody else changes it. While NATS is away it waits: a step is held
   * before its commit, not given up.
   * @returns the record after the change
   * @throws SaraError as applyChange; RUN_NOT_FOUND; NATS_UNAVAILABLE when it does not come back
   */
  async change(run: string, change: RunChange): Promise<RunRecord> {
    // Written without an answer: whether it arrived is seen by finding it.
    let unanswered: RunRecord | null = null;
    return retry(
      async () => {
        const found = await this.#records.get(recordKey(run));
        if (found === null) throw notFound(run);
        if (isDeepStrictEqual(found.value, unanswered)) return found.value;
        const changed = applyChange(found.value, change, this.#clock.nowMs());
        try {
          await this.#records.update(recordKey(run), changed, found.revision);
        } catch (error) {
          unanswered = isCode(error, 'NATS_UNAVAILABLE') ? changed : null;
          // Another writer was first; what that means for this change is seen from the record it left.
          throw isCode(error, 'STATE_CONFLICT') ? new LostRace(error) : error;
        }
        return changed;
      },
      {
        policy: AGAIN,
        timeoutMs: MAX_OUTAGE_MS,
        retryable: (error) => error instanceof LostRace || isCode(error, 'NATS_UNAVAILABLE'),
        clock: this.#clock,
      },
    );
  }
}

/** A compare-and-set that came second, as opposed to a change the rules do not allow. */
class LostRace extends SaraError {
  constructor(cause: unknown) {
    super('STATE_CONFLICT', 'the record kept changing while it was to be changed', {}, { cause });
  }
}

function isCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof SaraError && error.code === code;
}

function notFound(run: string): SaraError {
  return new SaraError('RUN_NOT_FOUND', `no run is called '${run}'; 'sara list' shows those there are`, {
    run,
  });
}
