/**
 * JetStream streams as this project uses them: published once, read from anywhere in their history.
 *
 * Invariants:
 * 1. A publish carries an id; sent again after a lost answer it is stored once (Nats-Msg-Id, two minutes).
 * 2. A read is an ordered consumer: no gaps, no repetitions, also across reconnects.
 */
import type {
  ConsumerMessages,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  StreamConfig,
} from '@nats-io/jetstream';
import {
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { SaraError } from '../errors.ts';
import { retry } from '../retry.ts';
import type { NatsLink } from './connection.ts';
import { isWrongRevision, natsError } from './nats-error.ts';
import type { StreamFacts } from './subjects.ts';

/** One attempt to publish. */
const ATTEMPT_TIMEOUT_MS = 5_000;

/**
 * A publish, or the start of a read, is tried for this long: a restart of NATS is waited for. Below the server's
 * window for recognising a repeated id, which is two minutes.
 */
const OUTAGE_TIMEOUT_MS = 110_000;

/** Quick: the server is back or it is not; whenConnected() does the waiting. */
const BACKOFF = { firstMs: 100, factor: 2, maxMs: 2_000 };

/**
 * How long the server may keep a reader's request open, and how often it says that it is still there. After two
 * missed signs the reader asks again: what is published after a restart of NATS is seen seconds later, not after the
 * default's half minute.
 */
const PULL_MS = 10_000;
const HEARTBEAT_MS = 1_000;

export interface PublishOptions {
  /** Names the message for all time: sent again with the same id it is not stored again. */
  readonly messageId: string;
  /** Sequence of the last message of this subject; another one there means STATE_CONFLICT. 0: none. */
  readonly expectLast?: number;
  readonly signal?: AbortSignal;
}

export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Position in the stream, from 1. */
  readonly sequence: number;
  /** Messages for this reader that are stored already and come after this one. */
  readonly numPending: number;
}

export class Stream {
  readonly #facts: StreamFacts;
  readonly #link: NatsLink;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(
    facts: StreamFacts,
    link: NatsLink,
    client: JetStreamClient,
    manager: JetStreamManager,
  ) {
    this.#facts = facts;
    this.#link = link;
    this.#client = client;
    this.#manager = manager;
  }

  /** Opens a stream, making it when there is none; one that exists keeps its settings. @throws NATS_UNAVAILABLE */
  static async open(link: NatsLink, facts: StreamFacts): Promise<Stream> {
    try {
      const manager = await jetstreamManager(link.nc);
      await makeIfMissing(manager, facts, link.numCopies);
      return new Stream(facts, link, jetstream(link.nc), manager);
    } catch (error) {
      throw natsError(error, `opening stream ${facts.name}`, link);
    }
  }

  /**
   * Stores a message, once, waiting for NATS when it is away.
   * @returns its sequence; `isDuplicate` when it was there already
   * @throws SaraError STATE_CONFLICT (see expectLast); NATS_UNAVAILABLE after 110 s; the signal's reason
   */
  async publish(
    subject: string,
    data: Uint8Array,
    options: PublishOptions,
  ): Promise<{ sequence: number; isDuplicate: boolean }> {
    const { messageId, expectLast, signal } = options;
    try {
      return await retry(
        async () => {
          await this.#link.whenConnected(signal);
          const ack = await this.#client.publish(subject, data, {
            msgID: messageId,
            timeout: ATTEMPT_TIMEOUT_MS,
            ...(expectLast === undefined ? {} : { expect: { lastSubjectSequence: expectLast } }),
          });
          return { sequence: ack.seq, isDuplicate: ack.duplicate };
        },
        {
          policy: BACKOFF,
          timeoutMs: OUTAGE_TIMEOUT_MS,
          retryable: (error) => !isWrongRevision(error) && !(error instanceof SaraError),
          ...(signal === undefined ? {} : { signal }),
        },
      );
    } catch (error) {
      throw natsError(error, `publishing to ${subject}`, this.#link);
    }
  }

  /** The last message of a subject, or null. */
  async last(subject: string): Promise<StoredMessage | null> {
    try {
      const message = await this.#manager.streams.getMessage(this.#facts.name, { last_by_subj: subject });
      if (message === null) return null;
      return { subject: message.subject, data: message.data, sequence: message.seq, numPending: 0 };
    } catch (error) {
      throw natsError(error, `reading the last message of ${subject}`, this.#link);
    }
  }

  /**
   * The messages of a subject, all that are stored and then what comes, until the signal aborts. An absence of NATS is
   * waited for, at the start too.
   * @throws SaraError NATS_UNAVAILABLE when it stays away for 110 s at the start, or refuses
   */
  async *read(
    subject: string,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredMessage, void> {
    const { signal } = options;
    if (signal?.aborted) return;
    let messages: ConsumerMessages | null = null;
    const stop = (): void => {
      messages?.stop();
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      messages = await this.#startReading(subject, signal);
      if (signal?.aborted) return;
      for await (const message of messages) yield storedMessage(message);
    } catch (error) {
      if (signal?.aborted) return;
      throw natsError(error, `reading ${subject}`, this.#link);
    } finally {
      signal?.removeEventListener('abort', stop);
      messages?.stop();
    }
  }

  /** Once reading, the consumer outlives reconnects by itself; its first request does not. */
  #startReading(subject: string, signal?: AbortSignal): Promise<ConsumerMessages> {
    return retry(
      async () => {
        await this.#link.whenConnected(signal);
        const consumer = await this.#client.consumers.get(this.#facts.name, {
          filter_subjects: subject,
          deliver_policy: DeliverPolicy.All,
        });
        return consumer.consume({ expires: PULL_MS, idle_heartbeat: HEARTBEAT_MS });
      },
      {
        policy: BACKOFF,
        timeoutMs: OUTAGE_TIMEOUT_MS,
        // An answer is final, whatever it says; silence is not.
        retryable: (error) => !(error instanceof JetStreamApiError) && !(error instanceof SaraError),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }
}

function storedMessage(message: JsMsg): StoredMessage {
  return {
    subject: message.subject,
    data: message.data,
    sequence: message.seq,
    numPending: message.info.pending,
  };
}

async function makeIfMissing(
  manager: JetStreamManager,
  facts: StreamFacts,
  numCopies: number,
): Promise<void> {
  try {
    await manager.streams.info(facts.name);
    return;
  } catch (error) {
    const isMissing = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
    if (!isMissing) throw error;
  }
  const config: Partial<StreamConfig> & { name: string } = {
    name: facts.name,
    subjects: [...facts.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(facts.maxAgeMs),
    max_bytes: facts.maxBytes,
    num_replicas: numCopies,
  };
  await manager.streams.add(config);
}
