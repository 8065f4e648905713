/**
 * An adapter as LyCORIS' algorithm `full` stores it: the change of every module, dense, under `.diff` and `.diff_b`.
 * Nothing is lost but what the element type rounds; the file is as large as the modules it changes.
 *
 * Norm layers are written so too. LyCORIS itself calls theirs `.w_norm` and `.b_norm`, but both user interfaces read
 * `.diff` there, and versions of A1111 that know no norms refuse a whole file for the other names. It reads a bias
 * only beside a weight, so a module whose bias alone changed has a `.diff` of zeros.
 */
import { SaraError } from '../../shared/errors.ts';
import { numElements } from '../../shared/tensor.ts';
import { applyDeltas } from '../sara/adapter.ts';
import { encodeWeights } from '../sara/encode-weights.ts';
import type { MaskedVector } from '../sara/mask.ts';
import type { BaseUNet } from './base-unet.ts';
import type { ExportDType, ExportTensor } from './export-file.ts';
import { diffNames, parameterPlace } from './key-names.ts';
import type { NetworkKind } from './export-metadata.ts';

export const FULL_DIFF_NETWORK: NetworkKind = {
  module: 'lycoris.kohya',
  rank: null,
  args: { algo: 'full', preset: 'full' },
};

/** @returns tensors in no particular order; each is made dense only when loaded */
export function fullDiffTensors(base: BaseUNet, deltas: MaskedVector, dtype: ExportDType): ExportTensor[] {
  const changed = new Set(deltas.mask.entries.map(({ name }) => name));
  const weights = new Set([...changed].map((name) => `${parameterPlace(name).module}.weight`));
  return [...new Set([...weights, ...changed])].map((name) => {
    const { module, kind } = parameterPlace(name);
    const shape = base.files.entries.get(name)?.shape;
    if (shape === undefined)
      throw new SaraError('MODEL_UNSUPPORTED', `${module} has a bias and no weight; its change has no name`, {
        module,
      });
    return {
      name: diffNames(base.config, module)[kind],
      dtype,
      shape,
      load: () => {
        const dense = new Float32Array(numElements(shape));
        applyDeltas(name, dense, deltas);
        const data = encodeWeights({ name, dtype }, dense, 'exported', 'choose float32, or a lower strength');
        return Promise.resolve({ dtype, shape, data });
      },
    };
  });
}
