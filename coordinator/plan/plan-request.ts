/** From a run's configuration and the workers at hand to what the planner is asked. */
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { ModelProfile } from '../../shared/stage-protocol.ts';
import type { WorkerRecord } from '../../shared/worker-announcement.ts';
import type { PlanRequest, PlanWorker } from './run-plan.ts';

/**
 * Sustained on a UNet by one CPU thread: a whole training step of the SD1.5 UNet ran at 130-145 GFLOP/s on two.
 * Between equal workers it cancels out; it only scales the printed seconds.
 */
const NOMINAL_FLOPS_PER_THREAD = 65e9;

/**
 * Share of the weights assumed to train when the configuration gives a threshold: how many lie below it is known
 * only after the selection. The paper's largest setting trains 6 % of SD1.5.
 */
const ASSUMED_TRAINED_FRACTION = 0.1;

export function planRequest(
  config: ResolvedRunConfig,
  profile: ModelProfile,
  workers: readonly PlanWorker[],
): PlanRequest {
  const { batchSize, microBatchSize } = config.train;
  return {
    profile,
    workers,
    numStages: config.pipeline.stages,
    numReplicas: config.pipeline.replicas,
    microBatchSize,
    numMicroBatches: batchSize / microBatchSize,
    trainedFraction: config.method === 'full' ? 1 : (config.sara.fraction ?? ASSUMED_TRAINED_FRACTION),
  };
}

export function planWorker({ name, memoryBytes, numThreads }: WorkerRecord): PlanWorker {
  return { name, memoryBytes, numThreads, flopsPerSecond: workerFlopsPerSecond(numThreads) };
}

export function workerFlopsPerSecond(numThreads: number): number {
  return numThreads * NOMINAL_FLOPS_PER_THREAD;
}
