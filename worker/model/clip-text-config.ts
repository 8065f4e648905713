/**
 * A CLIP text encoder's config as transformers writes it into `text_encoder/config.json`, checked.
 * Whatever is not implemented is refused by name.
 */
import { join } from 'node:path';
import { JsonFields, readJsonFile } from './json-fields.ts';

export interface ClipTextConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** The longest sequence the position table holds, in tokens. */
  readonly maxPositions: number;
  readonly activation: 'quickGelu' | 'gelu';
  readonly layerNormEpsilon: number;
  readonly eosTokenId: number;
  /** Width of text_projection's output; null for CLIPTextModel, which has none. */
  readonly projectionDim: number | null;
  /**
   * linear: `text_projection.weight`, [projection, hidden], as transformers stores it. matrix: `text_projection`,
   * [hidden, projection], as OpenCLIP does and with it every single-file checkpoint.
   */
  readonly projectionForm: 'linear' | 'matrix';
}

/** Fields that describe training, storage or generation and change nothing in the forward pass of a frozen encoder. */
const WITHOUT_EFFECT = [
  'attention_dropout',
  'bos_token_id',
  'dropout',
  'dtype',
  'initializer_factor',
  'initializer_range',
  'pad_token_id',
  'torch_dtype',
  'transformers_version',
] as const;

/**
 * @param json the parsed `config.json` of a `text_encoder/` folder
 * @param source its path, for messages
 * @throws SaraError MODEL_UNSUPPORTED naming file, field, value and accepted values; FILE_CORRUPT when `json` is no object
 */
export function parseClipTextConfig(json: unknown, source: string): ClipTextConfig {
  const fields = new JsonFields(json, source);
  for (const name of WITHOUT_EFFECT) fields.raw(name, null);
  fields.oneOf('model_type', ['clip_text_model'], 'clip_text_model');
  const withProjection = parseArchitecture(fields) === 'CLIPTextModelWithProjection';
  const projectionDim = fields.integerOrNull('projection_dim', 512);
  if (withProjection && projectionDim === null) {
    throw fields.refusal(
      'projection_dim',
      null,
      'an integer, since the architecture is CLIPTextModelWithProjection',
    );
  }
  const config: ClipTextConfig = {
    vocabSize: fields.integer('vocab_size', 49408),
    hiddenSize: fields.integer('hidden_size', 512),
    intermediateSize: fields.integer('intermediate_size', 2048),
    numLayers: fields.integer('num_hidden_layers', 12),
    numHeads: fields.integer('num_attention_heads', 8),
    maxPositions: fields.integer('max_position_embeddings', 77),
    activation:
      fields.oneOf('hidden_act', ['quick_gelu', 'gelu'], 'quick_gelu') === 'gelu' ? 'gelu' : 'quickGelu',
    layerNormEpsilon: fields.positive('layer_norm_eps', 1e-5),
    eosTokenId: fields.integer('eos_token_id', 49407, 0),
    projectionDim: withProjection ? projectionDim : null,
    projectionForm: 'linear',
  };
  if (config.hiddenSize % config.numHeads !== 0) {
    throw fields.refusal(
      'num_attention_heads',
      config.numHeads,
      `a divisor of hidden_size = ${config.hiddenSize}`,
    );
  }
  fields.refuseUnknown();
  return config;
}

/**
 * Reads `<folder>/config.json`.
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT, or what {@link parseClipTextConfig} throws
 */
export async function readClipTextConfig(folder: string): Promise<ClipTextConfig> {
  const path = join(folder, 'config.json');
  return parseClipTextConfig(await readJsonFile(path), path);
}

const ARCHITECTURES = ['CLIPTextModel', 'CLIPTextModelWithProjection'] as const;

function parseArchitecture(fields: JsonFields): (typeof ARCHITECTURES)[number] {
  const value = fields.raw('architectures', null);
  if (value === null) return 'CLIPTextModel';
  const found = ARCHITECTURES.find((name) => Array.isArray(value) && value.length === 1 && value[0] === name);
  if (found === undefined) {
    throw fields.refusal('architectures', value, ARCHITECTURES.map((name) => `["${name}"]`).join(' or '));
  }
  return found;
}
