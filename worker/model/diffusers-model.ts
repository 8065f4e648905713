/**
 * A model folder in diffusers layout: UNet, text encoder and tokenizer, opened and checked against each other.
 *
 * Weight files are opened, not read: their tensors are mapped or loaded by whoever needs them.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { WeightFiles } from '../../shared/safetensors.ts';
import { clipTextPrefix, readClipTextConfig, type ClipTextConfig } from './clip-text.ts';
import { readUNetConfig, type UNetConfig } from './diffusers-config.ts';
import type { TextEncoderPart } from './text-condition.ts';
import { NUM_TIME_IDS } from './unet.ts';
import { ClipTokenizer } from './tokenizer.ts';

export type { TextEncoderPart } from './text-condition.ts';

export class DiffusersModel {
  readonly path: string;
  readonly unetConfig: UNetConfig;
  readonly unetFiles: WeightFiles;
  readonly text: TextEncoderPart;

  private constructor(path: string, unetConfig: UNetConfig, unetFiles: WeightFiles, text: TextEncoderPart) {
    this.path = path;
    this.unetConfig = unetConfig;
    this.unetFiles = unetFiles;
    this.text = text;
  }

  /**
   * @param path folder with `unet/`, `text_encoder/`, `tokenizer/` and `scheduler/`
   * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming file and field
   */
  static async open(path: string): Promise<DiffusersModel> {
    const unetConfig = await readUNetConfig(join(path, 'unet'));
    const textConfig = await readClipTextConfig(join(path, 'text_encoder'));
    const tokenizer = await ClipTokenizer.open(join(path, 'tokenizer'));
    const numTokens = Math.min(tokenizer.modelMaxLength, textConfig.maxPositions);
    if (textConfig.hiddenSize !== unetConfig.crossAttentionDim) {
      throw new SaraError(
        'FILE_CORRUPT',
        `${path}: text_encoder/config.json has hidden_size ${textConfig.hiddenSize}, unet/config.json cross_attention_dim ` +
          `${unetConfig.crossAttentionDim}; the two must be equal, so these parts are not of one model`,
        { hiddenSize: textConfig.hiddenSize, crossAttentionDim: unetConfig.crossAttentionDim },
      );
    }
    if (tokenizer.vocabSize > textConfig.vocabSize) {
      throw new SaraError(
        'FILE_CORRUPT',
        `${path}: the tokenizer has ${tokenizer.vocabSize} tokens, the text encoder ${textConfig.vocabSize}; these parts are not of one model`,
        { tokenizer: tokenizer.vocabSize, textEncoder: textConfig.vocabSize },
      );
    }
    requirePooledSize(path, unetConfig, textConfig);
    const unetFiles = await WeightFiles.open(join(path, 'unet'), 'diffusion_pytorch_model');
    const files = await WeightFiles.open(join(path, 'text_encoder'), 'model');
    const prefix = clipTextPrefix(files.entries.keys());
    return new DiffusersModel(path, unetConfig, unetFiles, {
      config: textConfig,
      files,
      prefix,
      tokenizer,
      numTokens,
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.unetFiles.close(), this.text.files.close()]);
  }
}

/** Length of the pooled text. */
export function pooledSize({ config }: { readonly config: ClipTextConfig }): number {
  return config.projectionDim ?? config.hiddenSize;
}

function requirePooledSize(path: string, { textTime }: UNetConfig, config: ClipTextConfig): void {
  if (textTime === null) return;
  const wanted = pooledSize({ config }) + NUM_TIME_IDS * textTime.numTimeIdChannels;
  if (textTime.numInputChannels === wanted) return;
  throw new SaraError(
    'FILE_CORRUPT',
    `${path}: unet/config.json has projection_class_embeddings_input_dim ${textTime.numInputChannels}; pooled text of ` +
      `${pooledSize({ config })} and ${NUM_TIME_IDS} time ids of ${textTime.numTimeIdChannels} channels make ${wanted}`,
    { numInputChannels: textTime.numInputChannels, wanted },
  );
}

/**
 * Training and sampling run in pixel space so far; what needs more is refused by name instead of trained wrongly.
 * @throws SaraError MODEL_UNSUPPORTED
 */
export async function requirePixelSpace(model: DiffusersModel): Promise<void> {
  const refuse = (what: string): never => {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${model.path}: ${what}; only pixel-space models with one text encoder can be trained or sampled so far`,
      { model: model.path },
    );
  };
  const has = (name: string): Promise<boolean> =>
    access(join(model.path, name)).then(
      () => true,
      () => false,
    );
  if (await has('vae')) refuse('it has a vae/ folder, so it works on latents');
  if (await has('text_encoder_2')) refuse('it has a second text encoder (text_encoder_2/)');
}
