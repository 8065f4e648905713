/**
 * Pictures to posteriors over latents, by a model's autoencoder or from the cache; and a set of pictures as a source
 * of latents.
 *
 * A program of the autoencoder exists for one size at a time, from the first picture that is not in the cache until
 * the size changes or {@link PictureEncoder.release}. Pictures are encoded one by one: at full resolution the
 * activations of one are a gigabyte.
 */
import { RandomStream } from '../../shared/random.ts';
import { floatTensor } from '../../shared/tensor.ts';
import type { Variant } from '../data/augment.ts';
import type { Sample, SampleSource, Visit } from '../data/batch.ts';
import { encodingKey, type KeptEncodings } from '../data/encoding-cache.ts';
import { NUM_CHANNELS, type PictureFrame, type Resolution } from '../data/image.ts';
import type { PictureSource } from '../data/picture-source.ts';
import type { Engine } from '../engine/engine.ts';
import { latentsOf, VaeEncoder, type Posterior, type VaePart } from '../model/latent-codec.ts';

/** Part of every key: another one when what is encoded, or how, has changed. */
const FORMAT = 1;

export class PictureEncoder {
  readonly vae: VaePart;
  readonly #engine: Engine;
  readonly #kept: KeptEncodings | null;
  #program: { readonly size: Resolution; readonly encoder: VaeEncoder } | null = null;
  /** Settles when the picture before has been encoded. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param kept null: every visit encodes anew */
  constructor(vae: VaePart, engine: Engine, kept: KeptEncodings | null) {
    this.vae = vae;
    this.#engine = engine;
    this.#kept = kept;
  }

  /** Of one picture, [1,L,h,w]. */
  async posteriorOf(source: PictureSource, index: number, variant: Variant): Promise<Posterior> {
    const { target } = source.frameOf(index);
    if (this.#kept === null) return this.#encode(source, index, variant, target);
    const { cache, modelHash } = this.#kept;
    const key = encodingKey({
      kind: 'posterior',
      format: FORMAT,
      model: modelHash,
      config: this.vae.config,
      picture: source.contentHashOf(index),
      size: [target.height, target.width],
      variant: [variant.mirrored, variant.transformation],
    });
    const known = await cache.read(key);
    if (known !== null) return { mean: known.mean, logvar: known.logvar };
    const posterior = await this.#encode(source, index, variant, target);
    await cache.write(key, { ...posterior });
    return posterior;
  }

  /** Gives up the program and what it holds; the next picture that needs it makes another. */
  async release(): Promise<void> {
    const program = this.#program;
    this.#program = null;
    await program?.encoder.dispose();
  }

  #encode(source: PictureSource, index: number, variant: Variant, size: Resolution): Promise<Posterior> {
    const turn = this.#turn.then(async () => {
      const { values } = await source.load(index, variant);
      const encoder = await this.#encoderFor(size);
      return encoder.encode(floatTensor([1, NUM_CHANNELS, size.height, size.width], values));
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #encoderFor(size: Resolution): Promise<VaeEncoder> {
    const known = this.#program;
    if (known?.size.height === size.height && known.size.width === size.width) return known.encoder;
    await this.release();
    const encoder = await VaeEncoder.open(this.vae, this.#engine, { batch: 1, ...size });
    this.#program = { size, encoder };
    return encoder;
  }
}

/**
 * Latents of a set of pictures. Each visit draws from the posterior, as diffusers' training scripts do; without a
 * visit, as in validation, the mean is taken.
 */
export class LatentSource implements SampleSource {
  readonly examples: SampleSource['examples'];
  readonly numChannels: number;
  readonly #pictures: PictureSource;
  readonly #encoder: PictureEncoder;

  constructor(pictures: PictureSource, encoder: PictureEncoder) {
    this.examples = pictures.examples;
    this.numChannels = encoder.vae.config.latentChannels;
    this.#pictures = pictures;
    this.#encoder = encoder;
  }

  frameOf(index: number): PictureFrame {
    return this.#pictures.frameOf(index);
  }

  async load(index: number, variant: Variant, visit: Visit | null): Promise<Sample> {
    const posterior = await this.#encoder.posteriorOf(this.#pictures, index, variant);
    const noise =
      visit === null
        ? null
        : new RandomStream({ ...visit, purpose: 'latent' }).normals(posterior.mean.data.length);
    const { data } = latentsOf(this.#encoder.vae.config, posterior, noise);
    const mask = this.#pictures.hasMask(index) ? (await this.#pictures.load(index, variant)).mask : null;
    return { values: data, mask };
  }
}
