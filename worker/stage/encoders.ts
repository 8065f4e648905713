/**
 * The frozen encoders of a run, autoencoder and text encoders, and what of their results is kept on disk.
 *
 * Where results are kept, everything a run can ask for is listed here and encoded before the first step
 * (encoder-actor.ts), so that no stage holds an encoder while it trains. Captions whose tags are shuffled or dropped
 * have no such list: their text encoders stay.
 */
import { join } from 'node:path';
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import { baseModelHash, sha256Hex } from '../../shared/digest.ts';
import type { EncoderHashes } from '../../shared/stage-protocol.ts';
import { captionAddition, possibleVariants, UNCHANGED, type Variant } from '../data/augment.ts';
import type { SampleSource } from '../data/batch.ts';
import { isFixed, wholeCaption } from '../data/captions.ts';
import { EncodingCache, type KeptEncodings } from '../data/encoding-cache.ts';
import type { PictureSource } from '../data/picture-source.ts';
import type { Engine } from '../engine/engine.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';
import { Conditions } from './conditions.ts';
import { LatentSource, PictureEncoder } from './picture-encoder.ts';
import { augmentationSettings, captionSettings, heldOutExamples, type RunData } from './run-data.ts';

/** Folder of kept results, inside the configured output folder. */
const CACHE_FOLDER = 'cache';

export interface EncodersOptions {
  readonly config: ResolvedRunConfig;
  readonly model: DiffusersModel;
  readonly engine: Engine;
  /** From the run's profile; null: nothing is kept. */
  readonly hashes: EncoderHashes | null;
  /** Told of results on disk that were damaged and are made again. */
  readonly onDamaged: (message: string) => void;
}

export class Encoders {
  readonly conditions: Conditions;
  /** null: the model works on pixels. */
  readonly #pictures: PictureEncoder | null;
  readonly #keepsTexts: boolean;
  readonly #keepsPictures: boolean;

  constructor({ config, model, engine, hashes, onDamaged }: EncodersOptions) {
    const cache = new EncodingCache(join(config.output.dir, CACHE_FOLDER), onDamaged);
    const keep = (modelHash: string | undefined): KeptEncodings | null =>
      modelHash === undefined ? null : { cache, modelHash };
    this.#keepsTexts = hashes !== null && hasFixedTexts(config);
    this.#keepsPictures = hashes !== null;
    const texts = this.#keepsTexts ? keep(hashes?.text) : null;
    this.conditions = new Conditions(model, engine, { clipSkip: config.model.clipSkip, kept: texts });
    this.#pictures = model.vae === null ? null : new PictureEncoder(model.vae, engine, keep(hashes?.vae));
  }

  /** The pictures as the UNet sees them. */
  samplesOf(pictures: PictureSource): SampleSource {
    return this.#pictures === null ? pictures : new LatentSource(pictures, this.#pictures);
  }

  /** Makes sure that a result is on disk. */
  async encode(item: EncodingItem): Promise<void> {
    if (item.kind === 'text') await this.conditions.encodeOne(item.caption);
    else await this.#pictures?.posteriorOf(item.source, item.index, item.variant);
  }

  /** Gives up the encoders whose results are kept: what is asked for again is read. */
  async rest(): Promise<void> {
    if (this.#keepsTexts) await this.conditions.release();
    if (this.#keepsPictures) await this.#pictures?.release();
  }

  async dispose(): Promise<void> {
    await this.conditions.release();
    await this.#pictures?.release();
  }
}

/** Something a run will ask its encoders for. */
export type EncodingItem =
  | {
      readonly kind: 'picture';
      readonly source: PictureSource;
      readonly index: number;
      readonly variant: Variant;
    }
  | { readonly kind: 'text'; readonly caption: string };

/**
 * Everything a run can ask for and keeps, each once; the same list wherever it is made. Pictures of one size follow
 * one another, for a program has one size.
 */
export function encodingItems(data: RunData, config: ResolvedRunConfig): EncodingItem[] {
  const pictures = [
    ...pictureItems(data.training, possibleVariants(augmentationSettings(config))),
    ...(data.validation === null
      ? []
      : pictureItems(data.validation, [UNCHANGED]).slice(0, heldOutExamples(data, config))),
  ];
  const texts = hasFixedTexts(config) ? [...possibleCaptions(data, config)] : [];
  return [...uniqueBySize(pictures), ...texts.map((caption): EncodingItem => ({ kind: 'text', caption }))];
}

/**
 * What names a run's kept results; null where it keeps none: of pixel-space models, whose text encoders are small and
 * whose pictures need no encoding.
 */
export async function encoderHashes(
  { vae, textEncoders }: DiffusersModel,
  { data }: ResolvedRunConfig,
): Promise<EncoderHashes | null> {
  if (vae === null || !data.cache) return null;
  const texts: string[] = [];
  for (const { files } of textEncoders) texts.push(await baseModelHash(files));
  return { vae: await baseModelHash(vae.files), text: sha256Hex(texts.join('\n')) };
}

/** Bytes of the encoders' weights that the stage of segment 0 holds while it trains. */
export function residentEncoderBytes(
  { vae, textEncoders }: DiffusersModel,
  config: ResolvedRunConfig,
  hashes: EncoderHashes | null,
): number {
  const keepsTexts = hashes !== null && hasFixedTexts(config);
  const held = [
    ...(keepsTexts || config.train.textEncoder ? [] : textEncoders.map(({ files }) => files)),
    ...(vae === null || hashes !== null ? [] : [vae.files]),
  ];
  const entries = held.flatMap(({ entries: tensors }) => [...tensors.values()]);
  return entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Whether every text of the run is known beforehand, and none is trained. */
function hasFixedTexts(config: ResolvedRunConfig): boolean {
  return !config.train.textEncoder && isFixed(captionSettings(config));
}

type PictureItem = Extract<EncodingItem, { kind: 'picture' }>;

function pictureItems(source: PictureSource, variants: readonly Variant[]): PictureItem[] {
  return source.examples.flatMap((_, index) =>
    variants.map((variant): PictureItem => ({ kind: 'picture', source, index, variant })),
  );
}

function uniqueBySize(items: readonly PictureItem[]): PictureItem[] {
  const bySize = new Map<string, Map<string, PictureItem>>();
  for (const item of items) {
    const { source, index, variant } = item;
    const { height, width } = source.frameOf(index).target;
    const size = `${height}x${width}`;
    const ofSize = bySize.get(size) ?? new Map<string, PictureItem>();
    bySize.set(size, ofSize);
    const key = `${source.contentHashOf(index)} ${variant.mirrored} ${variant.transformation}`;
    if (!ofSize.has(key)) ofSize.set(key, item);
  }
  return [...bySize.values()].flatMap((ofSize) => [...ofSize.values()]);
}

function possibleCaptions({ training, validation }: RunData, config: ResolvedRunConfig): Set<string> {
  const settings = captionSettings(config);
  const captions = new Set(['']);
  for (const { caption } of training.examples) {
    for (const variant of possibleVariants(augmentationSettings(config)))
      captions.add(wholeCaption(caption, settings) + captionAddition(variant));
  }
  for (const { caption } of validation?.examples ?? []) captions.add(wholeCaption(caption, settings));
  return captions;
}
