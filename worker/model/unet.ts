/**
 * UNet2DConditionModel as a graph: SD1.x, SD2.x, SDXL and pixel-space variants.
 *
 * Every resnet, transformer, down- and up-sampler is a block of its own, named as its parameters are; those names
 * are where a planner may cut. Leaves config rules to diffusers-config.ts.
 *
 *   conv_in -> down_blocks.* -> mid_block -> up_blocks.* -> conv_out
 *      each result on the way down is kept as a skip; each resnet on the way up takes the newest one left
 */
import { SaraError } from '../../shared/errors.ts';
import { Graph, type Value } from '../engine/graph.ts';
import type { UNetConfig } from './diffusers-config.ts';
import { conv2d, groupNorm } from './layers.ts';
import { downsampler, resnetBlock, upsampler } from './resnet-block.ts';
import { timeEmbedding } from './time-embedding.ts';
import { transformer } from './transformer-block.ts';

export interface UNetInputs {
  /** Noisy latents or pixels, float32 [B,I,H,W]. */
  readonly sample: Value;
  /** float32 [B]. */
  readonly timesteps: Value;
  /** Text states, float32 [B,T,crossAttentionDim]. */
  readonly encoderHiddenStates: Value;
  /** SDXL: pooled text, float32 [B,P]. */
  readonly textEmbeds?: Value;
  /** SDXL: original size, crop corner, target size in pixels, float32 [B,N]. */
  readonly timeIds?: Value;
}

export interface UNetShape {
  readonly batch: number;
  /** In latent pixels. */
  readonly height: number;
  readonly width: number;
  /** Length of the text condition. */
  readonly numTokens: number;
  /** SDXL: time ids per sample; 6, or 5 for the refiner. */
  readonly numTimeIds?: number;
}

/** SDXL's time ids: original height and width, crop top and left, target height and width. */
export const NUM_TIME_IDS = 6;

/** Declares the inputs a UNet of this config wants: sample, timesteps, encoder_hidden_states, (text_embeds, time_ids). */
export function unetInputs(graph: Graph, config: UNetConfig, shape: UNetShape): UNetInputs {
  const { batch, height, width, numTokens, numTimeIds = NUM_TIME_IDS } = shape;
  const inputs: UNetInputs = {
    sample: graph.input('sample', [batch, config.inChannels, height, width]),
    timesteps: graph.input('timesteps', [batch]),
    encoderHiddenStates: graph.input('encoder_hidden_states', [batch, numTokens, config.crossAttentionDim]),
  };
  if (config.textTime === null) return inputs;
  return {
    ...inputs,
    textEmbeds: graph.input('text_embeds', [batch, pooledTextDim(config.textTime, numTimeIds)]),
    timeIds: graph.input('time_ids', [batch, numTimeIds]),
  };
}

/**
 * Appends the UNet to `graph`; any height and width whose coarsest level still holds a pixel will do.
 * @returns the prediction, [B, outChannels, H, W]
 */
export function buildUNet(graph: Graph, config: UNetConfig, inputs: UNetInputs): Value {
  const text = inputs.encoderHiddenStates;
  const time = graph.inBlock('time_embedding', () =>
    timeEmbedding(graph, config, inputs.timesteps, textTime(config, inputs)),
  );
  let x = graph.inBlock('conv_in', () => {
    const sample = config.centerInputSample ? graph.affine(inputs.sample, 2, -1) : inputs.sample;
    return conv2d(
      graph,
      'conv_in',
      sample,
      config.baseChannels,
      config.convInKernel,
      samePadding(config.convInKernel),
    );
  });

  const skips = [x];
  for (const [i, block] of config.downBlocks.entries()) {
    for (let j = 0; j < block.numResnets; j++) {
      x = resnetAt(`down_blocks.${i}.resnets.${j}`, x, block.outChannels);
      if (block.attention !== null) {
        x = transformerAt(
          `down_blocks.${i}.attentions.${j}`,
          x,
          block.attention.numHeads,
          block.attention.numLayers[j],
        );
      }
      skips.push(x);
    }
    if (block.hasDownsampler) {
      const name = `down_blocks.${i}.downsamplers.0`;
      const finer = x;
      x = graph.inBlock(name, () => downsampler(graph, config, name, finer));
      skips.push(x);
    }
  }

  if (config.midBlock !== null) {
    const { channels, attention, scaleFactor } = config.midBlock;
    x = resnetAt('mid_block.resnets.0', x, channels, scaleFactor);
    if (attention !== null) {
      x = transformerAt('mid_block.attentions.0', x, attention.numHeads, attention.numLayers);
      x = resnetAt('mid_block.resnets.1', x, channels, scaleFactor);
    }
  }

  for (const [i, block] of config.upBlocks.entries()) {
    for (let j = 0; j < block.numResnets; j++) {
      x = resnetAt(`up_blocks.${i}.resnets.${j}`, x, block.outChannels, 1, popSkip(skips));
      if (block.attention !== null) {
        x = transformerAt(
          `up_blocks.${i}.attentions.${j}`,
          x,
          block.attention.numHeads,
          block.attention.numLayers[j],
        );
      }
    }
    if (block.hasUpsampler) {
      const name = `up_blocks.${i}.upsamplers.0`;
      const [height, width] = skips[skips.length - 1].shape.slice(2);
      const coarser = x;
      x = graph.inBlock(name, () => upsampler(graph, name, coarser, height, width));
    }
  }

  const last = x;
  return graph.inBlock('conv_out', () => {
    const activated = graph.silu(
      groupNorm(graph, 'conv_norm_out', last, config.normNumGroups, config.normEpsilon),
    );
    return conv2d(
      graph,
      'conv_out',
      activated,
      config.outChannels,
      config.convOutKernel,
      samePadding(config.convOutKernel),
    );
  });

  function resnetAt(
    name: string,
    input: Value,
    outChannels: number,
    scaleFactor = 1,
    skip: Value | null = null,
  ): Value {
    return graph.inBlock(name, () => {
      const joined = skip === null ? input : graph.concat([input, skip], 1);
      return resnetBlock(graph, config, name, joined, time, outChannels, scaleFactor);
    });
  }

  function transformerAt(name: string, input: Value, numHeads: number, numLayers: number): Value {
    return graph.inBlock(name, () => transformer(graph, config, name, input, text, { numHeads, numLayers }));
  }
}

/** Names of the UNet's blocks in execution order. */
export function unetBlocks(config: UNetConfig): string[] {
  return [...new Set(smallestGraph(config).nodes.map((node) => node.block))].filter((block) => block !== '');
}

/** Every parameter's diffusers key with its shape, in execution order. */
export function unetParameters(config: UNetConfig): Map<string, number[]> {
  return new Map([...smallestGraph(config).weights].map(([name, value]) => [name, [...value.shape]]));
}

/** The UNet at batch 1 with one pixel left at the coarsest level: parameters and blocks do not depend on the size. */
function smallestGraph(config: UNetConfig): Graph {
  const graph = new Graph();
  const side = 2 ** config.downBlocks.filter((block) => block.hasDownsampler).length;
  buildUNet(graph, config, unetInputs(graph, config, { batch: 1, height: side, width: side, numTokens: 1 }));
  return graph;
}

function textTime(
  config: UNetConfig,
  { textEmbeds, timeIds }: UNetInputs,
): { textEmbeds: Value; timeIds: Value } | null {
  if (config.textTime === null) return null;
  if (textEmbeds === undefined || timeIds === undefined) {
    throw new SaraError(
      'INTERNAL',
      'this UNet adds pooled text and time ids to its time embedding, but the inputs hold none',
    );
  }
  return { textEmbeds, timeIds };
}

function pooledTextDim(
  textTime: { numInputChannels: number; numTimeIdChannels: number },
  numTimeIds: number,
): number {
  const dim = textTime.numInputChannels - numTimeIds * textTime.numTimeIdChannels;
  if (dim < 1) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `projection_class_embeddings_input_dim = ${textTime.numInputChannels} leaves no room for pooled text beside ` +
        `${numTimeIds} time ids of addition_time_embed_dim = ${textTime.numTimeIdChannels}`,
      {
        numInputChannels: textTime.numInputChannels,
        numTimeIds,
        numTimeIdChannels: textTime.numTimeIdChannels,
      },
    );
  }
  return dim;
}

function popSkip(skips: Value[]): Value {
  const skip = skips.pop();
  if (skip === undefined)
    throw new SaraError('INTERNAL', 'the up blocks take more skips than the down blocks leave');
  return skip;
}

function samePadding(kernel: number): { pads: number } {
  return { pads: (kernel - 1) / 2 };
}
