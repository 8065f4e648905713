/**
 * The actors of one worker process and the gRPC service they are reached by. No scheduler: a driver says which
 * actor goes here, the host refuses what does not fit.
 *
 * Invariants:
 * 1. What a host does for a run, it does for the highest generation it has seen (generation-fence.ts). When that
 *    rises, calls of older generations end and the objects they put are freed; actors live on.
 * 2. When a caller's stream breaks, its calls end. Actors do not: a new driver may take them over.
 * 3. Reserved memory never exceeds the capacity.
 */
import { randomUUID } from 'node:crypto';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { inSpan } from '../observe/tracing.ts';
import type {
  CallMessage,
  CallReply,
  Invoke,
  SpawnRequest,
  StopRequest,
  WorkerStatus,
} from '../rpc/actor-codec.ts';
import type { ChannelSecurity } from '../rpc/channel.ts';
import { joinAddress, splitAddress } from '../rpc/address.ts';
import type { CallInfo, RpcServer, RpcServerOptions, ServerSecurity, ServerStream } from '../rpc/server.ts';
import { bindService, startRpcServer } from '../rpc/server.ts';
import { ACTOR_HOST_SERVICE } from '../rpc/services.ts';
import { GenerationFence } from './generation-fence.ts';
import type { ActorSurroundings, HostedContext, UntypedDefinition } from './hosted-actor.ts';
import { HostedActor } from './hosted-actor.ts';
import { ObjectStore } from './object-store.ts';
import type { ActorClassesOf, ActorRegistry, WorkerEndpoint } from './protocol.ts';
import { TensorPuller, tensorStoreService } from './tensor-transfer.ts';
import { decodeValue, encodeValue } from './value.ts';

/** More calls waiting for one actor than any schedule issues: a caller that sends more has lost its way. */
const DEFAULT_MAX_QUEUED = 1024;

/** Calls of one stream that may be under way, over all actors: the bound on what one caller can make us hold. */
const MAX_CALLS_PER_CALLER = 8192;

/** Longest time an actor may take to be made: opening weights and compiling a large UNet. */
const CREATE_TIMEOUT_MS = 600_000;

/** Told what goes on, for metrics. */
export interface HostObserver {
  /** @param outcome 'ok' or the error's code @param seconds from the call's arrival */
  called(method: string, outcome: string, seconds: number): void;
  moved(direction: 'sent' | 'received', sizeBytes: number): void;
}

export interface ActorHostOptions<C extends ActorClassesOf<C>> {
  /** Name of the worker. */
  readonly name: string;
  readonly registry: ActorRegistry<C, HostedContext>;
  /** host:port to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** host:port others reach it by; default: where it listens. Needed when listening on all interfaces. */
  readonly advertise?: string;
  /** Bytes of tensors the object store may hold. */
  readonly objectStoreBytes: number;
  /** Memory actors may reserve in all; without it they may reserve any. */
  readonly capacity?: { readonly memoryBytes: number };
  /** Calls that may wait for one actor. */
  readonly maxQueuedCalls?: number;
  readonly security?: ServerSecurity;
  /** How this worker reaches others to pull from. */
  readonly pullSecurity?: ChannelSecurity;
  /** Told of connections and calls that are turned away. */
  readonly onRefused?: RpcServerOptions['onRefused'];
  readonly observer?: HostObserver;
  readonly log: Logger;
}

export class ActorHost {
  readonly objects: ObjectStore;
  readonly #options: Pick<
    ActorHostOptions<never>,
    'name' | 'capacity' | 'maxQueuedCalls' | 'observer' | 'log'
  >;
  readonly #definitions: Readonly<Record<string, UntypedDefinition>>;
  readonly #incarnation = randomUUID();
  readonly #puller: TensorPuller;
  readonly #actors = new Map<string, HostedActor>();
  readonly #callers = new Set<ServerStream<CallMessage, CallReply>>();
  readonly #fence = new GenerationFence((run, generation) => {
    this.#beginGeneration(run, generation);
  });
  #server: RpcServer | null = null;
  #endpoint: WorkerEndpoint;

  /** Starts listening. @throws SaraError CONFIG_INVALID when it cannot */
  static async start<C extends ActorClassesOf<C>>(options: ActorHostOptions<C>): Promise<ActorHost> {
    const host = new ActorHost(options, options.registry);
    await host.#listen(options);
    return host;
  }

  private constructor(
    options: Omit<ActorHostOptions<never>, 'registry'>,
    definitions: Readonly<Record<string, UntypedDefinition>>,
  ) {
    this.#options = options;
    this.#definitions = definitions;
    this.#puller = new TensorPuller(options.pullSecurity, (sizeBytes) => {
      options.observer?.moved('received', sizeBytes);
    });
    this.objects = new ObjectStore({ capacityBytes: options.objectStoreBytes, idPrefix: this.#incarnation });
    this.#endpoint = { name: options.name, address: options.advertise ?? options.listen };
  }

  async #listen({
    listen,
    advertise,
    security,
    onRefused,
  }: Omit<ActorHostOptions<never>, 'registry'>): Promise<void> {
    const { host } = splitAddress(listen);
    if (advertise === undefined && ['0.0.0.0', '::'].includes(host)) {
      throw new SaraError(
        'CONFIG_INVALID',
        `worker ${this.#options.name} listens on ${listen}: say what to advertise`,
        {
          listen,
        },
      );
    }
    this.#server = await startRpcServer({
      listen,
      ...(security === undefined ? {} : { security }),
      ...(onRefused === undefined ? {} : { onRefused }),
      services: [
        bindService(ACTOR_HOST_SERVICE, {
          spawn: (request, call) => this.#spawn(request, call),
          stop: (request) => this.#stop(request),
          call: (stream) => {
            this.#serveCaller(stream);
          },
          status: () => Promise.resolve(this.status()),
        }),
        tensorStoreService(this.objects, (sizeBytes) => {
          this.#options.observer?.moved('sent', sizeBytes);
        }),
      ],
    });
    this.#endpoint = { name: this.#options.name, address: advertise ?? joinAddress(host, this.#server.port) };
  }

  /** Where it is reached. */
  get endpoint(): WorkerEndpoint {
    return this.#endpoint;
  }

  async #spawn(request: SpawnRequest, call: CallInfo): Promise<{ incarnation: string }> {
    const { actorId, className, run, generation, memoryBytes } = request;
    this.#fence.admit(run, generation);
    const existing = this.#actors.get(actorId);
    if (existing !== undefined) {
      const { facts } = existing;
      if (facts.run === run && facts.generation === generation && facts.className === className) {
        await existing.create(decodeValue(request.args), {
          generation,
          signal: call.signal,
          timeoutMs: CREATE_TIMEOUT_MS,
        });
        return { incarnation: this.#incarnation };
      }
      throw new SaraError('STATE_CONFLICT', `actor ${actorId} exists already, for run ${facts.run}`, {
        actorId,
      });
    }
    if (!Object.hasOwn(this.#definitions, className)) {
      const known = Object.keys(this.#definitions).join(', ');
      throw new SaraError(
        'INTERNAL',
        `worker ${this.#options.name} has no actor class '${className}', only ${known}`,
        {
          className,
        },
      );
    }
    this.#checkMemory(memoryBytes);
    const surroundings: ActorSurroundings = {
      worker: this.#endpoint,
      objects: this.objects,
      puller: this.#puller,
      log: this.#options.log,
    };
    const actor = new HostedActor(
      { actorId, className, run, generation, memoryBytes },
      this.#definitions[className],
      surroundings,
      this.#options.maxQueuedCalls ?? DEFAULT_MAX_QUEUED,
    );
    // In the table before it is made: its memory is reserved and a repeated Spawn finds it.
    this.#actors.set(actorId, actor);
    try {
      await actor.create(decodeValue(request.args), {
        generation,
        signal: call.signal,
        timeoutMs: CREATE_TIMEOUT_MS,
      });
    } catch (error) {
      await this.#remove(actor);
      throw error;
    }
    return { incarnation: this.#incarnation };
  }

  #checkMemory(memoryBytes: number): void {
    const capacityBytes = this.#options.capacity?.memoryBytes;
    if (capacityBytes === undefined) return;
    let reservedBytes = 0;
    for (const actor of this.#actors.values()) reservedBytes += actor.facts.memoryBytes;
    if (reservedBytes + memoryBytes > capacityBytes) {
      throw new SaraError(
        'DOES_NOT_FIT',
        `worker ${this.#options.name}: ${reservedBytes} + ${memoryBytes} > ${capacityBytes} bytes of memory`,
        { worker: this.#options.name, reservedBytes, memoryBytes, capacityBytes },
      );
    }
  }

  async #stop(request: StopRequest): Promise<{ numStopped: number }> {
    this.#fence.admit(request.run, request.generation);
    const condemned = [...this.#actors.values()].filter(
      ({ facts }) =>
        facts.run === request.run && (request.actorId === null || facts.actorId === request.actorId),
    );
    await Promise.all(condemned.map((actor) => this.#remove(actor)));
    return { numStopped: condemned.length };
  }

  async #remove(actor: HostedActor): Promise<void> {
    await actor.stop();
    this.#actors.delete(actor.facts.actorId);
  }

  #serveCaller(stream: ServerStream<CallMessage, CallReply>): void {
    const calls = new Map<number, AbortController>();
    this.#callers.add(stream);
    stream.onMessage((message) => {
      switch (message.kind) {
        case 'invoke':
          void this.#serveCall(message, stream, calls);
          break;
        case 'cancel':
          calls.get(message.callId)?.abort(new SaraError('CANCELLED', 'cancelled by the caller', {}));
          break;
        case 'free':
          for (const id of message.objectIds) this.objects.free(id);
      }
    });
    stream.onClose(() => {
      this.#callers.delete(stream);
      const gone = new SaraError('CANCELLED', `the caller at ${stream.peer} is gone`, {});
      for (const controller of calls.values()) controller.abort(gone);
    });
  }

  /** Never rejects: every outcome is a reply. */
  async #serveCall(
    message: Invoke,
    stream: ServerStream<CallMessage, CallReply>,
    calls: Map<number, AbortController>,
  ): Promise<void> {
    const { callId, method } = message;
    const controller = new AbortController();
    const startedAtMs = performance.now();
    let outcome = 'ok';
    try {
      if (calls.size >= MAX_CALLS_PER_CALLER) throw tooManyCalls(calls.size);
      calls.set(callId, controller);
      const { run, generation, traceparent } = message;
      const attributes = { run, generation, worker: this.#options.name, actor: message.actorId };
      const invoke = (): Promise<unknown> => this.#invoke(message, controller.signal);
      const result = await inSpan(method, attributes, invoke, traceparent);
      stream.send({ kind: 'result', callId, result: encodeValue(result) });
    } catch (thrown) {
      const error = asSaraError(thrown);
      outcome = error.code;
      stream.send({ kind: 'failure', callId, error });
    } finally {
      calls.delete(callId);
      this.#options.observer?.called(method, outcome, (performance.now() - startedAtMs) / 1000);
    }
  }

  #invoke(message: Invoke, signal: AbortSignal): Promise<unknown> {
    const actor = this.#actors.get(message.actorId);
    if (actor?.facts.run !== message.run) {
      throw new SaraError(
        'ACTOR_DIED',
        `actor ${message.actorId} of run ${message.run} is not on worker ${this.#options.name}: stopped, or lost when the worker restarted`,
        { actor: message.actorId, worker: this.#options.name },
      );
    }
    this.#fence.admit(message.run, message.generation);
    const { generation, timeoutMs } = message;
    return actor.invoke(message.method, decodeValue(message.args), { generation, signal, timeoutMs });
  }

  #beginGeneration(run: string, generation: number): void {
    for (const actor of this.#actors.values()) if (actor.facts.run === run) actor.abortBefore(generation);
    this.objects.freeWhere(({ tag }) => tag.run === run && tag.generation < generation);
  }

  status(): WorkerStatus {
    return {
      ...this.#endpoint,
      incarnation: this.#incarnation,
      pid: process.pid,
      actors: [...this.#actors.values()].map((actor) => actor.status()),
      objects: {
        count: this.objects.count,
        usedBytes: this.objects.usedBytes,
        capacityBytes: this.objects.capacityBytes,
      },
      memory: {
        rssBytes: process.memoryUsage.rss(),
        capacityBytes: this.#options.capacity?.memoryBytes ?? 0,
      },
    };
  }

  /** Stops every actor, hangs up on every caller, then stops the server. */
  async stop(graceMs?: number): Promise<void> {
    await Promise.all([...this.#actors.values()].map((actor) => this.#remove(actor)));
    for (const caller of [...this.#callers]) caller.end();
    this.#puller.close();
    await this.#server?.stop(graceMs);
  }
}

function tooManyCalls(numCalls: number): SaraError {
  return new SaraError(
    'MAILBOX_FULL',
    `${numCalls} calls of this caller are under way, ${MAX_CALLS_PER_CALLER} may`,
    {
      numCalls,
    },
  );
}
