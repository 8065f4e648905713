/**
 * Frozen weights are mapped out of the user's file by offset: half floats are widened exactly, and a tensor may
 * start at any byte.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBfloat16, encodeFloat16 } from '../../shared/half.ts';
import { SafetensorsFile, writeSafetensors } from '../../shared/safetensors.ts';
import { DTYPE_SIZE_BYTES, type Tensor } from '../../shared/tensor.ts';
import { Graph, type Value } from '../../worker/engine/graph.ts';
import { LOSS, partition } from '../../worker/engine/partition.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { describePerEngine } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';
import {
  floatWeights,
  recordedTraining,
  runSegments,
  type StepResult,
} from '../support/recorded-training.ts';

const FOLDER = 'test/golden/unet-pixel';
const STORED = `${FOLDER}/unet/diffusion_pytorch_model.safetensors`;
/** The same values through another memory layout: only the runtime's choice of kernels may differ. */
const ROUNDING_TOLERANCE = 1e-5;

describePerEngine('weights as stored', (engine, { isSlow }) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-weights-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Loss and every gradient with the weights of `store`; on a slow engine those of the first layer alone. */
  async function train(store: WeightStore): Promise<StepResult> {
    const { graph, feed } = await recordedTraining(FOLDER);
    const program = isSlow ? firstLayer(graph) : graph;
    const everyWeight = new Map([...program.weights.keys()].map((name) => [name, null]));
    return runSegments(
      engine,
      partition(program, 1, () => 0),
      store,
      everyWeight,
      feed,
    );
  }

  async function frozen(path: string): Promise<WeightStore> {
    const file = await SafetensorsFile.open(path);
    await file.close();
    return WeightStore.frozen(file.entries.values());
  }

  /** Every tensor of the file decoded to float32 and fed as a buffer. */
  async function decoded(path: string): Promise<WeightStore> {
    const file = await SafetensorsFile.open(path);
    const store = new WeightStore();
    for (const name of file.entries.keys()) {
      const { shape, data } = await file.readFloat32(name);
      store.bind(name, { kind: 'in-place', shape, data });
    }
    await file.close();
    return store;
  }

  function compare(got: StepResult, want: StepResult): void {
    assert.ok(
      relativeError([got.loss], [want.loss]) < ROUNDING_TOLERANCE,
      `loss ${got.loss} for ${want.loss}`,
    );
    for (const [name, expected] of want.gradients) {
      const error = relativeError(got.gradients.get(name) ?? [], expected);
      assert.ok(error < ROUNDING_TOLERANCE, `gradient of ${name}: ${error}`);
    }
  }

  for (const [dtype, encode] of [
    ['float16', encodeFloat16],
    ['bfloat16', encodeBfloat16],
  ] as const) {
    it(`in ${dtype} give what the same values in float32 give`, async () => {
      const path = join(folder, 'model.safetensors');
      const weights = await floatWeights(`${FOLDER}/unet`);
      const halves = [...weights].map(([name, { shape, data }]) => {
        const tensor: Tensor = { dtype, shape, data: encode(data) };
        return { name, tensor };
      });
      await writeSafetensors(path, halves);
      const got = await train(await frozen(path));
      compare(got, await train(await decoded(path)));
      const exact = await train(await frozen(STORED));
      assert.notEqual(got.loss, exact.loss, 'rounding to half floats moves the loss');
    });
  }

  it('may start at any byte of the file', async () => {
    const path = join(folder, 'model.safetensors');
    const weights = await floatWeights(`${FOLDER}/unet`);
    await writeFile(path, unalignedSafetensors(weights));
    const store = await frozen(path);
    const file = await SafetensorsFile.open(path);
    await file.close();
    const remainders = new Set(
      [...weights.keys()].map((name) => (file.entries.get(name)?.offsetBytes ?? 0) % 4),
    );
    assert.deepEqual([...remainders].sort(), [0, 1, 2, 3]);
    compare(await train(store), await train(await frozen(STORED)));
  });
});

/** The convolution that takes in the sample, with the mean square of its result as loss. */
function firstLayer({ inputs, weights }: Graph): Graph {
  const graph = new Graph();
  const declare = (name: string): Value => graph.weight(name, weights.get(name)!.shape);
  graph.inBlock('conv_in', () => {
    const sample = graph.input('sample', inputs.get('sample')!.shape);
    const y = graph.conv2d(sample, declare('conv_in.weight'), declare('conv_in.bias'), { pads: 1 });
    graph.output(LOSS, graph.mean(graph.mul(y, y)));
  });
  return graph;
}

/** A valid file whose float32 tensors each follow a single byte, so that they start at every remainder modulo 4. */
function unalignedSafetensors(
  weights: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
): Buffer {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  const append = (name: string, dtype: string, shape: readonly number[], bytes: Uint8Array): void => {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const [name, { shape, data }] of weights) {
    append(`pad.${name}`, 'U8', [DTYPE_SIZE_BYTES.uint8], new Uint8Array(1));
    append(name, 'F32', shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}
