/**
 * Who owns which tensor of an interpreted graph, and that weights are seen as they are: nothing is left behind by a run,
 * whatever becomes of it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { SafetensorsFile, writeSafetensors } from '../../../../shared/safetensors.ts';
import { floatTensor, intTensor } from '../../../../shared/tensor.ts';
import { ATTENTION_BLOCK_BYTES } from '../../../../worker/engine/attention-blocks.ts';
import { differentiate } from '../../../../worker/engine/autodiff.ts';
import { Graph } from '../../../../worker/engine/graph.ts';
import { createTfjsEngine, type TfjsEngine } from '../../../../worker/engine/tfjs/tfjs-engine.ts';
import { WeightStore } from '../../../../worker/engine/weight-store.ts';
import { relativeError, someNumbers } from '../../../support/numbers.ts';
import { saraError } from '../../../support/sara-error.ts';

const X = [1, 2, 5, 4];
const W = [3, 2, 3, 3];
const NUM_WEIGHTS = 54;

/** A convolution with the loss sum(y^2) and the compact gradient of its weight. */
function convolution(): Graph {
  const graph = new Graph();
  const x = graph.input('x', X);
  const w = graph.weight('w', W);
  const y = graph.conv2d(x, w, null, { pads: 1 });
  const loss = graph.mean(graph.mul(y, y));
  const seed = graph.constant([], Float32Array.of(1));
  const gradient = differentiate(graph, new Map([[loss, seed]]), [w]).get(w)!;
  graph.output('loss', loss);
  graph.output('gradient', graph.gatherMasked(gradient, 'w', 2));
  return graph;
}

/** What tfjs holds. */
function held(): Pick<tf.MemoryInfo, 'numTensors' | 'numDataBuffers' | 'numBytes'> {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes };
}

const FEED = { x: floatTensor(X, someNumbers(40, 1)) };

describe('tfjs engine', () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    describe(`on ${backend}`, () => {
      let engine: TfjsEngine;
      let folder: string;
      let entries: SafetensorsFile['entries'];
      before(async () => {
        engine = await createTfjsEngine({ backend, numThreads: 1 });
        folder = await mkdtemp(join(tmpdir(), 'sara-tfjs-'));
        const path = join(folder, 'model.safetensors');
        await writeSafetensors(path, [{ name: 'w', tensor: floatTensor(W, someNumbers(NUM_WEIGHTS, 2)) }]);
        const file = await SafetensorsFile.open(path);
        entries = file.entries;
        await file.close();
      });
      after(() => rm(folder, { recursive: true, force: true }));

      const frozen = (): WeightStore => {
        const store = WeightStore.frozen(entries.values());
        store.setGradientIndices('w', Int32Array.of(3, 50));
        return store;
      };
      const inPlace = (data: Float32Array): WeightStore => {
        const store = frozen();
        store.bind('w', { kind: 'in-place', shape: W, data });
        return store;
      };
      const loss = async (store: WeightStore): Promise<number> => {
        const executable = await engine.compile(convolution(), store);
        const results = await executable.run(FEED);
        await executable.dispose();
        return results.loss.data[0] as number;
      };

      it('leaves no tensor behind: not by a run, not by an executable', async () => {
        const start = held();
        const executable = await engine.compile(convolution(), frozen());
        const compiled = held();
        assert.ok(
          compiled.numTensors > start.numTensors,
          'the weight is uploaded when the graph is compiled',
        );
        for (let run = 0; run < 3; run++) {
          const results = await executable.run(FEED);
          assert.equal(results.gradient.data.length, 2);
          assert.deepEqual(held(), compiled, `after run ${run}`);
        }
        await executable.dispose();
        assert.deepEqual(held(), start);
      });

      it('leaves no tensor behind by a run that fails, and names the node', async () => {
        const start = held();
        const store = inPlace(someNumbers(NUM_WEIGHTS, 2));
        const executable = await engine.compile(convolution(), store);
        const compiled = held();
        store.setGradientIndices('w', Int32Array.of(0, NUM_WEIGHTS));
        await assert.rejects(
          executable.run(FEED),
          saraError('INTERNAL', /the mask of w names entry 54, the weight has 54/),
        );
        assert.deepEqual(held(), compiled, 'after the last node failed');
        store.bind('w', { kind: 'in-place', shape: W, data: new Float32Array(7) });
        await assert.rejects(executable.run(FEED), saraError('ENGINE_FAILED', /failed at conv2d/));
        await assert.rejects(executable.run({}), saraError('INTERNAL', /x was not fed/));
        const ids = { x: intTensor(X, new Int32Array(40)) };
        await assert.rejects(executable.run(ids), saraError('INTERNAL', /int32 \[1, 2, 5, 4\]/));
        assert.deepEqual(held(), compiled);
        await executable.dispose();
        assert.deepEqual(held(), start);
      });

      it('uploads a frozen weight once for all executables, until the last is disposed', async () => {
        const start = held();
        const [first, second] = await Promise.all([
          engine.compile(convolution(), frozen()),
          engine.compile(convolution(), frozen()),
        ]);
        const numWeightBytes = held().numBytes - start.numBytes;
        assert.ok(numWeightBytes < 2 * 4 * NUM_WEIGHTS, `${numWeightBytes} bytes for ${NUM_WEIGHTS} weights`);
        await first.dispose();
        assert.equal((await second.run(FEED)).gradient.data.length, 2);
        await second.dispose();
        assert.deepEqual(held(), start);
      });

      it('leaves nothing uploaded when a weight is missing or of another shape', async () => {
        const start = held();
        const graph = convolution();
        graph.output('missing', graph.weight('missing', [2]));
        await assert.rejects(engine.compile(graph, frozen()), saraError('FILE_CORRUPT', /missing/));
        const other = new Graph();
        other.output('w', other.weight('w', [NUM_WEIGHTS]));
        await assert.rejects(engine.compile(other, frozen()), saraError('FILE_CORRUPT', /\[3, 2, 3, 3\]/));
        assert.deepEqual(held(), start);
      });

      it('sees what was written into a weight in place since the last run', async () => {
        const data = someNumbers(NUM_WEIGHTS, 2);
        const executable = await engine.compile(convolution(), inPlace(data));
        const before = (await executable.run(FEED)).loss.data[0] as number;
        data[17] += 1;
        const after = (await executable.run(FEED)).loss.data[0] as number;
        await executable.dispose();
        assert.equal(before, await loss(frozen()));
        assert.notEqual(after, before);
        assert.equal(after, await loss(inPlace(data.slice())));
      });

      it('scatters trained values into the base, and follows a re-selection', async () => {
        const base = someNumbers(NUM_WEIGHTS, 2);
        const store = frozen();
        const indices = Int32Array.of(0, 17, 53);
        const values = Float32Array.of(0.5, -0.25, 2);
        store.bind('w', { kind: 'scattered', entry: entries.get('w')!, indices, values });
        const executable = await engine.compile(convolution(), store);
        const expected = async (): Promise<number> => {
          const data = base.slice();
          indices.forEach((at, k) => (data[at] = values[k]));
          return loss(inPlace(data));
        };
        assert.equal((await executable.run(FEED)).loss.data[0], await expected());
        values[1] = 0.75;
        store.setGradientIndices('w', Int32Array.of(17));
        const results = await executable.run(FEED);
        assert.equal(results.loss.data[0], await expected());
        assert.equal(results.gradient.data.length, 1);
        store.setGradientIndices('w', new Int32Array(0));
        assert.deepEqual((await executable.run(FEED)).gradient, floatTensor([0]));
        await executable.dispose();
      });

      it('hands results over as copies, or in the buffers it is given', async () => {
        const graph = new Graph();
        const x = graph.input('x', X);
        graph.output('same', graph.reshape(x, [40]));
        graph.output('copy', x);
        const executable = await engine.compile(graph, new WeightStore());
        const input = floatTensor(X, someNumbers(40, 3));
        const buffer = new Float32Array(40);
        const { same, copy } = await executable.run({ x: input }, new Map([['same', buffer]]));
        assert.equal(same.data, buffer);
        assert.deepEqual(buffer, input.data);
        assert.deepEqual(copy, input);
        copy.data[0] = 7;
        assert.notEqual(input.data[0], 7);
        await assert.rejects(
          executable.run({ x: input }, new Map([['same', new Float32Array(3)]])),
          saraError('INTERNAL', /same has 40 values, the buffer for it holds 3/),
        );
        await executable.dispose();
      });
    });
  }

  it('runs two backends of one process at the same time', async () => {
    const engines = await Promise.all(
      (['wasm', 'cpu'] as const).map((backend) => createTfjsEngine({ backend, numThreads: 1 })),
    );
    const graph = new Graph();
    let x = graph.input('x', [64, 64]);
    for (let i = 0; i < 200; i++) x = graph.affine(graph.matMul(x, x, { alpha: 1 / 64 }), 1, 1e-3);
    graph.output('y', x);
    const input = { x: floatTensor([64, 64], someNumbers(64 * 64, 4)) };
    const executables = await Promise.all(engines.map((engine) => engine.compile(graph, new WeightStore())));
    const alone = [await executables[0].run(input), await executables[1].run(input)];
    const together = await Promise.all(executables.map((executable) => executable.run(input)));
    assert.deepEqual(together, alone);
    const difference = relativeError(alone[0].y.data as Float32Array, alone[1].y.data as Float32Array);
    assert.ok(difference < 1e-5, String(difference));
    await Promise.all(executables.map((executable) => executable.dispose()));
  });

  it('never holds the probabilities of more than one block of an attention', async () => {
    const numTokens = 4096;
    const wholeBytes = 4 * numTokens ** 2;
    assert.ok(wholeBytes >= 10 * ATTENTION_BLOCK_BYTES);
    const graph = new Graph();
    const [q, k, v] = ['q', 'k', 'v'].map((name) => graph.input(name, [1, numTokens, 4]));
    graph.output('y', graph.attention(q, k, v, 1));
    const engine = await createTfjsEngine({ backend: 'wasm', numThreads: 1 });
    const executable = await engine.compile(graph, new WeightStore());
    const tokens = floatTensor([1, numTokens, 4], someNumbers(4 * numTokens, 5));
    const { peakBytes } = await tf.profile(async () => {
      await executable.run({ q: tokens, k: tokens, v: tokens });
      return [];
    });
    await executable.dispose();
    // Scores and their softmax, of one block, each counted once more for every reshape of it that is alive.
    assert.ok(peakBytes < 6 * ATTENTION_BLOCK_BYTES, `${peakBytes} bytes`);
  });
});
