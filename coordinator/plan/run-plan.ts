/**
 * What the planner is asked and what it answers: values only, so that a plan can be printed, stored and compared.
 */
import type { ModelProfile, SegmentSpec } from '../../shared/stage-protocol.ts';

/** A worker as the planner sees it. */
export interface PlanWorker {
  readonly name: string;
  /** Memory that a stage may fill, in bytes. */
  readonly memoryBytes: number;
  /** Floating-point operations per second it sustains on a UNet; only ratios between workers move a cut. */
  readonly flopsPerSecond: number;
  readonly numThreads: number;
}

export interface PlanRequest {
  readonly profile: ModelProfile;
  readonly workers: readonly PlanWorker[];
  /** From the configuration; null: the planner chooses. */
  readonly numStages: number | null;
  /** From the configuration; null: the planner chooses. */
  readonly numReplicas: number | null;
  /** Samples per micro-batch; the profile's costs are for one micro-batch of this size. */
  readonly microBatchSize: number;
  /** Micro-batches of one step over all replicas. */
  readonly numMicroBatches: number;
  /** Share of the parameters that train, [0, 1]; an upper bound where it is not known before the selection. */
  readonly trainedFraction: number;
}

/** What one stage costs, for one micro-batch where time is concerned. */
export interface StageEstimate {
  readonly stage: number;
  /** Forward and backward, recomputation included. */
  readonly flops: number;
  /** Frozen weights as held while training. */
  readonly parameterBytes: number;
  /** Trained values, indices, gradients and moments. */
  readonly trainedBytes: number;
  /** Activations and their gradients in the stage's larger segment while its backward runs. */
  readonly activationBytes: number;
  /** Inputs of the stage's segments, for all micro-batches in flight. */
  readonly frameBytes: number;
  /** All of the above and what the process itself takes. */
  readonly peakBytes: number;
  /** Estimated, on the slowest of the stage's workers. */
  readonly seconds: number;
  /** Its seconds over those of all stages, (0, 1]. */
  readonly shareOfTime: number;
}

export interface Placement {
  readonly stage: number;
  readonly replica: number;
  /** Name of the worker. */
  readonly worker: string;
}

export interface RunPlan {
  readonly numStages: number;
  readonly numReplicas: number;
  readonly microBatchSize: number;
  readonly microBatchesPerReplica: number;
  /** Segments in execution order, 2 * numStages - 1 of them, the same for every replica. */
  readonly segments: readonly SegmentSpec[];
  /** By replica, then stage. */
  readonly placements: readonly Placement[];
  /** By stage. */
  readonly stages: readonly StageEstimate[];
  /** Bytes between the stages of one replica for one sample, frames forward and gradients back. */
  readonly wireBytesPerSample: number;
  /** Estimated: the slowest stage's time, for a replica's micro-batches and the filling of its pipeline. */
  readonly secondsPerStep: number;
}
