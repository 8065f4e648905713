/**
 * How often a picture is seen per epoch: by the folder it lies in, as the run's configuration says, or as kohya's
 * trainers read it from the folder's name: `10_cats` holds pictures that are seen ten times.
 */
import { posix } from 'node:path';
import { MAX_REPEATS } from '../../shared/config.ts';
import { invalidData, listed } from './example.ts';

export interface RepeatSettings {
  /** Read them from folder names. */
  readonly byFolderName: boolean;
  /** By folder inside the dataset (`cats`, `cats/siamese`, `.` for the whole); stronger than names. */
  readonly byFolder: Readonly<Record<string, number>>;
}

/** The nearest folder above the picture that says something decides. @param id of a picture */
export function repeatsOf(id: string, { byFolderName, byFolder }: RepeatSettings): number {
  for (const folder of foldersAbove(id)) {
    if (Object.hasOwn(byFolder, folder)) return byFolder[folder];
    const count = byFolderName ? /^([1-9]\d*)_/.exec(posix.basename(folder))?.[1] : undefined;
    if (count !== undefined && Number(count) <= MAX_REPEATS) return Number(count);
  }
  return 1;
}

/** @throws SaraError DATA_INVALID when repeats are configured for a folder that holds none of the pictures */
export function requireUsed(place: string, { byFolder }: RepeatSettings, ids: readonly string[]): void {
  const folders = new Set(ids.flatMap(foldersAbove));
  const unused = Object.keys(byFolder).filter((folder) => !folders.has(folder));
  if (unused.length === 0) return;
  throw invalidData(
    place,
    `data.repeats names ${listed(unused)}, where ${place} has no pictures; its folders are ${listed([...folders])}`,
  );
}

/** From the folder the picture lies in up to `.`, the dataset's own. */
function foldersAbove(id: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(id); folder !== '.'; folder = posix.dirname(folder)) folders.push(folder);
  return [...folders, '.'];
}
