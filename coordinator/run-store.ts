/**
 * Every run's spec and record in JetStream KV, the only place where they are kept: a coordinator that starts again
 * knows what the one before it knew. Changes are compare-and-set; what is allowed is for run-state.ts to say.
 */
import type { Clock } from '../shared/clock.ts';
import { SaraError } from '../shared/errors.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { KvBucket } from '../shared/messaging/kv.ts';
import { BUCKETS } from '../shared/messaging/subjects.ts';
import { applyChange, newRecord, type RunChange, type RunRecord, type RunSpec } from './run-state.ts';

/** Attempts to change a record that others change too; each lost one means that another writer got through. */
const MAX_CONFLICTS = 32;

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
   * Applies `change` to the record as it is when nobody else changes it.
   * @param isDone looked at when another writer was faster: whether the change is there already
   * @returns the record after the change
   * @throws SaraError as applyChange; RUN_NOT_FOUND; NATS_UNAVAILABLE
   */
  async change(run: string, change: RunChange, isDone?: (record: RunRecord) => boolean): Promise<RunRecord> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.#records.get(recordKey(run));
      if (found === null) throw notFound(run);
      if (attempt > 1 && isDone?.(found.value) === true) return found.value;
      const changed = applyChange(found.value, change, this.#clock.nowMs());
      try {
        await this.#records.update(recordKey(run), changed, found.revision);
        return changed;
      } catch (error) {
        const isConflict = error instanceof SaraError && error.code === 'STATE_CONFLICT';
        if (!isConflict || attempt === MAX_CONFLICTS) throw error;
      }
    }
  }
}

function notFound(run: string): SaraError {
  return new SaraError('RUN_NOT_FOUND', `no run is called '${run}'; 'sara list' shows those there are`, {
    run,
  });
}
