import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { SparseMask } from '../../../worker/sara/mask.ts';
import { MaskedVariables } from '../../../worker/tfjs-optimizer/masked-variables.ts';
import { someTensor, someVariable, withTfjs } from './small-models.ts';

for (const backend of ['cpu', 'wasm']) {
  describe(`masked variables on tfjs' ${backend} backend`, () => {
    const mask = SparseMask.of([
      { name: 'a', shape: [2, 3], indices: Int32Array.of(1, 4, 5) },
      { name: 'b', shape: [], indices: null },
      { name: 'c', shape: [4], indices: Int32Array.of(0) },
    ]);
    const make = (): Map<string, tf.Variable> =>
      new Map([
        ['a', someVariable('a', [2, 3], 1)],
        ['b', someVariable('b', [], 2)],
        ['c', someVariable('c', [4], 3)],
        ['frozen', someVariable('frozen', [2], 4)],
      ]);

    it('are written at the masked entries and nowhere else', async () => {
      await withTfjs(() => {
        const variables = make();
        const before = new Map([...variables].map(([name, v]) => [name, v.dataSync().slice()] as const));
        const masked = new MaskedVariables(mask, variables);
        masked.scatter(Float32Array.of(10, 11, 12, 13, 14), (name) => name !== 'c');
        assert.deepEqual(
          variables.get('a')!.dataSync(),
          before.get('a')!.with(1, 10).with(4, 11).with(5, 12),
        );
        assert.deepEqual(variables.get('b')!.dataSync(), Float32Array.of(13));
        assert.deepEqual(variables.get('c')!.dataSync(), before.get('c'));
        assert.deepEqual(variables.get('frozen')!.dataSync(), before.get('frozen'));
        masked.dispose();
        tf.dispose([...variables.values()]);
      }, backend);
    });

    it('are read in mask order, those asked for only', async () => {
      await withTfjs(() => {
        const variables = make();
        const masked = new MaskedVariables(mask, variables);
        const gradient = someTensor([2, 3], 7);
        const vector = new Float32Array(5).fill(-1);
        masked.gather(new Map([['a', gradient]]), vector);
        const [, g1, , , g4, g5] = gradient.dataSync();
        assert.deepEqual(vector, Float32Array.of(g1, g4, g5, -1, -1));
        masked.gather(variables, vector);
        assert.equal(vector[3], variables.get('b')!.dataSync()[0]);
        assert.equal(vector[4], variables.get('c')!.dataSync()[0]);
        masked.dispose();
        tf.dispose([gradient, ...variables.values()]);
      }, backend);
    });

    it('leave clones of a variable and the array it was made from as they were', async () => {
      await withTfjs(() => {
        const array = Float32Array.of(1, 2, 3, 4);
        const variable = tf.tidy(() => tf.variable(tf.tensor1d(array), true, 'c'));
        const clone = variable.clone();
        const masked = new MaskedVariables(
          mask.shard((name) => name === 'c'),
          new Map([['c', variable]]),
        );
        masked.scatter(Float32Array.of(9));
        assert.deepEqual([...variable.dataSync()], [9, 2, 3, 4]);
        assert.deepEqual([...clone.dataSync()], [1, 2, 3, 4]);
        assert.deepEqual([...array], [1, 2, 3, 4]);
        masked.dispose();
        tf.dispose([variable, clone]);
      }, backend);
    });
  });
}
