/**
 * Writes an adapter for other programs: a safetensors file whose metadata hold the hash of its tensors.
 *
 * The hash stands before what it is of, so every tensor is made twice rather than all of them held at once.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { compareNames } from '../../shared/digest.ts';
import { SaraError } from '../../shared/errors.ts';
import { writeSafetensors } from '../../shared/safetensors.ts';
import type { DType, Tensor } from '../../shared/tensor.ts';

/** Element types that other programs read in adapter files. */
export const EXPORT_DTYPES = ['float16', 'bfloat16', 'float32'] as const;
export type ExportDType = (typeof EXPORT_DTYPES)[number];

/** A tensor made when its turn comes; the same at every call. */
export interface ExportTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  load(): Promise<Tensor>;
}

export interface WrittenExport {
  readonly sizeBytes: number;
  readonly numTensors: number;
  /** SHA-256 over the bytes of all tensors as they lie in the file, hex. */
  readonly dataHash: string;
}

/**
 * @param tensors of one element type, so that their order in the file is that of their names
 * @param metadata without the hashes
 * @throws SaraError DISK_WRITE_FAILED; NOT_FINITE when a tensor leaves the range of its type
 */
export async function writeExport(
  path: string,
  tensors: readonly ExportTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<WrittenExport> {
  const ordered = [...tensors].sort((a, b) => compareNames(a.name, b.name));
  const hash = createHash('sha256');
  for (const tensor of ordered) {
    const { name, dtype } = tensor;
    if (dtype !== ordered[0].dtype)
      throw new SaraError('INTERNAL', `${name} is ${dtype}, others ${ordered[0].dtype}`, { tensor: name });
    const { data } = await tensor.load();
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const dataHash = hash.digest('hex');
  await writeSafetensors(path, ordered, {
    ...metadata,
    'modelspec.hash_sha256': `0x${dataHash}`,
    // What kohya's scripts store for A1111, so that it need not read the file to list it.
    sshs_model_hash: dataHash,
  });
  return { sizeBytes: (await stat(path)).size, numTensors: ordered.length, dataHash };
}
