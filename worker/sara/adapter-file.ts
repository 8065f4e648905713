/**
 * Adapters on disk: a safetensors file with, per tensor, `<diffusers name>.indices` (U32, flat row-major,
 * ascending) and `<diffusers name>.delta` (F32 or F16, trained minus base value), and this header metadata:
 *
 *   format            `sara-adapter`
 *   format_version    `1`
 *   base_model_hash   SHA-256 over the base UNet's tensors, hex
 *   mask_digest       SHA-256 over names, shapes and indices, hex; shapes are the base model's
 *   threshold         theta of the selection
 *   fraction          the fraction asked for; absent when the threshold was given
 *   stage, step       how often the mask was narrowed; updates applied
 *   lambda_rank, learning_rate, seed, tool_version
 *   zero_terminal_snr `true` when it was trained under such a schedule; else absent
 *   merged_from       of a merge: JSON, the adapters that went in and their strengths; for people
 *
 * A file is the work of strangers until every check here has passed: nothing is applied from a file that is not
 * wholly sound and made for exactly this base model.
 *
 * F16 halves the deltas' size. It keeps 11 bits (a relative error up to 2^-11) and loses changes below 6e-8, so a
 * loaded adapter is then close to what was trained, not equal.
 */
import { encodeFloat16 } from '../../shared/half.ts';
import { SaraError } from '../../shared/errors.ts';
import {
  SafetensorsFile,
  writeSafetensors,
  type TensorEntry,
  type TensorSource,
} from '../../shared/safetensors.ts';
import { numElements } from '../../shared/tensor.ts';
import type { Adapter, AdapterMetadata } from './adapter.ts';
import { entryView, explicitIndices, SparseMask, type MaskEntry, type MaskTensor } from './mask.ts';

const FORMAT = 'sara-adapter';
const FORMAT_VERSION = '1';
const INDICES = '.indices';
const DELTA = '.delta';

export type DeltaType = 'float32' | 'float16';

/**
 * Writes the adapter, whole or not at all.
 *
 * @param remarks further metadata, which readers pass over
 * @throws SaraError DISK_WRITE_FAILED when the disk refuses
 */
export async function writeAdapter(
  path: string,
  adapter: Adapter,
  deltaType: DeltaType = 'float32',
  remarks: Readonly<Record<string, string>> = {},
): Promise<void> {
  const tensors = adapter.mask.entries.flatMap((entry) => tensorsOf(entry, adapter.deltas, deltaType));
  await writeSafetensors(path, tensors, { ...remarks, ...encodeMetadata(adapter) });
}

function tensorsOf(entry: MaskEntry, deltas: Float32Array, deltaType: DeltaType): TensorSource[] {
  const shape = [entry.count];
  const delta = entryView(entry, deltas);
  return [
    {
      name: entry.name + INDICES,
      dtype: 'uint32',
      shape,
      load: () => Promise.resolve({ dtype: 'uint32', shape, data: new Uint32Array(explicitIndices(entry)) }),
    },
    {
      name: entry.name + DELTA,
      dtype: deltaType,
      shape,
      load: () =>
        Promise.resolve({
          dtype: deltaType,
          shape,
          data: deltaType === 'float16' ? encodeFloat16(delta) : delta,
        }),
    },
  ];
}

/** The base model an adapter is to be loaded on. */
export interface BaseModel {
  /** SHA-256 over its UNet's tensors. @see baseModelHash in shared/digest.ts */
  readonly hash: string;
  /** Its UNet's tensors by name. */
  readonly entries: ReadonlyMap<string, Pick<TensorEntry, 'shape'>>;
}

/**
 * Reads an adapter for `base`.
 *
 * @throws SaraError FILE_NOT_FOUND when there is none; FILE_CORRUPT naming the field when the file is unsound;
 *   ADAPTER_MISMATCH naming both hashes when it was trained on another base model
 */
export async function readAdapter(path: string, base: BaseModel): Promise<Adapter> {
  const file = await SafetensorsFile.open(path);
  try {
    const metadata = decodeMetadata(file);
    if (metadata.baseModelHash !== base.hash) {
      throw new SaraError(
        'ADAPTER_MISMATCH',
        `${path} was trained on the base model ${metadata.baseModelHash}, this one is ${base.hash}; load it on the model it was trained on`,
        { file: path, adapterBase: metadata.baseModelHash, base: base.hash },
      );
    }
    const tensors: MaskTensor[] = [];
    const deltasByName = new Map<string, Float32Array>();
    for (const name of adaptedNames(file)) {
      const shape = baseShape(path, base, name);
      tensors.push({ name, shape, indices: await readIndices(file, name, numElements(shape)) });
      deltasByName.set(name, await readDelta(file, name));
    }
    const mask = SparseMask.of(tensors);
    requireDigest(file, mask);
    const deltas = new Float32Array(mask.count);
    for (const entry of mask.entries) deltas.set(deltasByName.get(entry.name) ?? [], entry.offset);
    return { mask, deltas, metadata };
  } finally {
    await file.close();
  }
}

/** What an adapter says of itself, without its base model. @throws SaraError as {@link readAdapter} */
export async function readAdapterMetadata(path: string): Promise<AdapterMetadata> {
  const file = await SafetensorsFile.open(path);
  try {
    return decodeMetadata(file);
  } finally {
    await file.close();
  }
}

/** Names of the tensors with both an index and a delta list of one length; anything else in the file is refused. */
function adaptedNames(file: SafetensorsFile): string[] {
  const names: string[] = [];
  for (const [key, { dtype, shape }] of file.entries) {
    const isIndices = key.endsWith(INDICES);
    const name = isIndices
      ? key.slice(0, -INDICES.length)
      : key.endsWith(DELTA)
        ? key.slice(0, -DELTA.length)
        : null;
    if (name === null)
      throw corrupt(file, `tensor "${key}" is neither "<name>${INDICES}" nor "<name>${DELTA}"`);
    const allowed = isIndices ? ['uint32'] : ['float32', 'float16'];
    if (!allowed.includes(dtype))
      throw corrupt(file, `"${key}" is ${dtype}, expected ${allowed.join(' or ')}`);
    const partner = file.entries.get(name + (isIndices ? DELTA : INDICES));
    if (shape.length !== 1 || partner?.shape.length !== 1 || partner.shape[0] !== shape[0]) {
      throw corrupt(
        file,
        `"${key}" is [${shape.join(', ')}] and its partner ${partner === undefined ? 'is missing' : `[${partner.shape.join(', ')}]`}; ` +
          'both must be lists of one length',
      );
    }
    if (isIndices) names.push(name);
  }
  if (names.length === 0) throw corrupt(file, 'it holds no tensor');
  return names;
}

function baseShape(path: string, base: BaseModel, name: string): readonly number[] {
  const entry = base.entries.get(name);
  if (entry !== undefined) return entry.shape;
  throw new SaraError(
    'ADAPTER_MISMATCH',
    `${path} changes ${name}, which the base model ${base.hash} does not have`,
    {
      file: path,
      tensor: name,
      base: base.hash,
    },
  );
}

async function readIndices(file: SafetensorsFile, name: string, size: number): Promise<Int32Array> {
  const indices = (await file.read(name + INDICES)).data as Uint32Array;
  for (let k = 0; k < indices.length; k++) {
    if (indices[k] >= size || (k > 0 && indices[k] <= indices[k - 1])) {
      const before = k > 0 ? `after ${indices[k - 1]} ` : '';
      throw corrupt(
        file,
        `"${name}${INDICES}" has ${indices[k]} ${before}at ${k}; indices must ascend and stay below ${size}`,
      );
    }
  }
  return new Int32Array(indices.buffer, indices.byteOffset, indices.length);
}

async function readDelta(file: SafetensorsFile, name: string): Promise<Float32Array> {
  const { data } = await file.readFloat32(name + DELTA);
  const at = data.findIndex((delta) => !Number.isFinite(delta));
  if (at !== -1) throw corrupt(file, `"${name}${DELTA}" holds ${data[at]} at ${at}`);
  return data;
}

function requireDigest(file: SafetensorsFile, mask: SparseMask): void {
  const recorded = requireText(file, 'mask_digest');
  if (recorded !== mask.digest)
    throw corrupt(file, `mask_digest is ${recorded}, its indices give ${mask.digest}`);
}

function encodeMetadata({ mask, metadata }: Adapter): Record<string, string> {
  return {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    base_model_hash: metadata.baseModelHash,
    mask_digest: mask.digest,
    threshold: String(metadata.threshold),
    ...(metadata.fraction === null ? {} : { fraction: String(metadata.fraction) }),
    stage: String(metadata.stage),
    step: String(metadata.step),
    lambda_rank: String(metadata.rankWeight),
    learning_rate: String(metadata.learningRate),
    seed: String(metadata.seed),
    ...(metadata.zeroTerminalSnr ? { zero_terminal_snr: 'true' } : {}),
    tool_version: metadata.toolVersion,
  };
}

function decodeMetadata(file: SafetensorsFile): AdapterMetadata {
  const format = file.metadata.get('format');
  if (format !== FORMAT)
    throw corrupt(
      file,
      `metadata "format" is ${JSON.stringify(format ?? null)}, expected "${FORMAT}"; is it an adapter of another kind?`,
    );
  const version = file.metadata.get('format_version');
  if (version !== FORMAT_VERSION)
    throw corrupt(
      file,
      `metadata "format_version" is ${JSON.stringify(version ?? null)}, this software reads "${FORMAT_VERSION}"`,
    );
  const number = (key: string): number => requirePattern(file, key, NUMBER, Number);
  const count = (key: string): number => requirePattern(file, key, COUNT, Number);
  return {
    baseModelHash: requirePattern(file, 'base_model_hash', SHA256, String),
    threshold: number('threshold'),
    fraction: file.metadata.has('fraction') ? number('fraction') : null,
    stage: count('stage'),
    step: count('step'),
    rankWeight: number('lambda_rank'),
    learningRate: number('learning_rate'),
    seed: requirePattern(file, 'seed', COUNT, BigInt),
    zeroTerminalSnr:
      file.metadata.has('zero_terminal_snr') && requirePattern(file, 'zero_terminal_snr', /^true$/, Boolean),
    toolVersion: requireText(file, 'tool_version'),
  };
}

const SHA256 = /^[0-9a-f]{64}$/;
const COUNT = /^\d{1,20}$/;
const NUMBER = /^\d{1,40}(\.\d{1,40})?(e[+-]\d{1,3})?$/;

function requireText(file: SafetensorsFile, key: string): string {
  const text = file.metadata.get(key);
  if (text === undefined) throw corrupt(file, `metadata "${key}" is missing`);
  return text;
}

function requirePattern<T>(
  file: SafetensorsFile,
  key: string,
  pattern: RegExp,
  parse: (text: string) => T,
): T {
  const text = requireText(file, key);
  if (!pattern.test(text))
    throw corrupt(
      file,
      `metadata "${key}" is ${JSON.stringify(text)}, which does not match ${String(pattern)}`,
    );
  return parse(text);
}

function corrupt(file: SafetensorsFile, what: string): SaraError {
  return new SaraError('FILE_CORRUPT', `${file.path} is no sound adapter: ${what}`, { file: file.path });
}
