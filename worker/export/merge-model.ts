/**
 * Bakes adapters into a copy of their base model: a diffusers folder that any diffusers-compatible program loads, or a
 * single-file checkpoint as ComfyUI and A1111 open it.
 *
 * UNet tensors pass through one at a time, in their stored element type; of a folder also in the base's own files.
 * Everything else is copied, see model-folder.ts and ../model/single-file/write.ts.
 */
import { cp, readdir, realpath } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { WeightFiles, writeSafetensors } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { parseSchedulerConfig, withZeroTerminalSnr } from '../diffusion/scheduler-config.ts';
import { DiffusersModel } from '../model/diffusers-model.ts';
import { writeModelFolder } from '../model/single-file/write-folder.ts';
import { writeSingleFile } from '../model/single-file/write.ts';
import { applyDeltas, combineAdapters, type WeightedAdapter } from '../sara/adapter.ts';
import { encodeWeights } from '../sara/encode-weights.ts';
import type { MaskedVector } from '../sara/mask.ts';
import { checkpointMetadata, describeAdapters } from './export-metadata.ts';
import {
  copyModelFolder,
  isFolder,
  requireOutside,
  rescaleScheduler,
  writeFolder,
  type ExistingFolder,
} from './model-folder.ts';

const UNET_WEIGHTS = 'diffusion_pytorch_model';

/**
 * @param base a diffusers pipeline (with `unet/`), a UNet folder alone, or a single-file checkpoint
 * @param adapters read for this base, see readAdapter
 * @param outFolder appears whole, or not at all
 * @param existing whether a model that stands there may be replaced
 * @throws SaraError CONFIG_INVALID when the output folder is in use; FILE_NOT_FOUND, FILE_CORRUPT when the base
 *   model is not there or unsound; NOT_FINITE when a merged weight leaves its stored type's range
 */
export async function mergeModel(
  base: string,
  adapters: readonly WeightedAdapter[],
  outFolder: string,
  existing: ExistingFolder = 'refuse',
): Promise<void> {
  const deltas = combineAdapters(adapters);
  if (!(await isFolder(base))) {
    await withModel(base, adapters, (model) =>
      writeFolder(outFolder, existing, (staging) =>
        writeModelFolder(model, staging, (name) => mergedTensor(model.unetFiles, name, deltas)),
      ),
    );
    return;
  }
  requireOutside(base, outFolder);
  const unet = (await isFolder(join(base, 'unet'))) ? 'unet' : '.';
  await writeFolder(outFolder, existing, async (staging) => {
    await copyModelFolder(base, staging, [unet]);
    await mergeUNet(join(base, unet), join(staging, unet), deltas, describeAdapters(adapters));
    if (areUnderZeroSnr(adapters)) await rescaleScheduler(staging);
  });
}

/**
 * @param base a diffusers pipeline or a single-file checkpoint
 * @param adapters read for this base, see readAdapter
 * @param outFile `.safetensors`, replaced as a whole
 * @param title shown by user interfaces
 * @param date of the export
 * @throws SaraError MODEL_UNSUPPORTED when the model has no single-file form; otherwise as {@link mergeModel}
 */
export async function mergeCheckpoint(
  base: string,
  adapters: readonly WeightedAdapter[],
  outFile: string,
  title: string,
  date: Date,
): Promise<void> {
  if (resolve(base) === resolve(outFile)) {
    throw new SaraError('CONFIG_INVALID', `${outFile} is the base model itself; choose a new file`, {
      outFile,
    });
  }
  const deltas = combineAdapters(adapters);
  await withModel(base, adapters, async (model) => {
    const { predictionType } = parseSchedulerConfig(model.configs.scheduler, base);
    const unet = { config: model.unetConfig, prediction: predictionType };
    await writeSingleFile(model, outFile, {
      readUNet: (name) => mergedTensor(model.unetFiles, name, deltas),
      metadata: checkpointMetadata(unet, adapters, title, date),
    });
  });
}

/** @param use is given the base under the schedule its adapters were trained under */
async function withModel(
  path: string,
  adapters: readonly WeightedAdapter[],
  use: (model: DiffusersModel) => Promise<void>,
): Promise<void> {
  const model = await DiffusersModel.open(path);
  try {
    const { scheduler } = model.configs;
    await use(areUnderZeroSnr(adapters) ? model.withScheduler(withZeroTerminalSnr(scheduler)) : model);
  } finally {
    await model.close();
  }
}

function areUnderZeroSnr(adapters: readonly WeightedAdapter[]): boolean {
  return adapters.some(({ adapter }) => adapter.metadata.zeroTerminalSnr);
}

/** @param outFolder has all of `folder` but its weights */
async function mergeUNet(
  folder: string,
  outFolder: string,
  deltas: MaskedVector,
  provenance: string,
): Promise<void> {
  const files = await WeightFiles.open(folder, UNET_WEIGHTS);
  try {
    const names = await readdir(folder);
    const index = indexInUse(names);
    if (index !== undefined) await cp(join(folder, index), join(outFolder, index), { dereference: true });

    const fileNames = await namesByRealPath(folder, names);
    const entries = [...files.entries.values()];
    for (const file of new Set(entries.map((entry) => entry.file))) {
      const sources = entries
        .filter((entry) => entry.file === file)
        .map((entry) => ({ ...entry, load: () => mergedTensor(files, entry.name, deltas) }));
      await writeSafetensors(join(outFolder, fileNames.get(file) ?? basename(file)), sources, {
        format: 'pt', // what PyTorch programs insist on
        sara_merged: provenance,
      });
    }
  } finally {
    await files.close();
  }
}

/** The shard index WeightFiles reads from a folder with these files, if it reads one. */
function indexInUse(names: readonly string[]): string | undefined {
  if (
    names.some(
      (name) => name === `${UNET_WEIGHTS}.safetensors` || name === `${UNET_WEIGHTS}.fp16.safetensors`,
    )
  )
    return undefined;
  return [`${UNET_WEIGHTS}.safetensors.index.json`, `${UNET_WEIGHTS}.safetensors.index.fp16.json`].find(
    (name) => names.includes(name),
  );
}

/** In a download cache the folder holds links to files named by their hash: the link's name is the one to keep. */
async function namesByRealPath(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const byPath = new Map<string, string>();
  for (const name of names.filter((each) => each.endsWith('.safetensors')))
    byPath.set(await realpath(join(folder, name)), name);
  return byPath;
}

async function mergedTensor(files: WeightFiles, name: string, deltas: MaskedVector): Promise<Tensor> {
  const entry = files.entries.get(name);
  if (entry === undefined || deltas.mask.get(name) === undefined) return files.read(name);
  const { shape, data } = await files.readFloat32(name);
  applyDeltas(name, data, deltas);
  return {
    dtype: entry.dtype,
    shape,
    data: encodeWeights(entry, data, 'merged', "lower the adapters' strength"),
  };
}
