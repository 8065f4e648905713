/** `sara train`: a run from beginning to end on this machine, in one command. */
import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadRunConfig, serializeRunConfig, type ResolvedRunConfig } from '../../shared/config.ts';
import { connectCoordinator } from '../../shared/coordinator-client.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { CONFIG_FILE } from '../coordinator.ts';
import { startLocalCluster, type LocalCluster } from '../local-cluster.ts';
import { profileModelOnWorker } from '../plan/profile-model.ts';
import { driveRun } from '../run-driver.ts';
import { closingLines } from './closing-lines.ts';
import { Progress } from './progress.ts';
import { followRun } from './watch-run.ts';

/** Name of the folder in the run folder that holds the logs of its processes. */
const LOGS_FOLDER = 'logs';

export interface TrainOptions {
  readonly set?: readonly string[];
  readonly workers?: number;
  readonly memory?: number;
  readonly threads?: number;
  /** Folder of a run to go on with. */
  readonly resume?: string;
}

/**
 * @param configPath null when a run is resumed: its folder holds its configuration
 * @throws SaraError whatever ended the run, with its code
 */
export async function train(
  configPath: string | null,
  options: TrainOptions,
  life: Lifecycle,
): Promise<void> {
  const config = await loadConfig(configPath, options);
  const progress = (run: string): Progress =>
    new Progress(run, config.train.steps, process.stderr, () => Date.now());
  let current: Progress | null = null;
  const cluster = await startLocalCluster(life, {
    numWorkers: options.workers ?? numWorkersOf(config),
    memoryBytes: options.memory ?? null,
    numThreads: options.threads ?? config.engine.numThreads,
    maxReplacements: config.faults.maxRestarts,
    driveRun,
    profileModel: profileModelOnWorker,
    onWorkerEnded: (message) => current?.line(message),
  });
  const client = connectCoordinator(cluster.address);
  life.defer('coordinator client', () => {
    client.close();
  });

  const { run, runFolder } = await submit(cluster, client, config, options.resume);
  await cluster.logTo(join(runFolder, LOGS_FOLDER));
  current = progress(run);
  const view = await followRun(client, run, current, { signal: life.signal, onAbort: 'cancel' });
  const command = process.env.SARA_COMMAND ?? 'sara';
  process.stdout.write(`\n${closingLines({ view, config, runFolder, command })}`);
}

/** What a plan needs at least; more workers only if asked for. */
export function numWorkersOf({ pipeline }: ResolvedRunConfig): number {
  return (pipeline.stages ?? 1) * (pipeline.replicas ?? 1);
}

async function loadConfig(
  configPath: string | null,
  { set = [], resume }: TrainOptions,
): Promise<ResolvedRunConfig> {
  if (configPath !== null && resume === undefined) {
    return loadRunConfig(configPath, { flags: set, environment: process.env });
  }
  if (configPath === null && resume !== undefined) {
    await requireRunFolder(resume);
    return loadRunConfig(join(resume, CONFIG_FILE), { flags: set, environment: process.env });
  }
  throw new SaraError(
    'USAGE',
    configPath === null
      ? 'nothing to train: name a configuration, e.g. examples/emoji/run.yaml, or a run to go on with, --resume FOLDER'
      : `${configPath} and --resume ${resume} cannot be given together: a resumed run has its configuration in its folder`,
  );
}

async function requireRunFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => null);
  if (names?.includes(CONFIG_FILE) === true) return;
  const why = names === null ? 'there is no such folder' : `it holds no ${CONFIG_FILE}`;
  throw new SaraError('FILE_NOT_FOUND', `cannot resume ${folder}: ${why}; a run folder is e.g. runs/latest`, {
    folder,
  });
}

async function submit(
  cluster: LocalCluster,
  client: ReturnType<typeof connectCoordinator>,
  config: ResolvedRunConfig,
  resume: string | undefined,
): Promise<{ run: string; runFolder: string }> {
  if (resume !== undefined) {
    const runFolder = await realpath(resume);
    const { run } = await cluster.coordinator.takeUpRun(runFolder, config);
    return { run, runFolder };
  }
  const configJson = new TextDecoder().decode(serializeRunConfig(config));
  const { run } = await client.submitRun({ configJson, baseDirectory: resolve('.'), priority: 0 });
  return { run, runFolder: join(config.output.dir, run) };
}
