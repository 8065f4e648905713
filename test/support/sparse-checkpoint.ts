/**
 * A safetensors file of any size that takes no room on disk: a true header over zeros that were never written. Enough
 * for everything that is told from names, shapes and a few values.
 */
import { open } from 'node:fs/promises';
import { SAFETENSORS_DTYPE } from '../../shared/safetensors.ts';
import { DTYPE_SIZE_BYTES, numElements, type DType } from '../../shared/tensor.ts';

const LENGTH_FIELD_BYTES = 8;

export interface SparseTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Written where given; zeros otherwise. */
  readonly values?: Float32Array;
}

/** @returns size of the file in bytes */
export async function writeSparseCheckpoint(
  path: string,
  tensors: readonly SparseTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<number> {
  const fields: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  const values: { readonly at: number; readonly data: Float32Array }[] = [];
  for (const { name, shape, dtype, values: data } of tensors) {
    const begin = end;
    end += numElements(shape) * DTYPE_SIZE_BYTES[dtype];
    fields[name] = { dtype: SAFETENSORS_DTYPE[dtype], shape, data_offsets: [begin, end] };
    if (data !== undefined) values.push({ at: begin, data });
  }
  const json = Buffer.from(JSON.stringify(fields));
  const lengthField = Buffer.alloc(LENGTH_FIELD_BYTES);
  lengthField.writeBigUInt64LE(BigInt(json.byteLength));
  const start = LENGTH_FIELD_BYTES + json.byteLength;
  const file = await open(path, 'w');
  try {
    await file.write(lengthField);
    await file.write(json);
    await file.truncate(start + end);
    for (const { at, data } of values)
      await file.write(new Uint8Array(data.buffer), 0, data.byteLength, start + at);
  } finally {
    await file.close();
  }
  return start + end;
}
