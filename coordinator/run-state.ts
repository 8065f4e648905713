/**
 * What is known about a run, and how it may change: pure values and rules. run-store.ts keeps them.
 *
 *     queued -> planning -> running -> finishing -> succeeded
 *        \________\___________\___________\________> failed | cancelled
 *     failed | cancelled -> queued      resumed from its last checkpoint
 *     running | finishing -> planning   taken up by the coordinator that leads after another
 *
 * Invariants, whoever writes:
 * 1. `step` grows by one at a time, and only in state running. A new worker group starts at its checkpoint's step:
 *    a resumed run jumps forward to it, a group that replaces another goes back to it.
 * 2. `generation` never falls. A writer with a lower one is refused (STALE_GENERATION) and changes nothing.
 * 3. A terminal state is left only by resuming.
 * 4. What was committed can be carried out by whoever comes next: the record holds all that applying it takes.
 */
import type { ErrorCode } from '../shared/errors.ts';
import { SaraError } from '../shared/errors.ts';
import type { PlanSummary, RunState, RunSummary } from '../shared/run-api.ts';

/** What was asked for; changed only by resuming. */
export interface RunSpec {
  readonly run: string;
  /** The author's label; may be empty. */
  readonly name: string;
  /** The complete configuration, as serializeRunConfig writes it. */
  readonly configJson: string;
  /** Absolute folder of the results. */
  readonly runFolder: string;
  readonly totalSteps: number;
  /** Of the runs that wait, the one with the highest is next. */
  readonly priority: number;
  readonly createdAtMs: number;
}

/** Where it stands; changed by compare-and-set only. */
export interface RunRecord {
  readonly run: string;
  readonly state: RunState;
  /** Steps committed. */
  readonly step: number;
  /** Of the worker group; 0 before there is one. */
  readonly generation: number;
  /** In which the last commit was made; 0 before the first. */
  readonly commitGeneration: number;
  /** Loss of the last committed step. */
  readonly loss: number | null;
  /** SHA-256 of the mask in force, over all stages. */
  readonly maskDigest: string | null;
  /** Of the last committed step's gradient, by stage: what clipping it by the norm of all takes. */
  readonly squaredNorms: readonly number[];
  /** The re-selection that the run has committed; null before. */
  readonly reselection: CommittedReselection | null;
  readonly plan: PlanSummary | null;
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
  readonly updatedAtMs: number;
}

/** All stages switch to these masks before they train `step`. */
export interface CommittedReselection {
  readonly step: number;
  /** By stage. */
  readonly maskDigests: readonly string[];
}

export type RunChange =
  | { readonly kind: 'enter'; readonly state: Exclude<RunState, 'queued' | 'failed'> }
  | { readonly kind: 'fail'; readonly failure: NonNullable<RunRecord['failure']> }
  | { readonly kind: 'resume' }
  | { readonly kind: 'plan'; readonly plan: PlanSummary }
  | { readonly kind: 'advance-generation'; readonly generation: number; readonly from: number }
  /** Steps [0, step) are in the checkpoint that the worker group goes on from; those after it are run again. */
  | { readonly kind: 'start-at'; readonly generation: number; readonly step: number }
  | ({ readonly kind: 'commit-step' } & StepCommit)
  | ({ readonly kind: 'commit-reselection'; readonly generation: number } & CommittedReselection);

/** Step `step` (from 0) was applied by every stage and replica of `generation`. */
export interface StepCommit {
  readonly generation: number;
  readonly step: number;
  readonly loss: number;
  readonly maskDigest: string;
  readonly squaredNorms: readonly number[];
}

const NEXT_STATES: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['planning', 'failed', 'cancelled'],
  planning: ['running', 'failed', 'cancelled'],
  running: ['planning', 'finishing', 'failed', 'cancelled'],
  // Back to running: a worker group that is lost while it finishes is replaced by one that may have to train again.
  finishing: ['planning', 'running', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: ['queued'],
  cancelled: ['queued'],
};

export function newRecord(run: string, nowMs: number): RunRecord {
  return {
    run,
    state: 'queued',
    step: 0,
    generation: 0,
    commitGeneration: 0,
    loss: null,
    maskDigest: null,
    squaredNorms: [],
    reselection: null,
    plan: null,
    failure: null,
    updatedAtMs: nowMs,
  };
}

/**
 * @returns the record after the change
 * @throws SaraError STATE_CONFLICT when the rules do not allow it from here, STALE_GENERATION when a newer worker
 *   group exists, CANCELLED when the run was cancelled meanwhile
 */
export function applyChange(record: RunRecord, change: RunChange, nowMs: number): RunRecord {
  const changed = (fields: Partial<RunRecord>): RunRecord => ({ ...record, ...fields, updatedAtMs: nowMs });
  switch (change.kind) {
    case 'enter':
      return changed({ state: nextState(record, change.state) });
    case 'fail':
      return changed({ state: nextState(record, 'failed'), failure: change.failure });
    case 'resume':
      // The driver begins at the checkpoint it finds, which may be older than the last commit (start-at).
      return changed({ state: nextState(record, 'queued'), failure: null });
    case 'plan':
      // A worker group that lost a worker is planned anew while the run goes on.
      if (record.state !== 'running' && record.state !== 'finishing')
        requireState(record, 'planning', 'a plan');
      return changed({ plan: change.plan });
    case 'advance-generation':
      requireGeneration(record, change.from);
      if (change.generation <= record.generation) {
        throw conflict(record, `generation ${change.generation} <= ${record.generation}, the one in force`);
      }
      return changed({ generation: change.generation });
    case 'start-at':
      requireGeneration(record, change.generation);
      if (record.commitGeneration === record.generation) {
        throw conflict(
          record,
          `cannot start at step ${change.step}, this generation has committed ${record.step}`,
        );
      }
      // A record without a commit may be that of a run resumed elsewhere: then only its checkpoint knows.
      if (record.commitGeneration !== 0 && change.step > record.step) {
        throw conflict(record, `cannot start at step ${change.step}, only ${record.step} are committed`);
      }
      return changed({
        step: change.step,
        // A re-selection after that step is done again.
        reselection:
          record.reselection !== null && record.reselection.step < change.step ? record.reselection : null,
      });
    case 'commit-step':
      requireGeneration(record, change.generation);
      requireState(record, 'running', `step ${change.step}`);
      if (change.step !== record.step) {
        throw conflict(record, `step ${change.step} cannot be committed, the next one is ${record.step}`);
      }
      return changed({
        step: record.step + 1,
        commitGeneration: record.generation,
        loss: change.loss,
        maskDigest: change.maskDigest,
        squaredNorms: change.squaredNorms,
      });
    case 'commit-reselection': {
      requireGeneration(record, change.generation);
      const { step, maskDigests } = change;
      requireState(record, 'running', `re-selection before step ${step}`);
      if (step !== record.step) {
        throw conflict(
          record,
          `a re-selection before step ${step} cannot be committed, ${record.step} is open`,
        );
      }
      return changed({ reselection: { step, maskDigests } });
    }
  }
}

export function summarizeRun(spec: RunSpec, record: RunRecord): RunSummary {
  return {
    run: spec.run,
    name: spec.name,
    state: record.state,
    step: record.step,
    totalSteps: spec.totalSteps,
    priority: spec.priority,
    generation: record.generation,
    loss: record.loss,
    createdAtMs: spec.createdAtMs,
    updatedAtMs: record.updatedAtMs,
    failure: record.failure,
  };
}

function nextState(record: RunRecord, state: RunState): RunState {
  if (NEXT_STATES[record.state].includes(state)) return state;
  if (record.state === 'cancelled') throw cancelled(record);
  throw conflict(record, `a ${record.state} run cannot become ${state}`);
}

function requireState(record: RunRecord, state: RunState, what: string): void {
  if (record.state === state) return;
  if (record.state === 'cancelled') throw cancelled(record);
  throw conflict(record, `a ${record.state} run takes no ${what}; only a ${state} one does`);
}

function requireGeneration(record: RunRecord, generation: number): void {
  if (generation === record.generation) return;
  if (generation > record.generation) {
    throw conflict(record, `generation ${generation} > ${record.generation}, the one in force`);
  }
  throw new SaraError(
    'STALE_GENERATION',
    `run ${record.run}: generation ${generation} < ${record.generation}, another worker group has taken over`,
    { run: record.run, generation, current: record.generation },
  );
}

function conflict(record: RunRecord, what: string): SaraError {
  const { run, state, step, generation } = record;
  return new SaraError('STATE_CONFLICT', `run ${run}: ${what}`, { run, state, step, generation });
}

function cancelled({ run }: RunRecord): SaraError {
  return new SaraError('CANCELLED', `run ${run} was cancelled`, { run });
}
