/** Errors as they cross from thread to thread. */
import assert from 'node:assert/strict';
import { fromPlainError, toPlainError } from '../../../shared/actor/thread-messages.ts';
import { asSaraError, SaraError } from '../../../shared/errors.ts';

const travelled = (error: SaraError): SaraError => fromPlainError(structuredClone(toPlainError(error)));

describe('an error that crosses to another thread', () => {
  it('keeps code, message and context, and is one of ours again', () => {
    const error = travelled(
      new SaraError('NOT_FINITE', 'loss is NaN', { step: 3, loss: 'NaN', finite: false, at: null }),
    );
    assert.ok(error instanceof SaraError);
    assert.deepEqual(
      [error.code, error.message, error.disposition],
      ['NOT_FINITE', 'loss is NaN', 'fatal-user'],
    );
    assert.deepEqual(error.context, { step: 3, loss: 'NaN', finite: false, at: null });
  });

  it('says where it was thrown, and of a bug where that was', () => {
    assert.match(travelled(new SaraError('INTERNAL', 'here')).stack ?? '', /here\n.*thread-messages\.test/);
    const bug = new TypeError('undefined is not a tensor');
    assert.equal(travelled(asSaraError(bug)).stack, bug.stack);
  });
});
