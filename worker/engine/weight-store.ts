/**
 * Where the bytes of every parameter are, and which of its entries are trained: the border between the graph,
 * which knows names and shapes, and the lowerings, which must read values.
 *
 * A parameter is bound in one of three ways:
 * - `frozen`     bytes stay inside the user's safetensors file; the engine maps them by offset.
 * - `in-place`   a mutable float32 buffer fed to every run without a copy; the optimizer writes the trained
 *                entries into it. Nothing is scattered, at the price of a float32 copy of this tensor.
 * - `scattered`  bytes stay in the file, and the graph computes W = Scatter(W0, indices, values). For devices
 *                that cannot share host memory.
 */
import { SaraError } from '../../shared/errors.ts';
import type { TensorEntry } from '../../shared/safetensors.ts';

export type WeightBinding =
  | { readonly kind: 'frozen'; readonly entry: TensorEntry }
  | { readonly kind: 'in-place'; readonly shape: readonly number[]; readonly data: Float32Array }
  | {
      readonly kind: 'scattered';
      readonly entry: TensorEntry;
      readonly indices: Int32Array;
      readonly values: Float32Array;
    };

export class WeightStore {
  readonly #bindings = new Map<string, WeightBinding>();
  readonly #gradientIndices = new Map<string, Int32Array>();

  /** Every tensor of `entries` frozen in its file. */
  static frozen(entries: Iterable<TensorEntry>): WeightStore {
    const store = new WeightStore();
    for (const entry of entries) store.bind(entry.name, { kind: 'frozen', entry });
    return store;
  }

  bind(name: string, binding: WeightBinding): void {
    this.#bindings.set(name, binding);
  }

  has(name: string): boolean {
    return this.#bindings.has(name);
  }

  /** @throws SaraError FILE_CORRUPT when the model's files hold no such tensor */
  binding(name: string): WeightBinding {
    const binding = this.#bindings.get(name);
    if (binding === undefined) {
      throw new SaraError(
        'FILE_CORRUPT',
        `the model's weight files hold no tensor ${name}, which its config.json asks for`,
        { tensor: name },
      );
    }
    return binding;
  }

  /** Flat row-major indices of the entries of `name` whose gradient is wanted, in mask order. */
  setGradientIndices(name: string, indices: Int32Array): void {
    this.#gradientIndices.set(name, indices);
  }

  /** @throws SaraError INTERNAL when no mask was set for `name` */
  gradientIndices(name: string): Int32Array {
    const indices = this.#gradientIndices.get(name);
    if (indices === undefined)
      throw new SaraError('INTERNAL', `no mask is set for ${name}`, { tensor: name });
    return indices;
  }
}

/** Shape of the bound tensor, as stored. */
export function boundShape(binding: WeightBinding): readonly number[] {
  return binding.kind === 'in-place' ? binding.shape : binding.entry.shape;
}
