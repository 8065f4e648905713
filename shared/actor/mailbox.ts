/**
 * The queue in front of one actor.
 *
 * Invariants:
 * 1. One message is worked on at a time, in the order they were posted. A caller's messages are posted in the
 *    order they arrive on its stream, so its order is kept.
 * 2. A message whose signal aborts before its turn is never begun.
 * 3. A message whose signal aborts while it is worked on is answered at once, but the next one begins only when
 *    the work has really ended: an actor never runs twice at the same time.
 * 4. The queue is bounded; beyond it a message is refused, not kept.
 */
import { abortReason } from '../clock.ts';
import { SaraError } from '../errors.ts';

interface Message {
  readonly method: string;
  readonly begin: () => Promise<void>;
}

export class Mailbox {
  readonly #maxQueued: number;
  readonly #queue: Message[] = [];
  #busyMethod: string | null = null;
  #idle: { promise: Promise<void>; resolve: () => void } | null = null;

  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued;
  }

  get numQueued(): number {
    return this.#queue.length;
  }

  /** Method that is worked on. */
  get busyMethod(): string | null {
    return this.#busyMethod;
  }

  /**
   * @param work begun when everything posted before has ended
   * @returns the result of the work
   * @throws SaraError MAILBOX_FULL; the signal's reason; what the work throws
   */
  post<T>(method: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(abortReason(signal));
    if (this.#queue.length >= this.#maxQueued) {
      return Promise.reject(
        new SaraError(
          'MAILBOX_FULL',
          `${this.#queue.length} calls are waiting, ${this.#maxQueued} may: send fewer at once`,
          {
            numQueued: this.#queue.length,
            maxQueued: this.#maxQueued,
          },
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        const index = this.#queue.indexOf(message);
        if (index >= 0) this.#queue.splice(index, 1);
        reject(abortReason(signal));
      };
      const message: Message = {
        method,
        begin: async () => {
          try {
            resolve(await work());
          } catch (error) {
            reject(error instanceof Error ? error : new SaraError('INTERNAL', String(error)));
          } finally {
            signal.removeEventListener('abort', onAbort);
          }
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(message);
      if (this.#busyMethod === null) void this.#workOff();
    });
  }

  /** Resolves when nothing is worked on or waiting. */
  whenIdle(): Promise<void> {
    if (this.#busyMethod === null) return Promise.resolve();
    if (this.#idle === null) {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((resolvePromise) => {
        resolve = resolvePromise;
      });
      this.#idle = { promise, resolve };
    }
    return this.#idle.promise;
  }

  /** Never rejects: begin() hands every error to the poster. */
  async #workOff(): Promise<void> {
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      this.#busyMethod = message.method;
      await message.begin();
    }
    this.#busyMethod = null;
    this.#idle?.resolve();
    this.#idle = null;
  }
}
