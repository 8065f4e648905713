/**
 * Trained values as a bundle of tensors, how they leave a stage: per tensor `<name>.values` (float32) and
 * `<name>.indices` (int32, flat, ascending), the latter absent where every entry was trained.
 */
import type { TensorBundle } from '../../shared/actor/protocol.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { entryView, SparseMask, type MaskedVector, type MaskTensor } from '../sara/mask.ts';

const VALUES = '.values';
const INDICES = '.indices';

export function exportBundle(mask: SparseMask, values: Float32Array): TensorBundle {
  const bundle: Record<string, Tensor> = {};
  for (const entry of mask.entries) {
    bundle[entry.name + VALUES] = {
      dtype: 'float32',
      shape: [entry.count],
      data: entryView(entry, values).slice(),
    };
    if (entry.indices !== null)
      bundle[entry.name + INDICES] = { dtype: 'int32', shape: [entry.count], data: entry.indices };
  }
  return bundle;
}

/**
 * @param bundles of all stages
 * @param shapeOf shape of a tensor of the base model
 * @throws SaraError FRAME_INVALID when a tensor's values and indices disagree
 */
export function importBundles(
  bundles: readonly TensorBundle[],
  shapeOf: (name: string) => readonly number[],
): MaskedVector {
  const tensors: MaskTensor[] = [];
  const valuesByName = new Map<string, Float32Array>();
  for (const bundle of bundles) {
    for (const [key, tensor] of Object.entries(bundle)) {
      if (!key.endsWith(VALUES)) continue;
      const name = key.slice(0, -VALUES.length);
      const indices = bundle[name + INDICES] as Tensor | undefined;
      tensors.push({
        name,
        shape: shapeOf(name),
        indices: indices === undefined ? null : (indices.data as Int32Array),
      });
      valuesByName.set(name, tensor.data as Float32Array);
    }
  }
  const mask = SparseMask.of(tensors);
  const vector = new Float32Array(mask.count);
  for (const entry of mask.entries) {
    const values = valuesByName.get(entry.name)!;
    if (values.length !== entry.count) {
      throw new SaraError(
        'FRAME_INVALID',
        `${entry.name}: ${values.length} values for ${entry.count} trained entries`,
        { tensor: entry.name },
      );
    }
    vector.set(values, entry.offset);
  }
  return { mask, vector };
}
