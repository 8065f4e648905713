/** What an update does and leaves alone, on plain variables. */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { sara, SaraOptimizer, type SaraOptions } from '../../../worker/tfjs-optimizer/sara.ts';
import { relativeError } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';
import { bitsOf, someTensor, someVariable, twoMatrices, withTfjs } from './small-models.ts';

const OPTIONS: SaraOptions = { threshold: 0.06, learningRate: 0.01 };

/** Two sums of the same float32 gradients in another order. */
const FLOAT32_ROUNDING = 1e-5;

/** How many entries of the variables differ between two recordings, and whether all of those were selected. */
function changes(before: readonly Uint32Array[], after: readonly Uint32Array[], threshold: number) {
  let numChanged = 0;
  let onlySelected = true;
  before.forEach((bits, i) => {
    const values = new Float32Array(bits.buffer);
    bits.forEach((bit, k) => {
      if (bit === after[i][k]) return;
      numChanged++;
      if (!(Math.abs(values[k]) < threshold)) onlySelected = false;
    });
  });
  return { numChanged, onlySelected };
}

describe('SaraOptimizer', () => {
  it('is a tf.Optimizer by inheritance and says what it is', async () => {
    await withTfjs(() => {
      const model = twoMatrices();
      const optimizer = sara(model.variables, OPTIONS);
      // `instanceof` is overridden by tfjs and would accept anything with the right methods.
      assert.ok(Object.prototype.isPrototypeOf.call(tf.Optimizer.prototype, optimizer));
      assert.equal(Object.getPrototypeOf(optimizer), SaraOptimizer.prototype);
      assert.equal(optimizer.getClassName(), 'Sara');
      const config = optimizer.getConfig();
      assert.deepEqual(JSON.parse(JSON.stringify(config)), config);
      assert.equal(config.threshold, 0.06);
      const same = sara(model.variables, config);
      assert.equal(same.maskDigest, optimizer.maskDigest);
      assert.deepEqual(same.getConfig(), config);
      optimizer.dispose();
      same.dispose();
      model.dispose();
    });
  });

  for (const backend of ['cpu', 'wasm']) {
    it(`changes selected entries only, every other one keeps its bits (${backend})`, async () => {
      await withTfjs(() => {
        const model = twoMatrices();
        const before = bitsOf(model.variables);
        const optimizer = sara(model.variables, OPTIONS);
        for (let step = 0; step < 3; step++) optimizer.minimize(model.loss);
        const { numChanged, onlySelected } = changes(before, bitsOf(model.variables), 0.06);
        assert.ok(onlySelected);
        assert.ok(numChanged > 0.99 * optimizer.trainableCount, 'and nearly all of those');
        assert.ok(optimizer.trainableCount < 0.4 * optimizer.parameterCount);
        optimizer.dispose();
        model.dispose();
      }, backend);
    });
  }

  it('starts from the base model: making it changes nothing, signs included', async () => {
    await withTfjs(() => {
      const model = twoMatrices();
      const before = bitsOf(model.variables);
      sara(model.variables, OPTIONS).dispose();
      assert.deepEqual(bitsOf(model.variables), before);
      model.dispose();
    });
  });

  it('lowers the loss, gives it back when asked to, and counts its updates', async () => {
    await withTfjs(() => {
      const model = twoMatrices();
      const optimizer = sara(model.variables, OPTIONS);
      const losses: number[] = [];
      for (let step = 0; step < 15; step++) {
        const loss = optimizer.minimize(model.loss, true) ?? assert.fail();
        losses.push(loss.dataSync()[0]);
        loss.dispose();
        assert.equal(optimizer.iterations, step + 1);
        assert.equal(optimizer.lastUpdate?.step, step);
      }
      assert.ok(losses[14] < 0.8 * losses[0], `loss went from ${losses[0]} to ${losses[14]}`);
      optimizer.dispose();
      model.dispose();
    });
  });

  it('keeps as many tensors from update to update, also over a re-selection inside a tidy', async () => {
    await withTfjs(() => {
      const model = twoMatrices();
      const optimizer = sara(model.variables, { ...OPTIONS, steps: 6, reselectStep: 3 });
      const numTensors = tf.memory().numTensors;
      const counts = [];
      for (let step = 0; step < 6; step++) {
        tf.tidy(() => void optimizer.minimize(model.loss));
        counts.push(optimizer.trainableCount);
        assert.equal(tf.memory().numTensors, numTensors);
      }
      assert.ok(counts[3] < counts[2]);
      assert.equal(optimizer.numReselections, 1);
      optimizer.dispose();
      model.dispose();
    });
  });

  it('releases entries at re-selection: those keep their value, without decay', async () => {
    await withTfjs(() => {
      const model = twoMatrices();
      const optimizer = sara(model.variables, { ...OPTIONS, weightDecay: 0.5 });
      for (let step = 0; step < 4; step++) optimizer.minimize(model.loss);
      const trained = optimizer.trainableCount;
      optimizer.reselect();
      assert.ok(optimizer.trainableCount < trained);
      const before = bitsOf(model.variables);
      for (let step = 0; step < 2; step++) optimizer.minimize(model.loss);
      const { numChanged, onlySelected } = changes(before, bitsOf(model.variables), 0.06);
      assert.ok(onlySelected, 'what had grown past the threshold stays');
      assert.ok(numChanged > 0.99 * optimizer.trainableCount);
      assert.equal(optimizer.iterations, 6);
      optimizer.dispose();
      model.dispose();
    });
  });

  it('leaves other variables alone, and its own that are frozen or have no part in the loss', async () => {
    await withTfjs(() => {
      const model = twoMatrices();
      const [first, bias] = model.variables;
      const unused = someVariable('unused', [4], 9, 0.05);
      const stranger = someVariable('stranger', [70], 9, 0.05);
      const loss = (): tf.Scalar => tf.add(model.loss(), tf.sum(tf.square(stranger)));
      const optimizer = sara([...model.variables, unused], OPTIONS);
      optimizer.minimize(loss);
      bias.trainable = false;
      const before = bitsOf([bias, unused, stranger]);
      const firstBefore = bitsOf([first]);
      optimizer.minimize(loss);
      optimizer.minimize(loss, false, [first, bias, unused, stranger]);
      assert.deepEqual(bitsOf([bias, unused, stranger]), before);
      assert.notDeepEqual(bitsOf([first]), firstBefore);
      assert.equal(optimizer.iterations, 3);

      // Nor has it moved unseen: thawed, it takes one step's length from where it was, not three.
      bias.trainable = true;
      const frozen = bias.dataSync<'float32'>().slice();
      optimizer.minimize(loss);
      bias.dataSync<'float32'>().forEach((x, k) => assert.ok(Math.abs(x - frozen[k]) < 1.2 * 0.01));
      optimizer.dispose();
      tf.dispose([unused, stranger]);
      model.dispose();
    });
  });

  it('accumulates: the added gradients of two halves make the update of the whole', async () => {
    await withTfjs(() => {
      const x = someTensor([6, 5], 1) as tf.Tensor2D;
      const [whole, halves] = ['whole', 'halves'].map((name) => someVariable(name, [5, 3], 2));
      const loss = (w: tf.Variable, from: number, size: number) => (): tf.Scalar =>
        tf.sum(tf.square(tf.matMul(tf.slice(x, [from, 0], [size, 5]), w as tf.Tensor2D)));
      const [a, b] = [
        sara([whole], { ...OPTIONS, threshold: 0.5 }),
        sara([halves], { ...OPTIONS, threshold: 0.5 }),
      ];
      for (let step = 0; step < 3; step++) {
        a.minimize(loss(whole, 0, 6));
        tf.tidy(() => {
          const parts = [0, 3].map((from) => b.computeGradients(loss(halves, from, 3)).grads);
          b.applyGradients({ halves: tf.add(parts[0].halves, parts[1].halves) });
        });
      }
      assert.equal(b.iterations, 3);
      assert.ok(relativeError(halves.dataSync(), whole.dataSync()) < FLOAT32_ROUNDING);
      a.dispose();
      b.dispose();
      tf.dispose([x, whole, halves]);
    });
  });

  it('goes on from values that someone else has assigned: an average may be evaluated in between', async () => {
    await withTfjs(() => {
      const [straight, swapped] = [twoMatrices('straight/'), twoMatrices('swapped/')];
      const [a, b] = [sara(straight.variables, OPTIONS), sara(swapped.variables, OPTIONS)];
      for (let step = 0; step < 4; step++) {
        a.minimize(straight.loss);
        b.minimize(swapped.loss);
        const current = swapped.variables.map((v) => v.clone());
        for (const v of swapped.variables) tf.tidy(() => v.assign(tf.mul(v, 0.5)));
        assert.notEqual(
          tf.tidy(() => swapped.loss().dataSync()[0]),
          tf.tidy(() => straight.loss().dataSync()[0]),
        );
        swapped.variables.forEach((v, i) => v.assign(current[i]));
        tf.dispose(current);
      }
      assert.deepEqual(bitsOf(swapped.variables), bitsOf(straight.variables));

      // And where they stay, the next update starts from them.
      const shift = someVariable('shift', [68], 5, 0.01);
      swapped.variables[1].assign(shift);
      const moments = 10 * 0.01; // No update moves an entry by more than a few learning rates.
      b.minimize(swapped.loss);
      const [moved, target] = [swapped.variables[1].dataSync(), shift.dataSync()];
      moved.forEach((x, k) => assert.ok(Math.abs(x - target[k]) < moments));
      a.dispose();
      b.dispose();
      shift.dispose();
      straight.dispose();
      swapped.dispose();
    });
  });

  it('selects anew when weights are loaded before the first update', async () => {
    await withTfjs(() => {
      const w = someVariable('w', [300], 1);
      const optimizer = sara([w], { ...OPTIONS, threshold: 0.5 });
      const loaded = someVariable('loaded', [300], 2);
      w.assign(loaded);
      const before = bitsOf([w]);
      optimizer.minimize(() => tf.sum(tf.square(tf.sub(w, 0.3))));
      const { numChanged, onlySelected } = changes(before, bitsOf([w]), 0.5);
      assert.ok(onlySelected);
      assert.equal(numChanged, optimizer.trainableCount);
      optimizer.dispose();
      tf.dispose([w, loaded]);
    });
  });

  it('refuses a gradient that is not finite, with everything as it was', async () => {
    await withTfjs(() => {
      const w = someVariable('w', [30], 1);
      const optimizer = sara([w], { ...OPTIONS, threshold: 0.5 });
      const before = bitsOf([w]);
      const broken = tf.fill([30], Infinity);
      assert.throws(() => optimizer.applyGradients({ w: broken }), saraError('NOT_FINITE', /Infinity/));
      assert.deepEqual(bitsOf([w]), before);
      assert.equal(optimizer.iterations, 0);
      optimizer.dispose();
      tf.dispose([w, broken]);
    });
  });

  it("refuses another model's gradients", async () => {
    await withTfjs(() => {
      const [w, other] = [someVariable('w', [30], 1), someVariable('other', [30], 1)];
      const optimizer = sara([w], { ...OPTIONS, threshold: 0.5 });
      const loss = (): tf.Scalar => tf.sum(other);
      const { value, grads } = optimizer.computeGradients(loss, [other]);
      assert.throws(
        () => optimizer.applyGradients(grads),
        saraError('CONFIG_INVALID', /none of the 1 gradients/),
      );
      optimizer.dispose();
      tf.dispose([w, other, value, grads.other]);
    });
  });

  it('refuses to be saved inside a model file, and says where its state goes', async () => {
    await withTfjs(async () => {
      const w = someVariable('w', [30], 1);
      const optimizer = sara([w], { ...OPTIONS, threshold: 0.5 });
      await assert.rejects(optimizer.getWeights(), saraError('USAGE', /optimizer\.save\(path\)/));
      await assert.rejects(optimizer.setWeights(), saraError('USAGE', /optimizer\.save\(path\)/));
      optimizer.dispose();
      w.dispose();
    });
  });
});
