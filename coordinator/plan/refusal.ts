/** Why a model cannot be placed: the broken relation in its values, and what would make it hold. */
import { exactBytes } from '../../shared/bytes.ts';
import { SaraError } from '../../shared/errors.ts';
import { foldableCuts, mostStages, wholeModel } from './fold.ts';
import type { PlanRequest } from './run-plan.ts';
import { nestStages, type StageGroup } from './search.ts';
import { choicesOfWorkers, costModel, planShape, type Group, type Shape } from './shape.ts';
import { PROCESS_BYTES, type StageCost, type StageSpan } from './stage-cost.ts';

/** Why none of the shapes has a plan, told for the one that comes nearest. */
export function refusal(request: PlanRequest, shapes: readonly Shape[]): SaraError {
  const attempts = shapes.flatMap((shape) => tightestStages(request, shape));
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
      `activations ${exactBytes(cost.activationBytes)}, frames ${exactBytes(cost.frameBytes)}, encoders ${exactBytes(cost.encoderBytes)}, the process ${exactBytes(PROCESS_BYTES)}). ` +
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
function tightestStages(request: PlanRequest, shape: Shape): Tightest[] {
  const costs = costModel(request, shape);
  const excessOf = (span: StageSpan, group: StageGroup): number =>
    costs.costOf(span).peakBytes - group.memoryBytes;
  const cuts = shape.numStages === 1 ? [] : foldableCuts(request.profile);
  return choicesOfWorkers(request.workers, shape).flatMap((groups): Tightest[] => {
    const nested = nestStages(wholeModel(request.profile), cuts, groups, excessOf);
    if (nested === null) return [];
    const excess = nested.map(({ span, group }) => excessOf(span, group));
    const stage = excess.indexOf(Math.max(...excess));
    const { span, group } = nested[stage];
    return [{ shape, stage, group, cost: costs.costOf(span) }];
  });
}

/** The least number of stages, above those tried, that fits if every worker is like the smallest there is. */
function stagesThatFit(request: PlanRequest, { numReplicas }: Shape): number | null {
  const smallest = request.workers.reduce((a, b) => (b.memoryBytes < a.memoryBytes ? b : a));
  for (let numStages = 1; numStages <= mostStages(request.profile); numStages++) {
    const workers = Array.from({ length: numStages * numReplicas }, (_, i) => ({
      ...smallest,
      name: String(i),
    }));
    if (planShape({ ...request, workers }, { numStages, numReplicas }) !== null) return numStages;
  }
  return null;
}

function cannotBeCut(request: PlanRequest): SaraError {
  const most = mostStages(request.profile);
  return new SaraError(
    'CONFIG_INVALID',
    `pipeline.stages = ${request.numStages}, but this model can be folded into ${most} at most; ` +
      `choose at most ${most}, and pipeline.replicas for the other workers`,
    { numStages: request.numStages, maxStages: most },
  );
}
