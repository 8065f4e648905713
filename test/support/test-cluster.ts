/** A cluster put together by hand, as on many machines: nats-server, `sara coordinator`, and worker programs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../coordinator/report.ts';
import { ActorSystem } from '../../shared/actor/system.ts';
import { serializeRunConfig, type ResolvedRunConfig } from '../../shared/config.ts';
import { connectCoordinator, type CoordinatorClient } from '../../shared/coordinator-client.ts';
import { silentLogger } from '../../shared/log.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import type { RunSummary } from '../../shared/run-api.ts';
import type { ActorClasses } from '../../shared/stage-protocol.ts';
import { startTestNats, type TestNats } from './nats.ts';
import { SaraCommand, type SaraExit } from './sara-command.ts';
import { until } from './until.ts';

/** Starting Node and the runtime takes seconds, on a busy machine many. */
const START_TIMEOUT_MS = 180_000;
const WORKER_MEMORY_BYTES = 2 ** 32;
const ANY_PORT = '127.0.0.1:0';

export interface EndedRun {
  readonly runFolder: string;
  readonly summary: RunSummary;
  readonly events: readonly RunEvent[];
}

export interface ClusterOptions {
  /** Time without a sign of life after which a worker or coordinator counts as lost, in ms; default: the programs'. */
  readonly leaseMs?: number;
  /** For the first coordinator. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `sara coordinator` and how it is reached. */
export interface RunningCoordinator {
  readonly command: SaraCommand;
  readonly address: string;
  readonly client: CoordinatorClient;
}

export class TestCluster {
  readonly nats: TestNats;
  readonly #options: ClusterOptions;
  #coordinator: RunningCoordinator;
  readonly #others: RunningCoordinator[] = [];
  readonly #workers = new Map<string, SaraCommand>();

  private constructor(nats: TestNats, options: ClusterOptions, coordinator: RunningCoordinator) {
    this.nats = nats;
    this.#options = options;
    this.#coordinator = coordinator;
  }

  /** @returns it with workers `worker-0`, `worker-1`, ..., all of them registered */
  static async start(numWorkers: number, options: ClusterOptions = {}): Promise<TestCluster> {
    const nats = await startTestNats();
    const cluster = new TestCluster(nats, options, await startCoordinator(nats, options));
    await Promise.all(Array.from({ length: numWorkers }, (_, i) => cluster.startWorker(`worker-${i}`)));
    return cluster;
  }

  /** host:port of the coordinator. */
  get address(): string {
    return this.#coordinator.address;
  }

  get client(): CoordinatorClient {
    return this.#coordinator.client;
  }

  get coordinator(): RunningCoordinator {
    return this.#coordinator;
  }

  /** Ends the coordinator as a crash would, and starts another one. */
  async replaceCoordinator(): Promise<void> {
    this.#coordinator.command.signal('SIGKILL');
    await discard(this.#coordinator);
    this.#coordinator = await startCoordinator(this.nats, this.#options);
  }

  /** Another one on the same NATS, which stands by. */
  async startStandby(env: Readonly<Record<string, string>> = {}): Promise<RunningCoordinator> {
    const standby = await startCoordinator(this.nats, { ...this.#options, env });
    this.#others.push(standby);
    return standby;
  }

  /** From now on this one is asked; the one before has ended or is of no further interest. */
  async turnTo(coordinator: RunningCoordinator): Promise<void> {
    this.#others.splice(this.#others.indexOf(coordinator), 1);
    await discard(this.#coordinator);
    this.#coordinator = coordinator;
  }

  /** @param more further arguments, which win over the usual ones */
  async startWorker(
    name: string,
    env: Readonly<Record<string, string>> = {},
    more: readonly string[] = [],
  ): Promise<SaraCommand> {
    const args = ['serve', '--name', name, '--nats', this.nats.server.url, '--listen', ANY_PORT];
    const limits = ['--memory', String(WORKER_MEMORY_BYTES), '--threads', '1'];
    const worker = await SaraCommand.start([...args, ...limits, ...more], env, 'worker/main.ts');
    this.#workers.set(name, worker);
    const isRegistered = async (): Promise<boolean> =>
      (await this.client.listWorkers()).workers.some((known) => known.name === name);
    await until(isRegistered, `registration of ${name}`, START_TIMEOUT_MS);
    return worker;
  }

  /** Asks a worker to end, and forgets it. */
  async retire(name: string): Promise<SaraExit> {
    const worker = this.worker(name);
    this.#workers.delete(name);
    worker.signal('SIGTERM');
    const exit = await worker.exit();
    await worker.dispose();
    return exit;
  }

  worker(name: string): SaraCommand {
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new Error(`no worker ${name} was started`);
    return worker;
  }

  async submit(config: ResolvedRunConfig, priority = 0): Promise<string> {
    const configJson = new TextDecoder().decode(serializeRunConfig(config));
    return (await this.client.submitRun({ configJson, baseDirectory: config.output.dir, priority })).run;
  }

  /** Follows a run to its end. @param onEvent told of each event as it comes */
  async follow(
    run: string,
    config: ResolvedRunConfig,
    onEvent: (event: RunEvent) => Promise<void> | void = () => undefined,
  ): Promise<EndedRun> {
    const events: RunEvent[] = [];
    for await (const event of this.client.watchRun({ run, fromSequence: 0 })) {
      events.push(event);
      await onEvent(event);
    }
    return { runFolder: join(config.output.dir, run), summary: await this.client.getRun({ run }), events };
  }

  /** Submits a run and follows it to its end. */
  async run(
    config: ResolvedRunConfig,
    onEvent?: (event: RunEvent) => Promise<void> | void,
  ): Promise<EndedRun> {
    return this.follow(await this.submit(config), config, onEvent);
  }

  /** What a worker still keeps for runs. */
  async heldBy(name: string): Promise<{ numActors: number; numObjects: number }> {
    const system = new ActorSystem<ActorClasses>({ run: 'observer', generation: 1, log: silentLogger });
    try {
      const worker = (await this.client.listWorkers()).workers.find((known) => known.name === name);
      if (worker === undefined) throw new Error(`worker ${name} is not registered`);
      const { actors, objects } = await system.status(worker);
      return { numActors: actors.length, numObjects: objects.count };
    } finally {
      system.close();
    }
  }

  /**
   * Asks every program to end.
   * @returns what they left behind or ended with: nothing, when all is well
   */
  async stop(): Promise<string[]> {
    const problems: string[] = [];
    const coordinators = [this.#coordinator, ...this.#others];
    for (const { client } of coordinators) client.close();
    for (const command of [
      ...coordinators.map((coordinator) => coordinator.command),
      ...this.#workers.values(),
    ]) {
      command.signal('SIGTERM');
      await command.exit();
      problems.push(...(await command.leftBehind()));
      await command.dispose();
    }
    await this.nats.stop();
    return problems;
  }
}

async function startCoordinator({ server }: TestNats, options: ClusterOptions): Promise<RunningCoordinator> {
  const { leaseMs, env } = options;
  const lease = leaseMs === undefined ? [] : ['--lease', String(leaseMs)];
  const args = ['coordinator', '--nats', server.url, '--listen', ANY_PORT, ...lease];
  const command = await SaraCommand.start(args, env);
  const [line] = await command.said(/^.*coordinator ready.*$/m);
  const address = addressIn(line);
  return { command, address, client: connectCoordinator(address) };
}

/** Ends what is left of it. */
async function discard({ command, client }: RunningCoordinator): Promise<void> {
  client.close();
  await command.dispose();
}

/** @throws Error with the summary's failure, when the run did not succeed */
export async function reportOf({ runFolder, summary }: EndedRun): Promise<RunReport> {
  if (summary.state !== 'succeeded')
    throw new Error(`run ${summary.run} is ${summary.state}: ${summary.failure?.message ?? ''}`);
  return JSON.parse(await readFile(join(runFolder, 'report.json'), 'utf8')) as RunReport;
}

/** From a line of the log, JSON or not. */
function addressIn(line: string): string {
  const match = /127\.0\.0\.1:\d+/.exec(line.replace(/nats:\/\/127\.0\.0\.1:\d+/, ''));
  if (match === null) throw new Error(`no address in: ${line}`);
  return match[0];
}
