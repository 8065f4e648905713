/**
 * The best plan of one shape: so many stages, so many replicas. Which shapes there are to choose from is the
 * planner's business.
 */
import type { SegmentSpec } from '../../shared/stage-protocol.ts';
import { maxInFlight, stageOfSegment } from '../schedule.ts';
import { foldableCuts, wholeModel } from './fold.ts';
import type { Placement, PlanRequest, PlanWorker, RunPlan, StageEstimate } from './run-plan.ts';
import { nestStages, type NestedStage, type StageGroup } from './search.ts';
import { CostModel, segmentsOf, wireBytesOf, type StageCost } from './stage-cost.ts';

/** Bytes per second between two stages; loopback and 10 Gbit/s links both reach it with large frames. */
const LINK_BYTES_PER_SECOND = 400e6;

export interface Shape {
  readonly numStages: number;
  readonly numReplicas: number;
}

/** The workers of one stage, by replica. */
export interface Group extends StageGroup {
  readonly workers: readonly PlanWorker[];
}

/** The best plan of this shape, or null when none fits. */
export function planShape(request: PlanRequest, shape: Shape): RunPlan | null {
  const costs = costModel(request, shape);
  const cuts = shape.numStages === 1 ? [] : foldableCuts(request.profile);
  const stages = choicesOfWorkers(request.workers, shape)
    .map((groups) =>
      nestStages(wholeModel(request.profile), cuts, groups, (span, group) => {
        const cost = costs.costOf(span);
        return cost.peakBytes <= group.memoryBytes ? secondsOf(cost, group) : Infinity;
      }),
    )
    .filter((nested) => nested !== null);
  if (stages.length === 0) return null;
  return stages
    .map((nested) => describePlan(request, shape, nested, costs))
    .reduce((best, plan) => (plan.secondsPerStep < best.secondsPerStep ? plan : best));
}

export function costModel(request: PlanRequest, { numStages, numReplicas }: Shape): CostModel {
  const microBatchesPerReplica = request.numMicroBatches / numReplicas;
  return new CostModel(request.profile, {
    trainedFraction: request.trainedFraction,
    numInFlight: Math.min(maxInFlight(numStages), microBatchesPerReplica),
  });
}

function secondsOf({ flops, wireBytes }: StageCost, { flopsPerSecond }: StageGroup): number {
  return flops / flopsPerSecond + wireBytes / LINK_BYTES_PER_SECOND;
}

/**
 * Which workers to use, when there are more than needed: the fastest, or the largest. Like goes with like into the
 * groups that hold one stage each, for a group is as strong as its weakest worker.
 */
export function choicesOfWorkers(
  workers: readonly PlanWorker[],
  { numStages, numReplicas }: Shape,
): Group[][] {
  const bySpeed = (a: PlanWorker, b: PlanWorker): number => b.flopsPerSecond - a.flopsPerSecond;
  const byMemory = (a: PlanWorker, b: PlanWorker): number => b.memoryBytes - a.memoryBytes;
  const byName = (a: PlanWorker, b: PlanWorker): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const orders = [
    workers.toSorted((a, b) => bySpeed(a, b) || byMemory(a, b) || byName(a, b)),
    workers.toSorted((a, b) => byMemory(a, b) || bySpeed(a, b) || byName(a, b)),
  ];
  return orders.map((ordered) =>
    Array.from({ length: numStages }, (_, i) => {
      const members = ordered.slice(i * numReplicas, (i + 1) * numReplicas);
      return {
        workers: members,
        memoryBytes: Math.min(...members.map(({ memoryBytes }) => memoryBytes)),
        flopsPerSecond: Math.min(...members.map(({ flopsPerSecond }) => flopsPerSecond)),
      };
    }),
  );
}

function describePlan(
  request: PlanRequest,
  { numStages, numReplicas }: Shape,
  nested: readonly NestedStage<Group>[],
  costs: CostModel,
): RunPlan {
  const { profile, microBatchSize } = request;
  const microBatchesPerReplica = request.numMicroBatches / numReplicas;
  const segments = segmentSpecs(request, nested);
  const segmentOf = new Map(
    segments.flatMap(({ blocks }, index) => blocks.map((block) => [block, index] as const)),
  );
  const stages = estimateStages(nested, costs);
  const slowest = Math.max(...stages.map(({ seconds }) => seconds));
  return {
    numStages,
    numReplicas,
    microBatchSize,
    microBatchesPerReplica,
    segments,
    placements: placementsOf(nested, numReplicas),
    stages,
    wireBytesPerSample:
      wireBytesOf(
        profile,
        (block) => segmentOf.get(profile.blocks[block].name)!,
        (segment) => segments[segment].stage,
      ) / microBatchSize,
    secondsPerStep: (microBatchesPerReplica + numStages - 1) * slowest,
  };
}

function segmentSpecs({ profile }: PlanRequest, nested: readonly NestedStage<Group>[]): SegmentSpec[] {
  return Array.from({ length: 2 * nested.length - 1 }, (_, index) => {
    const stage = stageOfSegment(index, nested.length);
    const [down, up] = segmentsOf(nested[stage].span);
    const { from, to } = index === stage ? down : up;
    return { stage, blocks: profile.blocks.slice(from, to).map(({ name }) => name) };
  });
}

function estimateStages(nested: readonly NestedStage<Group>[], costs: CostModel): StageEstimate[] {
  const estimates = nested.map(({ span, group }) => {
    const cost = costs.costOf(span);
    return { cost, seconds: secondsOf(cost, group) };
  });
  const allSeconds = estimates.reduce((sum, { seconds }) => sum + seconds, 0);
  return estimates.map(({ cost, seconds }, stage) => ({
    stage,
    flops: cost.flops,
    parameterBytes: cost.parameterBytes,
    trainedBytes: cost.trainedBytes,
    activationBytes: cost.activationBytes,
    frameBytes: cost.frameBytes,
    peakBytes: cost.peakBytes,
    seconds,
    shareOfTime: seconds / allSeconds,
  }));
}

function placementsOf(nested: readonly NestedStage<Group>[], numReplicas: number): Placement[] {
  return Array.from({ length: numReplicas }, (_, replica) =>
    nested.map(({ group }, stage) => ({ stage, replica, worker: group.workers[replica].name })),
  ).flat();
}
