/**
 * Everything a shard trains and keeps, as compact vectors; frozen weights are no part of it.
 *
 *   initialMask   M, chosen once at the start: what the adapter will hold
 *   values        current values of all of M
 *   activeMask    the part of M that still trains; M itself before the first re-selection
 *   moments       of the active entries only
 *
 * Entries of M that were released by a re-selection keep their last value: they shape the forward pass and are
 * part of the adapter, but have no gradient, no moments and no weight decay.
 */
import { SaraError } from '../../shared/errors.ts';
import { zeroMoments, type Moments } from '../optim/adamw.ts';
import { entryView, flatIndex, mergeVectors, sliceVector, type MaskEntry, type SparseMask } from './mask.ts';
import type { Selection } from './selection.ts';

/** What a state is made of, and what a checkpoint stores; the rest follows from it. */
export interface TrainableParts {
  readonly initialMask: SparseMask;
  /** [initialMask.count], changed in place by the optimizer. */
  readonly values: Float32Array;
  readonly activeMask: SparseMask;
  /** [activeMask.count] each, changed in place by the optimizer. */
  readonly moments: Moments;
  /** How often M has been narrowed: the `stage` of adapters and checkpoints. */
  readonly numReselections: number;
}

export class TrainableState implements TrainableParts {
  readonly initialMask: SparseMask;
  readonly values: Float32Array;
  readonly activeMask: SparseMask;
  readonly moments: Moments;
  readonly numReselections: number;
  /** Where active entry j lies in `values`; null while all of M is active, when j is the place itself. */
  readonly activePositions: Int32Array | null;

  /** @throws SaraError INTERNAL when a vector's length is not its mask's, or the active mask leaves the initial one */
  constructor(parts: TrainableParts) {
    this.initialMask = parts.initialMask;
    this.values = parts.values;
    this.activeMask = parts.activeMask;
    this.moments = parts.moments;
    this.numReselections = parts.numReselections;
    requireLength('values', parts.values, parts.initialMask);
    requireLength('first moments', parts.moments.first, parts.activeMask);
    requireLength('second moments', parts.moments.second, parts.activeMask);
    this.activePositions = positionsWithin(parts.initialMask, parts.activeMask);
  }

  /** The state before step 0: every selected entry active, at its base value. */
  static initial({ mask, values }: Selection): TrainableState {
    return new TrainableState({
      initialMask: mask,
      values,
      activeMask: mask,
      moments: zeroMoments(mask.count),
      numReselections: 0,
    });
  }

  /** The states of disjoint shards as one. @throws SaraError INTERNAL when they were narrowed unequally often */
  static merge(shards: readonly TrainableState[]): TrainableState {
    const numReselections = shards[0].numReselections;
    if (shards.some((shard) => shard.numReselections !== numReselections)) {
      const stages = shards.map((shard) => shard.numReselections).join(', ');
      throw new SaraError('INTERNAL', `shards of different stages cannot be one state: ${stages}`, {
        stages,
      });
    }
    const initial = mergeVectors(
      shards.map(({ initialMask, values }) => ({ mask: initialMask, vector: values })),
    );
    const first = mergeVectors(
      shards.map(({ activeMask, moments }) => ({ mask: activeMask, vector: moments.first })),
    );
    const second = mergeVectors(
      shards.map(({ activeMask, moments }) => ({ mask: activeMask, vector: moments.second })),
    );
    return new TrainableState({
      initialMask: initial.mask,
      values: initial.vector,
      activeMask: first.mask,
      moments: { first: first.vector, second: second.vector },
      numReselections,
    });
  }

  /** The part whose tensors `owns` accepts, with vectors of its own: a run may resume on other shards. */
  shard(owns: (name: string) => boolean): TrainableState {
    const initialMask = this.initialMask.shard(owns);
    const activeMask = this.activeMask.shard(owns);
    const ofActive = (vector: Float32Array): Float32Array =>
      sliceVector({ mask: this.activeMask, vector }, activeMask);
    return new TrainableState({
      initialMask,
      values: sliceVector({ mask: this.initialMask, vector: this.values }, initialMask),
      activeMask,
      moments: { first: ofActive(this.moments.first), second: ofActive(this.moments.second) },
      numReselections: this.numReselections,
    });
  }

  /** Current values of one tensor's active entries, in mask order; a copy. */
  activeValues(entry: MaskEntry): Float32Array {
    if (this.activePositions === null) return entryView(entry, this.values).slice();
    return gatherAt(this.values, entryView(entry, this.activePositions));
  }

  /** Current values of all active entries, in mask order; a copy. */
  allActiveValues(): Float32Array {
    return this.activePositions === null ? this.values.slice() : gatherAt(this.values, this.activePositions);
  }
}

function gatherAt(values: Float32Array, positions: Int32Array): Float32Array {
  const gathered = new Float32Array(positions.length);
  for (let j = 0; j < positions.length; j++) gathered[j] = values[positions[j]];
  return gathered;
}

function requireLength(what: string, vector: Float32Array, mask: SparseMask): void {
  if (vector.length === mask.count) return;
  throw new SaraError('INTERNAL', `${what}: ${vector.length} elements for a mask of ${mask.count}`, {
    what,
    length: vector.length,
    count: mask.count,
  });
}

/** Place in the vector of `whole` of every entry of `part`; null when they hold the same entries. */
function positionsWithin(whole: SparseMask, part: SparseMask): Int32Array | null {
  if (whole === part) return null;
  const positions = new Int32Array(part.count);
  for (const entry of part.entries) {
    const outer = whole.get(entry.name);
    let k = 0;
    for (let j = 0; j < entry.count; j++) {
      const index = flatIndex(entry, j);
      while (outer !== undefined && k < outer.count && flatIndex(outer, k) < index) k++;
      if (outer === undefined || k === outer.count || flatIndex(outer, k) !== index) {
        throw new SaraError('INTERNAL', `entry ${index} of ${entry.name} is active but was never selected`, {
          tensor: entry.name,
          index,
        });
      }
      positions[entry.offset + j] = outer.offset + k;
    }
  }
  return part.count === whole.count ? null : positions;
}
