/**
 * What a UNet is told of a caption, from one text encoder or from two.
 *
 *   one encoder   states: its last state, normalised                        (SD1, SD2)
 *   two encoders  states: the states before the last layer of both, side by side; pooled: the second's   (SDXL)
 *
 * Shape letters: B captions, T tokens, C hidden size (the sum over encoders where there are two), P pooled size.
 * Follows encode_prompt of diffusers' pipeline_stable_diffusion.py and pipeline_stable_diffusion_xl.py.
 */
import { SaraError } from '../../shared/errors.ts';
import type { WeightFiles } from '../../shared/safetensors.ts';
import { intTensor, type Tensor } from '../../shared/tensor.ts';
import type { Graph, Value } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { buildClipText, eosPositions, type ClipTextConfig, type ClipTextPrefix } from './clip-text.ts';
import type { ClipTokenizer } from './tokenizer.ts';

/** One of a model's text encoders, its weights opened and not read. */
export interface TextEncoderPart {
  readonly config: ClipTextConfig;
  readonly files: WeightFiles;
  readonly prefix: ClipTextPrefix;
  readonly tokenizer: ClipTokenizer;
  /** Length of every encoded caption. */
  readonly numTokens: number;
}

/** In the order of the model's folders: text_encoder, text_encoder_2. */
export type TextEncoders = readonly [TextEncoderPart] | readonly [TextEncoderPart, TextEncoderPart];

export interface TextCondition {
  /** [B,T,C] */
  readonly states: Value;
  /** [B,P] */
  readonly pooled: Value;
}

/** Each encoder's inputs and parameters are named after the folder it came from. */
const FOLDERS = ['text_encoder', 'text_encoder_2'] as const;

/**
 * Appends every encoder to `graph`, which is fed {@link tokenInputs} and reads {@link textWeights}.
 * @param clipSkip layers to leave off at the end, as diffusers counts: 0 none. (A1111 and kohya call that 1.)
 * @throws SaraError CONFIG_INVALID when clipSkip leaves no layer
 */
export function buildTextCondition(
  graph: Graph,
  encoders: TextEncoders,
  { batch, clipSkip }: { readonly batch: number; readonly clipSkip: number },
): TextCondition {
  const built = encoders.map(({ config, prefix, numTokens }, i) => {
    const { ids, ends } = inputNames(i);
    const { pooled, ...states } = buildClipText(
      graph,
      config,
      graph.input(ids, [batch, numTokens], 'int32'),
      { clipSkip, eosPositions: graph.input(ends, [batch], 'int32'), scope: scopeOf(i), prefix },
    );
    if (pooled === null)
      throw new SaraError('INTERNAL', 'a text encoder was asked for pooled text and gave none');
    return { ...states, pooled };
  });
  const { lastHiddenState, pooled } = built[built.length - 1];
  const states =
    built.length === 1
      ? lastHiddenState
      : graph.concat(
          built.map(({ penultimate }) => penultimate),
          2,
        );
  return { states, pooled };
}

/**
 * What the graph of {@link buildTextCondition} is fed: each tokenizer's ids, int32 [B,T], and where each text ends in
 * them, int32 [B].
 */
export function tokenInputs(
  encoders: TextEncoders,
  captions: readonly string[],
): Record<string, Tensor<Int32Array>> {
  const inputs: Record<string, Tensor<Int32Array>> = {};
  for (const [i, { tokenizer, config, numTokens }] of encoders.entries()) {
    const tokens = intTensor([captions.length, numTokens], new Int32Array(captions.length * numTokens));
    for (const [row, caption] of captions.entries())
      tokens.data.set(tokenizer.encode(caption).subarray(0, numTokens), row * numTokens);
    const { ids, ends } = inputNames(i);
    inputs[ids] = tokens;
    inputs[ends] = intTensor([captions.length], eosPositions(config, tokens.data, numTokens));
  }
  return inputs;
}

/** The encoders' parameters, frozen in their files, under the names the graph of {@link buildTextCondition} has. */
export function textWeights(encoders: TextEncoders): WeightStore {
  return WeightStore.frozen(
    encoders.flatMap(({ files }, i) =>
      Array.from(files.entries.values(), (entry) => ({ ...entry, name: scopeOf(i) + entry.name })),
    ),
  );
}

/** C: what a UNet's cross-attention must read. */
export function stateSize(encoders: TextEncoders): number {
  return encoders.reduce((sum, { config }) => sum + config.hiddenSize, 0);
}

/** P: length of the pooled text. */
export function pooledTextSize(encoders: TextEncoders): number {
  const { config } = encoders[encoders.length - 1];
  return config.projectionDim ?? config.hiddenSize;
}

function inputNames(i: number): { readonly ids: string; readonly ends: string } {
  const suffix = i === 0 ? '' : `_${i + 1}`;
  return { ids: `input_ids${suffix}`, ends: `eos_positions${suffix}` };
}

function scopeOf(i: number): string {
  return `${FOLDERS[i]}/`;
}
