/** `sara plan`: what would go where, before anything runs. */
import { loadRunConfig } from '../../shared/config.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import type { ModelProfile } from '../../shared/stage-protocol.ts';
import { shareOfMemory, shareOfThreads } from '../local-cluster.ts';
import { planRequest, workerFlopsPerSecond } from '../plan/plan-request.ts';
import { planTable } from '../plan/plan-table.ts';
import { planRun } from '../plan/planner.ts';
import { runWorkerCommand } from '../worker-program.ts';
import { numWorkersOf } from './train.ts';

export interface PlanOptions {
  readonly set?: readonly string[];
  readonly workers?: number;
  readonly memory?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Plans for `--workers` equal workers of this machine. @throws SaraError as planRun and the worker's profile */
export async function plan(configPath: string, options: PlanOptions, life: Lifecycle): Promise<void> {
  const flags = options.set ?? [];
  const config = await loadRunConfig(configPath, { flags, environment: process.env });
  const profile = await profileModel(configPath, flags, life);
  const numWorkers = options.workers ?? numWorkersOf(config);
  const numThreads = options.threads ?? config.engine.numThreads ?? shareOfThreads(numWorkers);
  const workers = Array.from({ length: numWorkers }, (_, i) => ({
    name: `worker-${i}`,
    memoryBytes: options.memory ?? shareOfMemory(numWorkers),
    numThreads,
    flopsPerSecond: workerFlopsPerSecond(numThreads),
  }));
  const planned = planRun(planRequest(config, profile, workers));
  process.stdout.write(options.json === true ? `${JSON.stringify(planned, null, 2)}\n` : planTable(planned));
}

/** The worker program knows models; it reads the same configuration and prints what this one costs. */
async function profileModel(
  configPath: string,
  flags: readonly string[],
  life: Lifecycle,
): Promise<ModelProfile> {
  const args = ['profile', configPath, ...flags.flatMap((flag) => ['--set', flag])];
  const output = await runWorkerCommand(args, { signal: life.signal, captureStdout: true });
  try {
    return JSON.parse(output) as ModelProfile;
  } catch (cause) {
    throw new SaraError('INTERNAL', 'the worker program printed no profile', {}, { cause });
  }
}
