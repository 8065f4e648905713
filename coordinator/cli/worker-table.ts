/** What `sara workers` shows: the workers that a coordinator knows and, in a cluster, the pods that they run in. */
import { formatBytes } from '../../shared/bytes.ts';
import type { WorkerSummary } from '../../shared/run-api.ts';
import type { PodFacts } from './kube/cluster.ts';
import { formatDuration } from './text.ts';

/** A worker and its pod, of which one may be missing: a pod that has not come up, a worker outside the cluster. */
export interface WorkerAndPod {
  readonly name: string;
  readonly worker: WorkerSummary | null;
  readonly pod: Omit<PodFacts, 'name'> | null;
}

/** A worker has the name of its pod. */
export function withPods(workers: readonly WorkerSummary[], pods: readonly PodFacts[]): WorkerAndPod[] {
  const byName = new Map(pods.map(({ name, ...facts }) => [name, facts]));
  const known = new Map(workers.map((worker) => [worker.name, worker]));
  return [...new Set([...known.keys(), ...byName.keys()])]
    .sort()
    .map((name) => ({ name, worker: known.get(name) ?? null, pod: byName.get(name) ?? null }));
}

export function workerTable(workers: readonly WorkerSummary[]): string[][] {
  return [
    ['worker', 'state', 'device', 'memory', 'run', 'address', 'lease age', 'version'],
    ...workers.map((worker) => [
      worker.name,
      worker.state,
      worker.device,
      memoryText(worker),
      worker.run ?? '',
      worker.address,
      formatDuration(worker.leaseAgeMs / 1000),
      worker.version,
    ]),
  ];
}

export function workerAndPodTable(rows: readonly WorkerAndPod[]): string[][] {
  return [
    ['worker', 'state', 'device', 'memory', 'run', 'pod', 'restarts', 'node'],
    ...rows.map(({ name, worker, pod }) => [
      name,
      worker?.state ?? 'not registered',
      worker?.device ?? '',
      worker === null ? '' : memoryText(worker),
      worker?.run ?? '',
      pod === null ? 'none' : `${pod.status}${pod.isReady ? '' : ', not ready'}`,
      pod === null ? '' : String(pod.numRestarts),
      pod?.node ?? '',
    ]),
  ];
}

function memoryText({ memoryUsedBytes, memoryBytes }: WorkerSummary): string {
  return `${formatBytes(memoryUsedBytes)} of ${formatBytes(memoryBytes)}`;
}
