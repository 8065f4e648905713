/**
 * A driver's connection to one worker: the call stream and what waits for answers on it.
 *
 * Invariants:
 * 1. A call is written once. When the stream breaks before its answer came, it fails with ACTOR_DIED: whether the
 *    method ran is unknown, and asking again is the driver's decision, never ours.
 * 2. Calls and frees are written in the order they were issued.
 * 3. After a break the next call opens a new stream; a worker that is gone refuses it at once.
 */
import { abortReason } from '../clock.ts';
import { SaraError } from '../errors.ts';
import type { CallReply, CallMessage, Invoke } from '../rpc/actor-codec.ts';
import { MAX_FREED_IDS, MAX_TIMEOUT_MS } from '../rpc/actor-codec.ts';
import type { CallOptions, ChannelSecurity, ClientStream } from '../rpc/channel.ts';
import { Channel } from '../rpc/channel.ts';
import type { Method } from '../rpc/method.ts';
import { ACTOR_HOST_SERVICE } from '../rpc/services.ts';
import type { WorkerEndpoint } from './protocol.ts';

interface PendingCall {
  readonly method: string;
  readonly actorId: string;
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

interface OpenStream {
  readonly stream: ClientStream<CallMessage, CallReply>;
  readonly pending: Map<number, PendingCall>;
}

export interface WorkerLinkOptions {
  readonly worker: WorkerEndpoint;
  readonly security?: ChannelSecurity;
  /** Told once per break of the call stream. */
  readonly onLost: (worker: WorkerEndpoint, error: SaraError) => void;
}

export class WorkerLink {
  readonly worker: WorkerEndpoint;
  readonly #channel: Channel;
  readonly #onLost: WorkerLinkOptions['onLost'];
  #open: OpenStream | null = null;
  #nextCallId = 1;
  #toFree: string[] = [];
  #closed = false;

  constructor(options: WorkerLinkOptions) {
    this.worker = options.worker;
    this.#onLost = options.onLost;
    const { name, address } = options.worker;
    const peer = { description: `worker ${name} at ${address}`, unreachableCode: 'ACTOR_DIED' } as const;
    this.#channel = new Channel(address, 'control', peer, options.security);
  }

  /** Spawn, Stop and Status. */
  unary<Request, Reply>(
    method: Method<'unary', Request, Reply>,
    request: Request,
    options: CallOptions,
  ): Promise<Reply> {
    return this.#channel.unary(method, request, options);
  }

  /**
   * Calls a method of an actor.
   * @param options.timeoutMs whole or not, at most 2^31 - 1
   * @returns the result's bytes
   * @throws SaraError the actor's own, ACTOR_DIED, DEADLINE_EXCEEDED, CANCELLED
   */
  invoke(
    message: Omit<Invoke, 'kind' | 'callId' | 'timeoutMs'>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    if (this.#closed) return Promise.reject(this.#closedError());
    this.#flushFrees();
    const timeoutMs = Math.min(Math.max(1, Math.ceil(options.timeoutMs)), MAX_TIMEOUT_MS);
    const { stream, pending } = this.#stream();
    const callId = this.#nextCallId++;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        pending.delete(callId);
      };
      const giveUp = (error: Error): void => {
        settle();
        stream.send({ kind: 'cancel', callId });
        reject(error);
      };
      const onAbort = (): void => {
        giveUp(abortReason(signal));
      };
      const timer = setTimeout(() => {
        giveUp(this.#deadlineError(message.method, message.actorId, timeoutMs));
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      pending.set(callId, {
        method: message.method,
        actorId: message.actorId,
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      stream.send({ kind: 'invoke', callId, timeoutMs, ...message });
    });
  }

  /** Gives up objects of this worker, in one message with others of the same moment. */
  free(objectId: string): void {
    if (this.#toFree.push(objectId) === 1) {
      queueMicrotask(() => {
        this.#flushFrees();
      });
    }
  }

  #flushFrees(): void {
    if (this.#toFree.length === 0 || this.#closed) return;
    const ids = this.#toFree;
    this.#toFree = [];
    const { stream } = this.#stream();
    for (let i = 0; i < ids.length; i += MAX_FREED_IDS) {
      stream.send({ kind: 'free', objectIds: ids.slice(i, i + MAX_FREED_IDS) });
    }
  }

  #stream(): OpenStream {
    if (this.#open !== null) return this.#open;
    const stream = this.#channel.bidi(ACTOR_HOST_SERVICE.call);
    const open: OpenStream = { stream, pending: new Map() };
    this.#open = open;
    stream.onMessage((reply) => {
      const call = open.pending.get(reply.callId);
      // An answer to a call that was given up meanwhile is nobody's.
      if (call === undefined) return;
      if (reply.kind === 'result') call.resolve(reply.result);
      else call.reject(reply.error);
    });
    stream.onClose((error) => {
      if (this.#open === open) this.#open = null;
      for (const call of [...open.pending.values()]) call.reject(this.#brokenError(call, error));
      if (!this.#closed) this.#onLost(this.worker, error);
    });
    return open;
  }

  #brokenError(call: PendingCall, cause: SaraError): SaraError {
    if (this.#closed) return this.#closedError();
    if (cause.code === 'FRAME_INVALID') return cause;
    const { name, address } = this.worker;
    return new SaraError(
      'ACTOR_DIED',
      `actor ${call.actorId} on worker ${name} (${address}) died or cannot be reached, during ${call.method}: ${cause.message}`,
      { actor: call.actorId, worker: name, address, method: call.method },
      { cause },
    );
  }

  #deadlineError(method: string, actorId: string, timeoutMs: number): SaraError {
    return new SaraError(
      'DEADLINE_EXCEEDED',
      `${method} of ${actorId} on worker ${this.worker.name} was not answered within ${timeoutMs} ms`,
      { method, actor: actorId, worker: this.worker.name, timeoutMs },
    );
  }

  #closedError(): SaraError {
    return new SaraError('CANCELLED', `the connection to worker ${this.worker.name} was closed`, {
      worker: this.worker.name,
    });
  }

  /** Ends the stream; calls under way fail with CANCELLED. */
  close(): void {
    if (this.#closed) return;
    this.#flushFrees();
    this.#closed = true;
    const open = this.#open;
    if (open !== null) {
      for (const call of [...open.pending.values()]) call.reject(this.#closedError());
      open.stream.end();
    }
    this.#channel.close();
  }
}
