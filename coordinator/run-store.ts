/**
 * Every run's spec and record in JetStream KV, the only place where they are kept: a coordinator that starts again
 * knows what the one before it knew. Changes are compare-and-set; what is allowed is for run-state.ts to say.
 *
 * The bucket carries a random mark from when it was made. A server that comes back without it, or with another, has
 * lost its data: nothing is written to it any more (STATE_LOST), for what is gone may yet be restored.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../shared/clock.ts';
import { SaraError, type ErrorCode } from '../shared/errors.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { KvBucket, type KvValue } from '../shared/messaging/kv.ts';
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
/** No run is called so: a run's keys have a suffix. */
const MARK_KEY = 'mark';

export interface StoredRun {
  readonly spec: RunSpec;
  readonly record: RunRecord;
}

export class RunStore {
  readonly #specs: KvBucket<RunSpec>;
  readonly #records: KvBucket<RunRecord>;
  readonly #marks: KvBucket<string>;
  readonly #mark: string;
  readonly #clock: Clock;

  private constructor(
    specs: KvBucket<RunSpec>,
    records: KvBucket<RunRecord>,
    marks: KvBucket<string>,
    mark: string,
    clock: Clock,
  ) {
    this.#specs = specs;
    this.#records = records;
    this.#marks = marks;
    this.#mark = mark;
    this.#clock = clock;
  }

  static async open(link: NatsLink, clock: Clock): Promise<RunStore> {
    // Only this class writes this bucket, so the stored form needs no checks beyond being JSON.
    const specs = await KvBucket.open<RunSpec>(link, BUCKETS.runs, { parse: (json) => json as RunSpec });
    const records = await KvBucket.open<RunRecord>(link, BUCKETS.runs, {
      parse: (json) => json as RunRecord,
    });
    const marks = await KvBucket.open<string>(link, BUCKETS.runs, { parse: String });
    return new RunStore(specs, records, marks, await markOf(marks), clock);
  }

  /** @throws SaraError STATE_LOST when the server has other data than when this store was opened, or none */
  async requireOwnData(): Promise<void> {
    const found = (await this.#marks.exists()) ? await this.#marks.get(MARK_KEY) : null;
    if (found?.value === this.#mark) return;
    throw new SaraError(
      'STATE_LOST',
      `NATS holds ${found === null ? 'no data' : 'the data of another cluster'} where this one's runs were kept; ` +
        'nothing is written to it. Start it with its data again, or restart the coordinator to begin anew',
      { expected: this.#mark, found: found?.value ?? null },
    );
  }

  /** @throws SaraError STATE_CONFLICT when a run of this name exists already; STATE_LOST */
  async create(spec: RunSpec): Promise<StoredRun> {
    await this.requireOwnData();
    // The record makes it a run, so it comes last: a spec without one is a submission that never was.
    await this.#specs.put(specKey(spec.run), spec);
    const record = newRecord(spec.run, this.#clock.nowMs());
    await this.#records.create(recordKey(spec.run), record);
    return { spec, record };
  }

  /** For a run that is to be resumed otherwise than it was submitted. */
  async replaceSpec(spec: RunSpec): Promise<void> {
    await this.requireOwnData();
    await this.#specs.put(specKey(spec.run), spec);
  }

  /** Yields at once, and whenever a run may have begun to wait, until the signal aborts. */
  async *whenQueued(signal: AbortSignal): AsyncGenerator<void> {
    yield;
    for await (const { value } of this.#records.watch(`*${RECORD_SUFFIX}`, { signal })) {
      if (value?.state === 'queued') yield;
    }
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
        const found = await this.#read(run);
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

  /** @throws SaraError RUN_NOT_FOUND, STATE_LOST, NATS_UNAVAILABLE */
  async #read(run: string): Promise<KvValue<RunRecord>> {
    try {
      const found = await this.#records.get(recordKey(run));
      if (found !== null) return found;
    } catch (error) {
      if (!isCode(error, 'NATS_UNAVAILABLE')) throw error;
      // Away, or there without the bucket.
      await this.requireOwnData();
      throw error;
    }
    await this.requireOwnData();
    throw notFound(run);
  }
}

/** The mark of a bucket, made by whoever comes first. */
async function markOf(marks: KvBucket<string>): Promise<string> {
  const found = await marks.get(MARK_KEY);
  if (found !== null) return found.value;
  const mark = randomUUID();
  try {
    await marks.create(MARK_KEY, mark);
    return mark;
  } catch (error) {
    if (!isCode(error, 'STATE_CONFLICT')) throw error;
    return markOf(marks);
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
