/**
 * A model as its user has it, a diffusers folder or a single-file checkpoint, opened and checked: one object for both.
 *
 * Weight files are opened, not read: their tensors are mapped or loaded by whoever needs them.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import type { WeightFiles } from '../../shared/safetensors.ts';
import { isEndToken } from './clip-text.ts';
import { clipTokenizerDefinition } from './clip-vocabulary.ts';
import type { ComponentConfigs, ConfigJson } from './component-configs.ts';
import type { UNetConfig } from './diffusers-config.ts';
import type { VaePart } from './latent-codec.ts';
import { openModelFolder, type ModelParts } from './model-folder.ts';
import { openSingleFile, type SingleFile } from './single-file/open.ts';
import { pooledTextSize, stateSize, type TextEncoderPart, type TextEncoders } from './text-condition.ts';
import { ClipTokenizer } from './tokenizer.ts';
import { NUM_TIME_IDS } from './unet.ts';
import { latentStride } from './vae-config.ts';

export type { TextEncoderPart } from './text-condition.ts';

export class DiffusersModel {
  /** The folder or the file. */
  readonly path: string;
  readonly unetConfig: UNetConfig;
  readonly unetFiles: WeightFiles;
  readonly textEncoders: TextEncoders;
  /** Null for a model that works on pixels. */
  readonly vae: VaePart | null;
  /** Of every part, as its folder has it or would have it. */
  readonly configs: ComponentConfigs;
  /** Whether the UNet is told zeros in place of an empty text, as SDXL was trained. */
  readonly emptyTextIsZero: boolean;
  /** The file as it is stored; null for a folder. */
  readonly singleFile: SingleFile | null;

  private constructor(
    path: string,
    { configs, unet, textEncoders, vae, emptyTextIsZero }: ModelParts,
    singleFile: SingleFile | null,
  ) {
    this.path = path;
    this.configs = configs;
    this.unetConfig = unet.config;
    this.unetFiles = unet.files;
    this.textEncoders = textEncoders;
    this.vae = vae;
    this.emptyTextIsZero = emptyTextIsZero;
    this.singleFile = singleFile;
  }

  /**
   * @param path a folder in diffusers layout (model-folder.ts), or a single-file checkpoint of Stable Diffusion 1, 2 or
   *   XL (`.safetensors`)
   * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming file and field
   */
  static async open(path: string): Promise<DiffusersModel> {
    const isFile = (await stat(path).catch(() => null))?.isFile() ?? false;
    const singleFile = isFile ? await openSingleFile(path) : null;
    const parts = singleFile === null ? await openModelFolder(path) : await singleFileParts(singleFile);
    const model = new DiffusersModel(path, parts, singleFile);
    try {
      checkTogether(model);
      return model;
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  /** Pixels per value of the UNet's input, along an edge: 1 where it works on pixels. */
  get stride(): number {
    return this.vae === null ? 1 : latentStride(this.vae.config);
  }

  /** The first text encoder, for most models the only one. */
  get text(): TextEncoderPart {
    return this.textEncoders[0];
  }

  /** `scheduler_config.json`, not checked, and where it is from, for messages. */
  get scheduler(): { readonly json: ConfigJson; readonly source: string } {
    const source =
      this.singleFile === null
        ? join(this.path, 'scheduler', 'scheduler_config.json')
        : `scheduler of ${this.singleFile.family.title}`;
    return { json: this.configs.scheduler, source };
  }

  /** The same with another `scheduler_config.json`; both close the same files. */
  withScheduler(scheduler: ConfigJson): DiffusersModel {
    const { configs, unetConfig, unetFiles, textEncoders, vae, emptyTextIsZero } = this;
    const unet = { config: unetConfig, files: unetFiles };
    const parts = { configs: { ...configs, scheduler }, unet, textEncoders, vae, emptyTextIsZero };
    return new DiffusersModel(this.path, parts, this.singleFile);
  }

  async close(): Promise<void> {
    const files = [this.unetFiles, ...this.textEncoders.map((part) => part.files)];
    if (this.vae !== null) files.push(this.vae.files);
    await Promise.all(files.map((each) => each.close()));
  }
}

async function singleFileParts(file: SingleFile): Promise<ModelParts> {
  const { family, configs, unet, vae, textEncoders } = file;
  const withTokenizer = async (i: number): Promise<TextEncoderPart> => {
    const tokenizer = new ClipTokenizer(await clipTokenizerDefinition(family.paddings[i]));
    const numTokens = Math.min(tokenizer.modelMaxLength, textEncoders[i].config.maxPositions);
    return { ...textEncoders[i], tokenizer, numTokens };
  };
  const first = await withTokenizer(0);
  return {
    configs,
    unet,
    vae,
    emptyTextIsZero: unet.config.textTime !== null,
    textEncoders: textEncoders.length === 1 ? [first] : [first, await withTokenizer(1)],
  };
}

/** What each part says of the others. */
function checkTogether(model: DiffusersModel): void {
  const { path, unetConfig, textEncoders, vae } = model;
  const foreign = (problem: string, context: Record<string, number>): SaraError =>
    new SaraError('FILE_CORRUPT', `${path}: ${problem}; these parts are not of one model`, context);

  const hiddenSize = stateSize(textEncoders);
  if (hiddenSize !== unetConfig.crossAttentionDim) {
    const sum = textEncoders.length === 1 ? 'hidden_size' : 'hidden_size, of both encoders together,';
    throw foreign(
      `text_encoder/config.json has ${sum} ${hiddenSize}, unet/config.json cross_attention_dim ` +
        `${unetConfig.crossAttentionDim}; the two must be equal`,
      { hiddenSize, crossAttentionDim: unetConfig.crossAttentionDim },
    );
  }
  for (const [i, { tokenizer, config }] of textEncoders.entries()) {
    const which = i === 0 ? '' : `_${i + 1}`;
    if (tokenizer.vocabSize > config.vocabSize) {
      throw foreign(
        `tokenizer${which} has ${tokenizer.vocabSize} tokens, text_encoder${which} ${config.vocabSize}`,
        { tokenizer: tokenizer.vocabSize, textEncoder: config.vocabSize },
      );
    }
    if (!isEndToken(config, tokenizer.eosTokenId)) {
      throw foreign(
        `tokenizer${which} ends a text with id ${tokenizer.eosTokenId}, text_encoder${which}/config.json has ` +
          `eos_token_id ${config.eosTokenId}`,
        { tokenizer: tokenizer.eosTokenId, textEncoder: config.eosTokenId },
      );
    }
  }
  if (unetConfig.textTime !== null) {
    const pooled = pooledTextSize(textEncoders);
    const { numInputChannels, numTimeIdChannels } = unetConfig.textTime;
    const wanted = pooled + NUM_TIME_IDS * numTimeIdChannels;
    if (numInputChannels !== wanted) {
      throw foreign(
        `unet/config.json has projection_class_embeddings_input_dim ${numInputChannels}; pooled text of ${pooled} and ` +
          `${NUM_TIME_IDS} time ids of ${numTimeIdChannels} channels make ${wanted}`,
        { numInputChannels, wanted },
      );
    }
  }
  if (vae !== null && unetConfig.inChannels !== vae.config.latentChannels) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${path}: unet/config.json has in_channels ${unetConfig.inChannels}, vae/config.json latent_channels ` +
        `${vae.config.latentChannels}; a UNet that is shown more than latents (inpainting, editing, depth) is not supported`,
      { inChannels: unetConfig.inChannels, latentChannels: vae.config.latentChannels },
    );
  }
}
