/**
 * Which entries of which tensors are trained.
 *
 * A mask lists, per tensor and in name order, the ascending flat indices of its trained entries. Every compact
 * vector of a run (values, gradients, moments) has one element per listed entry in exactly this order, so the
 * vectors travel without indices and the mask's digest proves that two processes mean the same entries.
 */
import { compareNames, maskDigest } from '../../shared/digest.ts';
import { SaraError } from '../../shared/errors.ts';
import { numElements } from '../../shared/tensor.ts';

/** Trained entries of one tensor. */
export interface MaskTensor {
  /** diffusers key, e.g. `mid_block.attentions.0.proj_in.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Ascending flat row-major indices; null means every entry (method `full`). */
  readonly indices: Int32Array | null;
}

/** A tensor's part of the mask and of every compact vector: elements [offset, offset + count). */
export interface MaskEntry extends MaskTensor {
  readonly offset: number;
  readonly count: number;
}

/** Flat indices are kept as int32, which is what gather and scatter kernels take. */
const MAX_TENSOR_ELEMENTS = 2 ** 31 - 1;

export class SparseMask {
  /** Sorted by name; tensors without a trained entry are left out. */
  readonly entries: readonly MaskEntry[];
  /** Length of the compact vectors. */
  readonly count: number;
  readonly #byName: ReadonlyMap<string, MaskEntry>;
  #digest: string | undefined;

  private constructor(entries: readonly MaskEntry[], count: number) {
    this.entries = entries;
    this.count = count;
    this.#byName = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /**
   * @param tensors in any order; index arrays are kept, not copied
   * @throws SaraError INTERNAL when a name repeats, or indices are not ascending within the tensor
   */
  static of(tensors: Iterable<MaskTensor>): SparseMask {
    const entries: MaskEntry[] = [];
    let offset = 0;
    for (const { name, shape, indices } of [...tensors].sort((a, b) => compareNames(a.name, b.name))) {
      const count = indices === null ? numElements(shape) : indices.length;
      if (entries.at(-1)?.name === name)
        throw new SaraError('INTERNAL', `tensor ${name} is masked twice`, { tensor: name });
      requireAscending(name, shape, indices);
      if (count === 0) continue;
      entries.push({ name, shape: [...shape], indices, offset, count });
      offset += count;
    }
    return new SparseMask(entries, offset);
  }

  /** The masks of disjoint shards as one. @throws SaraError INTERNAL when two shards hold the same tensor */
  static merge(shards: Iterable<SparseMask>): SparseMask {
    return SparseMask.of([...shards].flatMap((shard) => shard.entries));
  }

  /** SHA-256 over names, shapes and indices, hex; computed at first use. @see maskDigest in shared/digest.ts */
  get digest(): string {
    return (this.#digest ??= maskDigest(this.entries));
  }

  get(name: string): MaskEntry | undefined {
    return this.#byName.get(name);
  }

  /** The part of the mask whose tensors `owns` accepts. */
  shard(owns: (name: string) => boolean): SparseMask {
    return SparseMask.of(this.entries.filter((entry) => owns(entry.name)));
  }
}

/** The tensor's elements of a compact vector, as a view. */
export function entryView<T extends Float32Array | Int32Array>(entry: MaskEntry, vector: T): T {
  return vector.subarray(entry.offset, entry.offset + entry.count) as T;
}

/** A compact vector and the mask that orders it. */
export interface MaskedVector {
  readonly mask: SparseMask;
  readonly vector: Float32Array;
}

/** The elements of `whole` that belong to `shard`, in the shard's order. */
export function sliceVector(whole: MaskedVector, shard: SparseMask): Float32Array {
  const vector = new Float32Array(shard.count);
  for (const entry of shard.entries)
    vector.set(entryView(requireEntry(whole.mask, entry), whole.vector), entry.offset);
  return vector;
}

/** The vectors of disjoint shards in the order of their merged mask. */
export function mergeVectors(shards: readonly MaskedVector[]): MaskedVector {
  const mask = SparseMask.merge(shards.map((shard) => shard.mask));
  const vector = new Float32Array(mask.count);
  for (const shard of shards) {
    for (const entry of shard.mask.entries) {
      vector.set(entryView(entry, shard.vector), requireEntry(mask, entry).offset);
    }
  }
  return { mask, vector };
}

/** Flat index within the tensor of the entry's k-th element. */
export function flatIndex(entry: MaskTensor, k: number): number {
  return entry.indices === null ? k : entry.indices[k];
}

/** The entry's indices as an array, also where the mask means every element. */
export function explicitIndices(entry: MaskEntry): Int32Array {
  return entry.indices ?? Int32Array.from({ length: entry.count }, (_, k) => k);
}

function requireAscending(name: string, shape: readonly number[], indices: Int32Array | null): void {
  const size = numElements(shape);
  if (size > MAX_TENSOR_ELEMENTS) {
    throw new SaraError(
      'INTERNAL',
      `tensor ${name} has ${size} elements, flat indices reach ${MAX_TENSOR_ELEMENTS}`,
      { tensor: name, size },
    );
  }
  if (indices === null) return;
  let previous = -1;
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k];
    if (index <= previous || index >= size) {
      throw new SaraError(
        'INTERNAL',
        `mask of ${name}: index ${index} after ${previous}, below ${size} expected`,
        { tensor: name, index, size },
      );
    }
    previous = index;
  }
}

function requireEntry(mask: SparseMask, wanted: MaskEntry): MaskEntry {
  const entry = mask.get(wanted.name);
  if (entry?.count !== wanted.count) {
    throw new SaraError(
      'INTERNAL',
      `masks differ at ${wanted.name}: ${entry?.count ?? 0} and ${wanted.count} entries`,
      { tensor: wanted.name },
    );
  }
  return entry;
}
