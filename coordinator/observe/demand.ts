/**
 * How much work there is and who could do it, looked up when somebody looks at the metrics: what an autoscaler needs.
 * Read from NATS and not from a coordinator's memory, so that each of several coordinators says the same.
 */
import { parseRunConfigJson } from '../../shared/config.ts';
import type { Metrics } from '../../shared/observe/metrics.ts';
import { isTerminal } from '../../shared/run-event.ts';
import { nextRun } from '../run-queue.ts';
import type { StoredRun } from '../run-store.ts';

/** What is asked, as far as it is needed here. */
export interface DemandSources {
  readonly runs: { list(): Promise<readonly StoredRun[]> };
  readonly workers: { list(): Promise<readonly { readonly isDraining: boolean }[]> };
}

export interface Demand {
  readonly queued: number;
  readonly running: number;
  readonly available: number;
  readonly draining: number;
  /** Of the run in progress, or else of the one that is next. */
  readonly pipelinesWanted: number;
  readonly workersWanted: number;
}

export function demandOf(
  runs: readonly StoredRun[],
  workers: readonly { readonly isDraining: boolean }[],
): Demand {
  const open = runs.filter(({ record }) => !isTerminal(record.state));
  const queued = open.filter(({ record }) => record.state === 'queued');
  const current = nextRun(runs);
  const draining = workers.filter(({ isDraining }) => isDraining).length;
  const wanted = current === null ? { stages: 0, replicas: 0 } : shapeOf(current);
  return {
    queued: queued.length,
    running: open.length - queued.length,
    available: workers.length - draining,
    draining,
    pipelinesWanted: wanted.replicas,
    workersWanted: wanted.stages * wanted.replicas,
  };
}

/** Where the configuration leaves a number open, one is enough to begin with. */
function shapeOf({ spec }: StoredRun): { stages: number; replicas: number } {
  const { pipeline } = parseRunConfigJson(new TextEncoder().encode(spec.configJson), `run ${spec.run}`);
  return { stages: pipeline.stages ?? 1, replicas: pipeline.replicas ?? 1 };
}

/** Has the metrics say it at every look. */
export function publishDemand(metrics: Metrics, { runs, workers }: DemandSources): void {
  metrics.beforeLook(async () => {
    const demand = demandOf(await runs.list(), await workers.list());
    metrics.set('runs', demand.queued, { state: 'queued' });
    metrics.set('runs', demand.running, { state: 'running' });
    metrics.set('workers', demand.available, { state: 'available' });
    metrics.set('workers', demand.draining, { state: 'draining' });
    metrics.set('pipelinesWanted', demand.pipelinesWanted);
    metrics.set('workersWanted', demand.workersWanted);
  });
}
