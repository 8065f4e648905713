import assert from 'node:assert/strict';
import type { BatchSpec } from '../../../shared/stage-protocol.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { Inboxes } from '../../../worker/stage/inbox.ts';
import { saraError } from '../../support/sara-error.ts';

const batch: BatchSpec = { purpose: 'training', step: 2, microBatch: 1 };
const [a, b, c] = [1, 2, 3].map((value) => floatTensor([1], Float32Array.of(value)));

describe('inbox', () => {
  it('gives what has arrived by name, as often as it is asked for', () => {
    const inboxes = new Inboxes();
    inboxes.of(batch).receive({ a, b });
    inboxes.of({ ...batch }).receive({ c });
    assert.deepEqual(inboxes.of(batch).take(['a', 'c']), { a, c });
    assert.equal(inboxes.of(batch).take(['a']).a, a, 'the tensor itself, not a copy');
  });

  it('names what a task needs that has not arrived', () => {
    const inbox = new Inboxes().of(batch);
    inbox.receive({ a });
    assert.throws(() => inbox.take(['a', 'b', 'c']), saraError('INTERNAL', /arrived: b, c$/));
  });

  it('keeps micro-batches, steps and purposes apart, and drops one without the others', () => {
    const inboxes = new Inboxes();
    const others: BatchSpec[] = [
      { ...batch, microBatch: 11 },
      { ...batch, step: 21 },
      { ...batch, purpose: 'validation' },
    ];
    inboxes.of(batch).receive({ a });
    for (const other of others) {
      assert.throws(() => inboxes.of(other).take(['a']), saraError('INTERNAL'));
      inboxes.of(other).receive({ a: b });
    }
    inboxes.drop(batch);
    assert.throws(() => inboxes.of(batch).take(['a']), saraError('INTERNAL'));
    for (const other of others) assert.equal(inboxes.of(other).take(['a']).a, b);
    inboxes.clear();
    for (const other of others) assert.throws(() => inboxes.of(other).take(['a']), saraError('INTERNAL'));
  });
});
