import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { SparseMask, type MaskTensor } from '../../../worker/sara/mask.ts';
import { polarFactorByEigen, type MaskedMatrix } from '../../../worker/sara/polar-factor.ts';
import { DEFAULT_RANK_TERM, rankGradient } from '../../../worker/sara/rank-term.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { polarFactorOnBackend } from '../../../worker/tfjs-optimizer/polar-factor.ts';
import { candidatesAmong, rankGradientOf } from '../../../worker/tfjs-optimizer/rank-gradient.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';
import { withTfjs } from './small-models.ts';

/** What every way to a polar factor keeps on well-conditioned matrices. */
const POLAR_TOLERANCE = 1e-3;

/** Two eigensolvers' orders of summation, in float64, of values stored in float32. */
const FLOAT32_ROUNDING = 1e-6;

/** About a third of the places. */
function someIndices(size: number): Int32Array {
  const chosen = someNumbers(size, 11);
  return Int32Array.from(chosen.keys()).filter((i) => chosen[i] > 1 / 3);
}

function stateOf(
  tensor: MaskTensor & { readonly indices: Int32Array },
  values: Float32Array,
): TrainableState {
  return TrainableState.initial({ mask: SparseMask.of([tensor]), values });
}

describe('the rank term on tfjs weights', () => {
  before(() => tf.setBackend('cpu'));

  it("is the run's on a matrix", async () => {
    const indices = someIndices(70 * 66);
    const state = stateOf({ name: 'w', shape: [70, 66], indices }, someNumbers(indices.length, 1));
    const expected = await rankGradient(state, 'w', 0.5, polarFactorByEigen);
    assert.deepEqual(rankGradientOf(state, 'w', 0.5), expected);
  });

  it("sees a convolution [kh, kw, in, out] as the run sees diffusers' [out, in, kh, kw]", async () => {
    const [kh, kw, numIn, numOut] = [2, 3, 4, 5];
    const indices = someIndices(kh * kw * numIn * numOut);
    const values = someNumbers(indices.length, 1);
    const own = rankGradientOf(
      stateOf({ name: 'w', shape: [kh, kw, numIn, numOut], indices }, values),
      'w',
      1,
    );

    // The same entries at diffusers' places, in ascending order of those.
    const moved = [...indices]
      .map((at, k) => {
        const [out, i, x, y] = [
          at % numOut,
          Math.floor(at / numOut) % numIn,
          Math.floor(at / (numOut * numIn)) % kw,
          Math.floor(at / (numOut * numIn * kw)),
        ];
        return { at: ((out * numIn + i) * kh + y) * kw + x, k };
      })
      .sort((a, b) => a.at - b.at);
    const oihw = stateOf(
      { name: 'w', shape: [numOut, numIn, kh, kw], indices: Int32Array.from(moved, ({ at }) => at) },
      Float32Array.from(moved, ({ k }) => values[k]),
    );
    const expected = (await rankGradient(oihw, 'w', 1, polarFactorByEigen)) ?? assert.fail();
    const ownMoved = moved.map(({ k }) => own!.gradient[k]);
    assert.ok(relativeError(ownMoved, expected.gradient) < FLOAT32_ROUNDING);
    assert.ok(Math.abs(own!.nuclearNorm - expected.nuclearNorm) < FLOAT32_ROUNDING * expected.nuclearNorm);
  });

  it('acts on matrices with both sides above the limit, and on convolutions where asked to', () => {
    const mask = SparseMask.of(
      Object.entries({
        'dense/kernel': [65, 100],
        'small/kernel': [64, 100],
        'dense/bias': [100],
        'conv/kernel': [3, 3, 8, 72],
        'conv1d/kernel': [5, 16, 80],
      }).map(([name, shape]) => ({ name, shape, indices: Int32Array.of(0) })),
    );
    assert.deepEqual(candidatesAmong(mask, DEFAULT_RANK_TERM), ['dense/kernel']);
    assert.deepEqual(candidatesAmong(mask, { ...DEFAULT_RANK_TERM, reshapeConvs: true }), [
      'conv/kernel',
      'conv1d/kernel',
      'dense/kernel',
    ]);
  });

  for (const [rows, columns] of [
    [40, 24],
    [24, 40],
  ]) {
    it(`has the eigensolver's polar factor from multiplications on the backend, ${rows} x ${columns}`, async () => {
      await withTfjs(() => {
        const indices = someIndices(rows * columns);
        const matrix: MaskedMatrix = { rows, columns, indices, values: someNumbers(indices.length, 3) };
        const onBackend = polarFactorOnBackend(matrix);
        assert.ok(relativeError(onBackend, polarFactorByEigen(matrix)) < POLAR_TOLERANCE);
      }, 'wasm');
    });
  }

  it('multiplies on a backend that is faster than the host once the matrix is large', async () => {
    await withTfjs(() => {
      const [rows, columns] = [140, 130];
      const indices = someIndices(rows * columns);
      const values = someNumbers(indices.length, 3);
      const state = stateOf({ name: 'w', shape: [rows, columns], indices }, values);
      const { gradient } = rankGradientOf(state, 'w', 1) ?? assert.fail();
      assert.deepEqual(gradient, polarFactorOnBackend({ rows, columns, indices, values }));
      assert.ok(
        relativeError(gradient, polarFactorByEigen({ rows, columns, indices, values })) < POLAR_TOLERANCE,
      );
    }, 'wasm');
  });

  it('is nothing for a matrix of zeros', async () => {
    await withTfjs(() => {
      const matrix = { rows: 2, columns: 2, indices: Int32Array.of(0, 3), values: Float32Array.of(0, 0) };
      assert.deepEqual(polarFactorOnBackend(matrix), Float32Array.of(0, 0));
    });
  });
});
