/**
 * Which entries of its tensors a stage trains, and with what values it begins: by magnitude, all, or from a checkpoint.
 *
 * A share of all weights (`sara.fraction`) is exact over stages that see only their own: each counts magnitudes twice,
 * coarsely and then within the bin that matters, and one of them adds the counts up.
 */
import type { SelectionSource } from '../../shared/stage-protocol.ts';
import { readCheckpoint } from '../checkpoint/stage-checkpoint.ts';
import {
  addHistograms,
  histogramLower,
  histogramUpper,
  locateFraction,
  thresholdFromHistograms,
} from '../sara/magnitude-quantile.ts';
import { selectAll, selectByThreshold, type NamedTensor } from '../sara/selection.ts';
import { TrainableState } from '../sara/trainable-state.ts';
import type { TrainingSetup } from './stage-setup.ts';

/** What a stage begins to train with. */
export interface StageSelection {
  readonly state: TrainableState;
  /** Average of the values over steps, [initialMask.count]; null unless optimizer.ema.decay is set. */
  readonly average: Float32Array | null;
  /** |w| below which entries were selected; null where every entry is trained. */
  readonly threshold: number | null;
  /** Updates applied. */
  readonly step: number;
}

/** Counts of |w| over the stage's tensors: by upper bits, or within `upperBin` by lower bits. */
export function countMagnitudes(setup: TrainingSetup, upperBin: number | null): Promise<Float64Array> {
  const tensors = baseTensors(setup);
  return upperBin === null
    ? histogramUpper(tensors, setup.filter)
    : histogramLower(tensors, upperBin, setup.filter);
}

/**
 * @param upper counts of every stage by upper bits
 * @param lower the same within the bin that this gives first; empty to ask for that bin
 */
export function locateThreshold(
  fraction: number,
  upper: readonly Float64Array[],
  lower: readonly Float64Array[],
): { upperBin: number | null; threshold: number | null } {
  const position = locateFraction(addHistograms(upper), fraction);
  return {
    upperBin: position.upperBin,
    threshold: lower.length === 0 ? null : thresholdFromHistograms(position, addHistograms(lower)),
  };
}

/** @throws SaraError of readCheckpoint, when that is the source */
export async function selectEntries(setup: TrainingSetup, source: SelectionSource): Promise<StageSelection> {
  const { filter, names, baseHash, config } = setup;
  const isAveraged = config.optimizer.ema.decay !== null;
  switch (source.kind) {
    case 'threshold': {
      const { threshold } = source;
      const state = TrainableState.initial(await selectByThreshold(baseTensors(setup), threshold, filter));
      return { state, average: isAveraged ? state.values.slice() : null, threshold, step: 0 };
    }
    case 'everything': {
      const state = TrainableState.initial(await selectAll(baseTensors(setup), filter));
      return { state, average: isAveraged ? state.values.slice() : null, threshold: null, step: 0 };
    }
    case 'checkpoint': {
      const { files, threshold } = source;
      const loaded = await readCheckpoint(files, { baseHash, owns: (name) => names.has(name) });
      const average = loaded.average ?? (isAveraged ? loaded.state.values.slice() : null);
      return { ...loaded, average, threshold };
    }
  }
}

/** Base values of the stage's tensors, one at a time, as float32. */
async function* baseTensors({ names, base }: TrainingSetup): AsyncGenerator<NamedTensor> {
  for (const name of names) {
    const shape = base.entries.get(name)?.shape ?? [];
    yield { name, shape, data: await base.read(name) };
  }
}
