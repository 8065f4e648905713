/**
 * What fine-tuning leaves: at every entry of the mask, the trained value minus the base value. Strength and
 * merging are arithmetic on these differences: P = P0 + a1 dP1 + a2 dP2 + ...
 *
 * Leaves the file to adapter-file.ts and whole models to ../export/.
 *
 * @see Hu et al., "SaRA", arXiv 2409.06633, appendices F and G
 */
import { SaraError } from '../../shared/errors.ts';
import {
  entryView,
  explicitIndices,
  SparseMask,
  type MaskedVector,
  type MaskEntry,
  type MaskTensor,
} from './mask.ts';

/** Where an adapter comes from. */
export interface AdapterMetadata {
  /** SHA-256 of the base UNet's weights, hex. @see baseModelHash in shared/digest.ts */
  readonly baseModelHash: string;
  /** Threshold theta of the selection, also where it followed from a fraction. */
  readonly threshold: number;
  /** The fraction asked for; null when the threshold was given. */
  readonly fraction: number | null;
  /** How often the mask had been narrowed. */
  readonly stage: number;
  /** Updates applied. */
  readonly step: number;
  /** lambda_rank. */
  readonly rankWeight: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  readonly seed: bigint;
  /** Trained under the base's noise schedule rescaled to zero terminal SNR, which it is then to be sampled under. */
  readonly zeroTerminalSnr: boolean;
  /** Version of this software. */
  readonly toolVersion: string;
}

export interface Adapter {
  /** The initial mask: released entries are part of the adapter too. */
  readonly mask: SparseMask;
  /** [mask.count] trained value minus base value. */
  readonly deltas: Float32Array;
  readonly metadata: AdapterMetadata;
}

/**
 * @param values trained values, or their moving average, in mask order
 * @param baseValues the base model's values at the same entries
 * @throws SaraError NOT_FINITE naming the tensor when training left NaN or infinity
 */
export function makeAdapter(
  mask: SparseMask,
  values: Float32Array,
  baseValues: Float32Array,
  metadata: AdapterMetadata,
): Adapter {
  const deltas = values.map((value, i) => value - baseValues[i]);
  for (const entry of mask.entries) {
    if (entryView(entry, deltas).every(Number.isFinite)) continue;
    throw new SaraError(
      'NOT_FINITE',
      `the trained values of ${entry.name} are not finite; nothing was saved`,
      { tensor: entry.name },
    );
  }
  return { mask, deltas, metadata };
}

/** An adapter and how much of it to apply. */
export interface WeightedAdapter {
  readonly adapter: Adapter;
  /** alpha, in [0, 2]; 1 is the model as trained. */
  readonly strength: number;
}

/** Beyond twice the trained change the paper shows no use, and images break. */
export const MAX_STRENGTH = 2;

/**
 * The sum of the adapters' differences, each times its strength, over the union of their masks.
 *
 * @throws SaraError CONFIG_INVALID when a strength lies outside [0, 2] or no adapter is given; ADAPTER_MISMATCH when
 *   two adapters belong to different base models
 */
export function combineAdapters(weighted: readonly WeightedAdapter[]): MaskedVector {
  if (weighted.length === 0) throw new SaraError('CONFIG_INVALID', 'no adapter was given to combine');
  const hash = weighted[0].adapter.metadata.baseModelHash;
  for (const { adapter, strength } of weighted) {
    if (!(strength >= 0 && strength <= MAX_STRENGTH)) {
      throw new SaraError(
        'CONFIG_INVALID',
        `the adapter's strength is ${strength}; it must lie in 0 .. ${MAX_STRENGTH}`,
        { strength },
      );
    }
    if (adapter.metadata.baseModelHash !== hash) {
      throw new SaraError(
        'ADAPTER_MISMATCH',
        `the adapters belong to different base models: ${hash} and ${adapter.metadata.baseModelHash}`,
        { first: hash, other: adapter.metadata.baseModelHash },
      );
    }
  }
  return weighted.map(scaled).reduce(addMasked);
}

/**
 * Adds the differences of one tensor to its base values, in place.
 *
 * @param base every element of tensor `name`, row-major
 * @returns whether the differences touch this tensor
 */
export function applyDeltas(name: string, base: Float32Array, { mask, vector }: MaskedVector): boolean {
  const entry = mask.get(name);
  if (entry === undefined) return false;
  const deltas = entryView(entry, vector);
  for (let k = 0; k < entry.count; k++) base[entry.indices === null ? k : entry.indices[k]] += deltas[k];
  return true;
}

function scaled({ adapter, strength }: WeightedAdapter): MaskedVector {
  return { mask: adapter.mask, vector: adapter.deltas.map((delta) => strength * delta) };
}

function addMasked(a: MaskedVector, b: MaskedVector): MaskedVector {
  const names = new Set([...a.mask.entries, ...b.mask.entries].map((entry) => entry.name));
  const sums = new Map<string, Float32Array>();
  const tensors: MaskTensor[] = [];
  for (const name of names) {
    const ofA = a.mask.get(name);
    const ofB = b.mask.get(name);
    const shape = (ofA ?? ofB)?.shape ?? [];
    const { indices, values } = addSparse(sparse(ofA, a.vector), sparse(ofB, b.vector));
    tensors.push({ name, shape, indices });
    sums.set(name, values);
  }
  const mask = SparseMask.of(tensors);
  const vector = new Float32Array(mask.count);
  for (const entry of mask.entries) vector.set(sums.get(entry.name) ?? [], entry.offset);
  return { mask, vector };
}

interface SparseValues {
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

function sparse(entry: MaskEntry | undefined, vector: Float32Array): SparseValues {
  if (entry === undefined) return { indices: new Int32Array(0), values: new Float32Array(0) };
  return { indices: explicitIndices(entry), values: entryView(entry, vector) };
}

/** Merge of two ascending index lists; values of an index in both are added. */
function addSparse(a: SparseValues, b: SparseValues): SparseValues {
  const indices = new Int32Array(a.indices.length + b.indices.length);
  const values = new Float32Array(indices.length);
  let n = 0;
  for (let i = 0, j = 0; i < a.indices.length || j < b.indices.length; n++) {
    const index = Math.min(a.indices[i] ?? Infinity, b.indices[j] ?? Infinity);
    indices[n] = index;
    let sum = 0;
    if (a.indices[i] === index) sum += a.values[i++];
    if (b.indices[j] === index) sum += b.values[j++];
    values[n] = sum;
  }
  return { indices: indices.slice(0, n), values: values.slice(0, n) };
}
