/**
 * Transformer2DModel: self-attention over the pixels, cross-attention to the text, and a gated feed-forward.
 *
 * Shape letters: B batch, C channels, H W pixels, S = H * W image tokens, T text tokens.
 */
import type { Graph, Value } from '../engine/graph.ts';
import type { UNetConfig } from './diffusers-config.ts';
import { conv2d, groupNorm, layerNorm, linear, linearParts } from './layers.ts';

/** Fixed in diffusers' Transformer2DModel, whatever the config's norm_eps. */
const INPUT_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;
const FEED_FORWARD_EXPANSION = 4;

/**
 * x + proj_out(blocks(proj_in(norm(x)))).
 * @param x_BCHW image
 * @param text_BTD text states
 * @returns [B,C,H,W]
 */
export function transformer(
  graph: Graph,
  config: UNetConfig,
  name: string,
  x_BCHW: Value,
  text_BTD: Value,
  shape: { readonly numHeads: number; readonly numLayers: number },
): Value {
  const [batch, channels, height, width] = x_BCHW.shape;
  const toTokens = (image: Value): Value =>
    graph.transpose(graph.reshape(image, [batch, channels, height * width]), [0, 2, 1]);
  const toImage = (tokens: Value): Value =>
    graph.reshape(graph.transpose(tokens, [0, 2, 1]), [batch, channels, height, width]);

  const normed = groupNorm(graph, `${name}.norm`, x_BCHW, config.normNumGroups, INPUT_NORM_EPSILON);
  let tokens_BSC = config.useLinearProjection
    ? linear(graph, `${name}.proj_in`, toTokens(normed), channels)
    : toTokens(conv2d(graph, `${name}.proj_in`, normed, channels, 1));
  for (let i = 0; i < shape.numLayers; i++) {
    tokens_BSC = transformerLayer(
      graph,
      `${name}.transformer_blocks.${i}`,
      tokens_BSC,
      text_BTD,
      shape.numHeads,
    );
  }
  const projected = config.useLinearProjection
    ? toImage(linear(graph, `${name}.proj_out`, tokens_BSC, channels))
    : conv2d(graph, `${name}.proj_out`, toImage(tokens_BSC), channels, 1);
  return graph.add(projected, x_BCHW);
}

/** BasicTransformerBlock: pre-norm residual branches; [B,S,C] to [B,S,C]. */
function transformerLayer(graph: Graph, name: string, x: Value, text: Value, numHeads: number): Value {
  const own = layerNorm(graph, `${name}.norm1`, x, LAYER_NORM_EPSILON);
  const afterSelf = graph.add(attention(graph, `${name}.attn1`, own, own, numHeads), x);
  const query = layerNorm(graph, `${name}.norm2`, afterSelf, LAYER_NORM_EPSILON);
  const afterCross = graph.add(attention(graph, `${name}.attn2`, query, text, numHeads), afterSelf);
  const last = layerNorm(graph, `${name}.norm3`, afterCross, LAYER_NORM_EPSILON);
  return graph.add(feedForward(graph, `${name}.ff`, last), afterCross);
}

/** Queries from x [B,S,C], keys and values from context [B,T,D]; only the output projection has a bias. */
function attention(graph: Graph, name: string, x: Value, context: Value, numHeads: number): Value {
  const channels = x.shape[2];
  const q = linear(graph, `${name}.to_q`, x, channels, { bias: false });
  const k = linear(graph, `${name}.to_k`, context, channels, { bias: false });
  const v = linear(graph, `${name}.to_v`, context, channels, { bias: false });
  return linear(graph, `${name}.to_out.0`, graph.attention(q, k, v, numHeads), channels);
}

/** GEGLU: one projection yields value and gate; value * gelu(gate), then back to C channels. */
function feedForward(graph: Graph, name: string, x: Value): Value {
  const channels = x.shape[2];
  const inner = channels * FEED_FORWARD_EXPANSION;
  const [value, gate] = linearParts(graph, `${name}.net.0.proj`, x, [inner, inner]);
  return linear(graph, `${name}.net.2`, graph.mul(value, graph.unary('gelu', gate)), channels);
}
