import assert from 'node:assert/strict';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { Graph } from '../../../worker/engine/graph.ts';
import {
  buildClipText,
  clipTextParameters,
  clipTextPrefix,
  eosPositions,
  parseClipTextConfig,
  readClipTextConfig,
} from '../../../worker/model/clip-text.ts';
import { saraError } from '../../support/sara-error.ts';

/** `text_encoder/config.json` of Stable Diffusion 1.5. */
const SD15_TEXT = {
  architectures: ['CLIPTextModel'],
  attention_dropout: 0.0,
  bos_token_id: 0,
  dropout: 0.0,
  eos_token_id: 2,
  hidden_act: 'quick_gelu',
  hidden_size: 768,
  initializer_factor: 1.0,
  initializer_range: 0.02,
  intermediate_size: 3072,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  model_type: 'clip_text_model',
  num_attention_heads: 12,
  num_hidden_layers: 12,
  pad_token_id: 1,
  projection_dim: 768,
  torch_dtype: 'float32',
  transformers_version: '4.22.0.dev0',
  vocab_size: 49408,
};

describe('CLIP text encoder', () => {
  for (const name of ['clip-l', 'clip-g']) {
    it(`asks for exactly the tensors that the recorded ${name} stores, with its prefix`, async () => {
      const folder = `test/golden/${name}/text_encoder`;
      const file = await SafetensorsFile.open(`${folder}/model.safetensors`);
      const stored = Object.fromEntries([...file.entries].map(([key, entry]) => [key, [...entry.shape]]));
      const prefix = clipTextPrefix(file.entries.keys());
      await file.close();
      assert.equal(prefix, name === 'clip-l' ? '' : 'text_model.');
      assert.deepEqual(
        Object.fromEntries(clipTextParameters(await readClipTextConfig(folder), prefix)),
        stored,
      );
    });
  }

  it('reads the config of Stable Diffusion 1.5', () => {
    assert.deepEqual(parseClipTextConfig(SD15_TEXT, 'config.json'), {
      vocabSize: 49408,
      hiddenSize: 768,
      intermediateSize: 3072,
      numLayers: 12,
      numHeads: 12,
      maxPositions: 77,
      activation: 'quickGelu',
      layerNormEpsilon: 1e-5,
      eosTokenId: 2,
      projectionDim: null,
      projectionForm: 'linear',
    });
  });

  for (const [changes, message] of [
    [{ hidden_act: 'relu' }, /hidden_act = "relu" is not supported; accepted: "quick_gelu", "gelu"/],
    [{ architectures: ['T5EncoderModel'] }, /architectures = \["T5EncoderModel"\]/],
    [{ model_type: 't5' }, /model_type = "t5"/],
    [{ num_attention_heads: 7 }, /num_attention_heads = 7.*hidden_size = 768/],
    [{ use_attention_mask: true }, /use_attention_mask = true/],
    [{ architectures: ['CLIPTextModelWithProjection'], projection_dim: null }, /projection_dim = null/],
  ] as const) {
    it(`refuses ${JSON.stringify(changes)} by name`, () => {
      assert.throws(
        () => parseClipTextConfig({ ...SD15_TEXT, ...changes }, 'config.json'),
        saraError('MODEL_UNSUPPORTED', message),
      );
    });
  }

  describe('end of text', () => {
    const config = parseClipTextConfig({ ...SD15_TEXT, eos_token_id: 98 }, 'config.json');
    const legacy = parseClipTextConfig(SD15_TEXT, 'config.json');

    it('is the first end token, as a row of the flattened batch', () => {
      const ids = Int32Array.of(97, 5, 98, 98, /**/ 97, 98, 6, 98);
      assert.deepEqual([...eosPositions(config, ids, 4)], [2, 5]);
    });

    it('is the first token when there is no end token', () => {
      assert.deepEqual([...eosPositions(config, Int32Array.of(97, 5, 6, 7, /**/ 1, 1, 1, 98), 4)], [0, 7]);
    });

    it('is the highest id where the config carries the old, wrong end token', () => {
      const ids = Int32Array.of(49406, 2, 49407, 49407, /**/ 49406, 320, 1125, 49407);
      assert.deepEqual([...eosPositions(legacy, ids, 4)], [2, 7]);
    });
  });

  it('refuses a text longer than its positions and a clipSkip that leaves no layer', () => {
    const config = parseClipTextConfig(SD15_TEXT, 'config.json');
    const build = (numTokens: number, clipSkip: number): unknown => {
      const graph = new Graph();
      const ids = graph.input('input_ids', [1, numTokens], 'int32');
      return buildClipText(graph, config, ids, { clipSkip, eosPositions: null, scope: '', prefix: '' });
    };
    assert.throws(
      () => build(78, 0),
      saraError('CONFIG_INVALID', /78 tokens does not fit the text encoder's 77/),
    );
    assert.throws(() => build(77, 12), saraError('CONFIG_INVALID', /clipSkip = 12.*accepted: 0 to 11/));
  });
});
