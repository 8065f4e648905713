/**
 * An image folder as a dataset: its pictures, below subfolders too, each with its caption (folder-captions.ts), and
 * where there is one its mask. Whether the pictures can be decoded is image-set.ts' business.
 */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import type { MASK_SOURCES } from '../../shared/config.ts';
import { SaraError } from '../../shared/errors.ts';
import { wholeFile } from './data-file.ts';
import { counted, invalidData, type Dataset } from './example.ts';
import {
  captionFile,
  captionsBeside,
  captionsFromTable,
  METADATA_FILE,
  type CaptionFormat,
  type ImageFolder,
} from './folder-captions.ts';
import { repeatsOf, requireUsed, type RepeatSettings } from './repeats.ts';

/** What the decoder reads; compared in lower case. */
export const IMAGE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.jfif',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
]);

/** Pictures to their owner, but not to the decoder: named like broken ones rather than passed over. */
export const FOREIGN_IMAGE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.bmp',
  '.heic',
  '.heif',
  '.jxl',
  '.jp2',
  '.psd',
  '.svg',
  '.ico',
  '.tga',
  '.dng',
  '.cr2',
  '.nef',
  '.arw',
]);

/** Ends the name of a picture's mask: cat.png, cat-masklabel.png. OneTrainer's convention. */
const MASK_SUFFIX = '-masklabel.png';

export type MaskSource = (typeof MASK_SOURCES)[number];

export interface FolderSettings {
  readonly captions: CaptionFormat;
  readonly repeats: RepeatSettings;
  readonly mask: MaskSource;
}

/** Captions in .txt files, every picture once per epoch, no masks. */
export const PLAIN_FOLDER: FolderSettings = {
  captions: { extension: '.txt', encoding: 'utf-8' },
  repeats: { byFolderName: false, byFolder: {} },
  mask: 'none',
};

/**
 * @param folder absolute or relative to the working directory
 * @throws SaraError FILE_NOT_FOUND when the folder cannot be read; DATA_INVALID, naming the file, when a caption
 *   is missing, empty, unreadable or ambiguous, when metadata.jsonl is malformed or points outside the folder, or
 *   when there are no pictures
 */
export async function scanImageFolder(
  folder: string,
  settings: FolderSettings = PLAIN_FOLDER,
): Promise<Dataset> {
  const listing = await listFiles(folder);
  const { files } = listing;
  const present = new Set(files);
  const images = files.filter((id) => hasExtension(id, IMAGE_EXTENSIONS) && !id.endsWith(MASK_SUFFIX)).sort();
  const foreign = files.filter((id) => hasExtension(id, FOREIGN_IMAGE_EXTENSIONS));
  if (images.length === 0) {
    const others =
      foreign.length === 0
        ? ''
        : `, but ${counted(foreign, 'of a format that is not read', 'of formats that are not read')}`;
    throw invalidData(folder, `${folder} holds no pictures (${[...IMAGE_EXTENSIONS].join(', ')})${others}`);
  }
  const imageFolder: ImageFolder = { folder, files: present, images };
  const readCaptions = present.has(METADATA_FILE) ? captionsFromTable : captionsBeside;
  const captions = await readCaptions(imageFolder, settings.captions);
  requireUsed(folder, settings.repeats, images);
  const hasMask = (id: string): boolean => present.has(maskFile(id));
  if (settings.mask === 'file' && !images.some(hasMask)) {
    throw invalidData(
      folder,
      `data.mask is file, but ${folder} holds no mask such as ${maskFile(images[0])}`,
    );
  }
  return {
    place: folder,
    examples: images.map((id) => ({
      id,
      picture: wholeFile(join(folder, id)),
      caption: captions.get(id)!,
      mask: settings.mask === 'file' && hasMask(id) ? wholeFile(join(folder, maskFile(id))) : null,
      repeats: repeatsOf(id, settings.repeats),
    })),
    broken: foreign.map((id) => ({ path: join(folder, id), reason: 'is of a format that is not read here' })),
    remarks: remarksOn(imageFolder, settings, listing).map((remark) => `${folder}: ${remark}`),
  };
}

function maskFile(imageId: string): string {
  return `${imageId.slice(0, imageId.length - extname(imageId).length)}${MASK_SUFFIX}`;
}

function hasExtension(id: string, extensions: ReadonlySet<string>): boolean {
  return extensions.has(extname(id).toLowerCase());
}

/** What is in the folder and not used, or used otherwise than its owner may think. */
function remarksOn(
  { files, images }: ImageFolder,
  settings: FolderSettings,
  { linkedFolders, specials }: Listing,
): string[] {
  const masks = new Set([...files].filter((id) => id.endsWith(MASK_SUFFIX)));
  const captions = new Set(images.map((id) => captionFile(id, settings.captions)));
  const masked = images.filter((id) => masks.has(maskFile(id)));
  const unmasked = images.filter((id) => !masks.has(maskFile(id)));
  for (const id of masked) masks.delete(maskFile(id));
  const rest = [...files].filter(
    (id) =>
      id !== METADATA_FILE &&
      !captions.has(id) &&
      !id.endsWith(MASK_SUFFIX) &&
      !hasExtension(id, IMAGE_EXTENSIONS) &&
      !hasExtension(id, FOREIGN_IMAGE_EXTENSIONS),
  );
  const found: [names: readonly string[], one: string, several: string][] =
    settings.mask === 'file'
      ? [[unmasked, 'picture without a mask counts whole', 'pictures without a mask count whole']]
      : [[masked, 'picture has a mask that is not used', 'pictures have masks that are not used']];
  found.push(
    [[...masks], 'mask has no picture', 'masks have no picture'],
    [
      rest.filter((id) => id.endsWith(settings.captions.extension)),
      'text has no picture',
      'texts have no picture',
    ],
    [
      rest.filter((id) => !id.endsWith(settings.captions.extension)),
      'file is neither picture nor caption',
      'files are neither pictures nor captions',
    ],
    [linkedFolders, 'linked folder is not followed', 'linked folders are not followed'],
    [specials, 'pipe, socket or device is not opened', 'pipes, sockets or devices are not opened'],
  );
  return found.filter(([names]) => names.length > 0).map((remark) => counted(...remark));
}

/** What is below a folder, as paths inside it with forward slashes, without hidden ones. */
interface Listing {
  readonly files: string[];
  readonly linkedFolders: string[];
  /** Pipes, sockets, devices: opening one could wait for ever. */
  readonly specials: string[];
}

async function listFiles(folder: string): Promise<Listing> {
  const listing: Listing = { files: [], linkedFolders: [], specials: [] };
  const visit = async (subfolder: string): Promise<void> => {
    const entries = await readdir(join(folder, subfolder), { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const id = posix.join(subfolder, entry.name);
      if (entry.isDirectory()) {
        await visit(id);
        continue;
      }
      // A linked folder is not followed (it may lead in a circle); a linked file is one, as model hubs lay them out,
      // and a link to nothing will be named when it is opened.
      const target = entry.isSymbolicLink() ? await targetOf(join(folder, id)) : entry;
      if (target === null || target.isFile()) listing.files.push(id);
      else if (target.isDirectory()) listing.linkedFolders.push(id);
      else listing.specials.push(id);
    }
  };
  try {
    await visit('');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'FILE_NOT_FOUND',
      `image folder ${folder} cannot be read: ${reason}`,
      { folder },
      { cause },
    );
  }
  return listing;
}

/** null where the link leads to nothing. */
async function targetOf(link: string): Promise<Stats | null> {
  try {
    return await stat(link);
  } catch {
    return null;
  }
}
