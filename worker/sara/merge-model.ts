/**
 * Bakes adapters into a copy of their base model: a diffusers folder that any diffusers-compatible program loads.
 *
 * UNet tensors pass through one at a time, in their stored element type and in the base's own files; everything
 * else is copied. The new folder appears whole, by a rename, or not at all.
 */
import { cp, mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { WeightFiles, writeSafetensors, type TensorEntry } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { applyDeltas, combineAdapters, type WeightedAdapter } from './adapter.ts';
import { encodeWeights } from './encode-weights.ts';
import type { MaskedVector } from './mask.ts';

/** Files that hold weights; of the UNet only the merged ones are in the new model. */
const WEIGHT_FILE = /\.(safetensors|bin|ckpt|pt|pth|msgpack|onnx)$/i;

const UNET_WEIGHTS = 'diffusion_pytorch_model';

/** Any component's list of shards, whatever the format of the shards. */
const INDEX_FILE = /\.index(\.fp16)?\.json$/;

/**
 * @param baseFolder a diffusers pipeline (with `unet/`) or a UNet folder alone
 * @param adapters read for this base, see readAdapter
 * @param outFolder made; must not exist yet, or be empty
 * @throws SaraError CONFIG_INVALID when the output folder is in use; FILE_NOT_FOUND, FILE_CORRUPT when the base
 *   model is not there or unsound; NOT_FINITE when a merged weight leaves its stored type's range
 */
export async function mergeModel(
  baseFolder: string,
  adapters: readonly WeightedAdapter[],
  outFolder: string,
): Promise<void> {
  await requireFree(baseFolder, outFolder);
  const deltas = combineAdapters(adapters);
  const staging = `${resolve(outFolder)}.partial`;
  await rm(staging, { recursive: true, force: true });
  try {
    if (await isFolder(join(baseFolder, 'unet'))) {
      await copyOtherComponents(baseFolder, staging);
      await mergeUNet(join(baseFolder, 'unet'), join(staging, 'unet'), deltas, describe(adapters));
    } else {
      await mergeUNet(baseFolder, staging, deltas, describe(adapters));
    }
    await rm(outFolder, { recursive: true, force: true }); // empty, or not there
    await rename(staging, outFolder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

async function requireFree(baseFolder: string, outFolder: string): Promise<void> {
  const inside = relative(resolve(baseFolder), resolve(outFolder));
  if (inside === '' || !inside.startsWith('..')) {
    throw new SaraError(
      'CONFIG_INVALID',
      `the merged model cannot be written to ${outFolder}, inside its base ${baseFolder}`,
      { baseFolder, outFolder },
    );
  }
  const existing = await readdir(outFolder).catch(() => []);
  if (existing.length > 0) {
    throw new SaraError(
      'CONFIG_INVALID',
      `${outFolder} already holds ${existing.length} files; choose a new folder for the merged model`,
      { outFolder },
    );
  }
}

/** Every folder but `unet`, and of the top level's files those that are no weights. */
async function copyOtherComponents(baseFolder: string, outFolder: string): Promise<void> {
  await mkdir(outFolder, { recursive: true });
  for (const name of await readdir(baseFolder)) {
    if (name === 'unet' || name.startsWith('.')) continue;
    const from = join(baseFolder, name);
    if (!(await isFolder(from)) && WEIGHT_FILE.test(name)) continue;
    await cp(from, join(outFolder, name), { recursive: true, dereference: true });
  }
}

async function mergeUNet(
  folder: string,
  outFolder: string,
  deltas: MaskedVector,
  provenance: string,
): Promise<void> {
  const files = await WeightFiles.open(folder, UNET_WEIGHTS);
  try {
    await mkdir(outFolder, { recursive: true });
    const names = await readdir(folder);
    for (const name of names) {
      if (name.startsWith('.') || WEIGHT_FILE.test(name) || INDEX_FILE.test(name)) continue;
      await cp(join(folder, name), join(outFolder, name), { recursive: true, dereference: true });
    }
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

/** What was merged, for the new files' metadata. */
function describe(adapters: readonly WeightedAdapter[]): string {
  return JSON.stringify(
    adapters.map(({ adapter, strength }) => ({
      mask_digest: adapter.mask.digest,
      base_model_hash: adapter.metadata.baseModelHash,
      step: adapter.metadata.step,
      strength,
    })),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
