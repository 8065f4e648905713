/** The CLIP text encoder against values recorded with transformers. */
import assert from 'node:assert/strict';
import { SafetensorsFile, WeightFiles } from '../../shared/safetensors.ts';
import { intTensor, type Tensor } from '../../shared/tensor.ts';
import { Graph, type Value } from '../../worker/engine/graph.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import {
  buildClipText,
  clipTextPrefix,
  eosPositions,
  readClipTextConfig,
} from '../../worker/model/clip-text.ts';
import { relativeError } from '../support/numbers.ts';

const RECORDED_TOLERANCE = 1e-4;
/** The same arithmetic in another order. */
const ROUNDING_TOLERANCE = 1e-6;

interface Encoded {
  readonly ids: Tensor<Int32Array>;
  readonly lastHiddenState: Float32Array;
  readonly penultimate: Float32Array;
  readonly pooled: Float32Array;
}

async function encode(folder: string, clipSkip: number): Promise<Encoded> {
  const config = await readClipTextConfig(`${folder}/text_encoder`);
  const files = await WeightFiles.open(`${folder}/text_encoder`, 'model');
  const io = await SafetensorsFile.open(`${folder}/io.safetensors`);
  const recordedIds = await io.read('input_ids');
  await Promise.all([io.close(), files.close()]);
  const ids = intTensor(recordedIds.shape, Int32Array.from(recordedIds.data as BigInt64Array, Number));
  const [batch, numTokens] = ids.shape;

  const graph = new Graph();
  const states = buildClipText(graph, config, graph.input('input_ids', ids.shape, 'int32'), {
    clipSkip,
    eosPositions: graph.input('eos_positions', [batch], 'int32'),
    prefix: clipTextPrefix(files.entries.keys()),
  });
  for (const [name, value] of Object.entries(states) as [string, Value][]) graph.output(name, value);
  const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
  const executable = await engine.compile(graph, WeightStore.frozen(files.entries.values()));
  const positions = intTensor([batch], eosPositions(config, ids.data, numTokens));
  const got = await executable.run({ input_ids: ids, eos_positions: positions });
  await executable.dispose();
  return {
    ids,
    lastHiddenState: got.lastHiddenState.data as Float32Array,
    penultimate: got.penultimate.data as Float32Array,
    pooled: got.pooled.data as Float32Array,
  };
}

async function recorded(folder: string, name: string): Promise<Float32Array> {
  const io = await SafetensorsFile.open(`${folder}/io.safetensors`);
  const { data } = await io.readFloat32(name);
  await io.close();
  return data;
}

describe('CLIP text encoder, against transformers', () => {
  for (const [folder, pooledName] of [
    ['test/golden/clip-l', 'pooler_output'],
    ['test/golden/clip-g', 'text_embeds'],
  ] as const) {
    it(`gives the recorded states of ${folder}`, async () => {
      const got = await encode(folder, 0);
      for (const [values, name] of [
        [got.lastHiddenState, 'last_hidden_state'],
        [got.penultimate, 'penultimate'],
        [got.pooled, pooledName],
      ] as const) {
        const error = relativeError(values, await recorded(folder, name));
        assert.ok(error < RECORDED_TOLERANCE, `${name}: ${error}`);
      }
    });
  }

  it('shifts both hidden states by clipSkip and leaves the pooled one alone', async () => {
    const folder = 'test/golden/clip-l';
    const whole = await encode(folder, 0);
    const skipped = await encode(folder, 1);
    const error = relativeError(skipped.pooled, whole.pooled);
    assert.ok(error < ROUNDING_TOLERANCE, `pooled: ${error}`);
    assert.ok(relativeError(skipped.lastHiddenState, whole.lastHiddenState) > 1e-2);
    assert.ok(relativeError(skipped.penultimate, whole.penultimate) > 1e-2);
  });
});
