/**
 * Puts the trained values where the engine reads them.
 *
 * `in-place`: every tensor with a trained entry has a float32 buffer that each run reads without a copy; after an
 * update only the changed entries are written. `scatter`: the graph scatters the compact vector itself, for devices
 * with memory of their own. Tensors without a trained entry stay frozen in their file either way.
 */
import { SaraError } from '../../shared/errors.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { entryView, explicitIndices, type MaskEntry, type SparseMask } from '../sara/mask.ts';
import type { TrainableState } from '../sara/trainable-state.ts';
import type { WeightReader } from './weight-reader.ts';

export type WeightMode = 'in-place' | 'scatter';

const NO_INDICES = new Int32Array(0);

export class TrainableWeights {
  readonly store: WeightStore;
  readonly #mode: WeightMode;
  readonly #buffers: ReadonlyMap<string, Float32Array>;

  private constructor(store: WeightStore, mode: WeightMode, buffers: ReadonlyMap<string, Float32Array>) {
    this.store = store;
    this.#mode = mode;
    this.#buffers = buffers;
  }

  /**
   * Binds every parameter of `names`; the trained ones to `state`, which stays the owner of its vectors.
   * @throws SaraError FILE_CORRUPT when a tensor is missing
   */
  static async bind(
    base: WeightReader,
    names: Iterable<string>,
    state: TrainableState,
    mode: WeightMode,
  ): Promise<TrainableWeights> {
    const store = new WeightStore();
    const buffers = new Map<string, Float32Array>();
    for (const name of names) {
      const entry = base.entries.get(name);
      if (entry === undefined) {
        throw new SaraError(
          'FILE_CORRUPT',
          `the model's weight files hold no tensor ${name}, which its config.json asks for`,
          { tensor: name },
        );
      }
      const trained = state.initialMask.get(name);
      if (trained === undefined) {
        store.bind(name, { kind: 'frozen', entry });
      } else if (trained.indices === null) {
        // Every entry is trained: the compact vector is the tensor.
        store.bind(name, { kind: 'in-place', shape: entry.shape, data: entryView(trained, state.values) });
      } else if (mode === 'in-place') {
        const data = await base.take(name);
        buffers.set(name, data);
        store.bind(name, { kind: 'in-place', shape: entry.shape, data });
      } else {
        const values = entryView(trained, state.values);
        store.bind(name, { kind: 'scattered', entry, indices: trained.indices, values });
      }
    }
    const weights = new TrainableWeights(store, mode, buffers);
    base.forget();
    weights.show(state.initialMask, state.values);
    weights.setMask(state);
    return weights;
  }

  /** Per trained parameter the length of its compact gradient, null where the gradient is dense. */
  static numSelected(state: TrainableState): Map<string, number | null> {
    return new Map(
      state.initialMask.entries.map((entry) => [entry.name, entry.indices === null ? null : entry.count]),
    );
  }

  /** Tells the engine which gradient entries are wanted: none of a tensor whose last entry was released. */
  setMask(state: TrainableState): void {
    for (const { name, indices } of state.initialMask.entries) {
      if (indices !== null)
        this.store.setGradientIndices(name, state.activeMask.get(name)?.indices ?? NO_INDICES);
    }
  }

  /** Writes what an update changed into the buffers the engine reads: the active entries of `state`. */
  writeActive(state: TrainableState): void {
    if (this.#mode === 'scatter') return;
    for (const entry of state.activeMask.entries) this.#write(entry, state.activeValues(entry));
  }

  /**
   * Has the engine read `vector` from the next run on: the trained values themselves, or an average of them.
   * @param mask that orders the vector, the initial one
   * @param vector read in place where the engine can; changes need a {@link writeActive} where it cannot
   */
  show(mask: SparseMask, vector: Float32Array): void {
    for (const entry of mask.entries) {
      const values = entryView(entry, vector);
      const bound = this.store.binding(entry.name);
      if (bound.kind === 'scattered') this.store.bind(entry.name, { ...bound, values });
      else if (entry.indices === null)
        this.store.bind(entry.name, { kind: 'in-place', shape: entry.shape, data: values });
      else this.#write(entry, values);
    }
  }

  #write(entry: MaskEntry, values: Float32Array): void {
    const buffer = this.#buffers.get(entry.name);
    if (buffer === undefined) return;
    const indices = explicitIndices(entry);
    for (let k = 0; k < values.length; k++) buffer[indices[k]] = values[k];
  }
}
