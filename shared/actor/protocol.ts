/**
 * The types that tie a driver's `ref.method(args)` to the method a worker runs. An actor's protocol is an
 * interface of `{ args, result }` by method name, shared by both sides:
 *
 *   interface Counter { add: { args: { by: number }; result: number } }
 *   interface ActorClasses { Counter: ActorClass<{ start: number }, Counter> }
 *
 *   driver:  const counter = await system.spawn(worker, 'Counter', { start: 3 });  await counter.add({ by: 4 });
 *   worker:  class CounterActor implements ActorMethods<Counter> { async add(ctx, { by }) { ... } }
 *
 * Arguments and results are plain values (see value.ts) in which ObjectRefs may occur anywhere.
 */
import type { Logger } from '../log.ts';
import type { CallOptions } from '../rpc/channel.ts';
import type { TensorBundle } from '../rpc/tensor-frame.ts';
import type { ObjectRef } from './object-ref.ts';

export type { CallOptions } from '../rpc/channel.ts';
export type { TensorBundle } from '../rpc/tensor-frame.ts';

/** Where a worker is. */
export interface WorkerEndpoint {
  readonly name: string;
  /** host:port of its actor host. */
  readonly address: string;
}

/** The form of a protocol. Used as a constraint, `P extends ProtocolOf<P>`, so that plain interfaces fit. */
export type ProtocolOf<P> = { [M in keyof P]: { args: unknown; result: unknown } };

/** What a class name stands for on both sides: its constructor arguments and its protocol. */
export interface ActorClass<A, P extends ProtocolOf<P>> {
  readonly args: A;
  readonly protocol: P;
}

/** The form of a table of actor classes by name. */
export type ActorClassesOf<C> = { [N in keyof C]: { readonly args: unknown; readonly protocol: object } };

/** Which actor a ref leads to. */
export interface ActorIdentity {
  readonly actorId: string;
  readonly className: string;
  readonly worker: WorkerEndpoint;
}

/** The driver's side of an actor: one function per method of its protocol. */
export type ActorRef<P> = {
  readonly [M in keyof P & string]: P[M] extends { args: infer A; result: infer R }
    ? (args: A, options?: CallOptions) => Promise<R>
    : never;
} & { readonly $identity: ActorIdentity };

/** The worker's side of an actor: what its class implements. */
export type ActorMethods<P> = {
  [M in keyof P & string]: P[M] extends { args: infer A; result: infer R }
    ? (ctx: ActorContext, args: A) => Promise<R>
    : never;
};

/** The worker's side of an actor, with what it does when it is stopped. */
export type ActorInstance<P> = ActorMethods<P> & { dispose?(): Promise<void> };

/** What a bundle belongs to; absent where it belongs to no step or micro-batch. */
export interface PutTag {
  readonly step?: number;
  readonly microBatch?: number;
}

/** What an actor may use while it serves one call. */
export interface ActorContext {
  readonly run: string;
  /** Of this call. */
  readonly generation: number;
  readonly actorId: string;
  readonly worker: WorkerEndpoint;
  /** Aborted when the caller gives up or is gone, at the deadline, when a newer generation takes over, at stop. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * Hands tensors to the worker's object store: they must not change afterwards. If the call fails or its answer
   * cannot be delivered, what it put is freed, for nobody else knows of it. A full store fails the call with
   * OBJECT_STORE_FULL: here, or, for an actor in a thread of its own, whatever the call answers.
   * @throws SaraError OBJECT_STORE_FULL; the signal's reason when the call was already given up
   */
  put(bundle: TensorBundle, tag?: PutTag): ObjectRef;
  /**
   * The tensors behind a ref, from this worker's store or over the wire. Not to be changed: others may read them.
   * @throws SaraError OBJECT_GONE, ACTOR_DIED when the holder cannot be reached, FRAME_INVALID
   */
  pull(ref: ObjectRef): Promise<TensorBundle>;
  /** Gives up objects of this worker; refs to others are left to their owner. */
  free(...refs: readonly ObjectRef[]): void;
}

/**
 * Which methods of a class can be called from outside, all of its protocol, and how. 'serial' ones run one at a time
 * in order of arrival; 'concurrent' ones do not wait for a running one, but for its thread to be free: for looking and
 * for aborting.
 */
export type ActorMethodTable<P> = { readonly [M in keyof P & string]: 'serial' | 'concurrent' };

/** How a worker makes and calls actors of a class. */
export interface ActorDefinition<A, P, Context = ActorContext> {
  readonly methods: ActorMethodTable<P>;
  create(ctx: Context, args: A): Promise<ActorInstance<P>>;
}

/** The classes a worker can host. */
export type ActorRegistry<C extends ActorClassesOf<C>, Context = ActorContext> = {
  readonly [N in keyof C]: ActorDefinition<C[N]['args'], C[N]['protocol'], Context>;
};

/** The method tables of a registry alone, for whoever need not make its actors. */
export type ActorMethodTables<C extends ActorClassesOf<C>> = {
  readonly [N in keyof C]: ActorMethodTable<C[N]['protocol']>;
};
