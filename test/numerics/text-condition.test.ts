/** Two text encoders as SDXL reads them, against the recorded states of each. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { WeightFiles } from '../../shared/safetensors.ts';
import { intTensor } from '../../shared/tensor.ts';
import { Graph } from '../../worker/engine/graph.ts';
import { clipTextPrefix, eosPositions, readClipTextConfig } from '../../worker/model/clip-text.ts';
import {
  buildTextCondition,
  pooledTextSize,
  stateSize,
  textWeights,
  type TextEncoderPart,
} from '../../worker/model/text-condition.ts';
import { ClipTokenizer, trainBpe } from '../../worker/model/tokenizer.ts';
import { describePerEngine } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';
import { TEXT_STATE_TOLERANCE } from '../support/replay/clip-text.ts';
import { Recording } from '../support/replay/recording.ts';

const FOLDERS = ['test/golden/clip-l', 'test/golden/clip-g'] as const;

describePerEngine('the condition from two text encoders', (engine) => {
  let parts: [TextEncoderPart, TextEncoderPart];
  let recordings: Recording[];

  before(async () => {
    parts = [await openPart(FOLDERS[0]), await openPart(FOLDERS[1])];
    recordings = await Promise.all(FOLDERS.map((folder) => Recording.open(join(folder, 'io.safetensors'))));
  });
  after(() =>
    Promise.all([...parts.map(({ files }) => files.close()), ...recordings.map((io) => io.close())]),
  );

  it('holds the state before the last layer of both, side by side, and the pooled text of the second', async () => {
    const graph = new Graph();
    const { states, pooled } = buildTextCondition(graph, parts, { batch: 2, clipSkip: 0 });
    graph.output('states', states);
    graph.output('pooled', pooled);
    assert.deepEqual(states.shape, [2, 16, stateSize(parts)]);
    assert.deepEqual(pooled.shape, [2, pooledTextSize(parts)]);

    const program = await engine.compile(graph, textWeights(parts));
    const got = await program.run({ ...(await recordedInputs(0, '')), ...(await recordedInputs(1, '_2')) });
    await program.dispose();

    const [first, second] = await Promise.all(
      recordings.map(async (io) => (await io.floats('penultimate')).data),
    );
    const width = parts[0].config.hiddenSize;
    const rows = Array.from({ length: 2 * 16 }, (_, row) => [
      ...first.subarray(row * width, (row + 1) * width),
      ...second.subarray(row * width, (row + 1) * width),
    ]);
    for (const [name, wanted] of [
      ['states', rows.flat()],
      ['pooled', (await recordings[1].floats('text_embeds')).data],
    ] as const) {
      const error = relativeError(got[name].data as Float32Array, wanted);
      assert.ok(error < TEXT_STATE_TOLERANCE, `${name}: ${error}`);
    }
  });

  async function recordedInputs(i: number, suffix: string) {
    const { shape, data } = await recordings[i].floats('input_ids');
    const ids = intTensor(shape, Int32Array.from(data));
    return {
      [`input_ids${suffix}`]: ids,
      [`eos_positions${suffix}`]: intTensor([shape[0]], eosPositions(parts[i].config, ids.data, shape[1])),
    };
  }
});

async function openPart(folder: string): Promise<TextEncoderPart> {
  const files = await WeightFiles.open(join(folder, 'text_encoder'), 'model');
  const special = '<|endoftext|>';
  return {
    config: await readClipTextConfig(join(folder, 'text_encoder')),
    files,
    prefix: clipTextPrefix(files.entries.keys()),
    // Not asked: the recording begins with ids.
    tokenizer: new ClipTokenizer({
      ...trainBpe(['a'], 514),
      special: { bos: special, eos: special, pad: special, unk: special },
      modelMaxLength: 16,
    }),
    numTokens: 16,
  };
}
