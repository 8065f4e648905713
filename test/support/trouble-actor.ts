/**
 * An actor that does to its thread what real ones do by computing or by mistake: blocks it, ends it, fills it, hangs on
 * to it. Its tests decide when a block ends through memory that all threads share.
 */
import type { ObjectRef } from '../../shared/actor/object-ref.ts';
import type { ActorClass, ActorContext, ActorInstance, ActorRegistry } from '../../shared/actor/protocol.ts';
import { threadedRegistry } from '../../shared/actor/threaded.ts';
import { SaraError } from '../../shared/errors.ts';
import { floatTensor } from '../../shared/tensor.ts';
import { countingBundle } from './echo-actor.ts';

export interface TroubleProtocol {
  echo: { args: unknown; result: unknown };
  /** Computes, as far as its thread can tell: nothing else runs there until the gate opens. */
  block: { args: null; result: null };
  /** Puts values, then blocks. */
  putAndBlock: { args: { count: number }; result: { ref: ObjectRef } };
  /** Waits, and says what it was aborted with. */
  untilAborted: { args: null; result: null };
  /** What the last untilAborted was aborted with. */
  abortedWith: { args: null; result: { code: string; message: string } | null };
  /** Puts each count of values, whether or not there is room. */
  putAll: { args: { counts: readonly number[] }; result: { refs: readonly ObjectRef[] } };
  /** Puts a few values out of the middle of a large buffer, and reads that buffer afterwards. */
  putView: {
    args: { bufferCount: number; start: number; count: number };
    result: { ref: ObjectRef; sum: number };
  };
  /** Pulls the same object twice and changes what it got the first time. */
  pullTwice: { args: { ref: ObjectRef }; result: { isIntact: boolean } };
  free: { args: { ref: ObjectRef }; result: null };
  log: { args: { message: string }; result: null };
  exit: { args: { code: number }; result: null };
  /** Answers, and throws a moment later where nobody awaits it. */
  throwLater: { args: { message: string }; result: null };
  /** Never ends and lets nothing end it. */
  spin: { args: null; result: null };
  /** Keeps a timer that outlives the actor. */
  leak: { args: null; result: null };
}

export interface TroubleArgs {
  /** Memory it fills and keeps. */
  holdBytes?: number;
  /** Blocks before it is made. */
  blockAtStart?: boolean;
  failToDispose?: boolean;
}

export interface TroubleClasses {
  TroubleActor: ActorClass<TroubleArgs, TroubleProtocol>;
}

/** Memory that a test shares with the threads it makes. */
export class Gate {
  /** [calls that are blocked, whether they may go on, arrivals] */
  readonly cells: Int32Array;

  constructor(cells: Int32Array = new Int32Array(new SharedArrayBuffer(12))) {
    this.cells = cells;
  }

  get numBlocked(): number {
    return Atomics.load(this.cells, 0);
  }

  /** Blocks the thread until somebody opens. */
  pass(): void {
    Atomics.add(this.cells, 0, 1);
    Atomics.wait(this.cells, 1, 0);
    Atomics.sub(this.cells, 0, 1);
  }

  open(): void {
    Atomics.store(this.cells, 1, 1);
    Atomics.notify(this.cells, 1);
  }

  /** How often an actor has come to where a test waits for it: the end of dispose, an endless loop. */
  get numArrived(): number {
    return Atomics.load(this.cells, 2);
  }

  arrive(): void {
    Atomics.add(this.cells, 2, 1);
  }
}

class TroubleActor implements ActorInstance<TroubleProtocol> {
  readonly #gate: Gate;
  readonly #failToDispose: boolean;
  readonly #held: Uint8Array;
  #abortedWith: { code: string; message: string } | null = null;

  constructor(gate: Gate, { holdBytes = 0, blockAtStart = false, failToDispose = false }: TroubleArgs) {
    this.#gate = gate;
    this.#failToDispose = failToDispose;
    if (blockAtStart) gate.pass();
    this.#held = new Uint8Array(holdBytes).fill(1);
  }

  async echo(_: ActorContext, args: unknown): Promise<unknown> {
    return args;
  }

  async block(): Promise<null> {
    this.#gate.pass();
    return null;
  }

  async putAndBlock(ctx: ActorContext, { count }: { count: number }): Promise<{ ref: ObjectRef }> {
    const ref = ctx.put(countingBundle(count));
    this.#gate.pass();
    return { ref };
  }

  async untilAborted(ctx: ActorContext): Promise<null> {
    await new Promise<void>((resolve) => {
      ctx.signal.addEventListener('abort', () => {
        const { code, message } = ctx.signal.reason as SaraError;
        this.#abortedWith = { code, message };
        resolve();
      });
    });
    return null;
  }

  async abortedWith(): Promise<{ code: string; message: string } | null> {
    return this.#abortedWith;
  }

  async putAll(
    ctx: ActorContext,
    { counts }: { counts: readonly number[] },
  ): Promise<{ refs: readonly ObjectRef[] }> {
    return { refs: counts.map((count) => ctx.put(countingBundle(count))) };
  }

  async putView(
    ctx: ActorContext,
    { bufferCount, start, count }: TroubleProtocol['putView']['args'],
  ): Promise<{ ref: ObjectRef; sum: number }> {
    const whole = Float32Array.from({ length: bufferCount }, (_, i) => i);
    const ref = ctx.put({ values: floatTensor([count], whole.subarray(start, start + count)) });
    return { ref, sum: whole.reduce((sum, value) => sum + value, 0) };
  }

  async pullTwice(ctx: ActorContext, { ref }: { ref: ObjectRef }): Promise<{ isIntact: boolean }> {
    const first = await ctx.pull(ref);
    const expected = first.values.data.slice();
    (first.values.data as Float32Array).fill(-1);
    const second = await ctx.pull(ref);
    return { isIntact: second.values.data.every((value, i) => value === expected[i]) };
  }

  async free(ctx: ActorContext, { ref }: { ref: ObjectRef }): Promise<null> {
    ctx.free(ref);
    return null;
  }

  async log(ctx: ActorContext, { message }: { message: string }): Promise<null> {
    ctx.log.warn({ step: 3, err: new SaraError('NOT_FINITE', 'loss is NaN', { loss: 'NaN' }) }, message);
    ctx.log.debug('not at this level');
    return null;
  }

  async exit(_: ActorContext, { code }: { code: number }): Promise<null> {
    process.exit(code);
  }

  async throwLater(_: ActorContext, { message }: { message: string }): Promise<null> {
    setImmediate(() => {
      throw new RangeError(message);
    });
    return null;
  }

  async spin(): Promise<null> {
    this.#gate.arrive();
    for (;;);
  }

  async leak(): Promise<null> {
    setInterval(() => undefined, 2 ** 30);
    return null;
  }

  async dispose(): Promise<void> {
    if (this.#failToDispose) throw new SaraError('DISK_WRITE_FAILED', 'no room for a last word');
    if (this.#held.at(-1) !== 0) this.#gate.arrive();
  }
}

export function troubleRegistry({ cells }: { readonly cells: Int32Array }): ActorRegistry<TroubleClasses> {
  return {
    TroubleActor: {
      methods: METHODS,
      create: async (_, args) => new TroubleActor(new Gate(cells), args),
    },
  };
}

const METHODS: ActorRegistry<TroubleClasses>['TroubleActor']['methods'] = {
  echo: 'serial',
  block: 'serial',
  putAndBlock: 'serial',
  untilAborted: 'serial',
  abortedWith: 'serial',
  putAll: 'serial',
  putView: 'serial',
  pullTwice: 'serial',
  free: 'serial',
  log: 'serial',
  exit: 'serial',
  throwLater: 'serial',
  spin: 'serial',
  leak: 'serial',
};

/** TroubleActors in threads of their own. */
export function threadedTroubleRegistry(
  gate: Gate,
  options: { readonly stopTimeoutMs?: number; readonly silenceMs?: number } = {},
) {
  return threadedRegistry<TroubleClasses, { cells: Int32Array }>(
    { TroubleActor: METHODS },
    {
      program: new URL('trouble-thread.ts', import.meta.url),
      surroundings: { cells: gate.cells },
      ...options,
    },
  );
}
