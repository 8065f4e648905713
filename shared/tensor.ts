/**
 * A dense tensor on the host: what crosses every border between parts (engine, wire, files).
 * Row-major, no strides, no views into foreign memory kept by the receiver.
 */
import { SaraError } from './errors.ts';

export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'uint32' | 'uint8' | 'bool';

export const DTYPE_SIZE_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  uint32: 4,
  uint8: 1,
  bool: 1,
};

/** Storage per dtype; half floats travel as their 16-bit patterns. */
export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint32Array | Uint8Array;

export interface Tensor<D extends TensorData = TensorData> {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: D;
}

export type FloatTensor = Tensor<Float32Array>;

/** Product of the dimensions; 1 for a scalar. */
export function numElements(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/**
 * A float32 tensor over `data` (not copied).
 * @throws SaraError INTERNAL when `data.length` is not the product of `shape`
 */
export function floatTensor(shape: readonly number[], data?: Float32Array | readonly number[]): FloatTensor {
  const n = numElements(shape);
  const values =
    data === undefined ? new Float32Array(n) : data instanceof Float32Array ? data : Float32Array.from(data);
  if (values.length !== n) {
    throw new SaraError(
      'INTERNAL',
      `tensor of shape [${shape.join(', ')}] needs ${n} values, got ${values.length}`,
      {
        needed: n,
        got: values.length,
      },
    );
  }
  return { dtype: 'float32', shape: [...shape], data: values };
}

/** An int32 tensor over `data` (not copied). */
export function intTensor(
  shape: readonly number[],
  data: Int32Array | readonly number[],
): Tensor<Int32Array> {
  return {
    dtype: 'int32',
    shape: [...shape],
    data: data instanceof Int32Array ? data : Int32Array.from(data),
  };
}

/**
 * `buffer` as the array type that stores `dtype`, in the host's byte order: little endian on every platform the engines
 * run on, as in the files and on the wire.
 */
export function typedArray(dtype: DType, buffer: ArrayBuffer): TensorData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float16':
    case 'bfloat16':
      return new Uint16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
  }
}
