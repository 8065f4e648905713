/**
 * AutoencoderKL as two graphs, between pictures and the latents a UNet works on.
 *
 *   encode  conv_in -> down_blocks.* -> mid_block -> norm, conv_out -> quant_conv -> mean | log-variance
 *   decode  post_quant_conv -> conv_in -> mid_block -> up_blocks.* -> norm, conv_out
 *
 * Shape letters: B batch, I channels of the picture, L of the latent, H W pixels, h w latent pixels, C channels,
 * S = h * w tokens of the attention at the coarsest resolution.
 * Follows diffusers/models/autoencoders/vae.py; config rules are in vae-config.ts, values in latent-codec.ts.
 */
import type { TensorEntry } from '../../shared/safetensors.ts';
import { Graph, type Value } from '../engine/graph.ts';
import { conv2d, groupNorm, linear } from './layers.ts';
import { downsampler, resnetBlock, upsampler, type ResnetNorm } from './resnet-block.ts';
import { latentStride, type VaeConfig } from './vae-config.ts';

export { latentStride, parseVaeConfig, readVaeConfig, type VaeConfig } from './vae-config.ts';

/** Fixed in diffusers, whatever the config. */
const NORM_EPSILON = 1e-6;
const PADDED_AFTER = { downsamplePadding: 0 } as const;

/** The posterior over latents of each picture; not scaled for the UNet. */
export interface PosteriorValues {
  /** [B,L,h,w] */
  readonly mean: Value;
  /** Not clamped, [B,L,h,w]. */
  readonly logvar: Value;
}

/**
 * @param pictures_BIHW in [-1, 1]; h and w are H and W over {@link latentStride}, rounded down
 * @throws SaraError CONFIG_INVALID when a picture is too small to leave a latent pixel
 */
export function buildVaeEncoder(graph: Graph, config: VaeConfig, pictures_BIHW: Value): PosteriorValues {
  const { blockOutChannels, numResnets, latentChannels } = config;
  const norm = normOf(config);
  let x = conv2d(graph, 'encoder.conv_in', pictures_BIHW, blockOutChannels[0], 3, { pads: 1 });
  for (const [i, channels] of blockOutChannels.entries()) {
    for (let j = 0; j < numResnets; j++)
      x = resnetBlock(graph, norm, `encoder.down_blocks.${i}.resnets.${j}`, x, null, channels);
    if (i < blockOutChannels.length - 1)
      x = downsampler(graph, PADDED_AFTER, `encoder.down_blocks.${i}.downsamplers.0`, x);
  }
  x = midBlock(graph, config, 'encoder.mid_block', x);
  x = outLayers(graph, norm, 'encoder', x, 2 * latentChannels);
  if (config.useQuantConv) x = conv2d(graph, 'quant_conv', x, 2 * latentChannels, 1);
  return {
    mean: graph.slice(x, 1, 0, latentChannels),
    logvar: graph.slice(x, 1, latentChannels, 2 * latentChannels),
  };
}

/**
 * @param latents_BLhw not scaled for the UNet
 * @returns pictures, about [-1, 1], [B, outChannels, h * stride, w * stride]
 */
export function buildVaeDecoder(graph: Graph, config: VaeConfig, latents_BLhw: Value): Value {
  const { blockOutChannels, numResnets } = config;
  const norm = normOf(config);
  const coarseToFine = blockOutChannels.toReversed();
  let x = latents_BLhw;
  if (config.usePostQuantConv) x = conv2d(graph, 'post_quant_conv', x, config.latentChannels, 1);
  x = conv2d(graph, 'decoder.conv_in', x, coarseToFine[0], 3, { pads: 1 });
  x = midBlock(graph, config, 'decoder.mid_block', x);
  for (const [i, channels] of coarseToFine.entries()) {
    for (let j = 0; j < numResnets + 1; j++)
      x = resnetBlock(graph, norm, `decoder.up_blocks.${i}.resnets.${j}`, x, null, channels);
    if (i < coarseToFine.length - 1) {
      const [, , height, width] = x.shape;
      x = upsampler(graph, `decoder.up_blocks.${i}.upsamplers.0`, x, 2 * height, 2 * width);
    }
  }
  return outLayers(graph, norm, 'decoder', x, config.outChannels);
}

/** Every parameter's name with its shape. */
export function vaeParameters(config: VaeConfig): Map<string, number[]> {
  const graph = new Graph();
  const side = latentStride(config);
  buildVaeEncoder(graph, config, graph.input('pictures', [1, config.inChannels, side, side]));
  buildVaeDecoder(graph, config, graph.input('latents', [1, config.latentChannels, 1, 1]));
  return new Map([...graph.weights].map(([name, value]) => [name, [...value.shape]]));
}

/** Names that attention layers had before diffusers 0.18, in the files of many published autoencoders. */
const OLD_ATTENTION_NAMES: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/** An autoencoder's stored tensors under the names {@link vaeParameters} gives. */
export function withCurrentVaeNames(entries: Iterable<TensorEntry>): TensorEntry[] {
  return Array.from(entries, (entry) => ({
    ...entry,
    name: entry.name.replace(
      /(\.mid_block\.attentions\.0\.)(query|key|value|proj_attn)(\.(?:weight|bias))$/,
      (_, before: string, old: string, after: string) => before + OLD_ATTENTION_NAMES[old] + after,
    ),
  }));
}

function normOf({ normNumGroups }: VaeConfig): ResnetNorm {
  return { normNumGroups, normEpsilon: NORM_EPSILON };
}

function midBlock(graph: Graph, config: VaeConfig, name: string, x: Value): Value {
  const norm = normOf(config);
  const channels = x.shape[1];
  let hidden = resnetBlock(graph, norm, `${name}.resnets.0`, x, null, channels);
  if (config.midBlockAttention) hidden = attention(graph, norm, `${name}.attentions.0`, hidden);
  return resnetBlock(graph, norm, `${name}.resnets.1`, hidden, null, channels);
}

/** x + to_out(attention(norm(x))), over the pixels, with one head; [B,C,h,w] to [B,C,h,w]. */
function attention(graph: Graph, norm: ResnetNorm, name: string, x_BChw: Value): Value {
  const [batch, channels, height, width] = x_BChw.shape;
  const normed = groupNorm(graph, `${name}.group_norm`, x_BChw, norm.normNumGroups, norm.normEpsilon);
  const tokens_BSC = graph.transpose(graph.reshape(normed, [batch, channels, height * width]), [0, 2, 1]);
  const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((role) =>
    linear(graph, `${name}.${role}`, tokens_BSC, channels),
  );
  const mixed = linear(graph, `${name}.to_out.0`, graph.attention(q, k, v, 1), channels);
  return graph.add(graph.reshape(graph.transpose(mixed, [0, 2, 1]), x_BChw.shape), x_BChw);
}

/** Norm, activation and the last convolution of either half. */
function outLayers(graph: Graph, norm: ResnetNorm, name: string, x: Value, outChannels: number): Value {
  const normed = groupNorm(graph, `${name}.conv_norm_out`, x, norm.normNumGroups, norm.normEpsilon);
  return conv2d(graph, `${name}.conv_out`, graph.silu(normed), outChannels, 3, { pads: 1 });
}
