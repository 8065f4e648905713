import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { readAdapterMetadata } from '../../../worker/sara/adapter-file.ts';
import { applyAdapters, sara } from '../../../worker/tfjs-optimizer/sara.ts';
import { relativeError } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';
import { bitsOf, convModel, loadedAgain, pictures, variablesOf, withTfjs } from './small-models.ts';

/** (p1 - p0) + p0 in float32. */
const FLOAT32_ROUNDING = 1e-6;

const valuesOf = (model: LayersModel): number[] => variablesOf(model).flatMap((v) => [...v.dataSync()]);

describe('adapters of tfjs models', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'sara-tfjs-'))));
  after(() => rm(folder, { recursive: true }));

  /** Fine-tunes a copy of the base on one batch order, saves its adapter, gives the trained values. */
  async function fineTune(base: LayersModel, path: string, learningRate: number): Promise<number[]> {
    const model = await loadedAgain(base);
    const data = pictures();
    const optimizer = sara(model, { threshold: 0.1, learningRate, steps: 4, seed: 2 });
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    await model.fit(data.xs, data.ys, {
      epochs: 4,
      batchSize: 24,
      shuffle: false,
      verbose: 0,
      yieldEvery: 'never',
    });
    await optimizer.saveAdapter(path);
    const values = valuesOf(model);
    for (const it of [optimizer, model, data]) it.dispose();
    return values;
  }

  it('make the trained model from the base, scale, and add up', async () => {
    await withTfjs(async () => {
      const base = convModel();
      const start = valuesOf(base);
      const [one, two] = [join(folder, 'one.safetensors'), join(folder, 'two.safetensors')];
      const endOne = await fineTune(base, one, 0.01);
      const endTwo = await fineTune(base, two, 0.02);
      const cases = [
        { adapters: [{ path: one }], expected: endOne },
        { adapters: [{ path: one, strength: 0 }], expected: start },
        {
          adapters: [{ path: one, strength: 1.5 }],
          expected: start.map((p, i) => p + 1.5 * (endOne[i] - p)),
        },
        {
          adapters: [
            { path: one, strength: 0.5 },
            { path: two, strength: 0.25 },
          ],
          expected: start.map((p, i) => p + 0.5 * (endOne[i] - p) + 0.25 * (endTwo[i] - p)),
        },
      ];
      for (const { adapters, expected } of cases) {
        const model = await loadedAgain(base);
        await applyAdapters(model, adapters);
        assert.ok(relativeError(valuesOf(model), expected) < FLOAT32_ROUNDING);
        model.dispose();
      }
      base.dispose();
    });
  });

  it('say where they come from', async () => {
    await withTfjs(async () => {
      const base = convModel();
      const path = join(folder, 'metadata.safetensors');
      await fineTune(base, path, 0.01);
      const { threshold, step, stage, rankWeight, learningRate, seed } = await readAdapterMetadata(path);
      assert.deepEqual(
        { threshold, step, stage, rankWeight, learningRate, seed },
        { threshold: 0.1, step: 4, stage: 1, rankWeight: 5e-3, learningRate: 0.01, seed: 2n },
      );
      base.dispose();
    });
  });

  it('are refused on a model that is not the base, a second time included; nothing changes then', async () => {
    await withTfjs(async () => {
      const base = convModel();
      const path = join(folder, 'refused.safetensors');
      await fineTune(base, path, 0.01);
      await assert.rejects(
        applyAdapters(base, [{ path, strength: 3 }]),
        saraError('CONFIG_INVALID', /strength is 3/),
      );
      await applyAdapters(base, [{ path }]);
      const before = bitsOf(variablesOf(base));
      await assert.rejects(applyAdapters(base, [{ path }]), saraError('ADAPTER_MISMATCH', /was trained on/));
      assert.deepEqual(bitsOf(variablesOf(base)), before);
      const one = tf.tidy(() => tf.variable(tf.ones([2]), true, 'one'));
      await assert.rejects(applyAdapters([one], [{ path }]), saraError('ADAPTER_MISMATCH'));
      one.dispose();
      base.dispose();
    });
  });
});
