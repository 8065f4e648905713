/** The coordinator's API on both sides of the wire: the service a coordinator binds and the client others use. */
import { SaraError } from './errors.ts';
import type { CallOptions, ChannelSecurity, TokenSource } from './rpc/channel.ts';
import { Channel } from './rpc/channel.ts';
import type { ServiceBinding } from './rpc/server.ts';
import { bindService } from './rpc/server.ts';
import { COORDINATOR_SERVICE } from './rpc/services.ts';
import type { Method } from './rpc/method.ts';
import type {
  CoordinatorApi,
  PlanSummary,
  RunRequest,
  RunSummary,
  SubmitRequest,
  WatchRequest,
  WorkerSummary,
} from './run-api.ts';
import type { RunEvent } from './run-event.ts';

/** Questions are answered from memory; planning reads model files. */
const DEFAULT_TIMEOUT_MS = 30_000;
const PLAN_TIMEOUT_MS = 120_000;

/** For startRpcServer. */
export function coordinatorService(api: CoordinatorApi): ServiceBinding {
  return bindService(COORDINATOR_SERVICE, {
    submitRun: (request, call) => api.submitRun(request, call),
    getRun: (request, call) => api.getRun(request, call),
    listRuns: (request, call) => api.listRuns(request, call),
    cancelRun: (request, call) => api.cancelRun(request, call),
    resumeRun: (request, call) => api.resumeRun(request, call),
    watchRun: (request, call) => api.watchRun(request, call),
    listWorkers: (request, call) => api.listWorkers(request, call),
    drainWorker: (request, call) => api.drainWorker(request, call),
    planRun: (request, call) => api.planRun(request, call),
  });
}

export interface CoordinatorClientOptions {
  readonly security?: ChannelSecurity;
  /** Bearer token of the caller. */
  readonly token?: TokenSource;
  /** Longest wait for an answer, in ms; watching has none. */
  readonly timeoutMs?: number;
  /** Where the coordinator is reached that another one names as leader; default: at the address it names. */
  readonly reach?: (address: string) => Promise<string>;
}

/**
 * Every method throws what the coordinator threw, or COORDINATOR_UNREACHABLE. A coordinator that does not lead names
 * the one that does, which is then asked.
 */
export class CoordinatorClient {
  readonly #channel: Channel;
  readonly #options: CoordinatorClientOptions;
  #leader: { readonly address: string; readonly channel: Channel } | null = null;
  readonly #timeoutMs: number;

  constructor(address: string, options: CoordinatorClientOptions = {}) {
    this.#options = options;
    this.#channel = channelTo(address, options);
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  submitRun(request: SubmitRequest, options?: CallOptions): Promise<{ readonly run: string }> {
    return this.#askLeader(COORDINATOR_SERVICE.submitRun, request, this.#within(options));
  }

  getRun(request: { readonly run: string }, options?: CallOptions): Promise<RunSummary> {
    return this.#channel.unary(COORDINATOR_SERVICE.getRun, request, this.#within(options));
  }

  listRuns(options?: CallOptions): Promise<{ readonly runs: readonly RunSummary[] }> {
    return this.#channel.unary(COORDINATOR_SERVICE.listRuns, {}, this.#within(options));
  }

  cancelRun(
    request: { readonly run: string; readonly reason: string },
    options?: CallOptions,
  ): Promise<RunSummary> {
    return this.#askLeader(COORDINATOR_SERVICE.cancelRun, request, this.#within(options));
  }

  resumeRun(
    request: { readonly run: string; readonly set: readonly string[] },
    options?: CallOptions,
  ): Promise<RunSummary> {
    return this.#askLeader(COORDINATOR_SERVICE.resumeRun, request, this.#within(options));
  }

  drainWorker(request: { readonly worker: string }, options?: CallOptions): Promise<WorkerSummary> {
    return this.#askLeader(COORDINATOR_SERVICE.drainWorker, request, this.#within(options));
  }

  /** History, then what happens, until the run ends or the loop is left. */
  watchRun(
    request: Omit<WatchRequest, 'historyOnly'> & { readonly historyOnly?: boolean },
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<RunEvent, void> {
    return this.#channel.serverStream(
      COORDINATOR_SERVICE.watchRun,
      { historyOnly: false, ...request },
      options,
    );
  }

  listWorkers(options?: CallOptions): Promise<{ readonly workers: readonly WorkerSummary[] }> {
    return this.#channel.unary(COORDINATOR_SERVICE.listWorkers, {}, this.#within(options));
  }

  planRun(request: RunRequest, options?: CallOptions): Promise<PlanSummary> {
    return this.#channel.unary(COORDINATOR_SERVICE.planRun, request, {
      timeoutMs: PLAN_TIMEOUT_MS,
      ...options,
    });
  }

  close(): void {
    this.#channel.close();
    this.#leader?.channel.close();
  }

  /** Asks the coordinator at hand, then the leader that it names. */
  async #askLeader<Request, Reply>(
    method: Method<'unary', Request, Reply>,
    request: Request,
    options: CallOptions,
  ): Promise<Reply> {
    try {
      return await this.#channel.unary(method, request, options);
    } catch (error) {
      const isRefusal = error instanceof SaraError && error.code === 'NOT_LEADER';
      const address = isRefusal ? error.context.leader : null;
      if (typeof address !== 'string' || address === '') throw error;
      if (this.#leader?.address !== address) {
        const reached = (await this.#options.reach?.(address)) ?? address;
        this.#leader?.channel.close();
        this.#leader = { address, channel: channelTo(reached, this.#options) };
      }
      return this.#leader.channel.unary(method, request, options);
    }
  }

  #within(options: CallOptions = {}): CallOptions {
    return { timeoutMs: this.#timeoutMs, ...options };
  }
}

function channelTo(address: string, { security, token }: CoordinatorClientOptions): Channel {
  const peer = {
    description: `coordinator at ${address}`,
    unreachableCode: 'COORDINATOR_UNREACHABLE',
  } as const;
  return new Channel(address, 'control', peer, security, token);
}

/** A client of the coordinator at host:port. Connects with the first call. */
export function connectCoordinator(address: string, options?: CoordinatorClientOptions): CoordinatorClient {
  return new CoordinatorClient(address, options);
}
