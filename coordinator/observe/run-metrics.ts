/** What the coordinator's metrics say of runs: counted from their events, as they are told to everybody else. */
import type { Metrics } from '../../shared/observe/metrics.ts';
import { isTerminal, type RunEventBody } from '../../shared/run-event.ts';

/** Where a run was when something happened. */
export interface StepFacts {
  readonly run: string;
  /** Worker group. */
  readonly generation: number;
  readonly step: number;
}

/** Of the run in progress, and gone with it. */
const RUN_GAUGES = ['runStep', 'runLoss', 'runValidationLoss', 'runGeneration'] as const;

/** What an event adds. Only the coordinator that drives a run publishes its events, so nothing is counted twice. */
export function countEvent(
  metrics: Metrics,
  { run, generation, step }: StepFacts,
  event: RunEventBody,
): void {
  switch (event.kind) {
    case 'step-committed':
      metrics.add('steps', 1);
      metrics.add('samples', Math.round(event.samplesPerSecond * event.seconds));
      metrics.observe('stepSeconds', event.seconds);
      metrics.set('runStep', step, { run });
      metrics.set('runLoss', event.loss, { run });
      metrics.set('runGeneration', generation, { run });
      break;
    case 'validated':
      metrics.set('runValidationLoss', event.loss, { run });
      break;
    case 'checkpointed':
      metrics.add('checkpoints', 1);
      break;
    case 'state-changed':
      if (!isTerminal(event.state)) break;
      metrics.add('runsEnded', 1, { state: event.state });
      for (const gauge of RUN_GAUGES) metrics.remove(gauge, { run });
      break;
    case 'planned':
    case 'encoded':
    case 'mask-refreshed':
    case 'artifact':
    case 'log':
    case 'failed':
  }
}
