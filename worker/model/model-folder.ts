/**
 * Opens the parts of a model in diffusers layout:
 *
 *   unet/  text_encoder/  tokenizer/  [text_encoder_2/  tokenizer_2/]  [vae/]  scheduler/
 *
 * Each part's weights are checked against its config, names and shapes, before anything is loaded. Whether the parts
 * belong together is diffusers-model.ts' business; what a config may say, its parser's.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { WeightFiles, type WeightFilesBaseName } from '../../shared/safetensors.ts';
import { clipTextParameters, clipTextPrefix, readClipTextConfig } from './clip-text.ts';
import { readUNetConfig, type UNetConfig } from './diffusers-config.ts';
import type { VaePart } from './latent-codec.ts';
import { checkParameters } from './parameters.ts';
import type { TextEncoderPart, TextEncoders } from './text-condition.ts';
import { ClipTokenizer } from './tokenizer.ts';
import { unetParameters } from './unet.ts';
import { readVaeConfig, vaeParameters, withCurrentVaeNames } from './vae.ts';

/** A whole model, its weights opened and not read. */
export interface ModelParts {
  readonly unet: { readonly config: UNetConfig; readonly files: WeightFiles };
  readonly textEncoders: TextEncoders;
  /** Null for a model that works on pixels. */
  readonly vae: VaePart | null;
}

/** Folders of pipelines that are not a UNet with one or two CLIP text encoders. */
const FOREIGN_FOLDERS: ReadonlyMap<string, string> = new Map([
  ['transformer', 'a diffusion transformer (Stable Diffusion 3, Flux and the like)'],
  ['text_encoder_3', 'a third text encoder (Stable Diffusion 3)'],
  ['prior', 'a prior (Stable Cascade, Kandinsky)'],
  ['controlnet', 'a ControlNet'],
  ['image_normalizer', 'an image prompt (unCLIP)'],
  ['low_res_scheduler', 'an upscaler'],
]);

/** @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming file and field */
export async function openModelFolder(path: string): Promise<ModelParts> {
  const folders = new Set(await listFolder(path));
  for (const [folder, what] of FOREIGN_FOLDERS) {
    if (folders.has(folder)) {
      throw new SaraError(
        'MODEL_UNSUPPORTED',
        `${path}: it has ${folder}/, ${what}; supported: a unet/ with one or two CLIP text encoders`,
        { model: path, folder },
      );
    }
  }
  refuseCheckpointsFolder(path, folders);

  const opened: WeightFiles[] = [];
  const weights = async (folder: string, baseName: WeightFilesBaseName): Promise<WeightFiles> => {
    const files = await WeightFiles.open(join(path, folder), baseName);
    opened.push(files);
    return files;
  };
  const checked = (files: WeightFiles, parameters: ReadonlyMap<string, readonly number[]>): WeightFiles => {
    checkParameters(parameters, files.entries, files.source);
    return files;
  };
  const textEncoder = async (suffix: '' | '_2'): Promise<TextEncoderPart> => {
    const config = await readClipTextConfig(join(path, `text_encoder${suffix}`));
    const tokenizer = await ClipTokenizer.open(join(path, `tokenizer${suffix}`));
    const files = await weights(`text_encoder${suffix}`, 'model');
    const prefix = clipTextPrefix(files.entries.keys());
    checked(files, clipTextParameters(config, prefix));
    const numTokens = Math.min(tokenizer.modelMaxLength, config.maxPositions);
    return { config, tokenizer, files, prefix, numTokens };
  };
  try {
    const unetConfig = await readUNetConfig(join(path, 'unet'));
    const first = await textEncoder('');
    const textEncoders: TextEncoders = folders.has('text_encoder_2')
      ? [first, await textEncoder('_2')]
      : [first];
    const unetFiles = await weights('unet', 'diffusion_pytorch_model');
    const unet = { config: unetConfig, files: checked(unetFiles, unetParameters(unetConfig)) };
    if (!folders.has('vae')) return { unet, textEncoders, vae: null };
    const vaeConfig = await readVaeConfig(join(path, 'vae'));
    const vaeFiles = await weights('vae', 'diffusion_pytorch_model');
    const renamed = vaeFiles.view(withCurrentVaeNames(vaeFiles.entries.values()));
    const vae = { config: vaeConfig, files: checked(renamed, vaeParameters(vaeConfig)) };
    return { unet, textEncoders, vae };
  } catch (error) {
    await Promise.all(opened.map((files) => files.close()));
    throw error;
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'FILE_NOT_FOUND',
      `cannot open the model ${path}: ${reason}`,
      { model: path },
      { cause },
    );
  }
}

/** A folder of checkpoints, where the checkpoint was meant. */
function refuseCheckpointsFolder(path: string, names: ReadonlySet<string>): void {
  const checkpoint = [...names].find((name) => name.endsWith('.safetensors'));
  if (names.has('unet') || checkpoint === undefined) return;
  throw new SaraError(
    'FILE_NOT_FOUND',
    `${path} has no unet/ folder, so it is no diffusers model; if ${checkpoint} in it is the model, give ` +
      `${join(path, checkpoint)} itself`,
    { model: path },
  );
}
