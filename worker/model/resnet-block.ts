/**
 * ResnetBlock2D and the down- and up-samplers between resolutions, of UNets and of autoencoders.
 * Shapes: x [B,C,H,W]; the time embedding is already activated, [B,E].
 */
import { SaraError } from '../../shared/errors.ts';
import type { Graph, Value } from '../engine/graph.ts';
import { conv2d, groupNorm, linear } from './layers.ts';

/** The group norms of a resnet. */
export interface ResnetNorm {
  readonly normNumGroups: number;
  readonly normEpsilon: number;
}

/**
 * x + f(x, time), divided by `scaleFactor`; a 1x1 convolution carries x when the number of channels changes.
 * @param time null in autoencoders, which know no time
 * @returns [B, outChannels, H, W]
 */
export function resnetBlock(
  graph: Graph,
  { normNumGroups, normEpsilon }: ResnetNorm,
  name: string,
  x: Value,
  time: Value | null,
  outChannels: number,
  scaleFactor = 1,
): Value {
  const [batch, inChannels] = x.shape;

  let hidden = graph.silu(groupNorm(graph, `${name}.norm1`, x, normNumGroups, normEpsilon));
  hidden = conv2d(graph, `${name}.conv1`, hidden, outChannels, 3, { pads: 1 });
  if (time !== null) {
    const shift = linear(graph, `${name}.time_emb_proj`, time, outChannels);
    hidden = graph.add(hidden, graph.reshape(shift, [batch, outChannels, 1, 1]));
  }
  hidden = graph.silu(groupNorm(graph, `${name}.norm2`, hidden, normNumGroups, normEpsilon));
  hidden = conv2d(graph, `${name}.conv2`, hidden, outChannels, 3, { pads: 1 });

  const shortcut = inChannels === outChannels ? x : conv2d(graph, `${name}.conv_shortcut`, x, outChannels, 1);
  const sum = graph.add(shortcut, hidden);
  return scaleFactor === 1 ? sum : graph.affine(sum, 1 / scaleFactor);
}

/**
 * Halves height and width, rounding up with padding 1 and down with padding 0.
 * @throws SaraError CONFIG_INVALID when nothing would be left
 */
export function downsampler(
  graph: Graph,
  { downsamplePadding }: { readonly downsamplePadding: 0 | 1 },
  name: string,
  x: Value,
): Value {
  const [, , height, width] = x.shape;
  if (downsamplePadding === 0 && Math.min(height, width) < 2) {
    throw new SaraError(
      'CONFIG_INVALID',
      `the sample is too small for this model: ${name} would halve ${height} x ${width} pixels to none; use a larger size`,
      { block: name, height, width },
    );
  }
  const pads = downsamplePadding === 1 ? 1 : { top: 0, left: 0, bottom: 1, right: 1 };
  return conv2d(graph, `${name}.conv`, x, x.shape[1], 3, { stride: 2, pads });
}

/**
 * To height x width by nearest neighbour, then a convolution. The size is that of the skip the next block will
 * concatenate, which is not always twice the input's: an odd size was rounded on the way down.
 */
export function upsampler(graph: Graph, name: string, x: Value, height: number, width: number): Value {
  const larger = graph.upsampleNearest(x, height, width);
  return conv2d(graph, `${name}.conv`, larger, x.shape[1], 3, { pads: 1 });
}
