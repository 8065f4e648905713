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
import type { ActorStatus } from '../rpc/actor-codec.ts';
import { staleGeneration } from './generation-fence.ts';
import { Mailbox } from './mailbox.ts';
import { ObjectRef } from './object-ref.ts';
import type { ObjectStore } from './object-store.ts';
import type { ActorContext, TensorBundle, WorkerEndpoint } from './protocol.ts';
import type { TensorPuller } from './tensor-transfer.ts';

/** An actor definition whose types have been checked where it was registered. */
export interface UntypedDefinition {
  readonly methods: Readonly<Record<string, 'serial' | 'concurrent'>>;
  create(ctx: ActorContext, args: unknown): Promise<object>;
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
    work: (ctx: ActorContext) => Promise<T>,
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

  #context(generation: number, signal: AbortSignal, putIds: string[]): ActorContext {
    const { worker, objects, puller } = this.#surroundings;
    const { run, actorId } = this.facts;
    return {
      run,
      generation,
      actorId,
      worker,
      signal,
      log: this.#log,
      put: (bundle: TensorBundle, tag = {}) => {
        if (signal.aborted) throw abortReason(signal);
        const frameTag = { run, generation, step: tag.step ?? 0, microBatch: tag.microBatch ?? 0 };
        const object = objects.put(bundle, frameTag, actorId);
        putIds.push(object.id);
        return new ObjectRef(worker.address, object.id, object.sizeBytes);
      },
      pull: (ref: ObjectRef) =>
        ref.address === worker.address
          ? new Promise((resolve) => {
              resolve(objects.get(ref.id).bundle);
            })
          : puller.pull(ref, { signal }),
      free: (...refs: readonly ObjectRef[]) => {
        for (const ref of refs) if (ref.address === worker.address) objects.free(ref.id);
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
    for (const entry of this.#underWay) entry.controller.abort(stoppedError(this.facts.actorId));
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
