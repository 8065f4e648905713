/**
 * An image folder as a list of captioned examples, in an order that depends on nothing but the names.
 *
 * Two layouts, as common trainers use them; both may have subfolders:
 *   captions beside the pictures    cat.png + cat.txt
 *   one table                       metadata.jsonl, one {"file_name": "cat.png", "text": "a cat"} a line
 *
 * Every picture needs exactly one caption. Whatever breaks that is refused here by name; whether the pictures can
 * be decoded is image-set.ts' business.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { SaraError } from '../../shared/errors.ts';

export interface Example {
  /** Path of the picture inside the folder, with forward slashes; unique, and the sort key. */
  readonly id: string;
  readonly imagePath: string;
  /** One line, not empty. */
  readonly caption: string;
}

export interface Dataset {
  readonly folder: string;
  /** Sorted by id in code-unit order. */
  readonly examples: readonly Example[];
}

const METADATA_FILE = 'metadata.jsonl';

/** What the decoder reads; compared in lower case. */
const IMAGE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
]);

/** How many offenders a message lists before it only counts. */
const MAX_LISTED = 5;

/**
 * @param folder absolute or relative to the working directory
 * @param captionPrefix put before every caption as it stands, e.g. a style's trigger words
 * @throws SaraError FILE_NOT_FOUND when the folder cannot be read; DATA_INVALID, naming the file, when a caption
 *   is missing, empty or ambiguous, when metadata.jsonl is malformed or points outside the folder, or when there
 *   are no pictures
 */
export async function scanImageFolder(folder: string, captionPrefix = ''): Promise<Dataset> {
  const files = await listFiles(folder);
  const images = files.filter((id) => IMAGE_EXTENSIONS.has(extname(id).toLowerCase())).sort();
  if (images.length === 0) {
    throw invalid(folder, `${folder} holds no pictures (${[...IMAGE_EXTENSIONS].join(', ')})`);
  }
  const captions = files.includes(METADATA_FILE)
    ? await captionsFromMetadata(folder, images, files)
    : await captionsFromTextFiles(folder, images, files);
  const examples = images.map((id) => ({
    id,
    imagePath: join(folder, id),
    caption: `${captionPrefix}${captions.get(id) ?? ''}`,
  }));
  return { folder, examples };
}

/** All files below the folder with forward slashes, without hidden ones. */
async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const visit = async (subfolder: string): Promise<void> => {
    const entries = await readdir(join(folder, subfolder), { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const id = posix.join(subfolder, entry.name);
      // A linked folder is not followed (it may lead in a circle); a linked file is one, as model hubs lay them out.
      if (entry.isDirectory()) await visit(id);
      else files.push(id);
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
  return files;
}

async function captionsFromTextFiles(
  folder: string,
  images: readonly string[],
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const present = new Set(files);
  const missing = images.filter((id) => !present.has(captionFile(id)));
  if (missing.length === images.length) {
    throw invalid(
      folder,
      `${folder} holds ${images.length} pictures but no captions: add a text file of the same name beside each ` +
        `(${images[0]} -> ${captionFile(images[0])}), or one ${METADATA_FILE} with a line ` +
        `{"file_name": "${images[0]}", "text": "..."} for each`,
    );
  }
  if (missing.length > 0) {
    throw invalid(
      folder,
      `${folder}: no caption file beside ${listed(missing)}; add one of the same name ending in .txt`,
    );
  }
  const imageOf = new Map<string, string>();
  const captions = new Map<string, string>();
  for (const id of images) {
    const file = captionFile(id);
    // cat.png and cat.jpg would both be described by cat.txt: which one is meant is not ours to guess.
    const other = imageOf.get(file);
    if (other !== undefined) {
      throw invalid(
        folder,
        `${folder}: ${other} and ${id} share the caption file ${file}; rename one of them`,
      );
    }
    imageOf.set(file, id);
    const path = join(folder, file);
    captions.set(id, checkCaption(folder, path, await readFile(path, 'utf8')));
  }
  return captions;
}

async function captionsFromMetadata(
  folder: string,
  images: readonly string[],
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const path = join(folder, METADATA_FILE);
  const known = new Set(images);
  const present = new Set(files);
  const captions = new Map<string, string>();
  const lines = (await readFile(path, 'utf8')).split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const where = `${path} line ${index + 1}`;
    const { fileName, text } = parseRow(folder, where, line);
    const id = posix.normalize(fileName);
    if (!known.has(id)) throw invalid(folder, `${where}: file_name "${fileName}" is no picture in ${folder}`);
    if (captions.has(id)) throw invalid(folder, `${where}: file_name "${fileName}" has a line already`);
    if (present.has(captionFile(id))) {
      throw invalid(
        folder,
        `${folder}: ${id} has a caption both in ${METADATA_FILE} and in ${captionFile(id)}`,
      );
    }
    captions.set(id, checkCaption(folder, where, text));
  }
  const missing = images.filter((id) => !captions.has(id));
  if (missing.length > 0)
    throw invalid(folder, `${path}: no line for ${listed(missing)}; add one or remove the picture`);
  return captions;
}

/** Other fields may be there and mean nothing here. */
function parseRow(folder: string, where: string, line: string): { fileName: string; text: string } {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw invalid(folder, `${where} is not JSON: ${String(cause)}`, cause);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw invalid(folder, `${where} is not a JSON object`);
  }
  const { file_name: fileName, text } = row as Record<string, unknown>;
  for (const [field, value] of Object.entries({ file_name: fileName, text })) {
    if (typeof value !== 'string') {
      const found = Object.keys(row).join(', ');
      throw invalid(folder, `${where}: field "${field}" must be a string; the line has the fields: ${found}`);
    }
  }
  const name = fileName as string;
  const normalized = posix.normalize(name);
  if (
    name.includes('\0') ||
    name.includes('\\') ||
    posix.isAbsolute(name) ||
    normalized.split('/').includes('..')
  ) {
    throw invalid(
      folder,
      `${where}: file_name "${name}" must be a path inside ${folder}, with forward slashes`,
    );
  }
  return { fileName: name, text: text as string };
}

/** One line without surrounding blanks or byte order mark. An empty caption is refused: it is nearly always a mistake. */
function checkCaption(folder: string, where: string, text: string): string {
  const caption = text.replace(/\s+/g, ' ').trim();
  if (caption === '') {
    throw invalid(
      folder,
      `${where}: the caption is empty; say what the picture shows (data.captionDropout trains without captions)`,
    );
  }
  return caption;
}

function captionFile(imageId: string): string {
  return `${imageId.slice(0, imageId.length - extname(imageId).length)}.txt`;
}

function listed(ids: readonly string[]): string {
  const more = ids.length - MAX_LISTED;
  return ids.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function invalid(folder: string, message: string, cause?: unknown): SaraError {
  return new SaraError('DATA_INVALID', message, { folder }, cause === undefined ? undefined : { cause });
}
