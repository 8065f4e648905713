/**
 * The CLIP text encoder as a graph: a causal pre-norm transformer over token ids.
 *
 * Shape letters: B batch, T tokens, C hidden size, P projection width.
 * Follows transformers/models/clip/modeling_clip.py; which of its results a diffusion model reads is the caller's
 * choice: SD1 and SD2 `lastHiddenState`, SDXL `penultimate` of both encoders and `pooled` of the second.
 */
import { SaraError } from '../../shared/errors.ts';
import { Graph, type Value } from '../engine/graph.ts';
import type { ClipTextConfig } from './clip-text-config.ts';
import { layerNorm, linear } from './layers.ts';

export { parseClipTextConfig, readClipTextConfig, type ClipTextConfig } from './clip-text-config.ts';

/** transformers writes the parameters with or without this before their names, by version. */
export type ClipTextPrefix = '' | 'text_model.';

export interface ClipTextOptions {
  /** Layers to leave off at the end, as diffusers' `clip_skip`. */
  readonly clipSkip: number;
  /** int32 [B]: where each sequence ends, from {@link eosPositions}; null when nothing pooled is wanted. */
  readonly eosPositions: Value | null;
  /** What the caller puts before every parameter's name, where a graph holds more than this encoder; else ''. */
  readonly scope: string;
  /** What the file puts there, see {@link clipTextPrefix}. */
  readonly prefix: ClipTextPrefix;
}

export interface ClipTextStates {
  /** final_layer_norm of the last layer kept, [B,T,C]. */
  readonly lastHiddenState: Value;
  /** Output of the layer before the last one kept, not normalised, [B,T,C]. */
  readonly penultimate: Value;
  /** The normalised state at the end token, whatever clipSkip: [B,C], or [B,P] after text_projection; null when not asked for. */
  readonly pooled: Value | null;
}

const BLOCK = 'text_encoder';

/**
 * @param inputIds int32 [B,T], T at most maxPositions
 * @throws SaraError CONFIG_INVALID when T is too long or clipSkip leaves no layer
 */
export function buildClipText(
  graph: Graph,
  config: ClipTextConfig,
  inputIds: Value,
  options: ClipTextOptions,
): ClipTextStates {
  const { clipSkip, eosPositions, scope } = options;
  const prefix = scope + options.prefix;
  const [batch, numTokens] = inputIds.shape;
  if (numTokens > config.maxPositions) {
    throw new SaraError(
      'CONFIG_INVALID',
      `a text of ${numTokens} tokens does not fit the text encoder's ${config.maxPositions} positions`,
      { numTokens, maxPositions: config.maxPositions },
    );
  }
  if (!Number.isInteger(clipSkip) || clipSkip < 0 || clipSkip >= config.numLayers) {
    throw new SaraError(
      'CONFIG_INVALID',
      `clipSkip = ${clipSkip} of a text encoder with ${config.numLayers} layers; accepted: 0 to ${config.numLayers - 1}`,
      { clipSkip, numLayers: config.numLayers },
    );
  }

  return graph.inBlock(BLOCK, () => {
    /** hidden[i] is what enters layer i; the last is what leaves the last layer. */
    const hidden = [embeddings(graph, config, inputIds, prefix)];
    for (let i = 0; i < config.numLayers; i++) {
      hidden.push(encoderLayer(graph, config, `${prefix}encoder.layers.${i}`, hidden[i]));
    }
    const normed = (state: Value): Value =>
      layerNorm(graph, `${prefix}final_layer_norm`, state, config.layerNormEpsilon);
    const kept = config.numLayers - clipSkip;
    const lastHiddenState = normed(hidden[kept]);
    const penultimate = hidden[kept - 1];
    if (eosPositions === null) return { lastHiddenState, penultimate, pooled: null };

    const whole = clipSkip === 0 ? lastHiddenState : normed(hidden[config.numLayers]);
    const rows = graph.reshape(whole, [batch * numTokens, config.hiddenSize]);
    const atEnd = graph.embedding(rows, eosPositions);
    return { lastHiddenState, penultimate, pooled: project(graph, config, atEnd, scope) };
  });
}

/**
 * Where each sequence's end token is, as a row of the batch flattened to [B * T], which is what the graph gathers.
 *
 * Configs written before transformers 4.31 carry a wrong end token, 2; for those the highest id counts, which in
 * CLIP's own vocabulary is the end token. Otherwise it is the first occurrence of the end token, or the first token
 * when there is none.
 * @param inputIds [B * T], row-major
 */
export function eosPositions(config: ClipTextConfig, inputIds: Int32Array, numTokens: number): Int32Array {
  const batch = inputIds.length / numTokens;
  return Int32Array.from({ length: batch }, (_, row) => {
    const start = row * numTokens;
    const ids = inputIds.subarray(start, start + numTokens);
    const target =
      config.eosTokenId === LEGACY_EOS_TOKEN_ID ? ids.reduce((a, b) => Math.max(a, b)) : config.eosTokenId;
    return start + Math.max(0, ids.indexOf(target));
  });
}

const LEGACY_EOS_TOKEN_ID = 2;

/** Whether the encoder finds its pooled state where a tokenizer puts this end token. */
export function isEndToken({ eosTokenId }: ClipTextConfig, id: number): boolean {
  return eosTokenId === LEGACY_EOS_TOKEN_ID || eosTokenId === id;
}

/**
 * Which prefix the parameters of a file carry.
 * @param names parameter names of the file
 */
export function clipTextPrefix(names: Iterable<string>): ClipTextPrefix {
  for (const name of names) {
    if (name.startsWith('text_model.')) return 'text_model.';
  }
  return '';
}

/** Every parameter's name with its shape, in execution order. */
export function clipTextParameters(config: ClipTextConfig, prefix: ClipTextPrefix): Map<string, number[]> {
  const graph = new Graph();
  const ids = graph.input('input_ids', [1, config.maxPositions], 'int32');
  buildClipText(graph, config, ids, {
    clipSkip: 0,
    eosPositions: graph.input('eos_positions', [1], 'int32'),
    scope: '',
    prefix,
  });
  return new Map([...graph.weights].map(([name, value]) => [name, [...value.shape]]));
}

/** The state at the end token as the model was trained to compare it, [B,C] to [B,P]; unchanged without a projection. */
function project(graph: Graph, config: ClipTextConfig, atEnd: Value, scope: string): Value {
  const { projectionDim, projectionForm, hiddenSize } = config;
  if (projectionDim === null) return atEnd;
  if (projectionForm === 'linear')
    return linear(graph, `${scope}text_projection`, atEnd, projectionDim, { bias: false });
  return graph.matMul(atEnd, graph.weight(`${scope}text_projection`, [hiddenSize, projectionDim]));
}

/** Token plus position embedding, [B,T,C]. */
function embeddings(graph: Graph, config: ClipTextConfig, inputIds: Value, prefix: string): Value {
  const { vocabSize, hiddenSize, maxPositions } = config;
  const numTokens = inputIds.shape[1];
  const tokens = graph.weight(`${prefix}embeddings.token_embedding.weight`, [vocabSize, hiddenSize]);
  const positions = graph.weight(`${prefix}embeddings.position_embedding.weight`, [maxPositions, hiddenSize]);
  const used = numTokens === maxPositions ? positions : graph.slice(positions, 0, 0, numTokens);
  return graph.add(graph.embedding(tokens, inputIds), used);
}

/** Pre-norm residual branches; [B,T,C] to [B,T,C]. */
function encoderLayer(graph: Graph, config: ClipTextConfig, name: string, x: Value): Value {
  const { hiddenSize, numHeads, layerNormEpsilon } = config;
  const normed = layerNorm(graph, `${name}.layer_norm1`, x, layerNormEpsilon);
  const [q, k, v] = ['q', 'k', 'v'].map((role) =>
    linear(graph, `${name}.self_attn.${role}_proj`, normed, hiddenSize),
  );
  const mixed = graph.attention(q, k, v, numHeads, { causal: true });
  const afterSelf = graph.add(x, linear(graph, `${name}.self_attn.out_proj`, mixed, hiddenSize));

  const last = layerNorm(graph, `${name}.layer_norm2`, afterSelf, layerNormEpsilon);
  const inner = graph.unary(
    config.activation,
    linear(graph, `${name}.mlp.fc1`, last, config.intermediateSize),
  );
  return graph.add(afterSelf, linear(graph, `${name}.mlp.fc2`, inner, hiddenSize));
}
