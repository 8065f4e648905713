/**
 * The compact gradient of one step: one vector in mask order, summed over micro-batches.
 *
 * Programs write into it. The first micro-batch of a step needs no other buffer; each further one writes into a second
 * vector, which is then added.
 */
import { weightGradientName } from '../engine/partition.ts';
import { entryView, type SparseMask } from '../sara/mask.ts';

export class GradientAccumulator {
  readonly mask: SparseMask;
  /** Weighted sum of the gradients added so far, [mask.count]; zero where none was. */
  readonly vector: Float32Array;
  /** Made when a second micro-batch comes. */
  #further: Float32Array | null = null;
  /** Tensors that have a gradient in `vector`. */
  readonly #begun = new Set<string>();

  constructor(mask: SparseMask) {
    this.mask = mask;
    this.vector = new Float32Array(mask.count);
  }

  /**
   * Runs a program whose outputs include the gradients of `names` and adds them.
   * @param names tensors, those without a trained entry among them
   * @param weight share of the micro-batch in the global batch
   * @param run fills the buffers it is given, by output name; when it fails, the step must be {@link reset}
   */
  async add<T>(
    names: Iterable<string>,
    weight: number,
    run: (into: ReadonlyMap<string, Float32Array>) => Promise<T>,
  ): Promise<T> {
    const entries = [...names].flatMap((name) => this.mask.get(name) ?? []);
    const into = new Map(
      entries.map((entry) => {
        const target = this.#begun.has(entry.name) ? (this.#further ??= this.#another()) : this.vector;
        return [weightGradientName(entry.name), entryView(entry, target)];
      }),
    );
    const result = await run(into);
    for (const entry of entries) {
      const sum = entryView(entry, this.vector);
      const part = into.get(weightGradientName(entry.name))!;
      if (!this.#begun.has(entry.name)) {
        this.#begun.add(entry.name);
        if (weight !== 1) for (let k = 0; k < sum.length; k++) sum[k] *= weight;
      } else {
        for (let k = 0; k < sum.length; k++) sum[k] += weight * part[k];
      }
    }
    return result;
  }

  reset(): void {
    this.vector.fill(0);
    this.#begun.clear();
  }

  #another(): Float32Array {
    return new Float32Array(this.mask.count);
  }
}
