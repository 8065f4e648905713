/** The optimizer in the hands of tfjs-layers: compile, fit over epochs, evaluate. */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { sara } from '../../../worker/tfjs-optimizer/sara.ts';
import { namedVariables } from '../../../worker/tfjs-optimizer/variables.ts';
import { saraError } from '../../support/sara-error.ts';
import {
  bitsOf,
  convModel,
  loadedAgain,
  pictures,
  variablesOf,
  withTfjs,
  type Pictures,
} from './small-models.ts';

const EPOCHS = 4;
const BATCH = 8;
const THRESHOLD = 0.1;

function lossOf(model: LayersModel, { xs, ys }: Pictures): number {
  return tf.tidy(() => (model.evaluate(xs, ys) as tf.Scalar).dataSync()[0]);
}

describe('sara() on a tf.LayersModel', () => {
  it('fine-tunes convolution and dense layers through fit: the loss falls, epochs and batches are counted', async () => {
    await withTfjs(async () => {
      const model = convModel();
      const data = pictures();
      const optimizer = sara(model, { threshold: THRESHOLD, learningRate: 0.05, steps: 30 });
      model.compile({ optimizer, loss: 'categoricalCrossentropy' });
      assert.equal(model.optimizer, optimizer);
      const before = lossOf(model, data);
      const { history } = await model.fit(data.xs, data.ys, {
        epochs: 10,
        batchSize: BATCH,
        verbose: 0,
        yieldEvery: 'never',
      });
      assert.equal(optimizer.iterations, 30);
      assert.equal(optimizer.numReselections, 1);
      assert.equal(history.loss.length, 10);
      const after = lossOf(model, data);
      assert.ok(after < 0.7 * before, `loss went from ${before} to ${after}`);
      optimizer.dispose();
      model.dispose();
      data.dispose();
    });
  });

  it('leaves all but the selected entries as they were, to the bit', async () => {
    await withTfjs(async () => {
      const model = convModel();
      const data = pictures();
      const optimizer = sara(model, { threshold: THRESHOLD, learningRate: 0.01 });
      const variables = variablesOf(model);
      const before = bitsOf(variables);
      model.compile({ optimizer, loss: 'categoricalCrossentropy' });
      await model.fit(data.xs, data.ys, {
        epochs: EPOCHS,
        batchSize: BATCH,
        verbose: 0,
        yieldEvery: 'never',
      });
      let numChanged = 0;
      bitsOf(variables).forEach((bits, i) => {
        const base = new Float32Array(before[i].buffer);
        bits.forEach((bit, k) => {
          if (bit !== before[i][k]) numChanged++;
          assert.ok(bit === before[i][k] || Math.abs(base[k]) < Math.fround(THRESHOLD));
        });
      });
      assert.ok(numChanged > 0.9 * optimizer.trainableCount && numChanged <= optimizer.trainableCount);
      optimizer.dispose();
      model.dispose();
      data.dispose();
    });
  });

  it('is the same whether the model trains by fit or its loss is minimized by hand', async () => {
    await withTfjs(async () => {
      const fitted = convModel();
      const byHand = await loadedAgain(fitted);
      const data = pictures();
      const options = { threshold: THRESHOLD, learningRate: 0.01 };
      const [a, b] = [sara(fitted, options), sara(byHand, options)];
      fitted.compile({ optimizer: a, loss: 'meanSquaredError' });
      await fitted.fit(data.xs, data.ys, {
        epochs: 3,
        batchSize: 24,
        shuffle: false,
        verbose: 0,
        yieldEvery: 'never',
      });
      for (let step = 0; step < 3; step++) {
        b.minimize(() => {
          const output = byHand.apply(data.xs, { training: true }) as tf.Tensor2D;
          return tf.mean(tf.mean(tf.squaredDifference(output, data.ys), -1));
        });
      }
      assert.equal(a.maskDigest, b.maskDigest);
      assert.deepEqual(bitsOf(variablesOf(byHand)), bitsOf(variablesOf(fitted)));
      for (const it of [a, b, fitted, byHand, data]) it.dispose();
    });
  });

  it('does not train a layer that is frozen when the model is compiled', async () => {
    await withTfjs(async () => {
      const model = convModel();
      const data = pictures();
      const optimizer = sara(model, { threshold: THRESHOLD, learningRate: 0.01 });
      const dense = namedVariables(model).get('dense/kernel') ?? assert.fail();
      const before = bitsOf([dense]);
      model.getLayer('dense').trainable = false;
      model.compile({ optimizer, loss: 'categoricalCrossentropy' });
      await model.fit(data.xs, data.ys, { epochs: 2, batchSize: BATCH, verbose: 0, yieldEvery: 'never' });
      assert.deepEqual(bitsOf([dense]), before);
      assert.equal(optimizer.iterations, 6);
      optimizer.dispose();
      model.dispose();
      data.dispose();
    });
  });

  it('refuses a model of which every layer is frozen', async () => {
    await withTfjs(() => {
      const model = convModel();
      model.trainable = false;
      assert.throws(() => sara(model, { threshold: 1e-3 }), saraError('CONFIG_INVALID', /all of it frozen/));
      model.dispose();
    });
  });

  it('refuses to train a model with the optimizer of another', async () => {
    const [model, other] = [convModel(), convModel()];
    const data = pictures();
    const optimizer = sara(other, { threshold: THRESHOLD, learningRate: 0.01 });
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    await assert.rejects(
      model.fit(data.xs, data.ys, { epochs: 1, batchSize: 24, verbose: 0, yieldEvery: 'never' }),
      saraError('CONFIG_INVALID', /none of the 6 gradients/),
    );
    for (const it of [optimizer, model, other, data]) it.dispose();
  });
});
