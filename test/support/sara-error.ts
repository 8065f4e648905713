/** What `assert.throws` and `assert.rejects` are given where an error of ours is expected. */
import assert from 'node:assert/strict';
import { SaraError, type ErrorCode } from '../../shared/errors.ts';

/** Accepts a {@link SaraError} of this code whose message matches every pattern. */
export function saraError(code: ErrorCode, ...messages: readonly RegExp[]): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof SaraError, `threw ${String(thrown)}`);
    assert.equal(thrown.code, code, thrown.message);
    for (const message of messages) assert.match(thrown.message, message);
    return true;
  };
}
