/**
 * Writes safetensors files as the reference writer lays them out: widest element type first, then by name, and
 * a header padded with spaces to 8 bytes, so that every tensor starts aligned to its element. The same tensors
 * and metadata always give the same bytes.
 */
import { writeFileAtomic } from '../atomic-file.ts';
import { SaraError } from '../errors.ts';
import { DTYPE_SIZE_BYTES, numElements, type DType, type Tensor } from '../tensor.ts';
import { LENGTH_FIELD_BYTES, MAX_HEADER_BYTES, METADATA_KEY, SAFETENSORS_DTYPE } from './header.ts';

/** A tensor to write: at hand, or loaded when its turn comes (so a whole model is never held at once). */
export type TensorSource =
  | { readonly name: string; readonly tensor: Tensor }
  | {
      readonly name: string;
      readonly dtype: DType;
      readonly shape: readonly number[];
      load(): Promise<Tensor>;
    };

interface Placed {
  readonly source: TensorSource;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly sizeBytes: number;
}

/**
 * Write header and data to `<path>.tmp`, flush, rename to `path`.
 * @param tensors in any order; names unique
 * @param metadata free text by key, stored sorted by key
 * @throws SaraError DISK_WRITE_FAILED when the disk refuses; INTERNAL when a name repeats or a tensor's data do
 *   not fit its shape
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorSource>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const placed = Array.from(tensors, place).sort(
    (a, b) => DTYPE_SIZE_BYTES[b.dtype] - DTYPE_SIZE_BYTES[a.dtype] || (a.name < b.name ? -1 : 1),
  );
  const header = encodeHeader(path, placed, metadata);
  await writeFileAtomic(path, async (append) => {
    await append(header);
    for (const { source, dtype, shape, sizeBytes } of placed) {
      const tensor = 'tensor' in source ? source.tensor : await source.load();
      const { buffer, byteOffset, byteLength } = tensor.data;
      if (tensor.dtype !== dtype || byteLength !== sizeBytes) {
        throw new SaraError(
          'INTERNAL',
          `cannot write "${source.name}" to ${path}: ${dtype} [${shape.join(', ')}] needs ${sizeBytes} bytes, ` +
            `its ${tensor.dtype} data have ${byteLength}`,
          { path, tensor: source.name, sizeBytes, gotBytes: byteLength },
        );
      }
      await append(new Uint8Array(buffer, byteOffset, byteLength));
    }
  });
}

function place(source: TensorSource): Placed {
  const { dtype, shape } = 'tensor' in source ? source.tensor : source;
  return { source, name: source.name, dtype, shape, sizeBytes: numElements(shape) * DTYPE_SIZE_BYTES[dtype] };
}

/** @returns length field, JSON and padding */
function encodeHeader(
  path: string,
  placed: readonly Placed[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const fields = new Map<string, unknown>();
  const metadataEntries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (metadataEntries.length > 0) fields.set(METADATA_KEY, Object.fromEntries(metadataEntries));
  let begin = 0;
  for (const { name, dtype, shape, sizeBytes } of placed) {
    if (fields.has(name) || name === METADATA_KEY) {
      throw new SaraError('INTERNAL', `cannot write ${path}: the name "${name}" is taken`, {
        path,
        tensor: name,
      });
    }
    fields.set(name, { dtype: SAFETENSORS_DTYPE[dtype], shape, data_offsets: [begin, begin + sizeBytes] });
    begin += sizeBytes;
  }
  // Joined by hand: an object would move integer-like names to the front and treat `__proto__` apart.
  const members = Array.from(fields, ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const paddedBytes = Math.ceil(json.byteLength / 8) * 8;
  if (paddedBytes > MAX_HEADER_BYTES) {
    throw new SaraError(
      'INTERNAL',
      `cannot write ${path}: a header of ${paddedBytes} bytes is beyond the format`,
      {
        path,
        headerBytes: paddedBytes,
      },
    );
  }
  const header = new Uint8Array(LENGTH_FIELD_BYTES + paddedBytes).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  header.set(json, LENGTH_FIELD_BYTES);
  return header;
}
