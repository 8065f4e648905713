/**
 * A chunk transport that loses, repeats and reorders what passes through it, by a seeded generator: around a real one,
 * or on its own as a network in memory.
 */
import { EventEmitter } from 'node:events';
import { RandomStream } from '../../shared/random.ts';
import type { ChunkTransport } from '../../worker/exchange/chunk-transport.ts';

export interface Faults {
  readonly seed: number;
  /** Probability that a published message is lost. */
  readonly loss: number;
  /** Probability that it is published twice. */
  readonly repetition: number;
  /** Longest delay of a message, in ms; later ones overtake it. */
  readonly maxDelayMs: number;
}

/** Applies faults to what is published. */
export function unreliable(transport: ChunkTransport, faults: Faults): ChunkTransport {
  const random = new RandomStream({ seed: faults.seed, step: 0, sample: 0, purpose: 'order' });
  const deliver = (send: () => void): void => {
    if (random.uniform() < faults.loss) return;
    setTimeout(send, random.uniform() * faults.maxDelayMs);
  };
  return {
    get connected() {
      return transport.connected;
    },
    get maxPayloadBytes() {
      return transport.maxPayloadBytes;
    },
    whenConnected: (signal) => transport.whenConnected(signal),
    createInbox: () => transport.createInbox(),
    subscribe: (subject, onMessage) => transport.subscribe(subject, onMessage),
    flush: () => transport.flush(),
    publish: (subject, data, replyTo) => {
      const copy = Uint8Array.from(data);
      const numCopies = random.uniform() < faults.repetition ? 2 : 1;
      for (let i = 0; i < numCopies; i++) {
        deliver(() => {
          transport.publish(subject, copy, replyTo);
        });
      }
    },
  };
}

/** Subjects in memory, for any number of participants; delivers in the next turn of the event loop. */
export class MemoryNetwork {
  readonly #subjects = new EventEmitter().setMaxListeners(0);
  readonly #maxPayloadBytes: number;
  #numInboxes = 0;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  transport(): ChunkTransport {
    return {
      connected: true,
      maxPayloadBytes: this.#maxPayloadBytes,
      whenConnected: () => Promise.resolve(),
      createInbox: () => `inbox-${this.#numInboxes++}`,
      flush: () => Promise.resolve(),
      publish: (subject, data, replyTo) => {
        const copy = Uint8Array.from(data);
        const wildcard = `${subject.slice(0, subject.lastIndexOf('.'))}.*`;
        setImmediate(() => {
          for (const name of [subject, wildcard]) this.#subjects.emit(name, copy, subject, replyTo ?? null);
        });
      },
      subscribe: (subject, onMessage) => {
        this.#subjects.on(subject, onMessage);
        return () => {
          this.#subjects.off(subject, onMessage);
        };
      },
    };
  }
}
