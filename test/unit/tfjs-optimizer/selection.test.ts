import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { selectByThreshold } from '../../../worker/sara/selection.ts';
import { EVERY_TENSOR } from '../../../worker/sara/tensor-filter.ts';
import { sara, thresholdForFraction } from '../../../worker/tfjs-optimizer/sara.ts';
import { selectFromVariables } from '../../../worker/tfjs-optimizer/selection.ts';
import { namedVariables, readTensors } from '../../../worker/tfjs-optimizer/variables.ts';
import { saraError } from '../../support/sara-error.ts';
import { convModel, loadedAgain, someVariable, withTfjs } from './small-models.ts';

describe("selection from a tfjs model's variables", () => {
  it("is the run's selection: the same mask and values", async () => {
    await withTfjs(async () => {
      const model = convModel();
      const variables = namedVariables(model);
      for (const filter of [EVERY_TENSOR, { include: ['*/kernel'], exclude: ['conv/*'] }]) {
        const expected = await selectByThreshold(readTensors(variables), 0.1, filter);
        const selected = selectFromVariables(variables, 0.1, filter);
        assert.equal(selected.mask.digest, expected.mask.digest);
        assert.deepEqual(selected.values, expected.values);
        assert.ok(selected.mask.count > 0);
      }
      model.dispose();
    });
  });

  it('can be everything', async () => {
    await withTfjs(() => {
      const w = someVariable('w', [3, 4], 1);
      const { mask, values } = selectFromVariables(namedVariables([w]), 10, EVERY_TENSOR);
      assert.deepEqual([...values], [...w.dataSync()]);
      assert.equal(mask.count, 12);
      w.dispose();
    });
  });

  it('gives the threshold of a share of the weights exactly', async () => {
    await withTfjs(async () => {
      const [a, b] = [someVariable('a', [30, 20], 1), someVariable('b', [400], 2)];
      const threshold = await thresholdForFraction([a, b], 0.25);
      const optimizer = sara([a, b], { threshold, learningRate: 1e-3 });
      assert.equal(optimizer.trainableCount, 250);
      assert.equal(optimizer.parameterCount, 1000);
      const ofB = await thresholdForFraction([a, b], 0.25, { include: ['b'] });
      const onB = sara([a, b], { threshold: ofB, include: ['b'], learningRate: 1e-3 });
      assert.equal(onB.trainableCount, 100);
      optimizer.dispose();
      onB.dispose();
      tf.dispose([a, b]);
    });
  });

  it('knows the weights of a model that is loaded twice by the same names', async () => {
    await withTfjs(async () => {
      const model = convModel();
      const again = await loadedAgain(model);
      assert.deepEqual([...namedVariables(again).keys()], [...namedVariables(model).keys()]);
      assert.notEqual(again.trainableWeights[0].name, model.trainableWeights[0].name);
      model.dispose();
      again.dispose();
    });
  });

  it('refuses what it cannot train, by name', async () => {
    await withTfjs(() => {
      const w = someVariable('w', [4], 1);
      const count = tf.tidy(() => tf.variable(tf.tensor1d([1, 2], 'int32'), true, 'count'));
      const broken = tf.tidy(() => tf.variable(tf.tensor1d([1, NaN]), true, 'broken'));
      const options = { threshold: 2e-3 };
      assert.throws(() => sara([], options), saraError('CONFIG_INVALID', /no trainable variable/));
      assert.throws(() => sara([w, w], options), saraError('CONFIG_INVALID', /two variables are called w/));
      assert.throws(() => sara([count], options), saraError('MODEL_UNSUPPORTED', /count is int32/));
      assert.throws(
        () => sara([broken], options),
        saraError('NOT_FINITE', /broken holds NaN at flat index 1/),
      );
      assert.throws(
        () => sara([w], { threshold: 1e-9 }),
        saraError('CONFIG_INVALID', /none of the 4 weights/),
      );
      assert.throws(
        () => sara([w], { ...options, exclude: ['v*'] }),
        saraError('CONFIG_INVALID', /pattern "v\*" matches none/),
      );
      tf.dispose([w, count, broken]);
    });
  });
});
