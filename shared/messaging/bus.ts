/**
 * The history of runs as a stream of events, written by whoever drives a run and read by whoever watches it.
 *
 * Invariants:
 * 1. The events of a run are numbered 1, 2, 3, ... without gaps, also when two coordinators write: a number is taken
 *    by compare-and-set on the subject's last message.
 * 2. An event is stored once, however often it was sent.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { SaraError } from '../errors.ts';
import { runEventCodec } from '../rpc/event-codec.ts';
import type { RunEvent, RunEventBody } from '../run-event.ts';
import { isTerminal } from '../run-event.ts';
import type { NatsLink } from './connection.ts';
import { Stream } from './stream.ts';
import { STREAMS, SUBJECTS } from './subjects.ts';

/** Lost races for a number before giving up; two coordinators write at the same time only during a takeover. */
const MAX_CONFLICTS = 8;

/** Told of an event once it is stored. */
export type PublishedListener = (
  facts: { readonly run: string; readonly generation: number; readonly step: number },
  event: RunEventBody,
) => void;

/** Where a run's history stands: the number of its last event and that message's place in the stream. */
interface Tail {
  readonly sequence: number;
  readonly streamSequence: number;
}

export class EventBus {
  readonly #stream: Stream;
  readonly #clock: Clock;
  readonly #onPublished: PublishedListener;
  /** Makes message ids of two writers differ, so that the server never takes one's event for the other's. */
  readonly #writer = randomUUID();
  readonly #tails = new Map<string, Tail>();
  /** The last publish of each run: events of one writer are stored in the order they were published. */
  readonly #queues = new Map<string, Promise<unknown>>();

  private constructor(stream: Stream, clock: Clock, onPublished: PublishedListener) {
    this.#stream = stream;
    this.#clock = clock;
    this.#onPublished = onPublished;
  }

  /** @throws SaraError NATS_UNAVAILABLE */
  static async open(
    link: NatsLink,
    clock: Clock = systemClock,
    onPublished: PublishedListener = () => undefined,
  ): Promise<EventBus> {
    return new EventBus(await Stream.open(link, STREAMS.events), clock, onPublished);
  }

  /**
   * Adds an event to a run's history; waits for NATS when it is away.
   * @returns its number
   * @throws SaraError NATS_UNAVAILABLE; STATE_CONFLICT when others keep writing faster
   */
  publish(
    run: string,
    event: RunEventBody & { readonly generation: number; readonly step: number },
  ): Promise<number> {
    const atMs = this.#clock.nowMs();
    const before = this.#queues.get(run) ?? Promise.resolve();
    const publishing = before.then(() => this.#append(run, event, atMs));
    const settled = publishing.catch(() => undefined);
    this.#queues.set(run, settled);
    void settled.then(() => {
      if (this.#queues.get(run) === settled) this.#queues.delete(run);
    });
    return publishing;
  }

  async #append(
    run: string,
    event: RunEventBody & { readonly generation: number; readonly step: number },
    atMs: number,
  ): Promise<number> {
    const subject = SUBJECTS.runEvents(run);
    for (let numConflicts = 0; ; numConflicts++) {
      const tail = this.#tails.get(run) ?? (await this.#readTail(subject));
      const sequence = tail.sequence + 1;
      try {
        const stored = await this.#stream.publish(
          subject,
          runEventCodec.encode({ ...event, run, sequence, atMs }),
          {
            messageId: `${this.#writer}-${run}-${sequence}`,
            expectLast: tail.streamSequence,
          },
        );
        this.#tails.set(run, { sequence, streamSequence: stored.sequence });
        this.#onPublished({ run, generation: event.generation, step: event.step }, event);
        return sequence;
      } catch (error) {
        // Whether it was stored is unknown, or somebody else was first: look again before the next event.
        this.#tails.delete(run);
        const isConflict = error instanceof SaraError && error.code === 'STATE_CONFLICT';
        if (!isConflict || numConflicts >= MAX_CONFLICTS) throw error;
      }
    }
  }

  async #readTail(subject: string): Promise<Tail> {
    const last = await this.#stream.last(subject);
    if (last === null) return { sequence: 0, streamSequence: 0 };
    return { sequence: runEventCodec.decode(last.data).sequence, streamSequence: last.sequence };
  }

  /** A run's history as far as it goes now. */
  async past(run: string): Promise<RunEvent[]> {
    const subject = SUBJECTS.runEvents(run);
    if ((await this.#stream.last(subject)) === null) return [];
    const events: RunEvent[] = [];
    for await (const { data, numPending } of this.#stream.read(subject)) {
      events.push(runEventCodec.decode(data));
      if (numPending === 0) break;
    }
    return events;
  }

  /**
   * A run's history, then what happens. Ends when the run has ended and everything was told, or the signal aborts.
   * @param options.fromSequence first event wanted; default: the first
   * @param options.historyOnly end with what is stored already
   */
  async *watch(
    run: string,
    options: {
      readonly fromSequence?: number;
      readonly historyOnly?: boolean;
      readonly signal?: AbortSignal;
    } = {},
  ): AsyncGenerator<RunEvent, void> {
    const { fromSequence = 0, historyOnly = false, signal } = options;
    // A reader would wait for the first event.
    if (historyOnly && (await this.#stream.last(SUBJECTS.runEvents(run))) === null) return;
    const messages = this.#stream.read(SUBJECTS.runEvents(run), signal === undefined ? {} : { signal });
    for await (const { data, numPending } of messages) {
      const event = runEventCodec.decode(data);
      if (event.sequence >= fromSequence) yield event;
      // A run that was resumed has ended before and goes on after.
      const hasEnded = event.kind === 'state-changed' && isTerminal(event.state);
      if (numPending === 0 && (hasEnded || historyOnly)) return;
    }
  }
}
