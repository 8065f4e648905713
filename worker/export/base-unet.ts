/**
 * A base model as far as its adapters are concerned: the UNet's config and tensors, its hash, and what it predicts.
 * Text encoders and autoencoder are left alone, so a UNet folder by itself will do.
 */
import { basename, join, resolve } from 'node:path';
import { baseModelHash } from '../../shared/digest.ts';
import { WeightFiles } from '../../shared/safetensors.ts';
import { readSchedulerConfig, type PredictionType } from '../diffusion/scheduler-config.ts';
import { readUNetConfig, type UNetConfig } from '../model/diffusers-config.ts';
import { checkParameters } from '../model/parameters.ts';
import { unetParameters } from '../model/unet.ts';
import { readAdapter } from '../sara/adapter-file.ts';
import type { WeightedAdapter } from '../sara/adapter.ts';
import { isFolder } from './model-folder.ts';

export interface BaseUNet {
  /** The model folder's name, for people. */
  readonly name: string;
  readonly config: UNetConfig;
  readonly files: WeightFiles;
  /** @see baseModelHash in shared/digest.ts */
  readonly hash: string;
  /** null when there is no scheduler beside the UNet that says. */
  readonly prediction: PredictionType | null;
}

/**
 * Opens a pipeline folder (with `unet/`) or a UNet folder; reads all its weights once, for the hash. Close `files`.
 *
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming file and field
 */
export async function openBaseUNet(model: string): Promise<BaseUNet> {
  const isPipeline = await isFolder(join(model, 'unet'));
  const folder = isPipeline ? join(model, 'unet') : model;
  const config = await readUNetConfig(folder);
  const scheduler = join(model, 'scheduler');
  const prediction =
    isPipeline && (await isFolder(scheduler)) ? (await readSchedulerConfig(scheduler)).predictionType : null;
  const files = await WeightFiles.open(folder, 'diffusion_pytorch_model');
  try {
    checkParameters(unetParameters(config), files.entries, folder);
    return { name: basename(resolve(model)), config, files, hash: await baseModelHash(files), prediction };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** An adapter file and how much of it to apply. */
export interface AdapterChoice {
  readonly path: string;
  readonly strength: number;
}

/** @throws SaraError as readAdapter, so also ADAPTER_MISMATCH naming the file that belongs to another base */
export async function readAdapters(
  { hash, files }: BaseUNet,
  choices: readonly AdapterChoice[],
): Promise<WeightedAdapter[]> {
  const weighted: WeightedAdapter[] = [];
  for (const { path, strength } of choices)
    weighted.push({ adapter: await readAdapter(path, { hash, entries: files.entries }), strength });
  return weighted;
}
