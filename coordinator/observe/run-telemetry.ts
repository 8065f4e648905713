/** What a run's driver tells while it works, for metrics and traces; it neither waits for them nor can fail by them. */
import { inSpan } from '../../shared/observe/tracing.ts';
import type { Metrics } from '../../shared/observe/metrics.ts';
import type { RunEventBody } from '../../shared/run-event.ts';
import { countEvent, type StepFacts } from './run-metrics.ts';

export type { StepFacts } from './run-metrics.ts';

/** Parts of a step, one after the other. */
export type StepPhase = 'pipeline' | 'gradients' | 'commit' | 'update';

export interface RunTelemetry {
  /** An event that has been published. */
  readonly event: (facts: StepFacts, event: RunEventBody) => void;
  /** One step; everything called meanwhile belongs to it. */
  step<T>(facts: StepFacts, work: () => Promise<T>): Promise<T>;
  phase<T>(phase: StepPhase, work: () => Promise<T>): Promise<T>;
  /** A worker group was lost and another one is made. */
  restarted(): void;
}

export const NO_TELEMETRY: RunTelemetry = {
  event: () => undefined,
  step: (_, work) => work(),
  phase: (_, work) => work(),
  restarted: () => undefined,
};

export function runTelemetry(metrics: Metrics): RunTelemetry {
  return {
    event: (facts, event) => {
      countEvent(metrics, facts, event);
    },
    step: ({ run, generation, step }, work) => inSpan('step', { run, generation, step }, work),
    phase: async (phase, work) => {
      const startedAtMs = performance.now();
      const result = await inSpan(phase, {}, work);
      metrics.observe('phaseSeconds', (performance.now() - startedAtMs) / 1000, { phase });
      return result;
    },
    restarted: () => {
      metrics.add('restarts', 1);
    },
  };
}
