/**
 * The forward graph of training: UNet prediction against a target, mean squared error or what a run puts in its place.
 *
 * Inputs are what a batch holds (worker/data/): `sample` (noisy), `timesteps`, `target`, and the text condition,
 * either as the UNet's own inputs from a frozen text encoder (stage/conditions.ts) or, where the text encoder trains
 * too, as `input_ids`, with the encoder as the graph's first block. What shapes the loss beyond that is an input too
 * (LOSS_INPUTS), so that one program trains under it and validates without it.
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

/** Which inputs the loss has besides prediction and target. */
export interface LossForm {
  /** A factor per sample, `loss_weight` [B]. */
  readonly weighted: boolean;
  /** Pseudo-Huber in place of the square, turning absolute at `loss_delta` [B]. */
  readonly robust: boolean;
  /** A factor per pixel, `loss_mask` [B,1,H,W]. */
  readonly masked: boolean;
}

export const MEAN_SQUARED_ERROR: LossForm = { weighted: false, robust: false, masked: false };

export const LOSS_INPUTS = { weight: 'loss_weight', delta: 'loss_delta', mask: 'loss_mask' } as const;

/**
 * A `loss_delta` under which the pseudo-Huber loss is the square to the last bit: an error below 2^7 vanishes beside
 * delta^2 in float32, and dividing by a power of two is exact.
 */
export const DELTA_OF_SQUARE = 2 ** 20;

/** @returns a graph whose only output is the scalar `loss` */
export function buildTrainingGraph(
  options: TrainingGraphOptions,
  lossForm: LossForm = MEAN_SQUARED_ERROR,
): Graph {
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
      scope: TEXT_ENCODER_PREFIX,
      prefix: textEncoder.prefix,
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
  graph.output(LOSS, buildLoss(graph, prediction, target, lossForm));
  return graph;
}

/**
 * The mean over all values of weight * mask * error, in the block {@link LOSS_BLOCK}. error is d^2 for the difference
 * d or, where it is robust, 2 c (sqrt(d^2 + c^2) - c), written without the subtraction, which would leave nothing of
 * a small d.
 * @param prediction [B,C,H,W]
 * @returns shape []
 */
export function buildLoss(graph: Graph, prediction: Value, target: Value, form: LossForm): Value {
  const [batch, , height, width] = prediction.shape;
  const perSample = (name: string): Value => graph.reshape(graph.input(name, [batch]), [batch, 1, 1, 1]);
  return graph.inBlock(LOSS_BLOCK, () => {
    const difference = graph.sub(prediction, target);
    let error = graph.mul(difference, difference);
    if (form.robust) {
      const delta = perSample(LOSS_INPUTS.delta);
      const root = graph.unary('sqrt', graph.add(error, graph.mul(delta, delta)));
      error = graph.div(graph.mul(error, graph.affine(delta, 2)), graph.add(root, delta));
    }
    if (form.weighted) error = graph.mul(error, perSample(LOSS_INPUTS.weight));
    if (form.masked) error = graph.mul(error, graph.input(LOSS_INPUTS.mask, [batch, 1, height, width]));
    return graph.mean(error);
  });
}
