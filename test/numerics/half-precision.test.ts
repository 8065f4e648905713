/**
 * float16 as GPUs compute it: the same graphs with their casts, run here on the CPU provider, which computes the products
 * of float16 factors in float32 and rounds the results.
 */
import assert from 'node:assert/strict';
import { floatTensor } from '../../shared/tensor.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { Graph } from '../../worker/engine/graph.ts';
import { createOnnxEngine, sessionOptions } from '../../worker/engine/onnx/onnx-engine.ts';
import { backwardProgram, LOSS, partition, weightGradientName } from '../../worker/engine/partition.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { replayUNet } from '../support/replay/unet.ts';

/** Eleven bits of significand through some forty layers, each of which rounds its factors and its result. */
const OUTPUT_TOLERANCE = 1e-2;
/** Backward the roundings of forward and backward add up; biases in front of norms are zeros that rounding moves. */
const MEDIAN_GRADIENT_TOLERANCE = 3e-2;
/** More exact than this is not float16. */
const HALF_UNIT = 1e-5;

const half = createOnnxEngine({ provider: 'cpu', numThreads: 2, precision: 'float16' });
const single = createOnnxEngine({ provider: 'cpu', numThreads: 2 });

describe('half precision', () => {
  for (const name of ['unet-sd1', 'unet-sdxl']) {
    it(`${name}: output within ${OUTPUT_TOLERANCE}, gradients within ${MEDIAN_GRADIENT_TOLERANCE} in the median`, async () => {
      const { output, gradients } = Object.fromEntries(
        (await replayUNet(`test/golden/${name}`, half)).quantities,
      );
      for (const error of output.errors.values()) {
        assert.ok(error < OUTPUT_TOLERANCE, `output is ${error} off`);
        assert.ok(error > HALF_UNIT, `output is only ${error} off: nothing was computed in float16`);
      }
      const errors = [...gradients.errors.values()].sort((a, b) => a - b);
      const median = errors[errors.length >> 1];
      assert.ok(median < MEDIAN_GRADIENT_TOLERANCE, `gradients are ${median} off in the median`);
    });
  }

  it('loses gradients below its range, which a scaled loss keeps', async () => {
    assert.deepEqual(await gradientOf(half, 1), [0, 0]);
    const scale = 8192;
    const kept = await gradientOf(half, scale);
    const exact = await gradientOf(single, 1);
    for (const [i, value] of kept.entries()) {
      const error = Math.abs(value / scale / exact[i] - 1);
      assert.ok(error < OUTPUT_TOLERANCE, `entry ${i} is ${error} off`);
    }
  });

  it('has a power of two as a loss scale change nothing in float32', async () => {
    const scaled = await gradientOf(single, 8192);
    assert.deepEqual(
      scaled.map((value) => value / 8192),
      await gradientOf(single, 1),
    );
  });
});

/** Two entries of a weight's gradient of about 1e-8, below the smallest float16 of 6e-8. */
async function gradientOf(engine: Engine, lossScale: number): Promise<number[]> {
  const graph = new Graph();
  const w = graph.weight('w', [4, 4]);
  const x = graph.input('x', [3, 4]);
  const y = graph.inBlock('layer', () => graph.matMul(x, w, { transB: true }));
  graph.output(
    LOSS,
    graph.inBlock('layer', () => graph.reshape(graph.affine(graph.sum(y, [0, 1]), 1e-8), [])),
  );
  const store = new WeightStore();
  store.bind('w', { kind: 'in-place', shape: [4, 4], data: new Float32Array(16).fill(0.5) });
  store.setGradientIndices('w', Int32Array.of(1, 6));
  const [segment] = partition(graph, 1, () => 0);
  const program = await engine.compile(backwardProgram(segment, new Map([['w', 2]]), lossScale), store);
  const input = floatTensor(
    [3, 4],
    Float32Array.from({ length: 12 }, (_, i) => 0.1 * (i + 1)),
  );
  const outputs = await program.run({ x: input });
  await program.dispose();
  return [...(outputs[weightGradientName('w')].data as Float32Array)];
}

describe('session options', () => {
  const of = (provider: 'cpu' | 'cuda' | 'webgpu') =>
    sessionOptions({ provider, numThreads: 3 }, { sineNodes: ['Sin_7'] });

  it('choose the device, and the CPU for what it lacks', () => {
    assert.deepEqual(of('cpu').executionProviders, ['cpu']);
    assert.deepEqual(of('cuda').executionProviders, [{ name: 'cuda', deviceId: 0 }, 'cpu']);
    assert.deepEqual(of('webgpu').executionProviders, [
      { name: 'webgpu', forceCpuNodeNames: ['Sin_7'] },
      'cpu',
    ]);
  });

  it('bound threads and memory alike on every provider', () => {
    for (const provider of ['cpu', 'cuda', 'webgpu'] as const) {
      const { intraOpNumThreads, interOpNumThreads, enableCpuMemArena, enableMemPattern } = of(provider);
      assert.deepEqual(
        { intraOpNumThreads, interOpNumThreads, enableCpuMemArena, enableMemPattern },
        { intraOpNumThreads: 3, interOpNumThreads: 1, enableCpuMemArena: false, enableMemPattern: false },
      );
    }
  });
});
