import assert from 'node:assert/strict';
import { applyChange, newRecord, type RunChange, type RunRecord } from '../../../coordinator/run-state.ts';
import { SaraError, type ErrorCode } from '../../../shared/errors.ts';
import { isTerminal, type RunState } from '../../../shared/run-event.ts';

const RUN = '20261124-083015-emoji-4f2a';
const STATES: readonly RunState[] = [
  'queued',
  'planning',
  'running',
  'finishing',
  'succeeded',
  'failed',
  'cancelled',
];
const FAILURE: RunChange = { kind: 'fail', failure: { code: 'ACTOR_DIED', message: 'gone' } };

function record(overrides: Partial<RunRecord> = {}): RunRecord {
  return { ...newRecord(RUN, 0), state: 'running', generation: 2, step: 7, ...overrides };
}

function commit(overrides: Partial<Extract<RunChange, { kind: 'commit-step' }>> = {}) {
  return {
    kind: 'commit-step',
    generation: 2,
    step: 7,
    loss: 0.5,
    maskDigest: 'ab',
    squaredNorms: [1],
    ...overrides,
  } as const;
}

function refused(before: RunRecord, change: RunChange, code: ErrorCode): void {
  assert.throws(
    () => applyChange(before, change, 1),
    (error) => error instanceof SaraError && error.code === code,
    `${JSON.stringify(change)} from ${before.state}`,
  );
}

describe('run state', () => {
  it('goes from queued through planning, running and finishing to succeeded', () => {
    let state = newRecord(RUN, 0);
    for (const next of ['planning', 'running', 'finishing', 'succeeded'] as const) {
      state = applyChange(state, { kind: 'enter', state: next }, 5);
      assert.equal(state.state, next);
      assert.equal(state.updatedAtMs, 5);
    }
  });

  it('skips no state and goes back to none, but when the worker group or the coordinator is lost', () => {
    const goesBack = (from: RunState, to: RunState): boolean =>
      (from === 'finishing' && to === 'running') ||
      (['running', 'finishing'].includes(from) && to === 'planning');
    const order = STATES.slice(0, 5);
    for (const [i, from] of order.entries()) {
      for (const [j, to] of order.entries()) {
        if (to === 'queued' || j === i + 1 || goesBack(from, to)) continue;
        refused(record({ state: from }), { kind: 'enter', state: to as 'planning' }, 'STATE_CONFLICT');
      }
    }
  });

  it('may fail or be cancelled until it is terminal, and then not', () => {
    for (const state of STATES) {
      if (!isTerminal(state)) {
        assert.equal(applyChange(record({ state }), FAILURE, 1).state, 'failed');
        assert.equal(
          applyChange(record({ state }), { kind: 'enter', state: 'cancelled' }, 1).state,
          'cancelled',
        );
      }
    }
    refused(record({ state: 'succeeded' }), FAILURE, 'STATE_CONFLICT');
    refused(record({ state: 'failed' }), { kind: 'enter', state: 'cancelled' }, 'STATE_CONFLICT');
    refused(record({ state: 'cancelled' }), FAILURE, 'CANCELLED');
  });

  it('is left by resuming only when it failed or was cancelled', () => {
    for (const state of ['failed', 'cancelled'] as const) {
      const resumed = applyChange(record({ state, commitGeneration: 2 }), { kind: 'resume' }, 1);
      assert.deepEqual([resumed.state, resumed.failure], ['queued', null]);
      assert.equal(resumed.generation, 2, 'generations never fall');
      const placed = applyChange(resumed, { kind: 'advance-generation', from: 2, generation: 3 }, 1);
      const atCheckpoint = applyChange(placed, { kind: 'start-at', generation: 3, step: 6 }, 1);
      assert.equal(atCheckpoint.step, 6, 'it goes on from its checkpoint');
    }
    refused(record({ state: 'succeeded' }), { kind: 'resume' }, 'STATE_CONFLICT');
    refused(record({ state: 'running' }), { kind: 'resume' }, 'STATE_CONFLICT');
  });

  it('commits the step after the last one, in the generation in force, while running', () => {
    const after = applyChange(record(), commit(), 9);
    assert.deepEqual([after.step, after.loss, after.maskDigest, after.updatedAtMs], [8, 0.5, 'ab', 9]);
    for (const step of [6, 8, -1]) refused(record(), commit({ step }), 'STATE_CONFLICT');
    refused(record(), commit({ generation: 1 }), 'STALE_GENERATION');
    refused(record(), commit({ generation: 3 }), 'STATE_CONFLICT');
    refused(record({ state: 'finishing' }), commit(), 'STATE_CONFLICT');
    refused(record({ state: 'cancelled' }), commit(), 'CANCELLED');
  });

  it('commits a re-selection before the step that is open, and forgets it when it goes back before it', () => {
    const change = { kind: 'commit-reselection', generation: 2, step: 7, maskDigests: ['cd'] } as const;
    const { reselection } = applyChange(record(), change, 1);
    assert.deepEqual(reselection, { step: 7, maskDigests: ['cd'] });
    refused(record(), { ...change, step: 6 }, 'STATE_CONFLICT');
    refused(record(), { ...change, generation: 1 }, 'STALE_GENERATION');
    refused(record({ state: 'cancelled' }), change, 'CANCELLED');
    for (const [step, isKept] of [
      [8, true],
      [7, false],
      [4, false],
    ] as const) {
      const before = record({ step: 9, commitGeneration: 1, reselection });
      const after = applyChange(before, { kind: 'start-at', generation: 2, step }, 1);
      assert.equal(after.reselection !== null, isKept, `back to ${step}`);
    }
  });

  it('raises the generation for whoever knows the one in force', () => {
    const after = applyChange(record(), { kind: 'advance-generation', from: 2, generation: 3 }, 1);
    assert.equal(after.generation, 3);
    refused(record(), { kind: 'advance-generation', from: 1, generation: 3 }, 'STALE_GENERATION');
    refused(record(), { kind: 'advance-generation', from: 2, generation: 2 }, 'STATE_CONFLICT');
  });

  it("begins a generation at its checkpoint's step, whose later steps are run again", () => {
    const next = applyChange(
      applyChange(record(), commit(), 1),
      { kind: 'advance-generation', from: 2, generation: 3 },
      1,
    );
    const begun = applyChange(next, { kind: 'start-at', generation: 3, step: 4 }, 1);
    assert.equal(applyChange(begun, commit({ generation: 3, step: 4 }), 1).step, 5);
    refused(next, { kind: 'start-at', generation: 3, step: 9 }, 'STATE_CONFLICT');
    refused(next, { kind: 'start-at', generation: 2, step: 4 }, 'STALE_GENERATION');
    const committed = applyChange(next, commit({ generation: 3, step: 8 }), 1);
    refused(committed, { kind: 'start-at', generation: 3, step: 4 }, 'STATE_CONFLICT');
  });

  it('begins anywhere when its record has seen no commit, for only the checkpoint knows then', () => {
    const resumed = { ...newRecord(RUN, 0), generation: 1 };
    assert.equal(applyChange(resumed, { kind: 'start-at', generation: 1, step: 40 }, 1).step, 40);
  });

  it('takes a plan before it runs, and another one while it runs', () => {
    const plan = { numStages: 1, numReplicas: 1, stages: [], text: '' };
    for (const state of ['planning', 'running'] as const) {
      assert.equal(applyChange(record({ state }), { kind: 'plan', plan }, 1).plan, plan);
    }
    refused(record({ state: 'queued' }), { kind: 'plan', plan }, 'STATE_CONFLICT');
  });
});
