/**
 * The thread's side of an actor in a thread of its own: makes the actor it is told to, serves its calls, ends.
 * threaded.ts is the other side.
 *
 * Invariants:
 * 1. put() answers at once, under an id given out here; the bundle is on its way before anything that names it.
 * 2. An aborted call is told so through its signal as soon as the thread gets to read its messages: not while it is
 *    inside a synchronous computation.
 * 3. Nothing here keeps the thread alive once the actor is disposed. What still does is a leak, which the other side
 *    ends and reports.
 */
import { randomUUID } from 'node:crypto';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { abortReason } from '../clock.ts';
import { asSaraError, SaraError } from '../errors.ts';
import { createLogger, type Logger } from '../log.ts';
import { bundleSizeBytes } from '../rpc/tensor-frame.ts';
import { buffersOf, copyBundle } from './bundle-copy.ts';
import { ObjectRef } from './object-ref.ts';
import { ObjectIds } from './object-store.ts';
import type { ActorClassesOf, ActorContext, ActorRegistry, TensorBundle } from './protocol.ts';
import {
  fromPlainError,
  toPlainError,
  type CallMessage,
  type MessageFromThread,
  type MessageToThread,
  type ThreadActor,
} from './thread-messages.ts';
import { beginPulse, type PulseCells } from './thread-pulse.ts';
import { textToValue, valueToText } from './value.ts';

/** What every thread is started with. */
export interface ThreadData<S> {
  /** URL of the program, which ends in a call of {@link serveActorThread}. */
  readonly program: string;
  readonly surroundings: S;
  /** By which the worker sees that the thread lives. */
  readonly pulse: PulseCells;
}

type Instance = Record<string, (ctx: ActorContext, args: unknown) => Promise<unknown>> & {
  dispose?: () => Promise<void>;
};
type Definitions = Readonly<Record<string, { create(ctx: ActorContext, args: unknown): Promise<object> }>>;

/**
 * Serves the one actor of this thread until it is disposed. The program of a thread is a call of this.
 * @param registryOf makes the table of classes from what the worker hands to all its threads
 * @throws SaraError INTERNAL on a main thread
 */
export function serveActorThread<C extends ActorClassesOf<C>, S>(
  registryOf: (surroundings: S) => ActorRegistry<C>,
): void {
  if (parentPort === null) throw new SaraError('INTERNAL', 'an actor thread was started as a program');
  const { surroundings, pulse } = workerData as ThreadData<S>;
  beginPulse(pulse);
  const server = new ThreadServer(parentPort, registryOf(surroundings));
  parentPort.on('message', (message: MessageToThread) => {
    server.receive(message);
  });
}

class ThreadServer {
  readonly #port: MessagePort;
  readonly #definitions: Definitions;
  readonly #ids = new ObjectIds(randomUUID());
  readonly #calls = new Map<number, AbortController>();
  readonly #pulls = new Map<number, (message: MessageToThread & { kind: 'pulled' | 'not-pulled' }) => void>();
  #numPulls = 0;
  #actor: (ThreadActor & { readonly log: Logger }) | null = null;
  #instance: Instance | null = null;

  constructor(port: MessagePort, definitions: Definitions) {
    this.#port = port;
    this.#definitions = definitions;
  }

  receive(message: MessageToThread): void {
    switch (message.kind) {
      case 'create':
      case 'call':
      case 'dispose':
        void this.#answer(message);
        break;
      case 'abort':
        this.#calls.get(message.callId)?.abort(fromPlainError(message.reason));
        break;
      case 'pulled':
      case 'not-pulled':
        this.#pulls.get(message.pullId)?.(message);
        this.#pulls.delete(message.pullId);
    }
  }

  /** Never rejects: every outcome is a message. */
  async #answer(message: CallMessage): Promise<void> {
    const { callId } = message;
    const controller = new AbortController();
    this.#calls.set(callId, controller);
    try {
      const result = valueToText(await this.#perform(message, controller.signal));
      this.#post({ kind: 'result', callId, result });
    } catch (thrown) {
      this.#post({ kind: 'failure', callId, error: toPlainError(asSaraError(thrown)) });
    } finally {
      this.#calls.delete(callId);
      if (message.kind === 'dispose') this.#port.close();
    }
  }

  async #perform(message: CallMessage, signal: AbortSignal): Promise<unknown> {
    switch (message.kind) {
      case 'create': {
        const { className, actor, logLevel } = message;
        this.#actor = { ...actor, log: this.#createLog(logLevel) };
        if (!Object.hasOwn(this.#definitions, className))
          throw new SaraError('INTERNAL', `the thread has no actor class '${className}'`, { className });
        const ctx = this.#context(this.#actor, message, signal);
        this.#instance = (await this.#definitions[className].create(
          ctx,
          textToValue(message.args),
        )) as Instance;
        return null;
      }
      case 'call': {
        if (this.#instance === null || this.#actor === null)
          throw new SaraError('INTERNAL', `${message.method} was called before the actor was made`);
        const ctx = this.#context(this.#actor, message, signal);
        return this.#instance[message.method](ctx, textToValue(message.args));
      }
      case 'dispose':
        await this.#instance?.dispose?.();
        return null;
    }
  }

  #context(
    { run, actorId, worker, log }: ThreadActor & { readonly log: Logger },
    { callId, generation }: { readonly callId: number; readonly generation: number },
    signal: AbortSignal,
  ): ActorContext {
    return {
      run,
      generation,
      actorId,
      worker,
      signal,
      log,
      put: (bundle, tag = {}) => {
        if (signal.aborted) throw abortReason(signal);
        const id = this.#ids.next();
        const own = copyBundle(bundle);
        this.#post({ kind: 'put', callId, id, bundle: own, tag }, buffersOf(own));
        return new ObjectRef(worker.address, id, bundleSizeBytes(bundle));
      },
      pull: (ref) => this.#pull(callId, ref),
      free: (...refs) => {
        this.#post({ kind: 'free', refs });
      },
    };
  }

  #pull(callId: number, ref: ObjectRef): Promise<TensorBundle> {
    const pullId = this.#numPulls++;
    return new Promise((resolve, reject) => {
      this.#pulls.set(pullId, (message) => {
        if (message.kind === 'pulled') resolve(message.bundle);
        else reject(fromPlainError(message.error));
      });
      this.#post({ kind: 'pull', callId, pullId, ref });
    });
  }

  /** Lines are written by the other side, with the bindings and in the form of everything else the worker says. */
  #createLog(level: string): Logger {
    const write = (line: string): void => {
      this.#post({ kind: 'log', line });
    };
    return createLogger({ name: 'thread', level, stream: { write } });
  }

  #post(message: MessageFromThread, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
