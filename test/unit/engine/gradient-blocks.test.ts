/** Compact gradients computed block by block equal the same entries of the dense gradient. */
import assert from 'node:assert/strict';
import { floatTensor, numElements, type Tensor } from '../../../shared/tensor.ts';
import { differentiate } from '../../../worker/engine/autodiff.ts';
import { Graph, type Value } from '../../../worker/engine/graph.ts';
import { lowerToOnnx } from '../../../worker/engine/onnx/lower.ts';
import { createOnnxEngine } from '../../../worker/engine/onnx/onnx-engine.ts';
import { WeightStore } from '../../../worker/engine/weight-store.ts';

/** The same products summed over differently shaped blocks: a rounding apart. */
const ROUNDING = 1e-5;

const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });

function wave(shape: readonly number[], frequency: number): Float32Array {
  return Float32Array.from({ length: numElements(shape) }, (_, i) => Math.sin(frequency * (i + 1)));
}

interface Case {
  readonly title: string;
  readonly weight: readonly number[];
  readonly input: readonly number[];
  readonly expectedParts: number;
  readonly build: (graph: Graph, x: Value, w: Value) => Value;
}

const CASES: readonly Case[] = [
  {
    title: 'a linear layer of 9 MB in blocks of rows',
    weight: [1536, 1536],
    input: [1, 3, 1536],
    expectedParts: 3,
    build: (g, x, w) => g.linear(x, w, null),
  },
  {
    title: 'a layer whose weight is used in two halves, each in blocks of its own',
    weight: [2048, 640],
    input: [1, 3, 640],
    expectedParts: 2,
    build: (g, x, w) =>
      g.mul(
        g.matMul(x, g.slice(w, 0, 0, 1024), { transB: true }),
        g.matMul(x, g.slice(w, 0, 1024, 2048), { transB: true }),
      ),
  },
  {
    title: 'a convolution over few pixels in blocks of rows',
    weight: [384, 384, 3, 3],
    input: [2, 384, 5, 3],
    expectedParts: 2,
    build: (g, x, w) => g.conv2d(x, w, null, { pads: 1 }),
  },
  {
    title: 'a strided convolution over few pixels',
    weight: [24, 16, 3, 3],
    input: [3, 16, 7, 5],
    expectedParts: 1,
    build: (g, x, w) => g.conv2d(x, w, null, { stride: 2, pads: 1 }),
  },
  {
    title: 'a convolution over many pixels, tap by tap',
    weight: [8, 6, 3, 3],
    input: [2, 6, 20, 18],
    expectedParts: 1,
    build: (g, x, w) => g.conv2d(x, w, null, { pads: 1 }),
  },
];

describe('gradient blocks', () => {
  for (const { title, weight, input, expectedParts, build } of CASES) {
    it(`${title} give the masked entries of the dense gradient`, async () => {
      const size = numElements(weight);
      const masks = [
        Int32Array.from({ length: Math.floor(size / 7) }, (_, k) => 7 * k + 3),
        // All entries in one block, so that others are asked for nothing.
        Int32Array.from({ length: 5 }, (_, k) => k),
        new Int32Array(0),
      ];
      const store = new WeightStore();
      store.bind('w', { kind: 'in-place', shape: weight, data: wave(weight, 0.37) });
      const gradientGraph = (compact: boolean): Graph => {
        const graph = new Graph();
        const y = build(graph, graph.input('x', input), graph.weight('w', weight));
        const w = graph.weight('w', weight);
        const seed = graph.constant(y.shape, wave(y.shape, 0.11));
        const gradient = differentiate(graph, new Map([[y, seed]]), [w]).get(w)!;
        graph.output('g', compact ? graph.gatherMasked(gradient, 'w', masks[0].length) : gradient);
        return graph;
      };
      const feeds: Record<string, Tensor> = { x: floatTensor(input, wave(input, 0.73)) };

      const dense = await engine.compile(gradientGraph(false), store);
      const expected = (await dense.run(feeds)).g.data as Float32Array;
      await dense.dispose();

      const graph = gradientGraph(true);
      store.setGradientIndices('w', masks[0]);
      assert.equal(lowerToOnnx(graph, store).outputs.get('g')?.length, expectedParts);
      const compact = await engine.compile(graph, store);
      for (const mask of masks) {
        store.setGradientIndices('w', mask);
        const into = new Float32Array(mask.length + 2).fill(7);
        await compact.run(feeds, new Map([['g', into.subarray(1, -1)]]));
        for (let k = 0; k < mask.length; k++) {
          const error = Math.abs(into[k + 1] - expected[mask[k]]);
          assert.ok(
            error <= ROUNDING * Math.max(1, Math.abs(expected[mask[k]])),
            `entry ${k} is ${error} off`,
          );
        }
        assert.deepEqual([into[0], into[into.length - 1]], [7, 7], 'nothing is written beside the buffer');
        assert.deepEqual((await compact.run(feeds)).g.data, into.slice(1, -1), 'the same without a buffer');
      }
      await compact.dispose();
    });
  }
});
