/**
 * Progressive adjustment: M' = M and |P| < theta. Entries that have grown past the threshold have learnt their
 * part and stop training at their value; the others go on with their moments, their bias correction and the
 * learning rate as if nothing had happened.
 *
 * @see Hu et al., "SaRA", arXiv 2409.06633, sections 3.2 and 4.3
 */
import { SaraError } from '../../shared/errors.ts';
import { zeroMoments } from '../optim/adamw.ts';
import { flatIndex, SparseMask, type MaskedVector, type MaskEntry } from './mask.ts';
import { requireThreshold } from './selection.ts';
import { TrainableState } from './trainable-state.ts';

/** What becomes of the kept entries' moments: `keep` compacts them, `reset` starts them at zero. */
export type ReselectMoments = 'keep' | 'reset';

export interface Reselection {
  readonly state: TrainableState;
  /** The entries that stop training, with the values they keep. */
  readonly released: MaskedVector;
}

/**
 * Narrows the active mask. Pure: the given state is left as it is, though both share `values`, which does not
 * change; nothing is lost when the run decides not to switch.
 *
 * @param theta as at the first selection; rounded to float32 as there
 * @throws SaraError NOT_FINITE when an active value is NaN or infinite; CONFIG_INVALID for a bad threshold
 */
export function reselect(
  state: TrainableState,
  theta: number,
  moments: ReselectMoments = 'keep',
): Reselection {
  requireThreshold(theta);
  const active = state.allActiveValues();
  const small = flagsBelow(state.activeMask, active, Math.fround(theta));
  const activeMask = narrowMask(state.activeMask, small, 1);
  return {
    state: new TrainableState({
      initialMask: state.initialMask,
      values: state.values,
      activeMask,
      moments:
        moments === 'reset'
          ? zeroMoments(activeMask.count)
          : {
              first: narrowVector(state.moments.first, small, 1),
              second: narrowVector(state.moments.second, small, 1),
            },
      numReselections: state.numReselections + 1,
    }),
    released: { mask: narrowMask(state.activeMask, small, 0), vector: narrowVector(active, small, 0) },
  };
}

/** @returns 1 where the value's magnitude is below `limit`, else 0; in mask order */
function flagsBelow(mask: SparseMask, values: Float32Array, limit: number): Uint8Array {
  const flags = new Uint8Array(values.length);
  for (const entry of mask.entries) {
    for (let place = entry.offset; place < entry.offset + entry.count; place++) {
      if (!Number.isFinite(values[place])) throw notFinite(entry, place - entry.offset, values[place]);
      if (Math.abs(values[place]) < limit) flags[place] = 1;
    }
  }
  return flags;
}

/** The entries whose flag is `wanted`. */
function narrowMask(mask: SparseMask, flags: Uint8Array, wanted: 0 | 1): SparseMask {
  return SparseMask.of(
    mask.entries.map((entry) => {
      const own = flags.subarray(entry.offset, entry.offset + entry.count);
      const indices = new Int32Array(countEqual(own, wanted));
      for (let k = 0, j = 0; j < indices.length; k++)
        if (own[k] === wanted) indices[j++] = flatIndex(entry, k);
      return { name: entry.name, shape: entry.shape, indices };
    }),
  );
}

/** The elements whose flag is `wanted`. */
function narrowVector(vector: Float32Array, flags: Uint8Array, wanted: 0 | 1): Float32Array {
  const narrowed = new Float32Array(countEqual(flags, wanted));
  for (let place = 0, j = 0; j < narrowed.length; place++)
    if (flags[place] === wanted) narrowed[j++] = vector[place];
  return narrowed;
}

function countEqual(flags: Uint8Array, wanted: 0 | 1): number {
  let numOnes = 0;
  for (let i = 0; i < flags.length; i++) numOnes += flags[i];
  return wanted === 1 ? numOnes : flags.length - numOnes;
}

function notFinite(entry: MaskEntry, k: number, value: number): SaraError {
  return new SaraError('NOT_FINITE', `entry ${flatIndex(entry, k)} of ${entry.name} has become ${value}`, {
    tensor: entry.name,
    index: flatIndex(entry, k),
    value: String(value),
  });
}
