/**
 * Selects what is trained: the entries of smallest magnitude, |p| < theta, over every tensor of the UNet.
 *
 * @see Hu et al., "SaRA", arXiv 2409.06633, sections 3.1 and 3.2, equations 2 and 3
 */
import { SaraError } from '../../shared/errors.ts';
import { SparseMask, type MaskTensor } from './mask.ts';
import { compileFilter, EVERY_TENSOR, type TensorFilter } from './tensor-filter.ts';

/** A parameter's values as float32, whatever the stored type. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Tensors in any order, one at a time: a shard's weights need not be held at once. */
export type TensorSequence = Iterable<NamedTensor> | AsyncIterable<NamedTensor>;

export interface Selection {
  readonly mask: SparseMask;
  /** The selected entries' values in mask order, with their signs: step 0 is the base model exactly. */
  readonly values: Float32Array;
}

/**
 * Every entry with |p| < theta, strictly. theta is rounded to float32 first, as PyTorch does when it compares a
 * float32 tensor with a number, so that both draw the same line.
 *
 * @param theta positive and finite
 * @throws SaraError CONFIG_INVALID when theta is not; NOT_FINITE naming the tensor when the base model holds NaN
 *   or infinity
 */
export async function selectByThreshold(
  tensors: TensorSequence,
  theta: number,
  filter: TensorFilter = EVERY_TENSOR,
): Promise<Selection> {
  requireThreshold(theta);
  const limit = Math.fround(theta);
  return select(tensors, filter, (data) => indicesBelow(data, limit));
}

/** Every entry of every tensor: method `full`. @throws SaraError NOT_FINITE as {@link selectByThreshold} */
export async function selectAll(
  tensors: TensorSequence,
  filter: TensorFilter = EVERY_TENSOR,
): Promise<Selection> {
  return select(tensors, filter, () => null);
}

/**
 * The values a known mask picks from other tensors: the base values of a resumed run or of a saved adapter.
 *
 * @param tensors at least those of the mask
 * @returns [mask.count] in mask order
 * @throws SaraError INTERNAL when a masked tensor is missing or has another shape
 */
export async function gatherMasked(tensors: TensorSequence, mask: SparseMask): Promise<Float32Array> {
  const values = new Float32Array(mask.count);
  let numSeen = 0;
  for await (const { name, shape, data } of tensors) {
    const entry = mask.get(name);
    if (entry === undefined) continue;
    if (shape.join() !== entry.shape.join()) {
      throw new SaraError(
        'INTERNAL',
        `${name} is [${shape.join(', ')}], its mask was made for [${entry.shape.join(', ')}]`,
        { tensor: name },
      );
    }
    values.set(entry.indices === null ? data : gather(data, entry.indices), entry.offset);
    numSeen++;
  }
  if (numSeen === mask.entries.length) return values;
  throw new SaraError(
    'INTERNAL',
    `the mask lists ${mask.entries.length} tensors, ${numSeen} of them were given`,
    {
      numMasked: mask.entries.length,
      numSeen,
    },
  );
}

/** @throws SaraError CONFIG_INVALID unless theta is positive and finite */
export function requireThreshold(theta: number): void {
  if (theta > 0 && Number.isFinite(theta)) return;
  throw new SaraError('CONFIG_INVALID', `the selection threshold is ${theta}; it must be a positive number`, {
    theta,
  });
}

/** @throws SaraError NOT_FINITE naming the tensor and the entry */
export function requireFinite({ name, data }: Pick<NamedTensor, 'name' | 'data'>): void {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * 0; // NaN as soon as one is not finite; far faster than asking each
  if (sum === 0) return;
  const at = data.findIndex((p) => !Number.isFinite(p));
  throw new SaraError(
    'NOT_FINITE',
    `tensor ${name} holds ${data[at]} at flat index ${at}; the model cannot be trained from there`,
    {
      tensor: name,
      index: at,
      value: String(data[at]),
    },
  );
}

async function select(
  tensors: TensorSequence,
  filter: TensorFilter,
  choose: (data: Float32Array) => Int32Array | null,
): Promise<Selection> {
  const takesPart = compileFilter(filter);
  const chosen: MaskTensor[] = [];
  const valuesByName = new Map<string, Float32Array>();
  for await (const tensor of tensors) {
    requireFinite(tensor);
    if (!takesPart(tensor.name)) continue;
    const indices = choose(tensor.data);
    chosen.push({ name: tensor.name, shape: tensor.shape, indices });
    valuesByName.set(tensor.name, indices === null ? tensor.data.slice() : gather(tensor.data, indices));
  }
  const mask = SparseMask.of(chosen);
  const values = new Float32Array(mask.count);
  for (const { name, offset } of mask.entries) values.set(valuesByName.get(name) ?? [], offset);
  return { mask, values };
}

function indicesBelow(data: Float32Array, limit: number): Int32Array {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (Math.abs(data[i]) < limit) count++;
  const indices = new Int32Array(count);
  for (let i = 0, k = 0; k < count; i++) if (Math.abs(data[i]) < limit) indices[k++] = i;
  return indices;
}

function gather(data: Float32Array, indices: Int32Array): Float32Array {
  const values = new Float32Array(indices.length);
  for (let k = 0; k < indices.length; k++) values[k] = data[indices[k]];
  return values;
}
