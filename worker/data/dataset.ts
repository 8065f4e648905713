/**
 * What a run's data path leads to, as a dataset: a folder of pictures, or WebDataset shards, alone or in a folder.
 */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { invalidData, type Dataset } from './example.ts';
import { IMAGE_EXTENSIONS, scanImageFolder, type FolderSettings } from './image-folder.ts';
import { scanTarShards } from './tar-shards.ts';

export type { BrokenImage, Dataset, Example } from './example.ts';
export { PLAIN_FOLDER, scanImageFolder, type FolderSettings, type MaskSource } from './image-folder.ts';

const SHARD_EXTENSION = '.tar';
/** Archives whose members have no offset of their own. */
const PACKED = /\.(tar\.\w+|tgz|tbz2?|txz|zip|7z|rar|gz)$/i;

/**
 * @param path absolute or relative to the working directory
 * @throws SaraError FILE_NOT_FOUND; DATA_INVALID for what is neither, or both
 */
export async function openDataset(path: string, settings: FolderSettings): Promise<Dataset> {
  if (await isFile(path)) {
    if (path.toLowerCase().endsWith(SHARD_EXTENSION)) return scanTarShards(path, [path], settings);
    const advice = PACKED.test(path) ? 'unpack it, or store its files in a plain .tar' : 'name its folder';
    throw invalidData(path, `${path} is neither a folder of pictures nor a .tar archive; ${advice}`);
  }
  const names = await namesIn(path);
  const shards = names.filter((name) => extname(name).toLowerCase() === SHARD_EXTENSION);
  if (shards.length === 0) return scanImageFolder(path, settings);
  const pictures = names.filter((name) => IMAGE_EXTENSIONS.has(extname(name).toLowerCase()));
  if (pictures.length > 0) {
    throw invalidData(
      path,
      `${path} holds both archives (${shards[0]}) and pictures (${pictures[0]}); put them in folders of their own`,
    );
  }
  return scanTarShards(
    path,
    shards.sort().map((name) => join(path, name)),
    settings,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    throw notFound(path, cause);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.'));
  } catch (cause) {
    throw notFound(folder, cause);
  }
}

function notFound(path: string, cause: unknown): SaraError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SaraError(
    'FILE_NOT_FOUND',
    `data folder ${path} cannot be read: ${reason}`,
    { path },
    { cause },
  );
}
