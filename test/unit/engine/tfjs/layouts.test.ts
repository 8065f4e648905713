/** Values in other layouts than their own, and masks that follow them. */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { numElements } from '../../../../shared/tensor.ts';
import { Backend } from '../../../../worker/engine/tfjs/backend.ts';
import { Masks } from '../../../../worker/engine/tfjs/masks.ts';
import {
  axisInLayout,
  channelsLast,
  inLayout,
  permuted,
  plain,
  shapeInLayout,
  type Layout,
} from '../../../../worker/engine/tfjs/operand.ts';
import { WeightStore } from '../../../../worker/engine/weight-store.ts';
import { saraError } from '../../../support/sara-error.ts';

const LAYOUTS: readonly Layout[] = ['plain', 'channelsLast', 'filter'];
const SHAPE = [2, 3, 4, 5];

/** Entry i is i. */
function counting(shape: readonly number[]): tf.Tensor {
  return tf.reshape(tf.range(0, numElements(shape)), [...shape]);
}

describe('layouts', () => {
  before(async () => {
    (await Backend.load('cpu', 1)).activate();
  });

  it('hold the same entries, whichever way they were reached', () => {
    tf.tidy(() => {
      const value = counting(SHAPE);
      const expected = value.dataSync();
      for (const first of LAYOUTS) {
        const moved = { tensor: inLayout(plain(value), first), layout: first };
        assert.deepEqual(moved.tensor.shape, shapeInLayout(SHAPE, first));
        for (const axis of [0, 1, 2, 3])
          assert.equal(moved.tensor.shape[axisInLayout(axis, first)], SHAPE[axis]);
        for (const second of LAYOUTS) {
          const again = { tensor: inLayout(moved, second), layout: second };
          assert.deepEqual(inLayout(again, 'plain').dataSync(), expected, `${first} to ${second}`);
        }
      }
    });
  });

  it('move nothing when an image becomes tokens or tokens an image', () => {
    tf.tidy(() => {
      const image = counting([2, 4, 5, 3]);
      const tokens = permuted(channelsLast(image), [0, 2, 3, 1]);
      assert.deepEqual(tokens, plain(image));
      assert.deepEqual(permuted(plain(image), [0, 3, 1, 2]), channelsLast(image));
    });
  });

  it('permute as the value says, whatever the tensor looks like', () => {
    const value = counting(SHAPE);
    const permutations = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
    fc.assert(
      fc.property(permutations, fc.constantFrom(...LAYOUTS), (permutation, layout) => {
        tf.tidy(() => {
          const operand = { tensor: inLayout(plain(value), layout), layout };
          const got = inLayout(permuted(operand, permutation), 'plain');
          const expected = tf.transpose(value, permutation);
          assert.deepEqual(got.shape, expected.shape);
          assert.deepEqual(got.dataSync(), expected.dataSync());
        });
      }),
    );
    value.dispose();
  });
});

describe('masks', () => {
  const store = new WeightStore();
  const masks = new Masks(store, new Map([['w', SHAPE]]));

  it('name the same entries of a filter as of the weight', () => {
    tf.tidy(() => {
      const weight = counting(SHAPE);
      const filter = inLayout(plain(weight), 'filter').dataSync();
      const indices = Int32Array.of(0, 1, 7, 59, 60, 118, 119);
      store.setGradientIndices('w', indices);
      assert.equal(masks.gradientIndices('w', 'plain'), indices);
      const translated = masks.gradientIndices('w', 'filter');
      assert.deepEqual(
        Int32Array.from(translated, (at) => filter[at]),
        indices,
      );
      assert.deepEqual(masks.scatterIndices('w', indices, 'filter'), translated);
    });
  });

  it('are translated once, and anew after a re-selection', () => {
    store.setGradientIndices('w', Int32Array.of(1, 2));
    const translated = masks.gradientIndices('w', 'filter');
    assert.equal(masks.gradientIndices('w', 'filter'), translated);
    store.setGradientIndices('w', Int32Array.of(2));
    assert.deepEqual(masks.gradientIndices('w', 'filter'), translated.slice(1));
  });

  it('are refused when none was set', () => {
    assert.throws(() => masks.gradientIndices('other', 'plain'), saraError('INTERNAL'));
  });
});
