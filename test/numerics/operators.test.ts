/**
 * Every operator's gradient against central finite differences, through each engine.
 *
 * The loss is a fixed random projection of the operator's output, so one scalar probes every output entry. Entries of
 * the inputs are probed one by one: all of them, or some of each input where the engine is slow.
 */
import assert from 'node:assert/strict';
import { differentiate } from '../../worker/engine/autodiff.ts';
import { Graph, type Value } from '../../worker/engine/graph.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { floatTensor, intTensor, numElements, type Tensor } from '../../shared/tensor.ts';
import { describePerEngine } from '../support/engines.ts';
import { distance, norm, relativeError, someNumbers } from '../support/numbers.ts';

/** Float32 central differences with step 1e-2 carry about 1e-4 of curvature and 1e-3 of rounding. */
const FINITE_DIFFERENCE_TOLERANCE = 5e-3;
const STEP = 1e-2;

/** A thousand float32 products summed. */
const FLOAT32_TOLERANCE = 1e-5;

/** Below it a gradient is zero but for rounding, and compared absolutely. */
const ZERO_GRADIENT_NORM = 1e-4;

/** Of each input, where two runs for every entry would take minutes. */
const NUM_PROBES_WHEN_SLOW = 6;

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  /** Makes inputs positive, away from singular points. */
  readonly positive?: boolean;
  readonly build: (g: Graph, inputs: Value[]) => Value;
}

const x234 = [2, 3, 4];
const cases: Case[] = [
  ...(['neg', 'exp', 'sigmoid', 'silu', 'gelu', 'quickGelu', 'tanh', 'sin', 'cos', 'erf'] as const).map(
    (kind) => ({
      name: kind,
      shapes: [x234],
      build: (g: Graph, [x]: Value[]) => g.unary(kind, x),
    }),
  ),
  ...(['sqrt', 'reciprocal'] as const).map((kind) => ({
    name: kind,
    shapes: [x234],
    positive: true,
    build: (g: Graph, [x]: Value[]) => g.unary(kind, x),
  })),
  ...(['add', 'sub', 'mul', 'div'] as const).map((kind) => ({
    name: `${kind} under broadcasting`,
    shapes: [x234, [3, 1]],
    positive: true,
    build: (g: Graph, [a, b]: Value[]) => g.binary(kind, a, b),
  })),
  { name: 'affine', shapes: [x234], build: (g, [x]) => g.affine(x, -2.5, 0.75) },
  ...[false, true].flatMap((transA) =>
    [false, true].map((transB) => ({
      name: `matMul, transA ${transA}, transB ${transB}, batched`,
      shapes: [transA ? [2, 4, 3] : [2, 3, 4], transB ? [2, 5, 4] : [2, 4, 5]],
      build: (g: Graph, [a, b]: Value[]) => g.matMul(a, b, { transA, transB, alpha: 0.5 }),
    })),
  ),
  { name: 'linear with bias', shapes: [[2, 3, 4], [5, 4], [5]], build: (g, [x, w, b]) => g.linear(x, w, b) },
  {
    name: 'matMul of a batch with a shared right factor',
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    build: (g, [a, b]) => g.matMul(a, b),
  },
  ...[1, 2].flatMap((batch) =>
    [
      { label: '3x3 padded', kernel: 3, stride: 1, pads: 1, size: [5, 6] },
      { label: '3x3 stride 2, even size', kernel: 3, stride: 2, pads: 1, size: [6, 4] },
      { label: '3x3 stride 2, odd size', kernel: 3, stride: 2, pads: 1, size: [5, 7] },
      { label: '1x1', kernel: 1, stride: 1, pads: 0, size: [4, 3] },
      { label: '3x3 on a large image', kernel: 3, stride: 1, pads: 1, size: [17, 16] },
      {
        label: '3x3 stride 2, padded right and below only',
        kernel: 3,
        stride: 2,
        pads: { top: 0, left: 0, bottom: 1, right: 1 },
        size: [6, 6],
      },
    ].map(({ label, kernel, stride, pads, size }) => ({
      name: `conv2d ${label}, batch ${batch}`,
      shapes: [[batch, 3, ...size], [2, 3, kernel, kernel], [2]],
      build: (g: Graph, [x, w, b]: Value[]) => g.conv2d(x, w, b, { stride, pads }),
    })),
  ),
  { name: 'softmax', shapes: [x234], build: (g, [x]) => g.softmax(x) },
  {
    name: 'groupNorm',
    shapes: [[2, 6, 3, 2], [6], [6]],
    build: (g, [x, c, b]) => g.groupNorm(x, c, b, 2, 1e-5),
  },
  { name: 'layerNorm', shapes: [[2, 3, 8], [8], [8]], build: (g, [x, c, b]) => g.layerNorm(x, c, b, 1e-5) },
  {
    name: 'attention',
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 4],
    ],
    build: (g, [q, k, v]) => g.attention(q, k, v, 2),
  },
  {
    name: 'causal attention',
    shapes: [
      [1, 4, 4],
      [1, 4, 4],
      [1, 4, 4],
    ],
    build: (g, [q, k, v]) => g.attention(q, k, v, 2, { causal: true }),
  },
  {
    name: 'concat',
    shapes: [
      [2, 3, 2],
      [2, 1, 2],
    ],
    build: (g, values) => g.concat(values, 1),
  },
  { name: 'slice', shapes: [x234], build: (g, [x]) => g.slice(x, 2, 1, 3) },
  { name: 'padAxis', shapes: [x234], build: (g, [x]) => g.padAxis(x, 1, 1, 2) },
  {
    name: 'reshape and transpose',
    shapes: [x234],
    build: (g, [x]) => g.transpose(g.reshape(x, [4, 6]), [1, 0]),
  },
  { name: 'broadcastTo', shapes: [[2, 1, 4]], build: (g, [x]) => g.broadcastTo(x, [3, 2, 5, 4]) },
  { name: 'mean', shapes: [x234], build: (g, [x]) => g.mean(x) },
  { name: 'upsampleNearest doubling', shapes: [[2, 2, 3, 2]], build: (g, [x]) => g.upsampleNearest(x, 6, 4) },
  {
    name: 'upsampleNearest to an odd size',
    shapes: [[1, 2, 3, 4]],
    build: (g, [x]) => g.upsampleNearest(x, 5, 7),
  },
  {
    name: 'embedding',
    shapes: [[5, 3]],
    build: (g, [t]) => g.embedding(t, g.constant([2, 3], Int32Array.of(0, 4, 4, 1, 2, 4))),
  },
];

describePerEngine('operators', (engine, { isSlow }) => {
  for (const { name, shapes, positive = false, build } of cases) {
    it(`${name}: the gradient of every input agrees with finite differences`, async () => {
      const graph = new Graph();
      const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
      const y = build(graph, inputs);
      const projection = graph.constant(y.shape, someNumbers(numElements(y.shape), 99));
      const terms = graph.mul(y, projection);
      const loss = graph.reshape(
        graph.sum(
          terms,
          terms.shape.map((_, axis) => axis),
        ),
        [],
      );
      graph.output('loss', loss);
      const gradients = differentiate(
        graph,
        new Map([[loss, graph.constant([], Float32Array.of(1))]]),
        inputs,
      );
      inputs.forEach((input, i) => graph.output(`dx${i}`, gradients.get(input)!));

      const executable = await engine.compile(graph, new WeightStore());
      const point = shapes.map((shape, i) =>
        someNumbers(numElements(shape), 7 + i).map((v) => (positive ? 1.5 + 0.5 * v : v)),
      );
      const feed = (): Record<string, Tensor> =>
        Object.fromEntries(shapes.map((shape, i) => [`x${i}`, floatTensor(shape, point[i])]));
      const analytic = await executable.run(feed());
      for (let i = 0; i < shapes.length; i++) {
        const gradient = analytic[`dx${i}`].data as Float32Array;
        const probed = isSlow ? someEntries(gradient.length) : [...gradient.keys()];
        const numeric = new Float64Array(probed.length);
        for (const [k, j] of probed.entries()) {
          const saved = point[i][j];
          point[i][j] = saved + STEP;
          const up = (await executable.run(feed())).loss.data[0] as number;
          point[i][j] = saved - STEP;
          const down = (await executable.run(feed())).loss.data[0] as number;
          point[i][j] = saved;
          numeric[k] = (up - down) / (2 * STEP);
        }
        const probedGradient = probed.map((j) => gradient[j]);
        // Of the part's share of the whole norm: a few entries may be small together.
        const share = Math.max(norm(numeric), norm(gradient) * Math.sqrt(probed.length / gradient.length));
        const error = distance(probedGradient, numeric) / Math.max(share, ZERO_GRADIENT_NORM);
        assert.ok(error < FINITE_DIFFERENCE_TOLERANCE, `input ${i}: relative error ${error}`);
      }
      await executable.dispose();
    });
  }

  for (const [numQueries, numKeys] of [
    [48, 40],
    [1100, 1000],
  ]) {
    it(`attention of ${numQueries} queries to ${numKeys} keys, and its gradient, agree with the formulas in float64`, async () => {
      const [batch, numHeads, size] = [1, 2, 4];
      const channels = numHeads * size;
      const graph = new Graph();
      const inputs = [numQueries, numKeys, numKeys, numQueries].map((tokens, i) =>
        graph.input(`x${i}`, [batch, tokens, channels]),
      );
      const [q, k, v, dOut] = inputs;
      const y = graph.attention(q, k, v, numHeads);
      const gradients = differentiate(graph, new Map([[y, dOut]]), [q, k, v]);
      graph.output('y', y);
      for (const [i, input] of [q, k, v].entries()) graph.output(`dx${i}`, gradients.get(input)!);
      const feed = inputs.map(({ shape }, i) => floatTensor(shape, someNumbers(numElements(shape), i + 1)));

      const executable = await engine.compile(graph, new WeightStore());
      const got = await executable.run(Object.fromEntries(feed.map((tensor, i) => [`x${i}`, tensor])));
      await executable.dispose();
      const expected = attentionInFloat64(
        feed.map(({ data }) => data),
        { numQueries, numKeys, numHeads, size },
      );
      for (const [name, values] of Object.entries(expected)) {
        const error = relativeError(got[name].data as Float32Array, values);
        assert.ok(error < FLOAT32_TOLERANCE, `${name}: ${error}`);
      }
    });
  }

  it('norms of different epsilons, in one process, each have their own', async () => {
    const [numGroups, size] = [2, 6];
    const x = someNumbers(numGroups * size, 1);
    for (const epsilon of [1e-5, 1e-2, 1]) {
      const graph = new Graph();
      const ones = graph.constant([size], new Float32Array(size).fill(1));
      const zeros = graph.constant([size], new Float32Array(size));
      const flat = graph.input('x', [1, numGroups * size, 1, 1]);
      const rows = graph.reshape(flat, [numGroups, size]);
      graph.output('layer', graph.layerNorm(rows, ones, zeros, epsilon));
      const perChannel = [ones, zeros].map((value) => graph.concat([value, value], 0));
      graph.output('group', graph.groupNorm(flat, perChannel[0], perChannel[1], numGroups, epsilon));
      const executable = await engine.compile(graph, new WeightStore());
      const got = await executable.run({ x: floatTensor([1, numGroups * size, 1, 1], x) });
      await executable.dispose();
      const expected = [0, size].flatMap((start) => normalised(x.subarray(start, start + size), epsilon));
      for (const [name, { data }] of Object.entries(got)) {
        const error = relativeError(data as Float32Array, expected);
        assert.ok(error < FLOAT32_TOLERANCE, `${name} with epsilon ${epsilon}: ${error}`);
      }
    }
  });

  it('the gradient of an embedding adds up rows that occur twice', async () => {
    const graph = new Graph();
    const table = graph.input('table', [3, 2]);
    const ids = graph.input('ids', [3], 'int32');
    const rows = graph.embedding(table, ids);
    const gradients = differentiate(
      graph,
      new Map([[rows, graph.constant([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6))]]),
      [table],
    );
    graph.output('dtable', gradients.get(table)!);
    const executable = await engine.compile(graph, new WeightStore());
    const { dtable } = await executable.run({ table: floatTensor([3, 2]), ids: intTensor([3], [2, 0, 2]) });
    assert.deepEqual([...dtable.data], [3, 4, 0, 0, 6, 8]);
    await executable.dispose();
  });
});

/** Of one sample: softmax(q k^T / sqrt(size)) v per head, and the gradients of q, k and v. */
function attentionInFloat64(
  [q, k, v, dOut]: readonly Float32Array[],
  sizes: { numQueries: number; numKeys: number; numHeads: number; size: number },
): Record<'y' | 'dx0' | 'dx1' | 'dx2', Float64Array> {
  const { numQueries, numKeys, numHeads, size } = sizes;
  const channels = numHeads * size;
  const scale = 1 / Math.sqrt(size);
  const [y, dq, dk, dv] = [q, q, k, v].map(({ length }) => new Float64Array(length));
  const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number => {
    let sum = 0;
    for (let c = 0; c < size; c++) sum += a[i + c] * b[j + c];
    return sum;
  };
  const add = (target: Float64Array, i: number, factor: number, b: ArrayLike<number>, j: number): void => {
    for (let c = 0; c < size; c++) target[i + c] += factor * b[j + c];
  };
  for (let head = 0; head < numHeads; head++) {
    for (let row = 0; row < numQueries; row++) {
      const at = row * channels + head * size;
      const keyAt = (key: number): number => key * channels + head * size;
      const p = Float64Array.from({ length: numKeys }, (_, key) =>
        Math.exp(scale * dot(q, at, k, keyAt(key))),
      );
      const total = p.reduce((sum, value) => sum + value, 0);
      for (let key = 0; key < numKeys; key++) add(y, at, (p[key] /= total), v, keyAt(key));
      const projection = dot(dOut, at, y, at);
      for (let key = 0; key < numKeys; key++) {
        const ds = scale * p[key] * (dot(dOut, at, v, keyAt(key)) - projection);
        add(dq, at, ds, k, keyAt(key));
        add(dk, keyAt(key), ds, q, at);
        add(dv, keyAt(key), p[key], dOut, at);
      }
    }
  }
  return { y, dx0: dq, dx1: dk, dx2: dv };
}

function normalised(values: Float32Array, epsilon: number): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Array.from(values, (value) => (value - mean) / Math.sqrt(variance + epsilon));
}

/** Entries from all over an input, its first and last among them. */
function someEntries(length: number): number[] {
  const count = Math.min(length, NUM_PROBES_WHEN_SLOW);
  return Array.from({ length: count }, (_, k) => Math.round((k * (length - 1)) / Math.max(1, count - 1)));
}
