/** New weights in the element type their file stores. */
import { SaraError } from '../../shared/errors.ts';
import { encodeBfloat16, encodeFloat16 } from '../../shared/half.ts';
import type { DType } from '../../shared/tensor.ts';

/**
 * @param kind of weights, for the message: merged, trained
 * @param advice what to do when a value does not fit, ending the message
 * @throws SaraError NOT_FINITE naming the tensor when a value is not finite in `dtype`
 */
export function encodeWeights(
  { name, dtype }: { readonly name: string; readonly dtype: DType },
  values: Float32Array,
  kind: string,
  advice: string,
): Float32Array | Uint16Array {
  const infinity = dtype === 'float16' ? 0x7c00 : 0x7f80;
  const encoded =
    dtype === 'float16' ? encodeFloat16(values) : dtype === 'bfloat16' ? encodeBfloat16(values) : values;
  const isSound =
    encoded instanceof Float32Array
      ? encoded.every(Number.isFinite)
      : encoded.every((bits) => (bits & infinity) !== infinity);
  if (isSound) return encoded;
  throw new SaraError('NOT_FINITE', `${kind} weights of ${name} leave the range of ${dtype}; ${advice}`, {
    tensor: name,
    dtype,
  });
}
