/**
 * The forward graph of training: UNet prediction against a target, mean squared error.
 *
 * Inputs are what a batch holds (worker/data/): `sample` (noisy), `timesteps`, `target`, and the text condition,
 * either as the UNet's own inputs from a frozen text encoder (stage/conditions.ts) or, where the text encoder trains
 * too, as `input_ids`, with the encoder as the graph's first block.
 */
import { SaraError } from '../shared/errors.ts';
import { Graph, type Value } from './engine/graph.ts';
import { LOSS } from './engine/partition.ts';
import { buildClipText, type ClipTextConfig, type ClipTextPrefix } from './model/clip-text.ts';
import type { UNetConfig } from './model/diffusers-config.ts';
import { buildUNet, NUM_TIME_IDS, unetInputs } from './model/unet.ts';

/** Parameters of a text encoder that trains beside the UNet carry this before their own key. */
export const TEXT_ENCODER_PREFIX = 'text_encoder/';

export const LOSS_BLOCK = 'loss';

export interface TrainingGraphOptions {
  readonly unet: UNetConfig;
  /** Set when the text encoder trains too; `prefix` is what its file's own keys begin with. */
  readonly textEncoder: { readonly config: ClipTextConfig; readonly prefix: ClipTextPrefix } | null;
  readonly batch: number;
  /** Of the UNet's input, in latent pixels. */
  readonly height: number;
  readonly width: number;
  readonly numTokens: number;
}

/** @returns a graph whose only output is the scalar `loss` */
export function buildTrainingGraph(options: TrainingGraphOptions): Graph {
  const { unet, textEncoder, batch, height, width, numTokens } = options;
  const graph = new Graph();
  let prediction: Value;
  if (textEncoder === null) {
    prediction = buildUNet(graph, unet, unetInputs(graph, unet, { batch, height, width, numTokens }));
  } else {
    if (unet.textTime !== null && textEncoder.config.projectionDim !== null) {
      throw new SaraError(
        'MODEL_UNSUPPORTED',
        'train.textEncoder: a text encoder with a projection (CLIPTextModelWithProjection) cannot be trained yet; set it to false',
      );
    }
    const inputIds = graph.input('input_ids', [batch, numTokens], 'int32');
    const { lastHiddenState, pooled } = buildClipText(graph, textEncoder.config, inputIds, {
      clipSkip: 0,
      eosPositions: unet.textTime === null ? null : graph.input('eos_positions', [batch], 'int32'),
      prefix: TEXT_ENCODER_PREFIX + textEncoder.prefix,
    });
    prediction = buildUNet(graph, unet, {
      sample: graph.input('sample', [batch, unet.inChannels, height, width]),
      timesteps: graph.input('timesteps', [batch]),
      encoderHiddenStates: lastHiddenState,
      ...(pooled === null
        ? {}
        : { textEmbeds: pooled, timeIds: graph.input('time_ids', [batch, NUM_TIME_IDS]) }),
    });
  }
  const target = graph.input('target', prediction.shape);
  graph.inBlock(LOSS_BLOCK, () => {
    const difference = graph.sub(prediction, target);
    graph.output(LOSS, graph.mean(graph.mul(difference, difference)));
  });
  return graph;
}
