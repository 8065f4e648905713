/**
 * What a UNet is told beside its sample and timestep: text states and, where its config asks for them, pooled text
 * and sizes (`addition_embed_type: text_time`, as in SDXL), under the names of its graph inputs.
 *
 * With frozen text encoders each distinct caption is encoded once and remembered: here, and on disk where the run
 * keeps its encodings. Their program exists from the first caption that is in neither until {@link Conditions.release}.
 *
 * Shape letters: B captions, T tokens, C size of the states, P pooled size, N time ids.
 */
import { sha256Hex } from '../../shared/digest.ts';
import { floatTensor, type FloatTensor, type Tensor } from '../../shared/tensor.ts';
import { encodingKey, type KeptEncodings } from '../data/encoding-cache.ts';
import type { PictureFrame } from '../data/image.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';
import {
  buildTextCondition,
  pooledTextSize,
  stateSize,
  textWeights,
  tokenInputs,
} from '../model/text-condition.ts';
import { NUM_TIME_IDS } from '../model/unet.ts';

/** Bound on remembered captions; the oldest go first. */
const MAX_REMEMBERED_BYTES = 256 * 2 ** 20;

/** Part of every key: another one when what is encoded, or how, has changed. */
const FORMAT = 1;

interface EncodedCaption {
  /** [T,C] */
  readonly states: FloatTensor;
  /** [P] */
  readonly pooled: FloatTensor;
}

export interface ConditionsOptions {
  /** Layers of the text encoders left off at the end, as diffusers counts them. */
  readonly clipSkip: number;
  /** null: nothing on disk. */
  readonly kept: KeptEncodings | null;
}

/** Conditions from frozen text encoders. */
export class Conditions {
  readonly #model: DiffusersModel;
  readonly #engine: Engine;
  readonly #options: ConditionsOptions;
  readonly #remembered = new Map<string, EncodedCaption>();
  #encoder: Promise<Executable> | null = null;

  constructor(model: DiffusersModel, engine: Engine, options: ConditionsOptions) {
    this.#model = model;
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * @param captions the empty one is zeros where the model has it so
   * @param frames one per caption, told to UNets with time ids
   * @returns encoder_hidden_states [B,T,C] and, for text_time UNets, text_embeds [B,P] and time_ids [B,N]
   */
  async encode(
    captions: readonly string[],
    frames: readonly PictureFrame[],
  ): Promise<Record<string, FloatTensor>> {
    const encoded: EncodedCaption[] = [];
    for (const caption of captions) encoded.push(await this.encodeOne(caption));
    const states = stack(encoded.map((each) => each.states));
    if (this.#model.unetConfig.textTime === null) return { encoder_hidden_states: states };
    return {
      encoder_hidden_states: states,
      text_embeds: stack(encoded.map((each) => each.pooled)),
      time_ids: timeIds(frames),
    };
  }

  /** Of one caption; remembered from now on. */
  async encodeOne(caption: string): Promise<EncodedCaption> {
    const known = this.#remembered.get(caption);
    if (known !== undefined) return known;
    const encoded =
      caption === '' && this.#model.emptyTextIsZero ? this.#zeros() : await this.#fromDisk(caption);
    this.#remembered.set(caption, encoded);
    const [oldest] = this.#remembered.keys();
    const sizeBytes = encoded.states.data.byteLength + encoded.pooled.data.byteLength;
    if (this.#remembered.size * sizeBytes > MAX_REMEMBERED_BYTES) this.#remembered.delete(oldest);
    return encoded;
  }

  /** Gives up the encoders' program; what is remembered stays. */
  async release(): Promise<void> {
    const encoder = this.#encoder;
    this.#encoder = null;
    await (await encoder)?.dispose();
  }

  #zeros(): EncodedCaption {
    const { textEncoders } = this.#model;
    return {
      states: floatTensor([textEncoders[0].numTokens, stateSize(textEncoders)]),
      pooled: floatTensor([pooledTextSize(textEncoders)]),
    };
  }

  async #fromDisk(caption: string): Promise<EncodedCaption> {
    const { kept, clipSkip } = this.#options;
    const { textEncoders } = this.#model;
    const tokens = tokenInputs(textEncoders, [caption]);
    if (kept === null) return this.#run(tokens);
    const key = encodingKey({
      kind: 'text',
      format: FORMAT,
      model: kept.modelHash,
      configs: textEncoders.map(({ config }) => config),
      clipSkip,
      tokens: Object.entries(tokens).map(([name, { data }]) => [name, sha256Hex(bytesOf(data))]),
    });
    const known = await kept.cache.read(key);
    if (known !== null) return { states: known.states, pooled: known.pooled };
    const encoded = await this.#run(tokens);
    await kept.cache.write(key, { ...encoded });
    return encoded;
  }

  async #run(tokens: Readonly<Record<string, Tensor>>): Promise<EncodedCaption> {
    this.#encoder ??= this.#compile();
    const { states, pooled } = await (await this.#encoder).run(tokens);
    const withoutBatch = ({ shape, data }: Tensor): FloatTensor =>
      floatTensor(shape.slice(1), data as Float32Array);
    return { states: withoutBatch(states), pooled: withoutBatch(pooled) };
  }

  #compile(): Promise<Executable> {
    const { textEncoders } = this.#model;
    const graph = new Graph();
    const { states, pooled } = buildTextCondition(graph, textEncoders, {
      batch: 1,
      clipSkip: this.#options.clipSkip,
    });
    graph.output('states', states);
    graph.output('pooled', pooled);
    return this.#engine.compile(graph, textWeights(textEncoders));
  }
}

/** The same for a text encoder that is part of the training graph: its inputs, and the UNet's time ids. */
export function trainedTextInputs(
  { text, unetConfig }: DiffusersModel,
  captions: readonly string[],
  frames: readonly PictureFrame[],
): Record<string, Tensor> {
  const { input_ids, eos_positions } = tokenInputs([text], captions);
  if (unetConfig.textTime === null) return { input_ids };
  return { input_ids, eos_positions, time_ids: timeIds(frames) };
}

/** Original size, crop corner, size; height before width. */
function timeIds(frames: readonly PictureFrame[]): FloatTensor {
  const rows = frames.map(({ original, cropTop, cropLeft, target }) => [
    original.height,
    original.width,
    cropTop,
    cropLeft,
    target.height,
    target.width,
  ]);
  return floatTensor([frames.length, NUM_TIME_IDS], rows.flat());
}

function stack(rows: readonly FloatTensor[]): FloatTensor {
  const stacked = floatTensor([rows.length, ...rows[0].shape]);
  for (const [i, { data }] of rows.entries()) stacked.data.set(data, i * data.length);
  return stacked;
}

function bytesOf({ buffer, byteOffset, byteLength }: Tensor['data']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
