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
import { refusal } from './refusal.ts';
import type { PlanRequest, RunPlan } from './run-plan.ts';
import { planShape, type Shape } from './shape.ts';

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
