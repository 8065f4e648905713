/**
 * Cuts the UNet into stages and places them on workers. Pure: the same request gives the same plan.
 *
 *   1. Shapes to try: the stages and replicas the configuration fixes, else every pair the workers suffice for.
 *   2. For each shape the nested cuts whose slowest stage is fastest, among those that fit into memory (search.ts).
 *   3. Of the shapes the one with the shortest step. Replicas usually win where the model fits one worker: they
 *      wait for each other once in a step, stages at every micro-batch.
 *
 * What cannot be done is refused with the broken relation in its values and with what would make it hold.
 */
import { SaraError } from '../../shared/errors.ts';
import type { SegmentSpec } from '../../shared/stage-protocol.ts';
import { exactBytes } from '../bytes.ts';
import { maxInFlight, stageOfSegment } from '../schedule.ts';
import { foldableCuts, isInside, wholeModel } from './fold.ts';
import type { Placement, PlanRequest, PlanWorker, RunPlan, StageEstimate } from './run-plan.ts';
import { nestStages, type NestedStage, type StageGroup } from './search.ts';
import { CostModel, segmentsOf, wireBytesOf, type StageCost, type StageSpan } from './stage-cost.ts';

/** Bytes per second between two stages; loopback and 10 Gbit/s links both reach it with large frames. */
const LINK_BYTES_PER_SECOND = 400e6;

interface Shape {
  readonly numStages: number;
  readonly numReplicas: number;
}

/** The workers of one stage, by replica. */
interface Group extends StageGroup {
  readonly workers: readonly PlanWorker[];
}

/**
 * @throws SaraError NOT_ENOUGH_WORKERS when the configuration asks for more than there are; DOES_NOT_FIT when every
 *   cut leaves a stage larger than its worker's memory; CONFIG_INVALID when the model has no such cut or the batch
 *   cannot be shared so
 */
export function planRun(request: PlanRequest): RunPlan {
  requireDivisibleBatch(request);
  requireEnoughWorkers(request);
  const shapes = shapesToTry(request);
  const plans = shapes.map((shape) => planShape(request, shape)).filter((plan) => plan !== null);
  if (plans.length === 0) throw refusal(request, shapes);
  return plans.reduce((best, plan) => (plan.secondsPerStep < best.secondsPerStep ? plan : best));
}

/** Pairs the configuration allows and the workers suffice for; fewer stages first. */
function shapesToTry({ workers, numStages, numReplicas, numMicroBatches }: PlanRequest): Shape[] {
  const shapes: Shape[] = [];
  for (let stages = 1; stages <= workers.length; stages++) {
    if (numStages !== null && stages !== numStages) continue;
    for (let replicas = Math.floor(workers.length / stages); replicas >= 1; replicas--) {
      if (numReplicas !== null && replicas !== numReplicas) continue;
      if (numMicroBatches % replicas === 0) shapes.push({ numStages: stages, numReplicas: replicas });
    }
  }
  return shapes;
}

/** The best plan of this shape, or null when none fits. */
function planShape(request: PlanRequest, shape: Shape): RunPlan | null {
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

function costModel(request: PlanRequest, { numStages, numReplicas }: Shape): CostModel {
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
function choicesOfWorkers(workers: readonly PlanWorker[], { numStages, numReplicas }: Shape): Group[][] {
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

function requireEnoughWorkers({ workers, numStages, numReplicas }: PlanRequest): void {
  const stages = numStages ?? 1;
  const replicas = numReplicas ?? 1;
  if (stages * replicas <= workers.length) return;
  const names = workers.length === 0 ? 'none' : workers.map(({ name }) => name).join(', ');
  throw new SaraError(
    'NOT_ENOUGH_WORKERS',
    `pipeline.stages * pipeline.replicas = ${stages} * ${replicas} = ${stages * replicas} > ${workers.length} ` +
      `workers (${names}); start ${stages * replicas - workers.length} more or lower one of the two`,
    { numStages: stages, numReplicas: replicas, numWorkers: workers.length },
  );
}

function requireDivisibleBatch({ numReplicas, numMicroBatches }: PlanRequest): void {
  if (numReplicas === null || numMicroBatches % numReplicas === 0) return;
  throw new SaraError(
    'CONFIG_INVALID',
    `the ${numMicroBatches} micro-batches of a step cannot be shared equally by pipeline.replicas = ${numReplicas}; ` +
      'choose a divisor, or change train.batchSize or train.microBatchSize',
    { numMicroBatches, numReplicas },
  );
}

/** Why none of the shapes has a plan, told for the one that comes nearest. */
function refusal(request: PlanRequest, shapes: readonly Shape[]): SaraError {
  const attempts = shapes.flatMap((shape) => tightestStages(request, shape) ?? []);
  if (attempts.length === 0) return cannotBeCut(request);
  const excessOf = ({ cost, group }: Tightest): number => cost.peakBytes - group.memoryBytes;
  const nearest = attempts.reduce((best, attempt) => (excessOf(attempt) < excessOf(best) ? attempt : best));
  const { cost, stage, group, shape } = nearest;
  const worker = group.workers.find(({ memoryBytes }) => memoryBytes === group.memoryBytes)!;
  const advice = [`workers with ${exactBytes(cost.peakBytes)} each`];
  const moreStages = stagesThatFit(request, shape);
  if (moreStages !== null) advice.push(`pipeline.stages = ${moreStages} on as many workers like this one`);
  if (request.microBatchSize > 1) advice.push(`a train.microBatchSize below ${request.microBatchSize}`);
  return new SaraError(
    'DOES_NOT_FIT',
    `the model does not fit ${shape.numStages} stage${shape.numStages === 1 ? '' : 's'} at any cut: ` +
      `stage ${stage} on ${worker.name} needs ${exactBytes(cost.peakBytes)} > ${exactBytes(group.memoryBytes)} it has ` +
      `(weights ${exactBytes(cost.parameterBytes)}, trained state ${exactBytes(cost.trainedBytes)}, ` +
      `activations ${exactBytes(cost.activationBytes)}, frames ${exactBytes(cost.frameBytes)}, and the process). ` +
      `What would fit: ${advice.join('; or ')}`,
    { stage, worker: worker.name, neededBytes: cost.peakBytes, memoryBytes: group.memoryBytes },
  );
}

interface Tightest {
  readonly shape: Shape;
  readonly stage: number;
  readonly cost: StageCost;
  readonly group: Group;
}

/** For each choice of workers the stage that overflows most, at the cuts where it overflows least. */
function tightestStages(request: PlanRequest, shape: Shape): Tightest[] | null {
  const costs = costModel(request, shape);
  const excessOf = (span: StageSpan, group: StageGroup): number =>
    costs.costOf(span).peakBytes - group.memoryBytes;
  const cuts = shape.numStages === 1 ? [] : foldableCuts(request.profile);
  const attempts = choicesOfWorkers(request.workers, shape).flatMap((groups): Tightest[] => {
    const nested = nestStages(wholeModel(request.profile), cuts, groups, excessOf);
    if (nested === null) return [];
    const excess = nested.map(({ span, group }) => excessOf(span, group));
    const stage = excess.indexOf(Math.max(...excess));
    const { span, group } = nested[stage];
    return [{ shape, stage, group, cost: costs.costOf(span) }];
  });
  return attempts.length === 0 ? null : attempts;
}

/** The least number of stages, above those tried, that fits if every worker is like the smallest there is. */
function stagesThatFit(request: PlanRequest, { numReplicas }: Shape): number | null {
  const smallest = request.workers.reduce((a, b) => (b.memoryBytes < a.memoryBytes ? b : a));
  for (let numStages = 1; numStages <= mostStages(request); numStages++) {
    const workers = Array.from({ length: numStages * numReplicas }, (_, i) => ({
      ...smallest,
      name: String(i),
    }));
    if (planShape({ ...request, workers }, { numStages, numReplicas }) !== null) return numStages;
  }
  return null;
}

function cannotBeCut(request: PlanRequest): SaraError {
  const most = mostStages(request);
  return new SaraError(
    'CONFIG_INVALID',
    `pipeline.stages = ${request.numStages}, but this model can be folded into ${most} at most; ` +
      `choose at most ${most}, and pipeline.replicas for the other workers`,
    { numStages: request.numStages, maxStages: most },
  );
}

/** Stages of the deepest nesting of cuts: the longest chain. */
function mostStages({ profile }: PlanRequest): number {
  const whole = wholeModel(profile);
  const cuts = foldableCuts(profile);
  const depthInside = new Map<(typeof cuts)[number], number>();
  // Cuts come in ascending order of `encoder`: walking back, those inside are known before those around them.
  for (const outer of [...cuts, whole].toSorted((a, b) => b.encoder - a.encoder)) {
    const depths = cuts.filter((cut) => isInside(cut, outer)).map((cut) => depthInside.get(cut)!);
    depthInside.set(outer, 1 + Math.max(0, ...depths));
  }
  return depthInside.get(whole)!;
}
