/** Commands that ask a coordinator: submit, resume, status, list, watch, cancel, workers, drain. Results go to stdout. */
import { resolve } from 'node:path';
import { loadRunConfig, serializeRunConfig } from '../../shared/config.ts';
import type { CoordinatorClient } from '../../shared/coordinator-client.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import type { PlanSummary, RunSummary } from '../../shared/run-api.ts';
import { isTerminal } from '../../shared/run-event.ts';
import { alignColumns } from '../../shared/table.ts';
import { requireRunId } from '../run-id.ts';
import { connectApi, openCluster, type ApiOptions } from './api-client.ts';
import { formatTime } from './text.ts';
import { Progress } from './progress.ts';
import { followRun } from './watch-run.ts';
import { withPods, workerAndPodTable, workerTable } from './worker-table.ts';

export interface ResumeOptions extends ApiOptions {
  readonly set?: readonly string[];
  readonly watch?: boolean;
}

export interface SubmitOptions extends ResumeOptions {
  readonly priority: number;
  /** A run of this name that is there already, and has not failed, is meant instead of a new one. */
  readonly once?: boolean;
}

export async function submit(configPath: string, options: SubmitOptions, life: Lifecycle): Promise<void> {
  const client = await connectApi(options, life);
  const request = { ...(await requestOf(configPath, options.set)), priority: options.priority };
  const before = options.once === true ? await runNamed(client, nameOf(request)) : null;
  const run = before ?? (await client.submitRun(request)).run;
  process.stdout.write(`${run}\n`);
  if (options.watch === true) await watch(run, options, life);
}

/**
 * What makes a submission that may be repeated, such as that of a Job whose pod was lost, one submission.
 * @returns the newest run of that name that waits, trains or has succeeded; null when there is none
 * @throws SaraError USAGE when the run has no name
 */
async function runNamed(client: CoordinatorClient, name: string): Promise<string | null> {
  if (name === '')
    throw new SaraError('USAGE', "--once knows a run by its name: give 'name' in its configuration");
  const { runs } = await client.listRuns();
  const found = runs.find((run) => run.name === name && !['failed', 'cancelled'].includes(run.state));
  return found?.run ?? null;
}

export async function resume(run: string, options: ResumeOptions, life: Lifecycle): Promise<void> {
  const client = await connectApi(options, life);
  const { step } = await client.resumeRun({ run: requireRunId(run), set: options.set ?? [] });
  process.stdout.write(`run ${run} is queued again; ${step} steps were committed\n`);
  if (options.watch === true) await watch(run, options, life);
}

export async function status(run: string, options: ApiOptions, life: Lifecycle): Promise<void> {
  const summary = await (await connectApi(options, life)).getRun({ run: requireRunId(run) });
  print(options, summary, () => [
    ['run', summary.run],
    ['name', summary.name],
    ['state', summary.failure === null ? summary.state : `${summary.state} (${summary.failure.code})`],
    ['step', `${summary.step} of ${summary.totalSteps}`],
    ['loss', lossText(summary)],
    ['generation', String(summary.generation)],
    ['submitted', formatTime(summary.createdAtMs)],
    ['changed', formatTime(summary.updatedAtMs)],
    ...(summary.failure === null ? [] : [['failure', summary.failure.message]]),
  ]);
}

export async function list(options: ApiOptions, life: Lifecycle): Promise<void> {
  const { runs } = await (await connectApi(options, life)).listRuns();
  print(options, runs, () => [
    ['run', 'name', 'state', 'priority', 'step', 'loss', 'submitted'],
    ...runs.map((run) => [
      run.run,
      run.name,
      run.state,
      String(run.priority),
      `${run.step}/${run.totalSteps}`,
      lossText(run),
      formatTime(run.createdAtMs),
    ]),
  ]);
}

/** Follows a run; leaving does not touch it. @throws SaraError the run's failure with its own code */
export async function watch(run: string, options: ApiOptions, life: Lifecycle): Promise<void> {
  const client = await connectApi(options, life);
  const { totalSteps } = await client.getRun({ run: requireRunId(run) });
  const progress = new Progress(run, totalSteps, process.stderr, () => Date.now());
  const { step, artifacts } = await followRun(client, run, progress, {
    signal: life.signal,
    onAbort: 'leave',
  });
  process.stdout.write(`run ${run} succeeded after ${step} steps\n`);
  for (const { name, path } of artifacts) process.stdout.write(`  ${name}: ${path}\n`);
}

export async function cancel(
  run: string,
  options: ApiOptions & { reason?: string },
  life: Lifecycle,
): Promise<void> {
  const { state } = await (
    await connectApi(options, life)
  ).cancelRun({
    run: requireRunId(run),
    reason: options.reason ?? '',
  });
  const text = isTerminal(state) ? `run ${run} is ${state}` : `run ${run} has been told to stop`;
  process.stdout.write(`${text}\n`);
}

export async function workers(options: ApiOptions, life: Lifecycle): Promise<void> {
  const { workers: found } = await (await connectApi(options, life)).listWorkers();
  const cluster = await openCluster(options);
  if (cluster !== null) {
    const rows = withPods(found, await cluster.pods('worker'));
    print(options, rows, () => workerAndPodTable(rows));
    return;
  }
  print(options, found, () => workerTable(found));
}

export async function drain(worker: string, options: ApiOptions, life: Lifecycle): Promise<void> {
  const { run } = await (await connectApi(options, life)).drainWorker({ worker });
  const what = run === null ? 'it leaves' : `run ${run} goes on without it after the step in flight`;
  process.stdout.write(`worker ${worker} takes nothing new: ${what}\n`);
}

/** The plan for the workers a coordinator has. */
export async function planOnCluster(
  configPath: string,
  options: ApiOptions & { readonly set?: readonly string[] },
  life: Lifecycle,
): Promise<PlanSummary> {
  return (await connectApi(options, life)).planRun(await requestOf(configPath, options.set), {
    signal: life.signal,
  });
}

/** The label that its author gave a run. */
function nameOf({ configJson }: { readonly configJson: string }): string {
  return (JSON.parse(configJson) as { name: string }).name;
}

/** Paths are made absolute here, where they were written. */
async function requestOf(
  configPath: string,
  flags: readonly string[] = [],
): Promise<{ configJson: string; baseDirectory: string }> {
  const config = await loadRunConfig(configPath, { flags, environment: process.env });
  return { configJson: new TextDecoder().decode(serializeRunConfig(config)), baseDirectory: resolve('.') };
}

function print(options: ApiOptions, value: unknown, rows: () => string[][]): void {
  const lines = options.json === true ? [JSON.stringify(value, null, 2)] : alignColumns(rows());
  process.stdout.write(`${lines.join('\n')}\n`);
}

function lossText({ loss }: RunSummary): string {
  return loss === null ? '' : loss.toPrecision(4);
}
