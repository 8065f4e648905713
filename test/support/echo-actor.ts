/** A small actor class for tests of the actor layer, used both in-process and in a child process. */
import { systemClock } from '../../shared/clock.ts';
import { SaraError } from '../../shared/errors.ts';
import type { ObjectRef } from '../../shared/actor/object-ref.ts';
import type {
  ActorClass,
  ActorContext,
  ActorInstance,
  ActorRegistry,
  TensorBundle,
} from '../../shared/actor/protocol.ts';

export interface EchoProtocol {
  /** Returns its argument and records it. */
  echo: { args: unknown; result: unknown };
  /** Everything echo() was called with, in order of execution. */
  history: { args: null; result: unknown[] };
  /** Never answers by itself; says through `begun` when it runs. */
  hang: { args: null; result: null };
  /** Whether hang() runs now, without waiting for it. */
  hanging: { args: null; result: boolean };
  fail: { args: { code: 'NOT_FINITE' | 'bug' }; result: never };
  /** Puts `count` float32 values (0, 1, 2, ...) into the store. */
  make: { args: { count: number }; result: { ref: ObjectRef } };
  /** Puts values, then throws. */
  makeAndFail: { args: { count: number }; result: never };
  /** Sum of the values of an object, wherever it is. */
  sum: { args: { ref: ObjectRef }; result: number };
  /** Pulls an object and drops it. */
  fetch: { args: { ref: ObjectRef }; result: null };
  /** Ends the process as kill -9 does. */
  crash: { args: null; result: null };
}

export interface EchoClasses {
  EchoActor: ActorClass<{ name: string; failToStart?: boolean }, EchoProtocol>;
}

class EchoActor implements ActorInstance<EchoProtocol> {
  readonly #history: unknown[] = [];
  #numHanging = 0;

  async echo(_ctx: ActorContext, args: unknown): Promise<unknown> {
    this.#history.push(args);
    return Promise.resolve(args);
  }

  async history(): Promise<unknown[]> {
    return Promise.resolve(this.#history);
  }

  async hang(ctx: ActorContext): Promise<null> {
    this.#numHanging++;
    try {
      await systemClock.sleep(2 ** 31 - 1, ctx.signal);
    } finally {
      this.#numHanging--;
    }
    return null;
  }

  async hanging(): Promise<boolean> {
    return Promise.resolve(this.#numHanging > 0);
  }

  async fail(_ctx: ActorContext, { code }: { code: 'NOT_FINITE' | 'bug' }): Promise<never> {
    if (code === 'bug') throw new TypeError('undefined is not a tensor');
    return Promise.reject(new SaraError(code, 'loss is NaN at step 3', { step: 3, finite: false }));
  }

  async make(ctx: ActorContext, { count }: { count: number }): Promise<{ ref: ObjectRef }> {
    return Promise.resolve({ ref: ctx.put(countingBundle(count), { step: 7, microBatch: 2 }) });
  }

  async makeAndFail(ctx: ActorContext, { count }: { count: number }): Promise<never> {
    ctx.put(countingBundle(count));
    return Promise.reject(new SaraError('NOT_FINITE', 'after putting'));
  }

  async sum(ctx: ActorContext, { ref }: { ref: ObjectRef }): Promise<number> {
    const bundle = await ctx.pull(ref);
    let sum = 0;
    for (const value of bundle.values.data) sum += Number(value);
    return sum;
  }

  async fetch(ctx: ActorContext, { ref }: { ref: ObjectRef }): Promise<null> {
    await ctx.pull(ref);
    return null;
  }

  async crash(): Promise<null> {
    process.kill(process.pid, 'SIGKILL');
    return Promise.resolve(null);
  }
}

/** 0, 1, 2, ... as float32, and the count as int32. */
export function countingBundle(count: number): TensorBundle {
  return {
    values: { dtype: 'float32', shape: [count], data: Float32Array.from({ length: count }, (_, i) => i) },
    count: { dtype: 'int32', shape: [], data: Int32Array.of(count) },
  };
}

export const echoRegistry: ActorRegistry<EchoClasses> = {
  EchoActor: {
    methods: {
      echo: 'serial',
      history: 'serial',
      hang: 'serial',
      hanging: 'concurrent',
      fail: 'serial',
      make: 'serial',
      makeAndFail: 'serial',
      sum: 'serial',
      fetch: 'serial',
      crash: 'serial',
    },
    create: (_ctx, { failToStart }) => {
      if (failToStart) throw new SaraError('FILE_NOT_FOUND', 'no weights here', { path: 'weights' });
      return Promise.resolve(new EchoActor());
    },
  },
};
