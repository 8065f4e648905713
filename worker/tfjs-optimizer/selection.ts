/**
 * Selection from variables. An optimizer's constructor cannot wait, and the run's selection (sara/selection.ts) does,
 * for it reads files. But to select is to re-select from everything, M' = M and |P| < theta with M all ones, and
 * re-selection is synchronous: so it is that which runs here, one variable at a time.
 */
import { SaraError } from '../../shared/errors.ts';
import { numElements } from '../../shared/tensor.ts';
import { thresholdForFraction as thresholdOfTensors } from '../sara/magnitude-quantile.ts';
import { mergeVectors, SparseMask, type MaskedVector } from '../sara/mask.ts';
import { reselect } from '../sara/reselect.ts';
import { requireFinite, type Selection } from '../sara/selection.ts';
import {
  compileFilter,
  EVERY_TENSOR,
  requireEveryPatternMatches,
  type TensorFilter,
} from '../sara/tensor-filter.ts';
import { TrainableState } from '../sara/trainable-state.ts';
import { namedVariables, readTensors, type NamedVariables, type Trainable } from './variables.ts';

/**
 * @param theta positive; rounded to float32 as in every selection
 * @throws SaraError CONFIG_INVALID when a pattern matches no variable or nothing is selected; NOT_FINITE naming the
 *   variable that holds NaN or infinity
 */
export function selectFromVariables(
  variables: NamedVariables,
  theta: number,
  filter: TensorFilter,
): Selection {
  requireEveryPatternMatches(filter, variables.keys());
  const takesPart = compileFilter(filter);
  const selected: MaskedVector[] = [];
  for (const { name, shape, data } of readTensors(variables)) {
    requireFinite({ name, data });
    if (!takesPart(name)) continue;
    const everything = SparseMask.of([{ name, shape, indices: null }]);
    const { state } = reselect(TrainableState.initial({ mask: everything, values: data }), theta);
    selected.push({ mask: state.activeMask, vector: state.allActiveValues() });
  }
  const { mask, vector } = mergeVectors(selected);
  if (mask.count > 0) return { mask, values: vector };
  throw new SaraError(
    'CONFIG_INVALID',
    `none of the ${countWeights(variables)} weights is below the threshold ${theta}; raise it`,
    { theta },
  );
}

export function countWeights(variables: NamedVariables): number {
  return [...variables.values()].reduce((sum, { shape }) => sum + numElements(shape), 0);
}

/**
 * The threshold below which this share of the weights lies, exactly: for `sara(model, { threshold })`.
 *
 * @param fraction in (0, 1]
 * @param filter the same patterns as the optimizer's
 * @throws SaraError CONFIG_INVALID when the fraction is outside its range, or too many weights are exactly zero
 */
export function thresholdForFraction(
  target: Trainable,
  fraction: number,
  filter: Partial<TensorFilter> = EVERY_TENSOR,
): Promise<number> {
  const variables = namedVariables(target);
  return thresholdOfTensors(() => readTensors(variables), fraction, { ...EVERY_TENSOR, ...filter });
}
