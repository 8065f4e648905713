/** What a watcher of a run knows, folded from its events: a pure function, so that what is shown can be tested. */
import type { RunEvent, RunState } from '../../shared/run-event.ts';

/** Steps the shown loss and rate are means of: single ones jump too much to be read. */
const SMOOTHING_STEPS = 20;

export interface RunView {
  readonly run: string;
  readonly totalSteps: number;
  readonly state: RunState;
  /** Why the state is what it is. */
  readonly reason: string;
  /** Steps committed. */
  readonly step: number;
  readonly recent: readonly {
    readonly loss: number;
    readonly seconds: number;
    readonly samplesPerSecond: number;
  }[];
  readonly trainableCount: number | null;
  readonly validationLosses: readonly number[];
  readonly artifacts: readonly { readonly name: string; readonly path: string; readonly sizeBytes: number }[];
  readonly failure: Extract<RunEvent, { kind: 'failed' }> | null;
  /** First and newest event. */
  readonly startedAtMs: number | null;
  readonly atMs: number | null;
}

export function newView(run: string, totalSteps: number): RunView {
  return {
    run,
    totalSteps,
    state: 'queued',
    reason: '',
    step: 0,
    recent: [],
    trainableCount: null,
    validationLosses: [],
    artifacts: [],
    failure: null,
    startedAtMs: null,
    atMs: null,
  };
}

export function updateView(view: RunView, event: RunEvent): RunView {
  const seen = { ...view, startedAtMs: view.startedAtMs ?? event.atMs, atMs: event.atMs };
  switch (event.kind) {
    case 'state-changed':
      return { ...seen, state: event.state, reason: event.reason };
    case 'step-committed': {
      const { loss, seconds, samplesPerSecond, trainableCount } = event;
      const recent = [...view.recent, { loss, seconds, samplesPerSecond }].slice(-SMOOTHING_STEPS);
      return { ...seen, step: event.step, recent, trainableCount };
    }
    case 'mask-refreshed':
      return { ...seen, trainableCount: event.trainableCount };
    case 'validated':
      return { ...seen, validationLosses: [...view.validationLosses, event.loss] };
    case 'artifact': {
      const { name, path, sizeBytes } = event;
      return { ...seen, artifacts: [...view.artifacts, { name, path, sizeBytes }] };
    }
    case 'failed':
      return { ...seen, failure: event };
    case 'encoded':
    case 'planned':
    case 'checkpointed':
    case 'log':
      return seen;
  }
}

/** Mean over the last steps; NaN before the first. */
export function recentLoss({ recent }: RunView): number {
  return mean(recent.map(({ loss }) => loss));
}

/** Samples per second over the last steps; NaN before the first. */
export function recentRate({ recent }: RunView): number {
  return mean(recent.map(({ samplesPerSecond }) => samplesPerSecond));
}

/** Seconds until the last step, at the pace of the last ones; NaN before the first. */
export function secondsLeft({ recent, step, totalSteps }: RunView): number {
  return mean(recent.map(({ seconds }) => seconds)) * Math.max(0, totalSteps - step);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
