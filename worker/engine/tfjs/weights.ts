/**
 * The weights of one program on the backend.
 *
 * What lies in a file is uploaded once, when the program is compiled (base-tensors.ts). What is trained is made for each
 * node that reads it and dropped with that node: an in-place buffer is uploaded, a scattered vector inserted into its
 * base. So a run sees the values as they are, whoever changed them and when; nothing has to be invalidated, and no
 * second copy of the trained weights is ever alive. The price is one copy of a weight per reader, and on the plain
 * JavaScript backend not even that, for it reads the host's buffer.
 */
import * as tf from '@tensorflow/tfjs-core';
import { SaraError } from '../../../shared/errors.ts';
import { checkedBinding } from '../checks.ts';
import type { Graph, Value } from '../graph.ts';
import type { WeightStore } from '../weight-store.ts';
import { OpenFiles, type BaseTensor, type BaseTensors } from './base-tensors.ts';
import type { MaskedLayout, Masks } from './masks.ts';
import { inLayout, plain, shapeInLayout, type Operand } from './operand.ts';

interface Weight {
  readonly shape: readonly number[];
  /** That its readers want. */
  readonly layout: MaskedLayout;
  /** Null where the weight is a buffer of the host's. */
  readonly base: BaseTensor | null;
}

export class DeviceWeights {
  readonly #store: WeightStore;
  readonly #masks: Masks;
  readonly #weights = new Map<string, Weight>();

  private constructor(store: WeightStore, masks: Masks) {
    this.#store = store;
    this.#masks = masks;
  }

  /**
   * Uploads what the weights of `values` have in files.
   * @throws SaraError FILE_CORRUPT, FILE_NOT_FOUND; then nothing stays uploaded
   */
  static async upload(
    graph: Graph,
    values: readonly Value[],
    store: WeightStore,
    masks: Masks,
    baseTensors: BaseTensors,
  ): Promise<DeviceWeights> {
    const weights = new DeviceWeights(store, masks);
    const filters = filtersOf(graph);
    const files = new OpenFiles();
    try {
      for (const value of values) {
        const name = nameOf(value);
        const binding = checkedBinding(store, name, value.shape);
        const layout = filters.has(value) ? 'filter' : 'plain';
        const base =
          binding.kind === 'in-place' ? null : await baseTensors.acquire(binding.entry, layout, files);
        weights.#weights.set(name, { shape: value.shape, layout, base });
      }
      return weights;
    } catch (error) {
      weights.dispose();
      throw error;
    } finally {
      await files.close();
    }
  }

  /** The weight as it is now. Inside a tidy scope, which drops it unless it is a file's own. */
  operand(value: Value): Operand {
    const name = nameOf(value);
    const { shape, layout, base } = this.#weights.get(name)!;
    const binding = this.#store.binding(name);
    if ((binding.kind === 'in-place') !== (base === null)) {
      throw new SaraError(
        'INTERNAL',
        `weight ${name} was compiled ${base === null ? 'as a buffer' : 'from its file'} and is now bound as ${binding.kind}`,
        { tensor: name },
      );
    }
    if (binding.kind === 'in-place') {
      return { tensor: inLayout(plain(tf.tensor(binding.data, [...shape])), layout), layout };
    }
    const { tensor } = base!;
    if (binding.kind === 'frozen' || binding.indices.length === 0) return { tensor, layout };
    const indices = tf.tensor1d(this.#masks.scatterIndices(name, binding.indices, layout), 'int32');
    const scattered = tf.tensorScatterUpdate(
      tf.reshape(tensor, [-1]),
      tf.reshape(indices, [-1, 1]),
      tf.tensor1d(binding.values),
    );
    return { tensor: tf.reshape(scattered, shapeInLayout(shape, layout)), layout };
  }

  dispose(): void {
    for (const { base } of this.#weights.values()) base?.release();
    this.#weights.clear();
  }
}

function nameOf({ node: { op } }: Value): string {
  if (op.kind !== 'weight') throw new SaraError('INTERNAL', `${op.kind} is no weight`);
  return op.name;
}

/** Weights that only convolutions read, as their filter. */
function filtersOf(graph: Graph): Set<Value> {
  const filters = new Set<Value>();
  const others = new Set<Value>(graph.outputs.values());
  for (const { op, inputs } of graph.nodes) {
    for (const [i, input] of inputs.entries()) {
      const isFilter = i === 1 && (op.kind === 'conv2d' || op.kind === 'conv2dInputGrad');
      (isFilter ? filters : others).add(input);
    }
  }
  return new Set([...filters].filter((value) => !others.has(value)));
}
