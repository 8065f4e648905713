import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { sara, type SaraOptimizer } from '../../../worker/tfjs-optimizer/sara.ts';
import { saraError } from '../../support/sara-error.ts';
import { bitsOf, someVariable, twoMatrices, withTfjs, type TwoMatrices } from './small-models.ts';

const OPTIONS = { threshold: 0.06, learningRate: 0.01, steps: 10, seed: 5 };

async function withFile(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sara-tfjs-'));
  try {
    await withTfjs(() => test(join(folder, 'state.safetensors')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A model and its optimizer after `numSteps` updates. */
function trained(numSteps: number): { model: TwoMatrices; optimizer: SaraOptimizer; dispose(): void } {
  const model = twoMatrices();
  const optimizer = sara(model.variables, OPTIONS);
  for (let step = 0; step < numSteps; step++) optimizer.minimize(model.loss);
  return {
    model,
    optimizer,
    dispose: () => {
      optimizer.dispose();
      model.dispose();
    },
  };
}

describe("the tfjs optimizer's state file", () => {
  for (const [saved, when] of [
    [3, 'before re-selection'],
    [5, 'when re-selection is due'],
    [7, 'after re-selection'],
  ] as const) {
    it(`lets another optimizer on the base model go on as if nothing had happened, saved ${when}`, async () => {
      await withFile(async (path) => {
        const straight = trained(saved);
        await straight.optimizer.save(path);
        for (let step = saved; step < 10; step++) straight.optimizer.minimize(straight.model.loss);
        const expected = bitsOf(straight.model.variables);
        const digest = straight.optimizer.maskDigest;
        straight.dispose();

        const resumed = trained(0);
        await resumed.optimizer.load(path);
        assert.equal(resumed.optimizer.iterations, saved);
        for (let step = saved; step < 10; step++) resumed.optimizer.minimize(resumed.model.loss);
        assert.deepEqual(bitsOf(resumed.model.variables), expected);
        assert.equal(resumed.optimizer.maskDigest, digest);
        assert.equal(resumed.optimizer.numReselections, 1);
        resumed.dispose();
      });
    });
  }

  it('takes a model that has been trained further back to where it was saved', async () => {
    await withFile(async (path) => {
      const run = trained(3);
      const saved = bitsOf(run.model.variables);
      await run.optimizer.save(path);
      for (let step = 3; step < 8; step++) run.optimizer.minimize(run.model.loss);
      assert.notDeepEqual(bitsOf(run.model.variables), saved);
      await run.optimizer.load(path);
      assert.deepEqual(bitsOf(run.model.variables), saved);
      assert.equal(run.optimizer.numReselections, 0);
      run.dispose();
    });
  });

  it('holds the moment it was asked for, though training goes on while it is written', async () => {
    await withFile(async (path) => {
      const run = trained(3);
      const saved = bitsOf(run.model.variables);
      const writing = run.optimizer.save(path);
      for (let step = 3; step < 6; step++) run.optimizer.minimize(run.model.loss);
      await writing;
      await run.optimizer.load(path);
      assert.deepEqual(bitsOf(run.model.variables), saved);
      run.dispose();
    });
  });

  it("is a stage checkpoint of the run's format, compact vectors by the variables' names", async () => {
    await withFile(async (path) => {
      const run = trained(2);
      await run.optimizer.save(path);
      const file = await SafetensorsFile.open(path);
      assert.equal(file.metadata.get('format'), 'sara-stage-checkpoint');
      assert.equal(file.metadata.get('step'), '2');
      assert.equal(file.metadata.get('initial_mask_digest'), run.optimizer.maskDigest);
      const count = ['first', 'bias', 'second'].reduce(
        (sum, name) => sum + (file.entries.get(`${name}.values`)?.shape[0] ?? 0),
        0,
      );
      assert.equal(count, run.optimizer.trainableCount);
      await file.close();
      run.dispose();
    });
  });

  it('is refused on another base model, for another selection, and when it is damaged; nothing changes then', async () => {
    await withFile(async (path) => {
      const run = trained(3);
      await run.optimizer.save(path);
      run.dispose();

      const other = twoMatrices();
      const frozen = other.variables[0].dataSync<'float32'>().slice();
      const at = frozen.findIndex((x) => Math.abs(x) > 0.1);
      frozen[at] += 0.01;
      tf.tidy(() => other.variables[0].assign(tf.tensor(frozen, other.variables[0].shape)));
      const onOther = sara(other.variables, OPTIONS);
      const before = bitsOf(other.variables);
      await assert.rejects(onOther.load(path), saraError('ADAPTER_MISMATCH', /was made from base model/));
      assert.deepEqual(bitsOf(other.variables), before);
      onOther.dispose();
      other.dispose();

      const model = twoMatrices();
      const wider = sara(model.variables, { ...OPTIONS, threshold: 0.07 });
      await assert.rejects(wider.load(path), saraError('ADAPTER_MISMATCH', /this optimizer selected/));
      await assert.rejects(wider.load(`${path}.none`), saraError('FILE_NOT_FOUND'));
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(0, bytes.length - 8));
      const same = sara(model.variables, OPTIONS);
      await assert.rejects(same.load(path), saraError('FILE_CORRUPT'));
      assert.equal(same.iterations, 0);
      for (const it of [wider, same, model]) it.dispose();
    });
  });

  it('is of the weights that were loaded before the first update, not of those the optimizer first saw', async () => {
    await withFile(async (path) => {
      const loaded = twoMatrices('loaded/');
      const model = twoMatrices();
      for (const v of model.variables) tf.tidy(() => v.assign(tf.zerosLike(v)));
      const early = sara(model.variables, OPTIONS);
      model.variables.forEach((v, i) => v.assign(loaded.variables[i]));
      await early.save(path);
      const late = sara(model.variables, OPTIONS);
      await late.load(path);
      assert.equal(early.maskDigest, late.maskDigest);
      for (const it of [early, late, model, loaded]) it.dispose();
    });
  });

  it('holds a scalar too', async () => {
    await withFile(async (path) => {
      const scale = someVariable('scale', [], 1);
      const optimizer = sara([scale], { ...OPTIONS, threshold: 2 });
      optimizer.minimize(() => tf.square(scale as tf.Scalar));
      const saved = bitsOf([scale]);
      await optimizer.save(path);
      optimizer.minimize(() => tf.square(scale as tf.Scalar));
      await optimizer.load(path);
      assert.deepEqual(bitsOf([scale]), saved);
      optimizer.dispose();
      scale.dispose();
    });
  });
});
