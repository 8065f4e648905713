/**
 * Captions to text states with a frozen text encoder, each distinct caption encoded once.
 *
 * Shape letters: B captions, T tokens, C hidden size.
 */
import { floatTensor, intTensor, type FloatTensor, type Tensor } from '../../shared/tensor.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { buildClipText } from '../model/clip-text.ts';
import type { TextEncoderPart } from '../model/diffusers-model.ts';

/** Bound on remembered states; the oldest go first. */
const MAX_CACHE_BYTES = 256 * 2 ** 20;

export class TextStates {
  readonly #text: TextEncoderPart;
  readonly #encoder: Executable;
  readonly #cache = new Map<string, Float32Array>();

  private constructor(text: TextEncoderPart, encoder: Executable) {
    this.#text = text;
    this.#encoder = encoder;
  }

  static async open(text: TextEncoderPart, engine: Engine): Promise<TextStates> {
    const graph = new Graph();
    const ids = graph.input('input_ids', [1, text.numTokens], 'int32');
    const { lastHiddenState } = buildClipText(graph, text.config, ids, {
      clipSkip: 0,
      eosPositions: null,
      prefix: text.prefix,
    });
    graph.output('states', lastHiddenState);
    return new TextStates(text, await engine.compile(graph, WeightStore.frozen(text.files.entries.values())));
  }

  /** @returns float32 [B,T,C] */
  async encode(captions: readonly string[]): Promise<FloatTensor> {
    const { numTokens, config } = this.#text;
    const states = floatTensor([captions.length, numTokens, config.hiddenSize]);
    for (const [i, caption] of captions.entries())
      states.data.set(await this.#encodeOne(caption), i * numTokens * config.hiddenSize);
    return states;
  }

  async dispose(): Promise<void> {
    this.#cache.clear();
    await this.#encoder.dispose();
  }

  async #encodeOne(caption: string): Promise<Float32Array> {
    const known = this.#cache.get(caption);
    if (known !== undefined) return known;
    const { states } = await this.#encoder.run({ input_ids: tokenIds(this.#text, [caption]) });
    const data = states.data as Float32Array;
    this.#cache.set(caption, data);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size * data.byteLength > MAX_CACHE_BYTES) this.#cache.delete(oldest);
    return data;
  }
}

/** Token ids, int32 [B,T]. */
export function tokenIds(
  { tokenizer, numTokens }: TextEncoderPart,
  captions: readonly string[],
): Tensor<Int32Array> {
  const ids = intTensor([captions.length, numTokens], new Int32Array(captions.length * numTokens));
  for (const [i, caption] of captions.entries())
    ids.data.set(tokenizer.encode(caption).subarray(0, numTokens), i * numTokens);
  return ids;
}
