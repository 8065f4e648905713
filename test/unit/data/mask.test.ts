import assert from 'node:assert/strict';
import { maskFactors } from '../../../worker/data/mask.ts';
import { relativeError } from '../../support/numbers.ts';

const SIZE = { width: 4, height: 2 };
const MASK = Uint8Array.of(255, 255, 0, 0, 255, 51, 0, 0);
const WHOLE = { unmaskedWeight: 0, normalizeArea: false };

/** Factors are float32. */
const TOLERANCE = 1e-6;
const close = (found: Float32Array, expected: readonly number[]) => {
  assert.ok(relativeError(found, expected) < TOLERANCE, [...found].join(', '));
};

describe('mask factors', () => {
  it('are the mask from 0 to 1', () => {
    close(maskFactors(MASK, SIZE, SIZE, WHOLE), [1, 1, 0, 0, 1, 0.2, 0, 0]);
  });

  it('are the mean over the part of the mask that a latent pixel stands for', () => {
    close(maskFactors(MASK, SIZE, { width: 2, height: 1 }, WHOLE), [0.8, 0]);
  });

  it('do not fall below what is left to the rest', () => {
    close(
      maskFactors(MASK, SIZE, SIZE, { ...WHOLE, unmaskedWeight: 0.25 }),
      [1, 1, 0.25, 0.25, 1, 0.25, 0.25, 0.25],
    );
  });

  it('have mean 1 where the area is not to matter, and stay 0 where nothing counts', () => {
    const factors = maskFactors(MASK, SIZE, SIZE, { unmaskedWeight: 0.1, normalizeArea: true });
    close(Float32Array.of(factors.reduce((sum, factor) => sum + factor, 0) / 8), [1]);
    assert.ok(Math.abs(factors[2] / factors[0] - 0.1) < TOLERANCE);
    const none = maskFactors(new Uint8Array(8), SIZE, SIZE, { ...WHOLE, normalizeArea: true });
    assert.deepEqual([...none], [0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
