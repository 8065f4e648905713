import assert from 'node:assert/strict';
import { emaDecay, updateEma } from '../../../worker/optim/ema.ts';

describe('moving average of the trained values', () => {
  it('warms its decay up to the configured one', () => {
    assert.equal(emaDecay(1, 0.999), 2 / 11);
    assert.equal(emaDecay(90, 0.999), 0.91);
    assert.equal(emaDecay(1e6, 0.999), 0.999);
  });

  it('moves towards the values by one minus the decay and is a vector of its own', () => {
    const average = Float32Array.of(0, 8);
    const values = Float32Array.of(4, 8);
    updateEma(average, values, 0.75);
    assert.deepEqual([...average], [1, 8]);
    assert.deepEqual([...values], [4, 8]);
  });

  it('refuses vectors of different lengths', () => {
    assert.throws(
      () => {
        updateEma(new Float32Array(1), new Float32Array(2), 0.5);
      },
      { code: 'INTERNAL' },
    );
  });
});
