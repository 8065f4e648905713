/** The runtime runs a backward pass in the order of the graph: what only a weight gradient needs is freed at once. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor } from '../../../../shared/tensor.ts';
import { differentiate } from '../../../../worker/engine/autodiff.ts';
import { Graph, type Value } from '../../../../worker/engine/graph.ts';
import { inExecutionOrder } from '../../../../worker/engine/onnx/execution-order.ts';
import { createOnnxEngine } from '../../../../worker/engine/onnx/onnx-engine.ts';
import type { OnnxNode } from '../../../../worker/engine/onnx/onnx-schema.ts';
import { WeightStore } from '../../../../worker/engine/weight-store.ts';

const NUM_LAYERS = 8;
const WIDTH = 5;
const ROWS = 3;

describe('execution order', () => {
  it('puts leaves last, and among them first what is ready last', () => {
    const node = (opType: string, inputs: string[], outputs: string[]): OnnxNode => ({
      ...{ opType, domain: '', inputs, outputs, attributes: {} },
    });
    const nodes = [
      node('A', ['in'], ['a']),
      node('LeafOfA', ['a'], ['x']),
      node('B', ['a'], ['b']),
      node('LeafOfB', ['b', 'a'], ['y']),
    ];
    assert.deepEqual(
      inExecutionOrder(nodes).map(({ opType }) => opType),
      ['A', 'B', 'LeafOfB', 'LeafOfA'],
    );
  });

  it('has each weight gradient gathered before the activation gradient two layers further is computed', async () => {
    const kernels = await kernelsOfBackwardPass();
    const gathers = kernels.flatMap(({ op }, at) => (op === 'GatherElements' ? [at] : []));
    const products = kernels.flatMap(({ op, shape }, at) =>
      op.endsWith('MatMul') && shape === `${ROWS},${WIDTH}` ? [at] : [],
    );
    const steps = products.slice(NUM_LAYERS); // behind the forward pass's
    assert.equal(gathers.length, NUM_LAYERS);
    assert.equal(steps.length, NUM_LAYERS - 1);
    for (let i = 0; i + 2 < steps.length; i++) {
      assert.ok(
        gathers[i] < steps[i + 1],
        `gather ${i} runs as kernel ${gathers[i]}, behind ${steps[i + 1]}`,
      );
    }
  });

  it('computes again for the backward pass what is cheap', async () => {
    const kernels = await kernelsOfBackwardPass();
    const numSilu = kernels.filter(({ op }) => op === 'QuickGelu').length;
    assert.equal(numSilu, 2 * NUM_LAYERS, 'forward and once more: not merged into one by the runtime');
  });
});

interface Kernel {
  readonly op: string;
  /** Of its first output. */
  readonly shape: string;
}

/** What the runtime ran, in its order, for a chain of linear layers and SiLUs. */
async function kernelsOfBackwardPass(): Promise<Kernel[]> {
  const graph = new Graph();
  const store = new WeightStore();
  const weights: Value[] = [];
  let x = graph.input('x', [ROWS, WIDTH]);
  for (let i = 0; i < NUM_LAYERS; i++) {
    const name = `layer.${i}`;
    const data = Float32Array.from({ length: WIDTH * WIDTH }, (_, k) => Math.cos(k + i));
    store.bind(name, { kind: 'in-place', shape: [WIDTH, WIDTH], data });
    store.setGradientIndices(name, Int32Array.of(1, 7, 20));
    weights.push(graph.weight(name, [WIDTH, WIDTH]));
    x = graph.silu(graph.matMul(x, weights[i], { transB: true }));
  }
  const loss = graph.sum(graph.mul(x, x), [0, 1]);
  const seed = graph.constant(loss.shape, Float32Array.of(1));
  const gradients = differentiate(graph, new Map([[loss, seed]]), weights, (value, gradient) =>
    graph.gatherMasked(gradient, `layer.${weights.indexOf(value)}`, 3),
  );
  graph.output('loss', loss);
  weights.forEach((weight, i) => graph.output(`gradient:${i}`, gradients.get(weight)!));

  const folder = await mkdtemp(join(tmpdir(), 'sara-order-'));
  try {
    const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1, profilePrefix: join(folder, 'run') });
    const program = await engine.compile(graph, store);
    await program.run({ x: floatTensor([ROWS, WIDTH], new Float32Array(ROWS * WIDTH).fill(0.5)) });
    await program.dispose();
    const [file] = await readdir(folder);
    const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[];
    return events
      .filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
      .sort((a, b) => a.ts - b.ts)
      .map(({ args }) => ({ op: args.op_name, shape: Object.values(args.output_type_shape[0])[0].join() }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Of the runtime's profile, what is read here. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly args: { op_name: string; output_type_shape: Record<string, number[]>[] };
}
