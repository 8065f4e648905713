/**
 * Moves compact vectors between the host and the masked entries of variables, wherever the backend keeps those: what
 * is read is gathered there, what is written scattered there, so no dense tensor crosses.
 *
 * The mask's indices live on the backend, one int32 each, from construction to `dispose`.
 */
import {
  concat1d,
  gather,
  keep,
  mul,
  reshape,
  tensor1d,
  tensorScatterUpdate,
  tidy,
  type Rank,
  type Tensor,
  type Tensor1D,
} from '@tensorflow/tfjs-core';
import { entryView, explicitIndices, type SparseMask } from '../sara/mask.ts';
import type { NamedVariables } from './variables.ts';

export class MaskedVariables {
  readonly #mask: SparseMask;
  readonly #variables: NamedVariables;
  readonly #indices: ReadonlyMap<string, Tensor1D>;

  /** @param variables at least those of the mask */
  constructor(mask: SparseMask, variables: NamedVariables) {
    this.#mask = mask;
    this.#variables = variables;
    this.#indices = new Map(
      // Kept: a model's training step runs inside a tidy, and so does a re-selection that falls into it.
      mask.entries.map((entry) => [entry.name, keep(tensor1d(explicitIndices(entry), 'int32'))]),
    );
  }

  /**
   * Reads the masked entries of `tensors`, in one transfer.
   *
   * @param tensors by the variables' names, of their shapes; may be some of them only
   * @param vector [mask.count] receives them; its elements of other tensors stay
   */
  gather(tensors: ReadonlyMap<string, Tensor>, vector: Float32Array): void {
    const present = this.#mask.entries.filter(({ name }) => tensors.has(name));
    if (present.length === 0) return;
    const joined = tidy(() =>
      concat1d(
        present.map(({ name }) =>
          gather(reshape<Rank.R1>(tensors.get(name)!, [-1]), this.#indices.get(name)!),
        ),
      ),
    );
    const values = joined.dataSync<'float32'>();
    let start = 0;
    for (const entry of present) {
      vector.set(values.subarray(start, start + entry.count), entry.offset);
      start += entry.count;
    }
    joined.dispose();
  }

  /**
   * Gives the masked entries of the variables new values; every other entry keeps its bits.
   *
   * @param vector [mask.count]
   * @param isWritten which variables; the others are left alone
   */
  scatter(vector: Float32Array, isWritten: (name: string) => boolean = () => true): void {
    for (const entry of this.#mask.entries) {
      if (!isWritten(entry.name)) continue;
      const variable = this.#variables.get(entry.name)!;
      tidy(() => {
        // A copy first: tfjs' plain-JS kernel writes into its input's memory, which clones of the variable share.
        // Times 1 changes no bits of an entry that stays: it was at least theta, so neither -0 nor a denormal.
        const copy = mul(reshape(variable, [-1]), 1);
        const indices = reshape(this.#indices.get(entry.name)!, [-1, 1]);
        const updated = tensorScatterUpdate(copy, indices, tensor1d(entryView(entry, vector), 'float32'));
        variable.assign(reshape(updated, variable.shape));
      });
    }
  }

  dispose(): void {
    for (const indices of this.#indices.values()) indices.dispose();
  }
}
