/** Replays a recorded CLIP text encoder (`text_encoder/`, io.safetensors): hidden states and the pooled state. */
import { join } from 'node:path';
import { WeightFiles } from '../../../shared/safetensors.ts';
import { intTensor } from '../../../shared/tensor.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { Graph, type Value } from '../../../worker/engine/graph.ts';
import { WeightStore } from '../../../worker/engine/weight-store.ts';
import {
  buildClipText,
  clipTextPrefix,
  eosPositions,
  readClipTextConfig,
} from '../../../worker/model/clip-text.ts';
import { relativeError } from '../numbers.ts';
import { Comparisons } from './comparisons.ts';
import { Recording } from './recording.ts';

export const TEXT_STATE_TOLERANCE = 1e-4;

export interface TextStates {
  readonly lastHiddenState: Float32Array;
  readonly penultimate: Float32Array;
  readonly pooled: Float32Array;
}

/** What the recorded token ids give, with the last `clipSkip` layers left off. */
export async function encodeRecordedText(folder: string, engine: Engine, clipSkip = 0): Promise<TextStates> {
  const config = await readClipTextConfig(join(folder, 'text_encoder'));
  const files = await WeightFiles.open(join(folder, 'text_encoder'), 'model');
  const io = await Recording.open(join(folder, 'io.safetensors'));
  try {
    const recordedIds = await io.floats('input_ids');
    const ids = intTensor(recordedIds.shape, Int32Array.from(recordedIds.data));
    const [batch, numTokens] = ids.shape;
    const graph = new Graph();
    const states = buildClipText(graph, config, graph.input('input_ids', ids.shape, 'int32'), {
      clipSkip,
      eosPositions: graph.input('eos_positions', [batch], 'int32'),
      scope: '',
      prefix: clipTextPrefix(files.entries.keys()),
    });
    for (const [name, value] of Object.entries(states) as [string, Value][]) graph.output(name, value);
    const executable = await engine.compile(graph, WeightStore.frozen(files.entries.values()));
    const positions = intTensor([batch], eosPositions(config, ids.data, numTokens));
    const got = await executable.run({ input_ids: ids, eos_positions: positions });
    await executable.dispose();
    return {
      lastHiddenState: got.lastHiddenState.data as Float32Array,
      penultimate: got.penultimate.data as Float32Array,
      pooled: got.pooled.data as Float32Array,
    };
  } finally {
    await Promise.all([io.close(), files.close()]);
  }
}

export async function replayClipText(folder: string, engine: Engine): Promise<Comparisons> {
  const got = await encodeRecordedText(folder, engine);
  const io = await Recording.open(join(folder, 'io.safetensors'));
  const comparisons = new Comparisons();
  try {
    // An encoder with a projection is recorded by its projected state, one without by its pooler's.
    const pooledName = io.has('text_embeds') ? 'text_embeds' : 'pooler_output';
    for (const [name, values] of [
      ['last_hidden_state', got.lastHiddenState],
      ['penultimate', got.penultimate],
      [pooledName, got.pooled],
    ] as const) {
      const recorded = await io.floats(name);
      comparisons.add('output', TEXT_STATE_TOLERANCE, name, relativeError(values, recorded.data));
    }
  } finally {
    await io.close();
  }
  return comparisons;
}
