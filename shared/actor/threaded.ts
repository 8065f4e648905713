/**
 * Actors in threads of their own, so that a computation that blocks its thread (a session run of ONNX Runtime does)
 * keeps nobody else waiting: calls, objects, leases and aborts of the worker go on. The whole actor lives in its
 * thread (actor-thread.ts); mailbox, deadlines and objects stay with the worker's main thread.
 *
 * Invariants:
 * 1. To its host a threaded actor is an actor: one promise per call, settled when the work has really ended.
 * 2. What a call put is held before its result is known. A put that the store refuses fails the call; the host then
 *    frees the others.
 * 3. A thread that ends before it was asked to fails its calls, those under way and all later ones, with ACTOR_DIED
 *    and the cause. The worker lives on.
 * 4. A thread that owes an answer and stands still (thread-pulse.ts) is given up, with ACTOR_DIED, long before the
 *    deadline of what it was asked.
 * 5. A thread ends with its actor: by itself when it has cleaned up, or by force when it has not after STOP_TIMEOUT_MS.
 */
import { getHeapStatistics } from 'node:v8';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { abortReason } from '../clock.ts';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ThreadData } from './actor-thread.ts';
import { buffersOf } from './bundle-copy.ts';
import type { HostedContext } from './hosted-actor.ts';
import { ObjectRef } from './object-ref.ts';
import type { ActorClassesOf, ActorMethodTables, ActorRegistry } from './protocol.ts';
import {
  fromPlainError,
  toPlainError,
  type CallMessage,
  type MessageFromThread,
  type MessageToThread,
  type PlainRef,
} from './thread-messages.ts';
import { newPulseCells, ThreadPulse, type PulseCells } from './thread-pulse.ts';
import { textToValue, valueToText } from './value.ts';

/**
 * From the moment an actor is told to stop: less than a supervisor waits before it kills the process, more than it
 * takes to close files and say goodbye to NATS. Native code cannot be interrupted: a thread ends when it returns.
 */
const STOP_TIMEOUT_MS = 5_000;

/** Far beyond a kernel of a GPU or a page from a slow disk, far below the deadline of a first step. */
const SILENCE_MS = 30_000;
const LOOKS_PER_SILENCE = 6;

const MIB = 2 ** 20;

export interface ThreadOptions<S> {
  /** Module that calls serveActorThread: compiled, or TypeScript when this process runs from source. */
  readonly program: URL;
  /** Handed to every thread; plain values. */
  readonly surroundings: S;
  /** Longest time from being told to stop to the end of the thread, in ms. */
  readonly stopTimeoutMs?: number;
  /** How long a thread that owes an answer may neither answer nor compute, in ms. */
  readonly silenceMs?: number;
}

/** The classes of `methods`, each actor in a thread of its own that runs `options.program`. */
export function threadedRegistry<C extends ActorClassesOf<C>, S>(
  methods: ActorMethodTables<C>,
  options: ThreadOptions<S>,
): ActorRegistry<C, HostedContext> {
  const definitions = Object.entries(methods as Record<string, object>).map(([className, table]) => [
    className,
    {
      methods: table,
      create: (ctx: HostedContext, args: unknown) =>
        create(className, Object.keys(table), options, ctx, args),
    },
  ]);
  return Object.fromEntries(definitions) as ActorRegistry<C, HostedContext>;
}

/** @returns an object with one function per method, and dispose */
async function create(
  className: string,
  methods: readonly string[],
  options: ThreadOptions<unknown>,
  ctx: HostedContext,
  args: unknown,
): Promise<object> {
  const thread = new ActorThread(options, ctx);
  try {
    await thread.create(className, args);
  } catch (error) {
    await thread.discard();
    throw error;
  }
  const calls = methods.map((method) => [
    method,
    (callCtx: HostedContext, callArgs: unknown) => thread.call(method, callCtx, callArgs),
  ]);
  return { ...Object.fromEntries(calls), dispose: () => thread.dispose() } as object;
}

interface PendingCall {
  /** Of the call; null for dispose, which can neither put nor pull. */
  readonly ctx: HostedContext | null;
  readonly resolve: (result: string) => void;
  readonly reject: (error: Error) => void;
  /** Why a put of the call was refused, if one was: that is its outcome, whatever the actor answers. */
  refusal: SaraError | null;
}

class ActorThread {
  readonly #host: HostedContext;
  readonly #log: Logger;
  readonly #worker: Worker;
  readonly #calls = new Map<number, PendingCall>();
  readonly #exited: Promise<void>;
  #numCalls = 0;
  /** It has cleaned up, or never came to be: its exit is no news. */
  #isDone = false;
  /** It stands still and may never end. */
  #isGivenUp = false;
  /** What ended it, as far as it is known; from the thread itself with its stack. */
  #cause: Error | null = null;
  #died: SaraError | null = null;

  /** @param host context of the creation; what it says of the actor holds for all calls */
  constructor(options: ThreadOptions<unknown>, host: HostedContext) {
    this.#host = host;
    // Errors in the thread's lines have become plain values there.
    this.#log = host.log.child({}, { serializers: { err: (error: unknown) => error } });
    const cells = newPulseCells();
    this.#worker = startThread(options, host.actorId, cells);
    this.#worker.on('message', (message: MessageFromThread) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#cause ??= error instanceof Error ? error : asSaraError(error);
    });
    this.#worker.on('messageerror', (error) => {
      this.#endByForce(error);
    });
    const stopTimer = this.#endInTime(options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
    const looks = this.#giveUpWhenSilent(cells, options.silenceMs ?? SILENCE_MS);
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        stopTimer.clear();
        clearInterval(looks);
        this.#onExit(exitCode);
        resolve();
      });
    });
  }

  async create(className: string, args: unknown): Promise<void> {
    const { run, actorId, worker, generation, log } = this.#host;
    const message = {
      kind: 'create',
      generation,
      className,
      actor: { run, actorId, worker },
      logLevel: log.level,
      args: valueToText(args),
    } as const;
    await this.#send(this.#host, (callId) => ({ ...message, callId }));
  }

  async call(method: string, ctx: HostedContext, args: unknown): Promise<unknown> {
    const message = { kind: 'call', generation: ctx.generation, method, args: valueToText(args) } as const;
    return textToValue(await this.#send(ctx, (callId) => ({ ...message, callId })));
  }

  /** Lets the actor clean up and waits for the end of its thread. @throws what its dispose threw */
  async dispose(): Promise<void> {
    try {
      await this.#send(null, (callId) => ({ kind: 'dispose', callId }));
    } catch (error) {
      // One that died has been reported, and what it had open went with its thread.
      if (error !== this.#died) throw error;
    } finally {
      this.#isDone = true;
      if (!this.#isGivenUp) await this.#exited;
    }
  }

  /** Ends the thread of an actor that could not be made; with it ends whatever it had opened. */
  async discard(): Promise<void> {
    this.#isDone = true;
    await this.#worker.terminate();
  }

  async #send(ctx: HostedContext | null, messageOf: (callId: number) => CallMessage): Promise<string> {
    if (this.#died !== null) throw this.#died;
    const callId = this.#numCalls++;
    const answer = new Promise<string>((resolve, reject) => {
      this.#calls.set(callId, { ctx, resolve, reject, refusal: null });
    });
    const onAbort = (): void => {
      this.#abort(callId, asSaraError(abortReason(ctx?.signal)));
    };
    this.#post(messageOf(callId));
    if (ctx?.signal.aborted) onAbort();
    else ctx?.signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await answer;
    } finally {
      ctx?.signal.removeEventListener('abort', onAbort);
      this.#calls.delete(callId);
    }
  }

  #receive(message: MessageFromThread): void {
    switch (message.kind) {
      case 'result': {
        const call = this.#calls.get(message.callId);
        if (call?.refusal == null) call?.resolve(message.result);
        else call.reject(call.refusal);
        break;
      }
      case 'failure': {
        const call = this.#calls.get(message.callId);
        call?.reject(call.refusal ?? fromPlainError(message.error));
        break;
      }
      case 'put':
        this.#hold(message);
        break;
      case 'pull':
        void this.#pull(message);
        break;
      case 'free':
        this.#host.free(...message.refs.map(toRef));
        break;
      case 'log':
        this.#relay(message.line);
    }
  }

  #hold({ callId, id, bundle, tag }: MessageFromThread & { kind: 'put' }): void {
    const call = this.#calls.get(callId);
    // Put by a call that is over: nobody will be told of it.
    if (call === undefined) return;
    try {
      call.ctx?.hold(id, bundle, tag);
    } catch (thrown) {
      call.refusal ??= asSaraError(thrown);
      this.#abort(callId, call.refusal);
    }
  }

  /** Never rejects: every outcome is a message. */
  async #pull({ callId, pullId, ref }: MessageFromThread & { kind: 'pull' }): Promise<void> {
    try {
      const ctx = this.#calls.get(callId)?.ctx;
      if (ctx == null) throw new SaraError('CANCELLED', `pulled ${ref.id} for a call that is over`);
      const bundle = await ctx.pullOwn(toRef(ref));
      this.#post({ kind: 'pulled', pullId, bundle }, buffersOf(bundle));
    } catch (thrown) {
      this.#post({ kind: 'not-pulled', pullId, error: toPlainError(asSaraError(thrown)) });
    }
  }

  #relay(line: string): void {
    const { level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    delete fields.time;
    delete fields.name;
    this.#log[level as Level](fields, msg as string | undefined);
  }

  #abort(callId: number, reason: SaraError): void {
    this.#post({ kind: 'abort', callId, reason: toPlainError(reason) });
  }

  /** Nothing happens when the thread has ended. */
  #post(message: MessageToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #endInTime(stopTimeoutMs: number): { clear: () => void } {
    const { stopping } = this.#host;
    let timer: NodeJS.Timeout | undefined;
    const onStopping = (): void => {
      timer = setTimeout(() => {
        const message = `it had not come to rest ${stopTimeoutMs} ms after it was told to stop`;
        this.#endByForce(new SaraError('DEADLINE_EXCEEDED', message, { stopTimeoutMs }));
      }, stopTimeoutMs);
    };
    if (stopping.aborted) onStopping();
    else stopping.addEventListener('abort', onStopping, { once: true });
    return {
      clear: () => {
        stopping.removeEventListener('abort', onStopping);
        clearTimeout(timer);
      },
    };
  }

  #giveUpWhenSilent(cells: PulseCells, silenceMs: number): NodeJS.Timeout {
    const pulse = new ThreadPulse(cells);
    return setInterval(() => {
      if (pulse.look(this.#calls.size > 0) < LOOKS_PER_SILENCE || this.#died !== null) return;
      const message = `it has neither answered nor computed for ${silenceMs} ms`;
      this.#isGivenUp = true;
      this.#endByForce(new SaraError('DEADLINE_EXCEEDED', message, { silenceMs }));
      // Native code cannot be interrupted: the thread may never end, and nobody shall wait for it.
      this.#onExit(1);
    }, silenceMs / LOOKS_PER_SILENCE).unref();
  }

  #endByForce(cause: Error): void {
    this.#cause ??= cause;
    void this.#worker.terminate();
  }

  #onExit(exitCode: number): void {
    const how = this.#cause === null ? `ended with exit code ${exitCode}` : `failed: ${this.#cause.message}`;
    if (this.#died !== null) return;
    const { actorId, log } = this.#host;
    const died = new SaraError(
      'ACTOR_DIED',
      `the thread of actor ${actorId} ${how}`,
      { exitCode },
      { cause: this.#cause },
    );
    this.#died = died;
    if (!this.#isDone || this.#cause !== null) log.error({ err: this.#cause ?? died }, died.message);
    for (const call of this.#calls.values()) call.reject(died);
  }
}

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

function toRef({ address, id, sizeBytes }: PlainRef): ObjectRef {
  return new ObjectRef(address, id, sizeBytes);
}

function startThread(
  { program, surroundings }: ThreadOptions<unknown>,
  name: string,
  pulse: PulseCells,
): Worker {
  const data: ThreadData<unknown> = { program: program.href, surroundings, pulse };
  const isSource = program.pathname.endsWith('.ts');
  return new Worker(isSource ? new URL('source-thread.mjs', import.meta.url) : program, {
    name,
    workerData: data,
    // Native libraries read the process's environment, which a copy for this thread would not change.
    env: SHARE_ENV,
    // A large model's graph is built in the thread: it must not have less room than the main thread.
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(getHeapStatistics().heap_size_limit / MIB) },
    ...(isSource ? { execArgv: [] } : {}),
  });
}
