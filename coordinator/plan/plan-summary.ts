/** A plan as the API and the event stream tell it. */
import type { PlanSummary } from '../../shared/run-api.ts';
import { planTable } from './plan-table.ts';
import type { RunPlan } from './run-plan.ts';

export function summarizePlan(plan: RunPlan): PlanSummary {
  return {
    numStages: plan.numStages,
    numReplicas: plan.numReplicas,
    stages: plan.placements.map(({ stage, replica, worker }) => {
      const { parameterBytes, activationBytes, flops, seconds } = plan.stages[stage];
      const blocks = plan.segments
        .filter((segment) => segment.stage === stage)
        .flatMap((segment) => segment.blocks);
      return { stage, replica, worker, blocks, parameterBytes, activationBytes, flops, seconds };
    }),
    text: planTable(plan),
  };
}
