/** `sara logs`: what was said of a run, from its history, which outlives the processes that said it. */
import type { Lifecycle } from '../../shared/lifecycle.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import { requireRunId } from '../run-id.ts';
import { connectApi, type ApiOptions } from './api-client.ts';

export interface LogsOptions extends ApiOptions {
  /** Go on with what comes, until the run ends. */
  readonly follow?: boolean;
}

/** Prints one line per event, or one JSON object with --json. Leaving does not touch the run. */
export async function logs(run: string, options: LogsOptions, life: Lifecycle): Promise<void> {
  const client = await connectApi(options, life);
  const request = { run: requireRunId(run), fromSequence: 0, historyOnly: options.follow !== true };
  for await (const event of client.watchRun(request, { signal: life.signal })) {
    const line = options.json === true ? JSON.stringify(event) : logLine(event);
    if (line !== null) process.stdout.write(`${line}\n`);
  }
}

/** `2026-11-24T08:30:00.000Z warn  gen 2 step 120 worker-1  message`; null for what is a figure, not a remark. */
export function logLine(event: RunEvent): string | null {
  const said = remark(event);
  if (said === null) return null;
  const { level, message, worker = '' } = said;
  const where = `gen ${event.generation} step ${event.step}${worker === '' ? '' : ` ${worker}`}`;
  return `${new Date(event.atMs).toISOString()} ${level.padEnd(5)} ${where}  ${message}`;
}

function remark(event: RunEvent): { level: string; message: string; worker?: string } | null {
  switch (event.kind) {
    case 'log':
      return event;
    case 'failed':
      return { level: 'error', message: `${event.code}: ${event.message}`, worker: event.worker };
    case 'state-changed':
      return {
        level: 'info',
        message: event.reason === '' ? event.state : `${event.state}: ${event.reason}`,
      };
    case 'planned':
      return {
        level: 'info',
        message: `planned ${event.plan.numStages} stages x ${event.plan.numReplicas} replicas`,
      };
    case 'mask-refreshed':
      return { level: 'info', message: `mask ${event.stage}: ${event.trainableCount} weights are trained` };
    case 'validated':
      return { level: 'info', message: `validation loss ${event.loss.toPrecision(4)}` };
    case 'checkpointed':
      return { level: 'info', message: `checkpoint ${event.path}` };
    case 'artifact':
      return { level: 'info', message: `${event.name}: ${event.path}` };
    case 'encoded':
    case 'step-committed':
      return null;
  }
}
