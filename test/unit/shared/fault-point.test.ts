import assert from 'node:assert/strict';
import { parseFaults } from '../../../shared/fault-point.ts';
import { saraError } from '../../support/sara-error.ts';

describe('faults on demand', () => {
  it('are none without a word, and what is written otherwise', () => {
    assert.deepEqual(parseFaults(''), []);
    assert.deepEqual(parseFaults('kill@reduce:3,slow@apply:*=20,wait@switch:1=/tmp/go'), [
      { action: 'kill', point: 'reduce', step: 3, value: '' },
      { action: 'slow', point: 'apply', step: null, value: '20' },
      { action: 'wait', point: 'switch', step: 1, value: '/tmp/go' },
    ]);
  });

  it('that mean nothing are refused: a test must not pass because nothing failed', () => {
    for (const text of ['kill', 'kill@reduce', 'maim@reduce:3', 'kill@reduce:x'])
      assert.throws(() => parseFaults(text), saraError('USAGE', /fault-point\.ts/), text);
  });
});
