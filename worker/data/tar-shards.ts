/**
 * WebDataset shards as a dataset: tar archives whose members belong together by name up to the first dot, as in
 *   0001.jpg  0001.txt  0001.json  0001.mask.png
 *
 * The caption is the text member or, where there is none, the field `text` or `caption` of the JSON one. Pictures
 * are read from the archive by offset when their turn comes.
 * @see https://github.com/webdataset/webdataset
 */
import { basename } from 'node:path';
import { parseStrictJson } from '../../shared/strict-json.ts';
import { readDataFile, type DataFile } from './data-file.ts';
import { counted, invalidData, listed, type BrokenImage, type Dataset, type Example } from './example.ts';
import { checkedCaption, readCaption } from './folder-captions.ts';
import { FOREIGN_IMAGE_EXTENSIONS, IMAGE_EXTENSIONS, type FolderSettings } from './image-folder.ts';
import { repeatsOf, requireUsed } from './repeats.ts';
import { readTarIndex } from './tar.ts';
import { decodeText } from './text.ts';

/** Of the member that is white where the loss counts. */
const MASK_EXTENSION = '.mask.png';
const JSON_EXTENSION = '.json';
const CAPTION_FIELDS = ['text', 'caption'];

const MAX_JSON_BYTES = 1 << 20;
const MAX_JSON_DEPTH = 64;

/** The members of one name up to the first dot. */
interface Sample {
  /** `shard.tar/name` */
  readonly key: string;
  /** By what follows the name, in lower case, with its dot. */
  readonly members: Map<string, DataFile & { readonly id: string }>;
}

/**
 * @param place for messages
 * @param shards paths of the archives
 * @throws SaraError FILE_NOT_FOUND; DATA_INVALID, naming archive and member, for what tar.ts refuses, a sample with
 *   several pictures, a caption that is missing or unreadable, or shards without pictures
 */
export async function scanTarShards(
  place: string,
  shards: readonly string[],
  settings: FolderSettings,
): Promise<Dataset> {
  const samples: Sample[] = [];
  for (const shard of shards) samples.push(...(await readSamples(shard)));
  const examples: Example[] = [];
  const broken: BrokenImage[] = [];
  const withoutPicture: string[] = [];
  const withoutCaption: string[] = [];
  const withoutMask: string[] = [];
  const others: string[] = [];
  for (const { key, members } of samples) {
    const pictures = [...members].filter(([extension]) => IMAGE_EXTENSIONS.has(extension));
    const foreign = [...members].filter(([extension]) => FOREIGN_IMAGE_EXTENSIONS.has(extension));
    for (const [, { name }] of foreign)
      broken.push({ path: name, reason: 'is of a format that is not read here' });
    if (pictures.length > 1) {
      const ids = pictures.map(([, { id }]) => id);
      throw invalidData(place, `${place}: sample ${key} has several pictures: ${listed(ids)}`);
    }
    others.push(...otherMembers(members, settings));
    if (pictures.length === 0) {
      if (foreign.length === 0) withoutPicture.push(key);
      continue;
    }
    const caption = await captionOf(place, members, settings);
    if (caption === null) withoutCaption.push(key);
    const mask = settings.mask === 'file' ? (members.get(MASK_EXTENSION) ?? null) : null;
    if (settings.mask === 'file' && mask === null) withoutMask.push(key);
    const [[, picture]] = pictures;
    const { id } = picture;
    examples.push({ id, picture, caption: caption ?? '', mask, repeats: repeatsOf(id, settings.repeats) });
  }
  if (examples.length === 0)
    throw invalidData(place, `${place} holds no pictures in its ${shards.length} archives`);
  if (withoutCaption.length > 0) {
    throw invalidData(
      place,
      `${place}: no caption for ${listed(withoutCaption)}; give each sample a ${settings.captions.extension} member, ` +
        `or a ${JSON_EXTENSION} one with the field "text"`,
    );
  }
  if (settings.mask === 'file' && withoutMask.length === examples.length) {
    throw invalidData(place, `data.mask is file, but ${place} holds no member ending in ${MASK_EXTENSION}`);
  }
  const ids = examples.map(({ id }) => id);
  requireUsed(place, settings.repeats, ids);
  const remarks: [names: readonly string[], one: string, several: string][] = [
    [withoutPicture, 'sample has no picture', 'samples have no picture'],
    [withoutMask, 'sample without a mask counts whole', 'samples without a mask count whole'],
    [others, 'member is not used', 'members are not used'],
  ];
  return {
    place,
    examples: examples.sort((a, b) => (a.id < b.id ? -1 : 1)),
    broken,
    remarks: remarks.filter(([names]) => names.length > 0).map((remark) => `${place}: ${counted(...remark)}`),
  };
}

async function readSamples(shard: string): Promise<Sample[]> {
  const samples = new Map<string, Sample>();
  const name = basename(shard);
  for (const { name: member, offset, sizeBytes } of await readTarIndex(shard)) {
    const base = basename(member);
    const dot = base.indexOf('.');
    // A name that begins with a dot is a system's own, such as macOS' `._0001.jpg`.
    if (dot === 0) continue;
    const extension = dot < 0 ? '' : base.slice(dot).toLowerCase();
    const key = `${name}/${member.slice(0, member.length - extension.length)}`;
    const sample: Sample = samples.get(key) ?? { key, members: new Map() };
    samples.set(key, sample);
    const file = {
      id: `${name}/${member}`,
      name: `${shard}: ${member}`,
      path: shard,
      range: { offset, sizeBytes },
    };
    const twin = sample.members.get(extension);
    if (twin !== undefined) throw invalidData(shard, `${shard} holds both ${twin.id} and ${file.id}`);
    sample.members.set(extension, file);
  }
  return [...samples.values()];
}

/** null where the sample has none. */
async function captionOf(
  place: string,
  members: Sample['members'],
  { captions }: FolderSettings,
): Promise<string | null> {
  const text = members.get(captions.extension);
  if (text !== undefined) return readCaption(place, text, captions.encoding);
  const json = members.get(JSON_EXTENSION);
  if (json === undefined) return null;
  const decoded = decodeText(await readDataFile(json, MAX_JSON_BYTES), 'utf-8');
  if (decoded.kind === 'refused') throw invalidData(place, `${json.name} ${decoded.problem}`);
  let fields: unknown;
  try {
    fields = parseStrictJson(decoded.text, MAX_JSON_DEPTH);
  } catch (cause) {
    throw invalidData(place, `${json.name} is not JSON: ${String(cause)}`, cause);
  }
  const found = CAPTION_FIELDS.map((field) => (fields as Record<string, unknown> | null)?.[field]).find(
    (value) => typeof value === 'string',
  );
  return found === undefined ? null : checkedCaption(place, json.name, found);
}

function otherMembers(members: Sample['members'], { captions, mask }: FolderSettings): string[] {
  const used = new Set([captions.extension, JSON_EXTENSION, ...(mask === 'file' ? [MASK_EXTENSION] : [])]);
  return [...members]
    .filter(
      ([extension]) =>
        !used.has(extension) && !IMAGE_EXTENSIONS.has(extension) && !FOREIGN_IMAGE_EXTENSIONS.has(extension),
    )
    .map(([, { id }]) => id);
}
