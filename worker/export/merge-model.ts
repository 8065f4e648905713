/**
 * Bakes adapters into a copy of their base model: a diffusers folder that any diffusers-compatible program loads.
 *
 * UNet tensors pass through one at a time, in their stored element type and in the base's own files; everything
 * else is copied, see model-folder.ts.
 */
import { cp, readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { WeightFiles, writeSafetensors, type TensorEntry } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { applyDeltas, combineAdapters, type WeightedAdapter } from '../sara/adapter.ts';
import { encodeWeights } from '../sara/encode-weights.ts';
import type { MaskedVector } from '../sara/mask.ts';
import { describeAdapters } from './export-metadata.ts';
import {
  copyModelFolder,
  isFolder,
  requireOutside,
  writeFolder,
  type ExistingFolder,
} from './model-folder.ts';

const UNET_WEIGHTS = 'diffusion_pytorch_model';

/**
 * @param baseFolder a diffusers pipeline (with `unet/`) or a UNet folder alone
 * @param adapters read for this base, see readAdapter
 * @param outFolder appears whole, or not at all
 * @param existing whether a model that stands there may be replaced
 * @throws SaraError CONFIG_INVALID when the output folder is in use; FILE_NOT_FOUND, FILE_CORRUPT when the base
 *   model is not there or unsound; NOT_FINITE when a merged weight leaves its stored type's range
 */
export async function mergeModel(
  baseFolder: string,
  adapters: readonly WeightedAdapter[],
  outFolder: string,
  existing: ExistingFolder = 'refuse',
): Promise<void> {
  requireOutside(baseFolder, outFolder);
  const deltas = combineAdapters(adapters);
  const unet = (await isFolder(join(baseFolder, 'unet'))) ? 'unet' : '.';
  await writeFolder(outFolder, existing, async (staging) => {
    await copyModelFolder(baseFolder, staging, [unet]);
    await mergeUNet(join(baseFolder, unet), join(staging, unet), deltas, describeAdapters(adapters));
  });
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
        .map((entry) => ({ ...entry, load: () => mergedTensor(files, entry, deltas) }));
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

async function mergedTensor(files: WeightFiles, entry: TensorEntry, deltas: MaskedVector): Promise<Tensor> {
  if (deltas.mask.get(entry.name) === undefined) return files.read(entry.name);
  const { shape, data } = await files.readFloat32(entry.name);
  applyDeltas(entry.name, data, deltas);
  return {
    dtype: entry.dtype,
    shape,
    data: encodeWeights(entry, data, 'merged', "lower the adapters' strength"),
  };
}
