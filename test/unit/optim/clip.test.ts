import assert from 'node:assert/strict';
import fc from 'fast-check';
import { clipByGlobalNorm, squaredNorm } from '../../../worker/optim/clip.ts';
import { someNumbers } from '../../support/numbers.ts';

describe('gradient clipping', () => {
  it('scales a gradient longer than the limit down to it, as torch.nn.utils.clip_grad_norm_ does', () => {
    const { gradientNorm, coefficient } = clipByGlobalNorm([9, 16], 1);
    assert.equal(gradientNorm, 5);
    assert.equal(coefficient, 1 / (5 + 1e-6));
  });

  it('leaves a gradient within the limit as it is', () => {
    assert.equal(clipByGlobalNorm([0.25], 1).coefficient, 1);
    assert.equal(clipByGlobalNorm([0], 1).coefficient, 1);
    assert.equal(clipByGlobalNorm([1e12], Infinity).coefficient, 1);
  });

  it('measures the same norm however the vector is cut into shards', () => {
    const gradient = someNumbers(1000, 7);
    const whole = clipByGlobalNorm([squaredNorm(gradient)], 1).gradientNorm;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (cut) => {
        const parts = [gradient.subarray(0, cut), gradient.subarray(cut)].map(squaredNorm);
        assert.ok(Math.abs(clipByGlobalNorm(parts, 1).gradientNorm - whole) < 1e-13 * whole);
      }),
    );
  });

  it('does not overflow where a float32 sum of squares would', () => {
    assert.ok(Number.isFinite(squaredNorm(Float32Array.of(1e30, 1e30))));
  });

  it('refuses a gradient that is not finite, naming the shard', () => {
    const broken = squaredNorm(Float32Array.of(1, Number.NaN));
    assert.throws(() => clipByGlobalNorm([1, broken], 1), { code: 'NOT_FINITE', message: /shard 1/ });
    assert.throws(() => clipByGlobalNorm([Infinity], 1), { code: 'NOT_FINITE' });
  });
});
