import assert from 'node:assert/strict';
import { decideFailure, type FailureAction } from '../../../coordinator/failure-policy.ts';
import { ERROR_CODES, SaraError, type Disposition, type ErrorCode } from '../../../shared/errors.ts';

const BUDGET = { numRestarts: 1, maxRestarts: 3 };

/** The table, written down a second time by code: a new code must be thought about here. */
const EXPECTED: Readonly<Record<Disposition, FailureAction['kind']>> = {
  'fatal-user': 'fail',
  'fatal-bug': 'fail',
  retry: 'respawn',
  'roll-back': 'respawn',
  'leave-group': 'leave',
  drop: 'respawn',
};

describe('failure policy', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const expected = code === 'CANCELLED' ? 'cancel' : EXPECTED[ERROR_CODES[code].disposition];
    it(`answers ${code} with ${expected}`, () => {
      assert.equal(decideFailure(new SaraError(code, 'it broke'), BUDGET).kind, expected);
    });
  }

  it('fails a run whose restarts are used up, with the same code and the count in the message', () => {
    const lost = new SaraError('ACTOR_DIED', 'worker-1 is gone', { worker: 'worker-1' });
    const { kind, error } = decideFailure(lost, { numRestarts: 3, maxRestarts: 3 });
    assert.equal(kind, 'fail');
    assert.equal(error.code, 'ACTOR_DIED');
    assert.match(error.message, /worker-1 is gone \(after 3 restarts, faults\.maxRestarts = 3\)/);
    assert.equal(error.context.worker, 'worker-1');
    assert.equal(error.cause, lost);
  });

  it('never restarts where no restart is allowed', () => {
    const { kind, error } = decideFailure(new SaraError('ACTOR_DIED', 'gone'), {
      numRestarts: 0,
      maxRestarts: 0,
    });
    assert.equal(kind, 'fail');
    assert.match(error.message, /faults\.maxRestarts = 0/);
  });
});
