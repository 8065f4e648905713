/**
 * A base model as far as its adapters are concerned: the UNet's config and tensors, its hash, and what it predicts.
 * Text encoders and autoencoder are left alone, so a UNet folder by itself will do too.
 */
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { baseModelHash } from '../../shared/digest.ts';
import { WeightFiles } from '../../shared/safetensors.ts';
import { numElements } from '../../shared/tensor.ts';
import {
  parseSchedulerConfig,
  readSchedulerConfig,
  type PredictionType,
} from '../diffusion/scheduler-config.ts';
import { readUNetConfig, type UNetConfig } from '../model/diffusers-config.ts';
import { checkParameters } from '../model/parameters.ts';
import { openSingleFile } from '../model/single-file/open.ts';
import { unetParameters } from '../model/unet.ts';
import { readAdapter } from '../sara/adapter-file.ts';
import type { WeightedAdapter } from '../sara/adapter.ts';
import { isFolder } from './model-folder.ts';

export interface BaseUNet {
  /** The model folder's or file's name, for people. */
  readonly name: string;
  readonly config: UNetConfig;
  readonly files: WeightFiles;
  readonly numParameters: number;
  /** @see baseModelHash in shared/digest.ts */
  readonly hash: string;
  /** null when there is no scheduler beside the UNet that says. */
  readonly prediction: PredictionType | null;
}

/** A base whose weights have not been read yet. */
export type OpenedUNet = Omit<BaseUNet, 'hash'>;

/**
 * Opens a pipeline folder (with `unet/`), a UNet folder or a single-file checkpoint. Close `files`.
 *
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming file and field
 */
export async function openUNet(model: string): Promise<OpenedUNet> {
  const isFile = (await stat(model).catch(() => null))?.isFile() ?? false;
  const { config, files, prediction } = isFile ? await partsOfFile(model) : await partsOfFolder(model);
  const numParameters = [...files.entries.values()].reduce((sum, { shape }) => sum + numElements(shape), 0);
  return { name: basename(resolve(model), '.safetensors'), config, files, numParameters, prediction };
}

/** {@link openUNet}, and the hash of all its weights, which are read once for it. */
export async function openBaseUNet(model: string): Promise<BaseUNet> {
  const opened = await openUNet(model);
  try {
    return { ...opened, hash: await baseModelHash(opened.files) };
  } catch (error) {
    await opened.files.close();
    throw error;
  }
}

type UNetParts = Pick<BaseUNet, 'config' | 'files' | 'prediction'>;

async function partsOfFile(file: string): Promise<UNetParts> {
  const { unet, configs } = await openSingleFile(file);
  return { ...unet, prediction: parseSchedulerConfig(configs.scheduler, file).predictionType };
}

async function partsOfFolder(model: string): Promise<UNetParts> {
  const isPipeline = await isFolder(join(model, 'unet'));
  const folder = isPipeline ? join(model, 'unet') : model;
  const config = await readUNetConfig(folder);
  const scheduler = join(model, 'scheduler');
  const hasScheduler = isPipeline && (await isFolder(scheduler));
  const prediction = hasScheduler ? (await readSchedulerConfig(scheduler)).predictionType : null;
  const files = await WeightFiles.open(folder, 'diffusion_pytorch_model');
  try {
    checkParameters(unetParameters(config), files.entries, folder);
    return { config, files, prediction };
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
