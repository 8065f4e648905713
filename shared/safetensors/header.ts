/**
 * The safetensors header: what its bytes mean, and every check a stranger's file must pass before a byte of it
 * is believed.
 *
 *   8 bytes   length N of the header, uint64 little endian
 *   N bytes   JSON {"__metadata__": {key: text}, name: {"dtype", "shape", "data_offsets": [begin, end)}}
 *   the rest  tensors, row-major little endian, back to back: no hole, no overlap, nothing after the last
 *
 * @see https://github.com/huggingface/safetensors#format
 */
import { SaraError, type ErrorContext } from '../errors.ts';
import { DTYPE_SIZE_BYTES, type DType } from '../tensor.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Where one tensor lies in its file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Absolute path with links resolved: what an engine may map by offset. */
  readonly file: string;
  /** From the start of the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their bytes in the file. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** The reference reader's own limit; also bounds what we allocate for a header. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The header object, a tensor's object, its shape. */
const HEADER_DEPTH = 3;

/** Bytes of the length field before the header. */
export const LENGTH_FIELD_BYTES = 8;

export const METADATA_KEY = '__metadata__';

/** Name of each of our element types inside the file. */
export const SAFETENSORS_DTYPE: Readonly<Record<DType, string>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  int64: 'I64',
  uint32: 'U32',
  uint8: 'U8',
  bool: 'BOOL',
};

const DTYPE_BY_NAME = new Map<string, DType>(
  Object.entries(SAFETENSORS_DTYPE).map(([dtype, name]) => [name, dtype as DType]),
);

/** In the format, but nothing a diffusion model of ours is made of. */
const FOREIGN_DTYPES = new Set(
  'F64 F8_E4M3 F8_E5M2 F8_E8M0 F6_E2M3 F6_E3M2 F4 C64 I8 I16 U16 U64'.split(' '),
);

/**
 * Read the 8 bytes before the header.
 * @returns the header's length, at most {@link MAX_HEADER_BYTES} and inside the file
 * @throws SaraError FILE_CORRUPT
 */
export function parseHeaderLength(lengthField: Uint8Array, fileSizeBytes: number, file: string): number {
  if (lengthField.byteLength < LENGTH_FIELD_BYTES) {
    throw corrupt(file, `${fileSizeBytes} bytes are too few for the header's length field (8 bytes)`, {
      fileSizeBytes,
    });
  }
  const view = new DataView(lengthField.buffer, lengthField.byteOffset);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES) {
    throw corrupt(file, `header length ${headerBytes} exceeds the limit of ${MAX_HEADER_BYTES} bytes`, {
      headerBytes,
    });
  }
  if (headerBytes > fileSizeBytes - LENGTH_FIELD_BYTES) {
    const remainingBytes = fileSizeBytes - LENGTH_FIELD_BYTES;
    throw corrupt(file, `header length ${headerBytes} exceeds the ${remainingBytes} bytes that follow it`, {
      headerBytes,
      fileSizeBytes,
    });
  }
  return headerBytes;
}

/**
 * Parse and check a whole header against the size of the file it came from.
 * @param headerBytes the N bytes of JSON
 * @throws SaraError FILE_CORRUPT naming file, tensor and the values that do not fit;
 *   MODEL_UNSUPPORTED for an element type of the format that this project does not read
 */
export function parseHeader(headerBytes: Uint8Array, fileSizeBytes: number, file: string): SafetensorsHeader {
  const json = parseJsonObject(headerBytes, file);
  const dataOffset = LENGTH_FIELD_BYTES + headerBytes.byteLength;
  const metadata = parseMetadata(json[METADATA_KEY], file);
  const entries = Object.entries(json)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]) => parseEntry(name, value, dataOffset, file))
    .sort((a, b) => a.offsetBytes - b.offsetBytes || a.sizeBytes - b.sizeBytes);
  checkCoverage(entries, dataOffset, fileSizeBytes, file);
  return { metadata, entries: new Map(entries.map((entry) => [entry.name, entry])) };
}

/** @throws SaraError FILE_CORRUPT, always with the file's name in front */
export function corrupt(file: string, problem: string, context: ErrorContext = {}): SaraError {
  return new SaraError(
    'FILE_CORRUPT',
    `${file} is not a sound safetensors file: ${problem}; download or write it again`,
    { file, ...context },
  );
}

function parseJsonObject(bytes: Uint8Array, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = parseStrictJson(text, HEADER_DEPTH);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw corrupt(file, `its header cannot be read as JSON: ${reason}`, { headerBytes: bytes.byteLength });
  }
  if (!isObject(value)) throw corrupt(file, 'its header is JSON but no object');
  return value;
}

function parseMetadata(value: unknown, file: string): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!isObject(value)) throw corrupt(file, `${METADATA_KEY} is no object`);
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw corrupt(file, `${METADATA_KEY}.${key} is ${typeof text}, not text`, { key });
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataOffset: number, file: string): TensorEntry {
  if (!isObject(value)) throw corrupt(file, `the entry of "${name}" is no object`, { tensor: name });
  const unknownKey = Object.keys(value).find(
    (key) => key !== 'dtype' && key !== 'shape' && key !== 'data_offsets',
  );
  if (unknownKey !== undefined) {
    throw corrupt(file, `"${name}" has the unknown field "${unknownKey}"`, {
      tensor: name,
      field: unknownKey,
    });
  }
  const dtype = parseDType(name, value.dtype, file);
  const shape = value.shape;
  if (!isSizeList(shape)) {
    throw corrupt(file, `"${name}" has shape ${brief(shape)}, not a list of sizes`, { tensor: name });
  }
  const offsets = value.data_offsets;
  if (!isSizeList(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw corrupt(file, `"${name}" has data_offsets ${brief(offsets)}, not [begin, end]`, { tensor: name });
  }
  const [begin, end] = offsets as [number, number];
  const sizeBytes = end - begin;
  // BigInt: the product of hostile dimensions passes 2^53, where numbers would round and could agree by luck.
  const neededBytes = shape.reduce(
    (product, size) => product * BigInt(size),
    BigInt(DTYPE_SIZE_BYTES[dtype]),
  );
  if (neededBytes !== BigInt(sizeBytes)) {
    throw corrupt(
      file,
      `"${name}" of dtype ${SAFETENSORS_DTYPE[dtype]} and shape [${shape.join(', ')}] needs ${neededBytes} bytes, ` +
        `its data_offsets [${begin}, ${end}] hold ${sizeBytes}`,
      { tensor: name, sizeBytes },
    );
  }
  return { name, dtype, shape, file, offsetBytes: dataOffset + begin, sizeBytes };
}

function parseDType(name: string, value: unknown, file: string): DType {
  const dtype = typeof value === 'string' ? DTYPE_BY_NAME.get(value) : undefined;
  if (dtype !== undefined) return dtype;
  if (typeof value === 'string' && FOREIGN_DTYPES.has(value)) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${file}: "${name}" has element type ${value}, which is not supported; convert it to one of ` +
        Object.values(SAFETENSORS_DTYPE).join(', '),
      { file, tensor: name, dtype: value },
    );
  }
  throw corrupt(file, `"${name}" has the unknown dtype ${brief(value)}`, { tensor: name });
}

/** The tensors must tile the data exactly: two names for one byte, or bytes without a name, mean a lying header. */
function checkCoverage(
  entries: readonly TensorEntry[],
  dataOffset: number,
  fileSizeBytes: number,
  file: string,
): void {
  let end = dataOffset;
  for (const { name, offsetBytes, sizeBytes } of entries) {
    if (offsetBytes !== end) {
      const problem = offsetBytes < end ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw corrupt(
        file,
        `"${name}" begins at byte ${offsetBytes} and ${problem}, which ends at byte ${end}`,
        {
          tensor: name,
          offsetBytes,
          expectedOffsetBytes: end,
        },
      );
    }
    end += sizeBytes;
  }
  if (end !== fileSizeBytes) {
    const problem = end > fileSizeBytes ? 'it is truncated' : 'bytes follow the last tensor';
    throw corrupt(file, `its header describes ${end} bytes, the file has ${fileSizeBytes}: ${problem}`, {
      describedBytes: end,
      fileSizeBytes,
    });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A hostile value, short enough for a message. */
function brief(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
