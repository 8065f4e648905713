/**
 * State in JetStream key-value buckets: JSON values, and writes that say which revision they replace.
 *
 * Decisions rest on compare-and-set, never on a read: `create` and `update` either are the next revision or fail
 * with STATE_CONFLICT. A write whose answer was lost (NATS_UNAVAILABLE) may have happened; the next compare-and-set
 * tells. Nothing here retries.
 */
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { KV, KvEntry } from '@nats-io/kv';
import { Kvm } from '@nats-io/kv';
import { SaraError } from '../errors.ts';
import type { NatsLink } from './connection.ts';
import { natsError } from './nats-error.ts';

export interface KvBucketOptions<T> {
  /** Entries end this long after their last write, in ms; 0: never. Fixed when the bucket is first made. */
  readonly ttlMs?: number;
  /** Revisions kept per key, 1 to 64. */
  readonly history?: number;
  /** Checks a value that was read; throws when it is not one. */
  readonly parse: (json: unknown) => T;
}

export interface KvValue<T> {
  readonly value: T;
  readonly revision: number;
}

export interface KvChange<T> {
  readonly key: string;
  /** null: the key was deleted. */
  readonly value: T | null;
  readonly revision: number;
}

export class KvBucket<T> {
  readonly name: string;
  /** Entries end this long after their last write, in ms; 0: never. What the bucket was made with, whoever made it. */
  readonly ttlMs: number;
  readonly #kv: KV;
  readonly #link: NatsLink;
  readonly #parse: (json: unknown) => T;

  private constructor(name: string, ttlMs: number, kv: KV, link: NatsLink, parse: (json: unknown) => T) {
    this.name = name;
    this.ttlMs = ttlMs;
    this.#kv = kv;
    this.#link = link;
    this.#parse = parse;
  }

  /** Opens a bucket, making it when there is none; one that exists keeps its settings. @throws SaraError NATS_UNAVAILABLE */
  static async open<T>(link: NatsLink, name: string, options: KvBucketOptions<T>): Promise<KvBucket<T>> {
    try {
      const kv = await new Kvm(link.nc).create(name, {
        ttl: options.ttlMs ?? 0,
        history: options.history ?? 1,
        replicas: link.numCopies,
      });
      const { ttl } = await kv.status();
      return new KvBucket(name, ttl, kv, link, options.parse);
    } catch (error) {
      throw natsError(error, `opening bucket ${name}`, link);
    }
  }

  /** Whether the server still has the bucket: it may have come back without its data. @throws NATS_UNAVAILABLE */
  async exists(): Promise<boolean> {
    return this.#attempt('looking for', '*', async () => {
      const manager = await jetstreamManager(this.#link.nc, { checkAPI: false });
      try {
        await manager.streams.info(`KV_${this.name}`);
        return true;
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
          return false;
        throw error;
      }
    });
  }

  /** @returns null when there is no such key */
  async get(key: string): Promise<KvValue<T> | null> {
    const entry = await this.#attempt(`reading`, key, () => this.#kv.get(key));
    if (entry?.operation !== 'PUT') return null;
    return { value: this.#valueOf(entry), revision: entry.revision };
  }

  /** @returns the revision. @throws SaraError STATE_CONFLICT when the key exists */
  create(key: string, value: T): Promise<number> {
    return this.#attempt('creating', key, () => this.#kv.create(key, JSON.stringify(value)));
  }

  /** @returns the new revision. @throws SaraError STATE_CONFLICT when `revision` is not the key's last */
  update(key: string, value: T, revision: number): Promise<number> {
    return this.#attempt('updating', key, () => this.#kv.update(key, JSON.stringify(value), revision));
  }

  /** Writes whatever was there before: only for what no decision rests on. @returns the new revision */
  put(key: string, value: T): Promise<number> {
    return this.#attempt('writing', key, () => this.#kv.put(key, JSON.stringify(value)));
  }

  /** @throws SaraError STATE_CONFLICT when a revision is given and is not the key's last */
  delete(key: string, revision?: number): Promise<void> {
    const options = revision === undefined ? {} : { previousSeq: revision };
    return this.#attempt('deleting', key, () => this.#kv.delete(key, options));
  }

  /**
   * The keys there are, sorted: the stream's subjects in one answer, then those of them that hold a value. The
   * client's own listing counts values as they come and waits in vain when an entry ends meanwhile.
   * @param filter subject pattern of keys, e.g. `runs.*`; default: all
   */
  async keys(filter = '>'): Promise<string[]> {
    const prefix = `$KV.${this.name}.`;
    const { state } = await this.#attempt('listing', filter, async () => {
      const manager = await jetstreamManager(this.#link.nc, { checkAPI: false });
      return manager.streams.info(`KV_${this.name}`, { subjects_filter: prefix + filter });
    });
    const keys = Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    const entries = await Promise.all(keys.map((key) => this.get(key)));
    return keys.filter((_, i) => entries[i] !== null).sort();
  }

  /**
   * The values as they are, then every change, until the signal aborts. An entry that ends with its time to live is
   * not reported: servers before 2.11 do not say so. Look with keys() for those.
   * @param filter subject pattern of keys; default: all
   */
  async *watch(
    filter?: string,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<KvChange<T>, void> {
    const { signal } = options;
    if (signal?.aborted) return;
    const doing = `watching ${filter ?? 'all keys'} of bucket ${this.name}`;
    const entries = await this.#attempt('watching', filter ?? '*', () =>
      this.#kv.watch(filter === undefined ? {} : { key: filter }),
    );
    const stop = (): void => {
      entries.stop();
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const entry of entries) {
        const value = entry.operation === 'PUT' ? this.#valueOf(entry) : null;
        yield { key: entry.key, value, revision: entry.revision };
      }
    } catch (error) {
      throw natsError(error, doing, this.#link);
    } finally {
      signal?.removeEventListener('abort', stop);
      entries.stop();
    }
  }

  #valueOf(entry: KvEntry): T {
    try {
      return this.#parse(JSON.parse(entry.string()));
    } catch (error) {
      throw new SaraError(
        'DATA_INVALID',
        `key '${entry.key}' of bucket ${this.name}, revision ${entry.revision}, holds no valid value: ` +
          `${error instanceof Error ? error.message : String(error)}. Was it written by another version?`,
        { bucket: this.name, key: entry.key, revision: entry.revision },
        { cause: error },
      );
    }
  }

  async #attempt<R>(doing: string, key: string, operation: () => Promise<R>): Promise<R> {
    try {
      return await operation();
    } catch (error) {
      throw natsError(error, `${doing} key '${key}' of bucket ${this.name}`, this.#link);
    }
  }
}
