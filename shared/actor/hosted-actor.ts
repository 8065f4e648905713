/**
 * One actor on its worker: its instance, its mailbox and the calls that are under way.
 *
 * Invariants:
 * 1. The instance is made by the first message of the mailbox, so no call can come before it.
 * 2. Every call has one signal that carries whatever may end it early: caller, deadline, newer generation, stop.
 * 3. Objects put by a call whose answer nobody will get are freed: no ref to them exists.
 */
import { abortReason } from '../clock.ts';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { captureSpan } from '../observe/tracing.ts';
import type { ActorStatus } from '../rpc/actor-codec.ts';
import { staleGeneration } from './generation-fence.ts';
import { Mailbox } from './mailbox.ts';
import { ObjectRef } from './object-ref.ts';
import type { ObjectStore } from './object-store.ts';
import { copyBundle } from './bundle-copy.ts';
import type { ActorContext, PutTag, TensorBundle, WorkerEndpoint } from './protocol.ts';
import type { TensorPuller } from './tensor-transfer.ts';

/** What a definition is given: the actor's context, and what an actor that lives elsewhere needs to be hosted here. */
export interface HostedContext extends ActorContext {
  /** Aborted when the actor is to end, whatever it does; the signals of its calls are aborted with it. */
  readonly stopping: AbortSignal;
  /** Puts under an id that the actor's own thread has given out. @throws as put */
  hold(id: string, bundle: TensorBundle, tag: PutTag): void;
  /** As pull, but the tensors are the receiver's own: to transfer, or to change. */
  pullOwn(ref: ObjectRef): Promise<TensorBundle>;
}

/** An actor definition whose types have been checked where it was registered. */
export interface UntypedDefinition {
  readonly methods: Readonly<Record<string, 'serial' | 'concurrent'>>;
  create(ctx: HostedContext, args: unknown): Promise<object>;
}

/** What an actor uses of its worker. */
export interface ActorSurroundings {
  readonly worker: WorkerEndpoint;
  readonly objects: ObjectStore;
  readonly puller: TensorPuller;
  readonly log: Logger;
}

export interface ActorFacts {
  readonly actorId: string;
  readonly className: string;
  readonly run: string;
  /** Generation it was spawned in. */
  readonly generation: number;
  readonly memoryBytes: number;
}

interface CallFacts {
  readonly generation: number;
  /** Aborted by the caller or when it is gone. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export class HostedActor {
  readonly facts: ActorFacts;
  readonly #definition: UntypedDefinition;
  readonly #surroundings: ActorSurroundings;
  readonly #mailbox: Mailbox;
  readonly #log: Logger;
  readonly #underWay = new Set<{ generation: number; controller: AbortController }>();
  readonly #stopping = new AbortController();
  #created: Promise<void> | null = null;
  #instance: object | null = null;
  #stopped: Promise<void> | null = null;

  constructor(
    facts: ActorFacts,
    definition: UntypedDefinition,
    surroundings: ActorSurroundings,
    maxQueued: number,
  ) {
    this.facts = facts;
    this.#definition = definition;
    this.#surroundings = surroundings;
    this.#mailbox = new Mailbox(maxQueued);
    this.#log = surroundings.log.child({ run: facts.run, actor: facts.actorId });
  }

  /** Makes the instance, once; asked again, waits for the same. Calls that come meanwhile wait in the mailbox. */
  create(args: unknown, call: CallFacts): Promise<void> {
    this.#created ??= this.#perform('create', 'serial', call, async (ctx) => {
      this.#instance = await this.#definition.create(ctx, args);
    });
    return this.#created;
  }

  /** @throws SaraError as the method threw it, with the names of worker and actor in its context */
  invoke(method: string, args: unknown, call: CallFacts): Promise<unknown> {
    if (!Object.hasOwn(this.#definition.methods, method)) {
      throw this.#located(
        new SaraError('INTERNAL', `${this.facts.className} has no method '${method}'`, { method }),
      );
    }
    return this.#perform(method, this.#definition.methods[method], call, (ctx) => {
      const instance = this.#instance as Record<
        string,
        (ctx: ActorContext, args: unknown) => Promise<unknown>
      > | null;
      if (instance === null)
        throw new SaraError('ACTOR_DIED', `actor ${this.facts.actorId} could not be made`);
      return instance[method](ctx, args);
    });
  }

  async #perform<T>(
    method: string,
    order: 'serial' | 'concurrent',
    call: CallFacts,
    work: (ctx: HostedContext) => Promise<T>,
  ): Promise<T> {
    if (this.#stopped !== null) throw this.#located(stoppedError(this.facts.actorId));
    const controller = new AbortController();
    const entry = { generation: call.generation, controller };
    const onCallerGone = (): void => {
      controller.abort(abortReason(call.signal));
    };
    const timer = setTimeout(() => {
      controller.abort(this.#deadlineError(method, call.timeoutMs));
    }, call.timeoutMs);
    if (call.signal.aborted) onCallerGone();
    else call.signal.addEventListener('abort', onCallerGone, { once: true });
    this.#underWay.add(entry);
    const putIds: string[] = [];
    const ctx = this.#context(call.generation, controller.signal, putIds);
    try {
      return order === 'serial'
        ? await this.#mailbox.post(method, controller.signal, () => work(ctx))
        : await unlessAborted(work(ctx), controller.signal);
    } catch (thrown) {
      for (const id of putIds) this.#surroundings.objects.free(id);
      throw this.#located(thrown);
    } finally {
      clearTimeout(timer);
      call.signal.removeEventListener('abort', onCallerGone);
      this.#underWay.delete(entry);
    }
  }

  #context(generation: number, signal: AbortSignal, putIds: string[]): HostedContext {
    const { worker, objects, puller } = this.#surroundings;
    const { run, actorId } = this.facts;
    const below = captureSpan();
    const pulled = (ref: ObjectRef): Promise<TensorBundle> => below(() => puller.pull(ref, { signal }));
    const isHere = (ref: ObjectRef): boolean => ref.address === worker.address;
    const keep = (id: string, bundle: TensorBundle, tag: PutTag): ObjectRef => {
      if (signal.aborted) throw abortReason(signal);
      const frameTag = { run, generation, step: tag.step ?? 0, microBatch: tag.microBatch ?? 0 };
      const { sizeBytes } = objects.hold(id, bundle, frameTag, actorId);
      putIds.push(id);
      return new ObjectRef(worker.address, id, sizeBytes);
    };
    return {
      run,
      generation,
      actorId,
      worker,
      signal,
      stopping: this.#stopping.signal,
      log: this.#log,
      put: (bundle, tag = {}) => keep(objects.newId(), bundle, tag),
      hold: (id, bundle, tag) => {
        keep(id, bundle, tag);
      },
      pull: async (ref) => (isHere(ref) ? objects.get(ref.id).bundle : pulled(ref)),
      pullOwn: async (ref) => (isHere(ref) ? copyBundle(objects.get(ref.id).bundle) : pulled(ref)),
      free: (...refs) => {
        for (const ref of refs) if (isHere(ref)) objects.free(ref.id);
      },
    };
  }

  /** Ends the calls of generations before `generation`: what they work on will be done again. */
  abortBefore(generation: number): void {
    for (const entry of this.#underWay) {
      if (entry.generation < generation) {
        entry.controller.abort(staleGeneration(this.facts.run, entry.generation, generation));
      }
    }
  }

  /** Ends all calls, waits until the actor has come to rest, lets it clean up, and frees its objects. */
  stop(): Promise<void> {
    this.#stopped ??= this.#comeToRest();
    return this.#stopped;
  }

  async #comeToRest(): Promise<void> {
    const reason = stoppedError(this.facts.actorId);
    this.#stopping.abort(reason);
    for (const entry of this.#underWay) entry.controller.abort(reason);
    await this.#mailbox.whenIdle();
    try {
      const instance = this.#instance as { dispose?: () => Promise<void> } | null;
      await instance?.dispose?.();
    } catch (error) {
      this.#log.error({ err: asSaraError(error) }, 'the actor failed to clean up');
    } finally {
      this.#surroundings.objects.freeWhere((object) => object.ownerId === this.facts.actorId);
    }
  }

  status(): ActorStatus {
    return { ...this.facts, numQueued: this.#mailbox.numQueued, busyMethod: this.#mailbox.busyMethod };
  }

  #deadlineError(method: string, timeoutMs: number): SaraError {
    return new SaraError(
      'DEADLINE_EXCEEDED',
      `${method} of ${this.facts.actorId} took longer than ${timeoutMs} ms`,
      {
        method,
        timeoutMs,
      },
    );
  }

  /** The error with the place it comes from; the stack of a bug is logged here, for it does not travel. */
  #located(thrown: unknown): SaraError {
    const error = asSaraError(thrown);
    if (error.code === 'INTERNAL')
      this.#log.error({ err: error.cause ?? error }, 'an actor call failed unexpectedly');
    return new SaraError(
      error.code,
      error.message,
      { ...error.context, worker: this.#surroundings.worker.name, actor: this.facts.actorId },
      { cause: error },
    );
  }
}

function stoppedError(actorId: string): SaraError {
  return new SaraError('ACTOR_DIED', `actor ${actorId} was stopped`, {});
}

/** The work's result, or the signal's reason if that comes first. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(abortReason(signal));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
