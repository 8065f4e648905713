/**
 * The driver's side of actors: placing them, calling them, and moving what they make. One system drives one run.
 *
 * No retries, no failure detector, no restart: a failed call says what happened and the run's policy decides.
 */
import { randomUUID } from 'node:crypto';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { traceparent } from '../observe/tracing.ts';
import type { WorkerStatus } from '../rpc/actor-codec.ts';
import type { ChannelSecurity } from '../rpc/channel.ts';
import { ACTOR_HOST_SERVICE } from '../rpc/services.ts';
import { ObjectRef } from './object-ref.ts';
import type { ObjectStore } from './object-store.ts';
import type {
  ActorClassesOf,
  ActorIdentity,
  ActorRef,
  CallOptions,
  TensorBundle,
  WorkerEndpoint,
} from './protocol.ts';
import { createActorRef } from './ref.ts';
import { TensorPuller } from './tensor-transfer.ts';
import { decodeValue, encodeValue } from './value.ts';
import { WorkerLink } from './worker-link.ts';

/** A call that states no time: long enough for any step, short enough that a hang is noticed. */
const DEFAULT_CALL_TIMEOUT_MS = 60_000;
const DEFAULT_SPAWN_TIMEOUT_MS = 300_000;
/** Stop and Status do little. */
const CONTROL_TIMEOUT_MS = 30_000;

export interface ActorSystemOptions {
  readonly run: string;
  /** Version of the run's worker group, from 1. */
  readonly generation: number;
  /** Longest wait of a call that states none, in ms. */
  readonly callTimeoutMs?: number;
  /** Longest wait for an actor to be made, in ms. */
  readonly spawnTimeoutMs?: number;
  readonly security?: ChannelSecurity;
  readonly log: Logger;
  /** Told once each time the connection to a worker breaks. */
  readonly onWorkerLost?: (worker: WorkerEndpoint, error: SaraError) => void;
  /** Set when this process serves its own objects (tensorStoreService) at `address`; allows put(). */
  readonly objects?: { readonly store: ObjectStore; readonly address: string };
}

export interface SpawnOptions {
  /** Memory to reserve on the worker. */
  readonly memoryBytes?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Default: the class name and a random part. */
  readonly actorId?: string;
}

/** One actor of a group that is placed all or nothing. */
export interface Placement<N, A> {
  readonly worker: WorkerEndpoint;
  readonly className: N;
  readonly args: A;
  readonly options?: SpawnOptions;
}

export class ActorSystem<C extends ActorClassesOf<C>> {
  readonly #options: ActorSystemOptions;
  readonly #links = new Map<string, WorkerLink>();
  /** Actors made here and not stopped yet, by id. */
  readonly #actors = new Map<string, ActorIdentity>();
  readonly #puller: TensorPuller;
  #generation: number;

  constructor(options: ActorSystemOptions) {
    this.#options = options;
    this.#generation = options.generation;
    this.#puller = new TensorPuller(options.security);
  }

  get run(): string {
    return this.#options.run;
  }

  /** Carried by every call. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Moves to a newer worker group: later calls carry its generation, and each worker ends the older calls when the
   * first of them arrives.
   */
  advanceGeneration(generation: number): void {
    if (!Number.isInteger(generation) || generation <= this.#generation) {
      throw new SaraError(
        'INTERNAL',
        `generation must grow: ${generation} > ${this.#generation} does not hold`,
        {
          generation,
          current: this.#generation,
        },
      );
    }
    this.#generation = generation;
  }

  /**
   * Makes an actor on a worker and waits until it can be called.
   * @throws SaraError what its constructor threw; ACTOR_DIED, DOES_NOT_FIT, STALE_GENERATION, DEADLINE_EXCEEDED
   */
  async spawn<N extends keyof C & string>(
    worker: WorkerEndpoint,
    className: N,
    args: C[N]['args'],
    options: SpawnOptions = {},
  ): Promise<ActorRef<C[N]['protocol']>> {
    const identity: ActorIdentity = {
      actorId: options.actorId ?? `${className}-${randomUUID()}`,
      className,
      worker,
    };
    const link = this.#link(worker);
    await link.unary(
      ACTOR_HOST_SERVICE.spawn,
      {
        actorId: identity.actorId,
        className,
        run: this.run,
        generation: this.#generation,
        args: encodeValue(args),
        memoryBytes: options.memoryBytes ?? 0,
      },
      {
        timeoutMs: options.timeoutMs ?? this.#options.spawnTimeoutMs ?? DEFAULT_SPAWN_TIMEOUT_MS,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
    this.#actors.set(identity.actorId, identity);
    return createActorRef<C[N]['protocol']>(identity, (method, methodArgs, callOptions) =>
      this.#invoke(link, identity, method, methodArgs, callOptions),
    );
  }

  /**
   * A ref to an actor that another driver of the run has made; from now on it is this system's to stop.
   * @param actorId as its worker's status names it
   */
  adopt<N extends keyof C & string>(
    worker: WorkerEndpoint,
    className: N,
    actorId: string,
  ): ActorRef<C[N]['protocol']> {
    const identity: ActorIdentity = { actorId, className, worker };
    const link = this.#link(worker);
    this.#actors.set(actorId, identity);
    return createActorRef<C[N]['protocol']>(identity, (method, args, callOptions) =>
      this.#invoke(link, identity, method, args, callOptions),
    );
  }

  /**
   * Makes a group of actors, all or none: when one cannot be made, the others are stopped again.
   * @returns refs in the order of the placements
   * @throws SaraError the first failure
   */
  async spawnGroup<N extends keyof C & string>(
    placements: readonly Placement<N, C[N]['args']>[],
  ): Promise<ActorRef<C[N]['protocol']>[]> {
    const outcomes = await Promise.allSettled(
      placements.map(({ worker, className, args, options }) => this.spawn(worker, className, args, options)),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    const refs = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    if (failure === undefined) return refs;
    await this.stop(...refs);
    throw failure.reason;
  }

  async #invoke(
    link: WorkerLink,
    identity: ActorIdentity,
    method: string,
    args: unknown,
    options: CallOptions,
  ): Promise<unknown> {
    const { actorId } = identity;
    const message = {
      actorId,
      method,
      run: this.run,
      generation: this.#generation,
      args: encodeValue(args),
      traceparent: traceparent(),
    };
    const timeoutMs = options.timeoutMs ?? this.#options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    return decodeValue(await link.invoke(message, { ...options, timeoutMs }));
  }

  /** Stops actors and waits until they have come to rest. One whose worker is gone has stopped already. */
  async stop(...refs: readonly { readonly $identity: ActorIdentity }[]): Promise<void> {
    await Promise.all(
      refs.map(async ({ $identity: { actorId, worker } }) => {
        try {
          const request = { actorId, run: this.run, generation: this.#generation };
          await this.#link(worker).unary(ACTOR_HOST_SERVICE.stop, request, { timeoutMs: CONTROL_TIMEOUT_MS });
        } catch (error) {
          if (!(error instanceof SaraError && error.code === 'ACTOR_DIED')) throw error;
        }
        this.#actors.delete(actorId);
      }),
    );
  }

  /** Stops whatever this run has on a worker, whoever made it. @returns how many actors there were */
  async stopRun(worker: WorkerEndpoint): Promise<number> {
    const request = { actorId: null, run: this.run, generation: this.#generation };
    const options = { timeoutMs: CONTROL_TIMEOUT_MS };
    return (await this.#link(worker).unary(ACTOR_HOST_SERVICE.stop, request, options)).numStopped;
  }

  /** Stops every actor made here. One that cannot be stopped is logged: there is nothing more to do about it. */
  async stopAll(): Promise<void> {
    await Promise.all(
      [...this.#actors.values()].map(async (identity) => {
        try {
          await this.stop({ $identity: identity });
        } catch (error) {
          const { actorId: actor, worker } = identity;
          this.#options.log.warn(
            { err: asSaraError(error), actor, worker: worker.name },
            'could not stop an actor',
          );
        }
      }),
    );
  }

  /**
   * Brings an object to this process.
   * @throws SaraError OBJECT_GONE, ACTOR_DIED, FRAME_INVALID, DEADLINE_EXCEEDED
   */
  async get(ref: ObjectRef, options: CallOptions = {}): Promise<TensorBundle> {
    const own = this.#options.objects;
    if (own?.address === ref.address) return own.store.get(ref.id).bundle;
    return this.#puller.pull(ref, {
      timeoutMs: this.#options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS,
      ...options,
    });
  }

  /**
   * Keeps tensors in this process for actors to pull; they must not change afterwards.
   * @throws SaraError OBJECT_STORE_FULL; INTERNAL when this process serves no objects
   */
  put(bundle: TensorBundle, tag: { readonly step?: number; readonly microBatch?: number } = {}): ObjectRef {
    const own = this.#options.objects;
    if (own === undefined)
      throw new SaraError('INTERNAL', 'this actor system was given no object store to put into');
    const frameTag = {
      run: this.run,
      generation: this.#generation,
      step: tag.step ?? 0,
      microBatch: tag.microBatch ?? 0,
    };
    const object = own.store.put(bundle, frameTag, '');
    return new ObjectRef(own.address, object.id, object.sizeBytes);
  }

  /** Gives up objects wherever they are, after the calls issued so far. Not answered; unknown ones do not matter. */
  free(...refs: readonly ObjectRef[]): void {
    for (const ref of refs) {
      if (ref.address === this.#options.objects?.address) this.#options.objects.store.free(ref.id);
      else this.#links.get(ref.address)?.free(ref.id);
    }
  }

  /** What a worker holds right now. @throws SaraError ACTOR_DIED, DEADLINE_EXCEEDED */
  status(worker: WorkerEndpoint): Promise<WorkerStatus> {
    return this.#link(worker).unary(ACTOR_HOST_SERVICE.status, {}, { timeoutMs: CONTROL_TIMEOUT_MS });
  }

  #link(worker: WorkerEndpoint): WorkerLink {
    let link = this.#links.get(worker.address);
    if (link === undefined) {
      const { security } = this.#options;
      link = new WorkerLink({
        worker,
        ...(security === undefined ? {} : { security }),
        onLost: (lost, error) => {
          this.#options.log.warn(
            { worker: lost.name, run: this.run, err: error },
            'lost the connection to a worker',
          );
          this.#options.onWorkerLost?.(lost, error);
        },
      });
      this.#links.set(worker.address, link);
    }
    return link;
  }

  /** Ends all connections. Calls under way fail with CANCELLED; actors stay where they are. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#puller.close();
  }
}
