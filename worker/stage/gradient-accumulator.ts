/**
 * The compact gradient of one step: one vector in mask order, summed over micro-batches.
 */
import type { Tensor } from '../../shared/tensor.ts';
import { weightGradientName } from '../engine/partition.ts';
import { entryView, type SparseMask } from '../sara/mask.ts';

export class GradientAccumulator {
  readonly mask: SparseMask;
  /** Sum of `weight` times the gradients added so far; [mask.count]. */
  readonly vector: Float32Array;

  constructor(mask: SparseMask) {
    this.mask = mask;
    this.vector = new Float32Array(mask.count);
  }

  /**
   * Adds what one run of a backward program gave.
   * @param outputs the program's outputs; tensors of other segments are absent
   * @param weight share of the micro-batch in the global batch
   */
  add(outputs: Readonly<Record<string, Tensor>>, weight: number): void {
    for (const entry of this.mask.entries) {
      const output = outputs[weightGradientName(entry.name)] as Tensor | undefined;
      if (output === undefined) continue;
      const sum = entryView(entry, this.vector);
      const part = output.data as Float32Array;
      for (let k = 0; k < sum.length; k++) sum[k] += weight * part[k];
    }
  }

  reset(): void {
    this.vector.fill(0);
  }
}
