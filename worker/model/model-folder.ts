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
import { WeightFiles } from '../../shared/safetensors.ts';
import { clipTextParameters, clipTextPrefix, parseClipTextConfig } from './clip-text.ts';
import type { ComponentConfigs, ConfigJson } from './component-configs.ts';
import { parseUNetConfig, type UNetConfig } from './diffusers-config.ts';
import { asObject, JsonFields, readJsonFile } from './json-fields.ts';
import type { VaePart } from './latent-codec.ts';
import { checkParameters } from './parameters.ts';
import type { TextEncoderPart, TextEncoders } from './text-condition.ts';
import { ClipTokenizer } from './tokenizer.ts';
import { unetParameters } from './unet.ts';
import { parseVaeConfig, vaeParameters, withCurrentVaeNames } from './vae.ts';

/** A whole model, its weights opened and not read. */
export interface ModelParts {
  readonly configs: ComponentConfigs;
  readonly unet: { readonly config: UNetConfig; readonly files: WeightFiles };
  readonly textEncoders: TextEncoders;
  /** Null for a model that works on pixels. */
  readonly vae: VaePart | null;
  /** Whether an empty text is zeros to the UNet, not what the encoders make of it. */
  readonly emptyTextIsZero: boolean;
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
  const keep = async <T extends { readonly files: WeightFiles }>(
    part: Promise<Opened<T>>,
  ): Promise<Opened<T>> => {
    opened.push((await part).part.files);
    return part;
  };
  try {
    const scheduler = await readConfig(join(path, 'scheduler'), 'scheduler_config.json');
    const unet = await keep(openUNet(join(path, 'unet')));
    const text = await keep(openTextEncoder(path, ''));
    const text2 = folders.has('text_encoder_2') ? await keep(openTextEncoder(path, '_2')) : null;
    const index = folders.has(INDEX_FILE) ? (await readConfig(path, INDEX_FILE)).json : {};
    const vae = folders.has('vae') ? await keep(openVae(join(path, 'vae'))) : null;
    return {
      configs: {
        unet: unet.json,
        vae: vae?.json ?? null,
        textEncoders: text2 === null ? [text.json] : [text.json, text2.json],
        scheduler: scheduler.json,
      },
      unet: unet.part,
      textEncoders: text2 === null ? [text.part] : [text.part, text2.part],
      vae: vae?.part ?? null,
      emptyTextIsZero: unet.part.config.textTime !== null && zeroesEmptyText(index),
    };
  } catch (error) {
    await Promise.all(opened.map((files) => files.close()));
    throw error;
  }
}

/** What the folder says of itself as a whole. */
const INDEX_FILE = 'model_index.json';

/** A field of SDXL's pipelines, whose default is diffusers'. */
function zeroesEmptyText(index: ConfigJson): boolean {
  return new JsonFields(index, INDEX_FILE).boolean('force_zeros_for_empty_prompt', true);
}

interface Opened<T> {
  readonly json: ConfigJson;
  readonly part: T;
}

async function openUNet(folder: string): Promise<Opened<ModelParts['unet']>> {
  const { json, path } = await readConfig(folder);
  const config = parseUNetConfig(json, path);
  const files = await WeightFiles.open(folder, 'diffusion_pytorch_model');
  return { json, part: { config, files: await checked(files, unetParameters(config)) } };
}

async function openTextEncoder(model: string, suffix: '' | '_2'): Promise<Opened<TextEncoderPart>> {
  const folder = join(model, `text_encoder${suffix}`);
  const { json, path } = await readConfig(folder);
  const config = parseClipTextConfig(json, path);
  const tokenizer = await ClipTokenizer.open(join(model, `tokenizer${suffix}`));
  const numTokens = Math.min(tokenizer.modelMaxLength, config.maxPositions);
  const files = await WeightFiles.open(folder, 'model');
  const prefix = clipTextPrefix(files.entries.keys());
  await checked(files, clipTextParameters(config, prefix));
  return { json, part: { config, tokenizer, files, prefix, numTokens } };
}

async function openVae(folder: string): Promise<Opened<VaePart>> {
  const { json, path } = await readConfig(folder);
  const config = parseVaeConfig(json, path);
  const stored = await WeightFiles.open(folder, 'diffusion_pytorch_model');
  const files = stored.view(withCurrentVaeNames(stored.entries.values()));
  return { json, part: { config, files: await checked(files, vaeParameters(config)) } };
}

async function readConfig(folder: string, name = 'config.json'): Promise<{ json: ConfigJson; path: string }> {
  const path = join(folder, name);
  return { json: asObject(await readJsonFile(path), path), path };
}

/** Closes the files again when they are not what the config asks for. */
async function checked(
  files: WeightFiles,
  parameters: ReadonlyMap<string, readonly number[]>,
): Promise<WeightFiles> {
  try {
    checkParameters(parameters, files.entries, files.source);
    return files;
  } catch (error) {
    await files.close();
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
