/**
 * What a UNet is told beside its sample and timestep: text states and, where its config asks for them, pooled text
 * and sizes (`addition_embed_type: text_time`, as in SDXL), under the names of its graph inputs.
 *
 * With a frozen text encoder each distinct caption is encoded once and remembered.
 *
 * Shape letters: B captions, T tokens, C hidden size, P pooled size, N time ids.
 */
import { SaraError } from '../../shared/errors.ts';
import { floatTensor, intTensor, type FloatTensor, type Tensor } from '../../shared/tensor.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { buildClipText, eosPositions } from '../model/clip-text.ts';
import { pooledSize, type DiffusersModel, type TextEncoderPart } from '../model/diffusers-model.ts';
import { NUM_TIME_IDS } from '../model/unet.ts';

/** Bound on remembered states; the oldest go first. */
const MAX_CACHE_BYTES = 256 * 2 ** 20;

interface EncodedCaption {
  /** [T,C] */
  readonly states: Float32Array;
  /** [P] */
  readonly pooled: Float32Array;
}

/** Conditions from a frozen text encoder. */
export class Conditions {
  readonly #model: DiffusersModel;
  readonly #encoder: Executable;
  readonly #resolution: number;
  readonly #cache = new Map<string, EncodedCaption>();

  private constructor(model: DiffusersModel, encoder: Executable, resolution: number) {
    this.#model = model;
    this.#encoder = encoder;
    this.#resolution = resolution;
  }

  /** @param resolution edge of the pictures in pixels, which UNets with time ids are told */
  static async open(model: DiffusersModel, engine: Engine, resolution: number): Promise<Conditions> {
    const { text } = model;
    const graph = new Graph();
    const ids = graph.input('input_ids', [1, text.numTokens], 'int32');
    const ends = graph.input('eos_positions', [1], 'int32');
    const { lastHiddenState, pooled } = buildClipText(graph, text.config, ids, {
      clipSkip: 0,
      eosPositions: ends,
      scope: '',
      prefix: text.prefix,
    });
    if (pooled === null)
      throw new SaraError('INTERNAL', 'the text encoder was asked for pooled text and gave none');
    graph.output('states', lastHiddenState);
    graph.output('pooled', pooled);
    const encoder = await engine.compile(graph, WeightStore.frozen(text.files.entries.values()));
    return new Conditions(model, encoder, resolution);
  }

  /** @returns encoder_hidden_states [B,T,C] and, for text_time UNets, text_embeds [B,P] and time_ids [B,N] */
  async encode(captions: readonly string[]): Promise<Record<string, FloatTensor>> {
    const { text, unetConfig } = this.#model;
    const encoded: EncodedCaption[] = [];
    for (const caption of captions) encoded.push(await this.#encodeOne(caption));
    const conditions: Record<string, FloatTensor> = {
      encoder_hidden_states: stack(
        [text.numTokens, text.config.hiddenSize],
        encoded.map(({ states }) => states),
      ),
    };
    if (unetConfig.textTime === null) return conditions;
    return {
      ...conditions,
      text_embeds: stack(
        [pooledSize(text)],
        encoded.map(({ pooled }) => pooled),
      ),
      time_ids: timeIds(captions.length, this.#resolution),
    };
  }

  async dispose(): Promise<void> {
    this.#cache.clear();
    await this.#encoder.dispose();
  }

  async #encodeOne(caption: string): Promise<EncodedCaption> {
    const known = this.#cache.get(caption);
    if (known !== undefined) return known;
    const outputs = await this.#encoder.run(tokenInputs(this.#model.text, [caption]));
    const encoded = {
      states: outputs.states.data as Float32Array,
      pooled: outputs.pooled.data as Float32Array,
    };
    this.#cache.set(caption, encoded);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size * encoded.states.byteLength > MAX_CACHE_BYTES) this.#cache.delete(oldest);
    return encoded;
  }
}

/** The same for a text encoder that is part of the training graph: its inputs, and the UNet's time ids. */
export function trainedTextInputs(
  { text, unetConfig }: DiffusersModel,
  captions: readonly string[],
  resolution: number,
): Record<string, Tensor> {
  const { input_ids, eos_positions } = tokenInputs(text, captions);
  if (unetConfig.textTime === null) return { input_ids };
  return { input_ids, eos_positions, time_ids: timeIds(captions.length, resolution) };
}

/** Pictures are trained and drawn whole, at one size, so original and target agree and nothing is cropped. */
function timeIds(batch: number, resolution: number): FloatTensor {
  const row = [resolution, resolution, 0, 0, resolution, resolution];
  return floatTensor([batch, NUM_TIME_IDS], Array.from({ length: batch }, () => row).flat());
}

/** Token ids int32 [B,T] and where each text ends, int32 [B]. */
function tokenInputs(
  { tokenizer, numTokens, config }: TextEncoderPart,
  captions: readonly string[],
): { input_ids: Tensor<Int32Array>; eos_positions: Tensor<Int32Array> } {
  const ids = intTensor([captions.length, numTokens], new Int32Array(captions.length * numTokens));
  for (const [i, caption] of captions.entries()) {
    ids.data.set(tokenizer.encode(caption).subarray(0, numTokens), i * numTokens);
  }
  return {
    input_ids: ids,
    eos_positions: intTensor([captions.length], eosPositions(config, ids.data, numTokens)),
  };
}

function stack(shape: readonly number[], rows: readonly Float32Array[]): FloatTensor {
  const stacked = floatTensor([rows.length, ...shape]);
  for (const [i, row] of rows.entries()) stacked.data.set(row, i * row.length);
  return stacked;
}
