/**
 * Pictures to latents and back, with an autoencoder compiled for one size and batch.
 *
 * What is encoded is the posterior (a mean and a log-variance per latent value), so that a cache can keep it and every
 * step can draw from it anew; {@link latentsOf} draws. "Latents" are always those of the UNet: shifted and scaled.
 *
 * Shape letters: B batch, I channels of the picture, L of the latent, H W pixels, h w latent pixels.
 */
import { SaraError } from '../../shared/errors.ts';
import type { WeightFiles } from '../../shared/safetensors.ts';
import { floatTensor, type FloatTensor } from '../../shared/tensor.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { buildVaeDecoder, buildVaeEncoder, latentStride, type VaeConfig } from './vae.ts';

/** A model's autoencoder, its weights opened and not read. */
export interface VaePart {
  readonly config: VaeConfig;
  readonly files: WeightFiles;
}

/** Of a batch of pictures: independent normals. */
export interface Posterior {
  /** [B,L,h,w] */
  readonly mean: FloatTensor;
  /** Within {@link LOGVAR_RANGE}, [B,L,h,w]. */
  readonly logvar: FloatTensor;
}

/** diffusers' DiagonalGaussianDistribution: keeps exp() finite where the encoder overshoots. */
export const LOGVAR_RANGE = { min: -30, max: 20 } as const;

/** Size of a batch of pictures, in pixels. */
export interface PictureShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

export class VaeEncoder {
  readonly #program: Executable;

  private constructor(program: Executable) {
    this.#program = program;
  }

  /** @throws SaraError CONFIG_INVALID when height or width is no multiple of {@link latentStride} */
  static async open({ config, files }: VaePart, engine: Engine, shape: PictureShape): Promise<VaeEncoder> {
    requireWholeLatents(config, shape);
    const graph = new Graph();
    const pictures = graph.input('pictures', [shape.batch, config.inChannels, shape.height, shape.width]);
    const { mean, logvar } = buildVaeEncoder(graph, config, pictures);
    graph.output('mean', mean);
    graph.output('logvar', logvar);
    return new VaeEncoder(await engine.compile(graph, WeightStore.frozen(files.entries.values())));
  }

  /** @param pictures float32 [B,I,H,W] in [-1, 1] */
  async encode(pictures: FloatTensor): Promise<Posterior> {
    const { mean, logvar } = (await this.#program.run({ pictures })) as Record<string, FloatTensor>;
    const { min, max } = LOGVAR_RANGE;
    return {
      mean,
      logvar: floatTensor(
        logvar.shape,
        logvar.data.map((value) => Math.min(max, Math.max(min, value))),
      ),
    };
  }

  dispose(): Promise<void> {
    return this.#program.dispose();
  }
}

export class VaeDecoder {
  readonly #program: Executable;

  private constructor(program: Executable) {
    this.#program = program;
  }

  /**
   * @param shape of the pictures to come
   * @throws SaraError CONFIG_INVALID when height or width is no multiple of {@link latentStride}
   */
  static async open({ config, files }: VaePart, engine: Engine, shape: PictureShape): Promise<VaeDecoder> {
    requireWholeLatents(config, shape);
    const graph = new Graph();
    const latents = graph.input('latents', latentShape(config, shape));
    const unscaled = graph.affine(latents, 1 / config.scalingFactor, config.shiftFactor);
    graph.output('pictures', buildVaeDecoder(graph, config, unscaled));
    return new VaeDecoder(await engine.compile(graph, WeightStore.frozen(files.entries.values())));
  }

  /**
   * @param latents of the UNet, float32 [B,L,h,w]
   * @returns float32 [B,I,H,W], about [-1, 1]: the decoder does not clamp, nor is it clamped here
   */
  async decode(latents: FloatTensor): Promise<FloatTensor> {
    const { pictures } = await this.#program.run({ latents });
    return pictures as FloatTensor;
  }

  dispose(): Promise<void> {
    return this.#program.dispose();
  }
}

/** Shape of the latents of such pictures, [B,L,h,w]. */
export function latentShape(config: VaeConfig, { batch, height, width }: PictureShape): number[] {
  const stride = latentStride(config);
  return [batch, config.latentChannels, height / stride, width / stride];
}

/**
 * The latents a UNet is trained on, (z - shift) * scaling with z drawn from the posterior.
 * @param noise standard normals, one per latent value; null for z = mean
 */
export function latentsOf(
  { scalingFactor, shiftFactor }: VaeConfig,
  { mean, logvar }: Posterior,
  noise: Float32Array | null,
): FloatTensor {
  const latents = floatTensor(mean.shape);
  for (let i = 0; i < latents.data.length; i++) {
    const spread = noise === null ? 0 : Math.exp(0.5 * logvar.data[i]) * noise[i];
    latents.data[i] = (mean.data[i] + spread - shiftFactor) * scalingFactor;
  }
  return latents;
}

/** A remainder would be cut off by the encoder and never come back. */
function requireWholeLatents(config: VaeConfig, { height, width }: PictureShape): void {
  const stride = latentStride(config);
  if (height % stride === 0 && width % stride === 0) return;
  throw new SaraError(
    'CONFIG_INVALID',
    `pictures of ${height} x ${width} pixels do not divide into latents of ${stride} x ${stride} pixels each; ` +
      `use multiples of ${stride}`,
    { height, width, stride },
  );
}
