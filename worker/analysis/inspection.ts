/**
 * What a file is, told from its header and its bytes: kind, counts, digests, and what it says of itself, checked where
 * the file alone allows it.
 *
 * A stranger's file: the header is checked whole before a byte of it is believed (shared/safetensors), and nothing in
 * it is run or loaded as a model.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { SafetensorsFile, WeightFiles, type TensorEntry } from '../../shared/safetensors.ts';
import { baseModelHash } from '../../shared/digest.ts';
import { numElements, type DType } from '../../shared/tensor.ts';
import { FORMAT as STAGE_FORMAT, StageFile } from '../checkpoint/stage-file.ts';
import { openBaseUNet, readAdapters } from '../export/base-unet.ts';
import { readAdapterMetadata } from '../sara/adapter-file.ts';

export type FileKind =
  | 'adapter'
  | 'stage checkpoint'
  | 'LyCORIS full'
  | 'LyCORIS'
  | 'LoRA'
  | 'LoRA in diffusers layout'
  | 'single-file checkpoint'
  | 'UNet'
  | 'autoencoder'
  | 'text encoder'
  | 'tensors';

/** One thing worth knowing; `isSound` is null where it cannot be checked from what is given. */
export interface Finding {
  readonly what: string;
  readonly value: string | number;
  readonly isSound: boolean | null;
}

export interface Inspection {
  readonly path: string;
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** Header with its length field. */
  readonly headerBytes: number;
  /** SHA-256 of the file, hex. */
  readonly fileHash: string;
  /** SHA-256 of all that follows the header, hex: what modelspec and kohya's tools store. */
  readonly dataHash: string;
  readonly numTensors: number;
  readonly numElements: number;
  readonly dtypes: readonly {
    readonly dtype: DType;
    readonly numTensors: number;
    readonly numElements: number;
    readonly sizeBytes: number;
  }[];
  /** At most {@link NUM_LARGEST}, largest first. */
  readonly largest: readonly Pick<TensorEntry, 'name' | 'dtype' | 'shape' | 'sizeBytes'>[];
  readonly findings: readonly Finding[];
  /** As the file has them. */
  readonly metadata: Readonly<Record<string, string>>;
}

const NUM_LARGEST = 5;

/** By a name that only such files hold; the first that matches. */
const KINDS: readonly (readonly [RegExp, FileKind])[] = [
  [/\.(diff|diff_b)$/, 'LyCORIS full'],
  [/\.(hada|lokr)_w1|\.oft_(blocks|diag)$|\.dora_scale$/, 'LyCORIS'],
  [/\.lora_(up|down)\.weight$/, 'LoRA'],
  [/\.lora(\.up|\.down|_A|_B)\.weight$|_lora\.(up|down)\.weight$/, 'LoRA in diffusers layout'],
  [/^model\.diffusion_model\./, 'single-file checkpoint'],
  [/^(encoder|decoder)\.(down_blocks|up_blocks|mid_block|conv_in)/, 'autoencoder'],
  [/^(down_blocks|up_blocks|mid_block)\./, 'UNet'],
  [/^(text_model\.)?(encoder\.layers|embeddings\.token_embedding)\./, 'text encoder'],
];

/**
 * @param model of the adapter, to check its mask and base against; null: what needs the model is not checked
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED when the file is not sound; ADAPTER_MISMATCH when
 *   it is an adapter of another model
 */
export async function inspectFile(path: string, model: string | null): Promise<Inspection> {
  const file = await SafetensorsFile.open(path);
  try {
    const entries = [...file.entries.values()];
    const kind = kindOf(entries, file.metadata);
    const { sizeBytes, headerBytes, fileHash, dataHash } = await digestsOf(file);
    return {
      path,
      kind,
      sizeBytes,
      headerBytes,
      fileHash,
      dataHash,
      numTensors: entries.length,
      numElements: entries.reduce((sum, { shape }) => sum + numElements(shape), 0),
      dtypes: byDtype(entries),
      largest: [...entries]
        .sort((a, b) => b.sizeBytes - a.sizeBytes)
        .slice(0, NUM_LARGEST)
        .map(briefEntry),
      findings: [...(await findingsOf(path, kind, entries, model)), ...storedHashes(file.metadata, dataHash)],
      metadata: Object.fromEntries(file.metadata),
    };
  } finally {
    await file.close();
  }
}

function kindOf(entries: readonly TensorEntry[], metadata: ReadonlyMap<string, string>): FileKind {
  const format = metadata.get('format');
  if (format === 'sara-adapter') return 'adapter';
  if (format === STAGE_FORMAT) return 'stage checkpoint';
  return KINDS.find(([pattern]) => entries.some(({ name }) => pattern.test(name)))?.[1] ?? 'tensors';
}

interface Digests {
  readonly sizeBytes: number;
  readonly headerBytes: number;
  readonly fileHash: string;
  readonly dataHash: string;
}

/** Both hashes in one pass. */
async function digestsOf({ path, entries }: SafetensorsFile): Promise<Digests> {
  // Tensors come in the order of their bytes; without one all of the file is header, as opening it has proved.
  const dataOffset = [...entries.values()].at(0)?.offsetBytes ?? Infinity;
  const whole = createHash('sha256');
  const data = createHash('sha256');
  let position = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    whole.update(chunk);
    const end = position + chunk.byteLength;
    if (end > dataOffset) data.update(chunk.subarray(Math.max(0, dataOffset - position)));
    position = end;
  }
  return {
    sizeBytes: position,
    headerBytes: Math.min(dataOffset, position),
    fileHash: whole.digest('hex'),
    dataHash: data.digest('hex'),
  };
}

function byDtype(entries: readonly TensorEntry[]): Inspection['dtypes'] {
  const dtypes = [...new Set(entries.map(({ dtype }) => dtype))];
  return dtypes.map((dtype) => {
    const own = entries.filter((entry) => entry.dtype === dtype);
    return {
      dtype,
      numTensors: own.length,
      numElements: own.reduce((sum, { shape }) => sum + numElements(shape), 0),
      sizeBytes: own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  });
}

function briefEntry({ name, dtype, shape, sizeBytes }: TensorEntry): Inspection['largest'][number] {
  return { name, dtype, shape, sizeBytes };
}

async function findingsOf(
  path: string,
  kind: FileKind,
  entries: readonly TensorEntry[],
  model: string | null,
): Promise<Finding[]> {
  switch (kind) {
    case 'adapter':
      return adapterFindings(path, entries, model);
    case 'stage checkpoint':
      return checkpointFindings(path);
    case 'UNet': {
      const files = await WeightFiles.openFile(path);
      const hash = await baseModelHash(files).finally(() => files.close());
      return [fact('base hash of adapters for it, unless it is a shard', hash)];
    }
    case 'single-file checkpoint': {
      const { files, hash, numParameters } = await openBaseUNet(path);
      await files.close();
      return [fact('weights of its UNet', numParameters), fact('base hash of adapters for it', hash)];
    }
    case 'LoRA':
    case 'LoRA in diffusers layout':
      return loraFindings(entries);
    case 'LyCORIS full':
      return [fact('modules', new Set(entries.map(({ name }) => name.replace(/\.diff(_b)?$/, ''))).size)];
    default:
      return [];
  }
}

async function adapterFindings(
  path: string,
  entries: readonly TensorEntry[],
  model: string | null,
): Promise<Finding[]> {
  const metadata = await readAdapterMetadata(path);
  const deltas = entries.filter(({ name }) => name.endsWith('.delta'));
  const numChanged = deltas.reduce((sum, { shape }) => sum + numElements(shape), 0);
  const isSound = model === null ? null : await isSoundFor(path, model);
  return [
    { what: 'base hash', value: metadata.baseModelHash, isSound },
    { what: 'mask, indices and changes', value: `${deltas.length} tensors`, isSound },
    fact('weights changed', numChanged),
    fact('threshold', metadata.threshold),
    fact('step', metadata.step),
  ];
}

/** @returns true; what is not sound is thrown, by name */
async function isSoundFor(path: string, model: string): Promise<true> {
  const base = await openBaseUNet(model);
  try {
    await readAdapters(base, [{ path, strength: 1 }]);
    return true;
  } finally {
    await base.files.close();
  }
}

/** Its masks are checked against their digests: the shapes they need are in the file. */
async function checkpointFindings(path: string): Promise<Finding[]> {
  const file = await StageFile.open(path);
  try {
    const tensors = await Promise.all(
      file
        .shapes()
        .map(async ([name, shape]) => ({ name, shape, indices: await file.indices(`${name}.indices`) })),
    );
    const mask = file.mask(tensors, 'initial_mask_digest');
    return [
      fact('base hash', file.metadata('base_model_hash')),
      { what: 'mask digest', value: mask.digest, isSound: true },
      fact('weights trained', mask.count),
      fact('step', file.wholeNumber('step')),
      fact('re-selections', file.wholeNumber('num_reselections')),
    ];
  } finally {
    await file.close();
  }
}

function loraFindings(entries: readonly TensorEntry[]): Finding[] {
  const ranks = entries
    .filter(({ name, shape }) => /(lora_down|lora\.down|lora_A)\.weight$/.test(name) && shape.length > 1)
    .map(({ shape }) => shape[0]);
  const [least, most] = [Math.min(...ranks), Math.max(...ranks)];
  return [fact('layers', ranks.length), fact('rank', least === most ? least : `${least} to ${most}`)];
}

/** Hashes of the data that other programs store in the header. */
function storedHashes(metadata: ReadonlyMap<string, string>, dataHash: string): Finding[] {
  return [
    ['modelspec.hash_sha256', `0x${dataHash}`],
    ['sshs_model_hash', dataHash],
  ].flatMap(([key, wanted]) => {
    const value = metadata.get(key);
    return value === undefined ? [] : [{ what: key, value, isSound: value.toLowerCase() === wanted }];
  });
}

function fact(what: string, value: string | number): Finding {
  return { what, value, isSound: null };
}
