/**
 * Tensors that cross from one thread to another: copied once into memory of their own, then transferred.
 *
 * Never transferred is what somebody still reads, and never cloned a view, for cloning takes the whole buffer behind it
 * along: a tensor of a kilobyte may look into a gigabyte.
 */
import { tensorBytes, type TensorBundle } from '../rpc/tensor-frame.ts';
import { typedArray } from '../tensor.ts';

/** The same tensors, each alone in a buffer of its size. */
export function copyBundle(bundle: TensorBundle): TensorBundle {
  return Object.fromEntries(
    Object.entries(bundle).map(([name, tensor]) => {
      const { dtype, shape } = tensor;
      return [name, { dtype, shape, data: typedArray(dtype, tensorBytes(tensor).slice().buffer) }];
    }),
  );
}

/** What to transfer with a bundle whose tensors are alone in their buffers; it is unusable here afterwards. */
export function buffersOf(bundle: TensorBundle): ArrayBuffer[] {
  return Object.values(bundle).map(({ data }) => data.buffer as ArrayBuffer);
}
