/**
 * The captions of an image folder, in either of the two layouts common trainers use:
 *   beside the pictures    cat.png + cat.txt
 *   one table              metadata.jsonl, one {"file_name": "cat.png", "text": "a cat"} a line
 *
 * Every picture has exactly one. Whatever breaks that is refused by name.
 */
import { extname, join, posix } from 'node:path';
import { parseStrictJson } from '../../shared/strict-json.ts';
import { oneLine } from './captions.ts';
import { readDataFile, wholeFile, type DataFile } from './data-file.ts';
import { invalidData, listed } from './example.ts';
import { staysInside } from './inner-path.ts';
import { decodeText, type TextEncoding } from './text.ts';

export const METADATA_FILE = 'metadata.jsonl';

/** A caption is a line; a page of text is already a mistake. */
const MAX_CAPTION_BYTES = 64 * 1024;
/** A million lines of 256 bytes; JavaScript's strings end at twice as many. */
const MAX_METADATA_BYTES = 256 * 2 ** 20;
/** Deep enough for what other tools add to a line. */
const MAX_JSON_DEPTH = 16;

export interface CaptionFormat {
  /** With its dot, e.g. `.txt`. */
  readonly extension: string;
  readonly encoding: TextEncoding;
}

export interface ImageFolder {
  readonly folder: string;
  /** Every file's path inside the folder, with forward slashes. */
  readonly files: ReadonlySet<string>;
  /** Ids of the pictures, sorted. */
  readonly images: readonly string[];
}

/**
 * @returns by picture id
 * @throws SaraError DATA_INVALID
 */
export async function captionsBeside(
  { folder, files, images }: ImageFolder,
  format: CaptionFormat,
): Promise<ReadonlyMap<string, string>> {
  const fileOf = (id: string): string => captionFile(id, format);
  const missing = images.filter((id) => !files.has(fileOf(id)));
  if (missing.length === images.length) {
    throw invalidData(
      folder,
      `${folder} holds ${images.length} pictures but no captions: add a text file of the same name beside each ` +
        `(${images[0]} -> ${fileOf(images[0])}), or one ${METADATA_FILE} with a line ` +
        `{"file_name": "${images[0]}", "text": "..."} for each`,
    );
  }
  if (missing.length > 0) {
    throw invalidData(
      folder,
      `${folder}: no caption file beside ${listed(missing)}; add one of the same name ending in ${format.extension}`,
    );
  }
  const imageOf = new Map<string, string>();
  const captions = new Map<string, string>();
  for (const id of images) {
    const file = fileOf(id);
    // cat.png and cat.jpg would both be described by cat.txt: which one is meant is not ours to guess.
    const other = imageOf.get(file);
    if (other !== undefined) {
      throw invalidData(
        folder,
        `${folder}: ${other} and ${id} share the caption file ${file}; rename one of them`,
      );
    }
    imageOf.set(file, id);
    captions.set(id, await readCaption(folder, wholeFile(join(folder, file)), format.encoding));
  }
  return captions;
}

/**
 * @returns by picture id
 * @throws SaraError DATA_INVALID, naming the line
 */
export async function captionsFromTable(
  { folder, files, images }: ImageFolder,
  format: CaptionFormat,
): Promise<ReadonlyMap<string, string>> {
  const path = join(folder, METADATA_FILE);
  const known = new Set(images);
  const captions = new Map<string, string>();
  const text = await readText(folder, wholeFile(path), MAX_METADATA_BYTES, format.encoding);
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const where = `${path} line ${index + 1}`;
    const { fileName, text } = parseRow(folder, where, line);
    const id = posix.normalize(fileName);
    if (!known.has(id))
      throw invalidData(folder, `${where}: file_name "${fileName}" is no picture in ${folder}`);
    if (captions.has(id)) throw invalidData(folder, `${where}: file_name "${fileName}" has a line already`);
    if (files.has(captionFile(id, format))) {
      throw invalidData(
        folder,
        `${folder}: ${id} has a caption both in ${METADATA_FILE} and in ${captionFile(id, format)}`,
      );
    }
    captions.set(id, checkedCaption(folder, where, text));
  }
  const missing = images.filter((id) => !captions.has(id));
  if (missing.length > 0) {
    throw invalidData(folder, `${path}: no line for ${listed(missing)}; add one or remove the picture`);
  }
  return captions;
}

/** Where the caption of a picture stands beside it. */
export function captionFile(imageId: string, { extension }: CaptionFormat): string {
  return `${imageId.slice(0, imageId.length - extname(imageId).length)}${extension}`;
}

/** A caption file's one caption. @throws SaraError DATA_INVALID naming the file */
export async function readCaption(place: string, file: DataFile, encoding: TextEncoding): Promise<string> {
  return checkedCaption(place, file.name, await readText(place, file, MAX_CAPTION_BYTES, encoding));
}

/** An empty caption is refused: it is nearly always a mistake. */
export function checkedCaption(place: string, where: string, text: string): string {
  const caption = oneLine(text);
  if (caption === '') {
    throw invalidData(
      place,
      `${where}: the caption is empty; say what the picture shows (data.captionDropout trains without captions)`,
    );
  }
  return caption;
}

async function readText(
  place: string,
  file: DataFile,
  maxBytes: number,
  encoding: TextEncoding,
): Promise<string> {
  const decoded = decodeText(await readDataFile(file, maxBytes), encoding);
  if (decoded.kind === 'refused') throw invalidData(place, `${file.name} ${decoded.problem}`);
  return decoded.text;
}

/** Other fields may be there and mean nothing here. */
function parseRow(folder: string, where: string, line: string): { fileName: string; text: string } {
  let row: unknown;
  try {
    row = parseStrictJson(line, MAX_JSON_DEPTH);
  } catch (cause) {
    throw invalidData(folder, `${where} is not JSON: ${String(cause)}`, cause);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw invalidData(folder, `${where} is not a JSON object`);
  }
  const { file_name: fileName, text } = row as Record<string, unknown>;
  for (const [field, value] of Object.entries({ file_name: fileName, text })) {
    if (typeof value !== 'string') {
      const found = Object.keys(row).join(', ');
      throw invalidData(
        folder,
        `${where}: field "${field}" must be a string; the line has the fields: ${found}`,
      );
    }
  }
  const name = fileName as string;
  if (!staysInside(name)) {
    throw invalidData(
      folder,
      `${where}: file_name "${name}" must be a path inside ${folder}, with forward slashes`,
    );
  }
  return { fileName: name, text: text as string };
}
