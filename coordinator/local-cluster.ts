/**
 * A whole cluster on this machine, for as long as one command runs: nats-server, a coordinator in this process that
 * answers over gRPC, and worker processes. The run goes through the same API, messages and leases as on many
 * machines.
 *
 * Everything is undone in reverse order through the Lifecycle, on success, failure and Ctrl-C alike. The NATS data
 * lies in a temporary folder: what a run must keep (configuration, checkpoints, results, logs) is in its run folder,
 * so a local run is resumed from there and needs no server state.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../shared/clock.ts';
import { SaraError } from '../shared/errors.ts';
import type { Lifecycle } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/log.ts';
import { createLogger } from '../shared/log.ts';
import { connectNats } from '../shared/messaging/connection.ts';
import { startNatsServer } from '../shared/messaging/nats-server.ts';
import type { Coordinator } from './coordinator.ts';
import { startCoordinator } from './coordinator-server.ts';
import type { CoordinatorParts } from './coordinator.ts';
import { HeldLog } from './held-log.ts';
import type { WorkerExit } from './worker-program.ts';
import { WorkerProcess } from './worker-program.ts';
import { WorkerRegistry } from './worker-registry.ts';

const LOOPBACK_ANY_PORT = '127.0.0.1:0';

/** Loading Node and ONNX Runtime on a busy machine takes seconds, not minutes. */
const WORKER_START_TIMEOUT_MS = 120_000;

/** Of the machine's memory, what workers may plan with; the rest is for this process, NATS and the system. */
const WORKERS_SHARE_OF_MEMORY = 0.8;

export interface LocalClusterOptions extends CoordinatorParts {
  readonly numWorkers: number;
  /** For each worker; null: its share of the machine's memory. */
  readonly memoryBytes: number | null;
  /** For each worker; null: its share of the machine's cores. */
  readonly numThreads: number | null;
  /** Workers that end before their time and are replaced, at most. */
  readonly maxReplacements: number;
  /** Told in a sentence when a worker ended and what was done about it. */
  readonly onWorkerEnded: (message: string) => void;
}

export interface LocalCluster {
  /** host:port of the coordinator. */
  readonly address: string;
  readonly coordinator: Coordinator;
  /** Sends the logs of all processes to files in `folder`, from the first line on. */
  logTo(folder: string): Promise<void>;
}

/** @throws SaraError NATS_UNAVAILABLE, NOT_ENOUGH_WORKERS when a worker does not come up; says what it printed last */
export async function startLocalCluster(
  life: Lifecycle,
  options: LocalClusterOptions,
): Promise<LocalCluster> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'sara-local-'));
  life.defer('state folder', () => rm(stateFolder, { recursive: true, force: true }));
  const coordinatorLog = new HeldLog();
  life.defer('coordinator log', () => coordinatorLog.close());
  const log = createLogger({ name: 'coordinator', stream: coordinatorLog });

  const nats = await startNatsServer({ storeDir: join(stateFolder, 'nats'), log });
  life.defer('nats-server', () => nats.stop());
  const link = await connectNats({ servers: nats.url, name: 'coordinator', signal: life.signal, log });
  life.defer('NATS connection', () => link.close());

  const registry = await WorkerRegistry.open(link, { clock: systemClock, log });
  const workers = new LocalWorkers(nats.url, options, log);
  life.defer('workers', () => workers.stop());
  await workers.start(registry, life.signal);

  const coordinator = await startCoordinator({
    ...options,
    link,
    listen: LOOPBACK_ANY_PORT,
    log,
  });
  // Its NATS ends with it: nobody could take the run up.
  life.defer('coordinator', () =>
    coordinator.stop(new SaraError('CANCELLED', 'the coordinator was stopped', {})),
  );

  return {
    address: coordinator.address,
    coordinator: coordinator.coordinator,
    logTo: async (folder) => {
      await mkdir(folder, { recursive: true });
      coordinatorLog.writeTo(join(folder, 'coordinator.log'));
      workers.logTo(folder);
    },
  };
}

/** The worker processes; those that end before their time are replaced, up to a limit. */
class LocalWorkers {
  readonly #natsUrl: string;
  readonly #options: LocalClusterOptions;
  readonly #log: Logger;
  readonly #running = new Set<WorkerProcess>();
  #numStarted = 0;
  #logFolder: string | null = null;
  #isStopping = false;

  constructor(natsUrl: string, options: LocalClusterOptions, log: Logger) {
    this.#natsUrl = natsUrl;
    this.#options = options;
    this.#log = log;
  }

  /** Starts them all and waits for their leases. */
  async start(registry: WorkerRegistry, signal: AbortSignal): Promise<void> {
    const { numWorkers } = this.#options;
    const started = await Promise.all(Array.from({ length: numWorkers }, () => this.#startOne()));
    const cameUp = new AbortController();
    const registered = registry.waitFor({
      count: numWorkers,
      purpose: 'the local cluster',
      timeoutMs: WORKER_START_TIMEOUT_MS,
      signal: AbortSignal.any([signal, cameUp.signal]),
    });
    try {
      await Promise.race([registered, ...started.map((worker) => failWhenEnded(worker))]);
    } finally {
      cameUp.abort();
      await registered.catch(() => undefined); // where a worker's early end is the error to report
    }
    for (const worker of started) void this.#replaceWhenEnded(worker);
  }

  logTo(folder: string): void {
    this.#logFolder = folder;
    for (const worker of this.#running) worker.log.writeTo(join(folder, `${worker.name}.log`));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#running].map((worker) => worker.stop()));
  }

  async #startOne(): Promise<WorkerProcess> {
    const name = `worker-${this.#numStarted++}`;
    const worker = await WorkerProcess.start(name, this.#argumentsOf(name));
    if (this.#logFolder !== null) worker.log.writeTo(join(this.#logFolder, `${name}.log`));
    this.#running.add(worker);
    this.#log.info({ worker: name, pid: worker.pid }, 'worker started');
    return worker;
  }

  #argumentsOf(name: string): string[] {
    const { numWorkers, memoryBytes, numThreads } = this.#options;
    const memory = memoryBytes ?? shareOfMemory(numWorkers);
    const threads = numThreads ?? shareOfThreads(numWorkers);
    return [
      'serve',
      ...['--name', name],
      ...['--nats', this.#natsUrl],
      ...['--listen', LOOPBACK_ANY_PORT],
      ...['--memory', String(memory)],
      ...['--threads', String(threads)],
      '--exit-with-parent',
    ];
  }

  /** Supervises one worker to its end. Never rejects. A new one gets a new name, for the old lease has yet to end. */
  async #replaceWhenEnded(worker: WorkerProcess): Promise<void> {
    const exit = await worker.exited;
    this.#running.delete(worker);
    if (this.#isStopping) return;
    await worker.log.close();
    const what = `${worker.name} ${describeExit(exit)}`;
    this.#log.warn({ worker: worker.name, ...exit }, 'a worker ended before its time');
    if (this.#numStarted >= this.#options.numWorkers + this.#options.maxReplacements) {
      this.#options.onWorkerEnded(`${what}; it is not replaced, its restarts are used up`);
      return;
    }
    try {
      const replacement = await this.#startOne();
      this.#options.onWorkerEnded(`${what}; ${replacement.name} takes its place`);
      void this.#replaceWhenEnded(replacement);
    } catch (error) {
      this.#options.onWorkerEnded(`${what}, and no other could be started: ${String(error)}`);
    }
  }
}

/** Rejects when the worker ends. */
async function failWhenEnded(worker: WorkerProcess): Promise<never> {
  const exit = await worker.exited;
  const said = worker.log.tail === '' ? 'It printed nothing.' : `It printed last:\n${worker.log.tail}`;
  throw new SaraError(
    'NOT_ENOUGH_WORKERS',
    `${worker.name} ${describeExit(exit)} before it was ready. ${said}`,
    {
      worker: worker.name,
      exitCode: exit.code,
      signal: exit.signal,
    },
  );
}

function describeExit({ code, signal }: WorkerExit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** Bytes for each of `numWorkers` on this machine, or in the container this process runs in. */
export function shareOfMemory(numWorkers: number): number {
  const constrained = process.constrainedMemory();
  // 0 or an absurd figure: no limit is set.
  const memoryBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.floor((memoryBytes * WORKERS_SHARE_OF_MEMORY) / numWorkers);
}

/** Engine threads for each of `numWorkers` on this machine. */
export function shareOfThreads(numWorkers: number): number {
  return Math.max(1, Math.floor(availableParallelism() / numWorkers));
}
