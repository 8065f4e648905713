/**
 * The masks of a program's weights as indices into tensors that may lie in another layout than the mask was made for.
 */
import { SaraError } from '../../../shared/errors.ts';
import type { WeightStore } from '../weight-store.ts';

/** Layouts a masked tensor is met in. */
export type MaskedLayout = 'plain' | 'filter';

export class Masks {
  readonly #store: WeightStore;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  /** A mask is another array after a re-selection, so a translation holds as long as its source is the one bound. */
  readonly #translations = new Map<string, { readonly source: Int32Array; readonly filter: Int32Array }>();

  /** @param shapes of the weights, by name */
  constructor(store: WeightStore, shapes: ReadonlyMap<string, readonly number[]>) {
    this.#store = store;
    this.#shapes = shapes;
  }

  /** Where the gradient entries that are wanted of weight `name` lie in a gradient of `layout`, in mask order. */
  gradientIndices(name: string, layout: MaskedLayout): Int32Array {
    return this.#translated(`gradient:${name}`, name, this.#store.gradientIndices(name), layout);
  }

  /** Where `indices`, the trained entries of weight `name`, lie in a tensor of `layout`. */
  scatterIndices(name: string, indices: Int32Array, layout: MaskedLayout): Int32Array {
    return this.#translated(`scatter:${name}`, name, indices, layout);
  }

  #translated(key: string, name: string, source: Int32Array, layout: MaskedLayout): Int32Array {
    if (layout === 'plain') return source;
    const known = this.#translations.get(key);
    if (known?.source === source) return known.filter;
    const filter = filterIndices(name, source, this.#shapes.get(name)!);
    this.#translations.set(key, { source, filter });
    return filter;
  }
}

/**
 * Flat OIHW indices into a weight of `shape` as flat indices into its `filter` layout, in the same order.
 * @throws SaraError INTERNAL for an index past the end, which would name some other entry
 */
function filterIndices(name: string, indices: Int32Array, shape: readonly number[]): Int32Array {
  const [outChannels, inChannels, height, width] = shape;
  const numTaps = height * width;
  const numPairs = outChannels * inChannels;
  const filter = new Int32Array(indices.length);
  for (let k = 0; k < indices.length; k++) {
    const pair = Math.floor(indices[k] / numTaps);
    if (pair < 0 || pair >= numPairs) {
      throw new SaraError(
        'INTERNAL',
        `the mask of ${name} names entry ${indices[k]}, the weight has ${numPairs * numTaps}`,
        { tensor: name },
      );
    }
    const tap = indices[k] - pair * numTaps;
    const outChannel = Math.floor(pair / inChannels);
    const inChannel = pair - outChannel * inChannels;
    filter[k] = tap * numPairs + inChannel * outChannels + outChannel;
  }
  return filter;
}
