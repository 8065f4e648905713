/**
 * Which example stands at which place of which step: a pure function, so that any worker can answer it alone.
 *
 * Training reads one endless sequence of epochs, each a fresh shuffle of all examples, in batches laid end to end:
 * a batch may span two epochs, and no example is lost or doubled within one.
 */
import { RandomStream } from '../../shared/random.ts';

export class SampleOrder {
  readonly #seed: number | bigint;
  readonly #numExamples: number;
  /** Shuffles in use, by epoch: a batch needs one or two (more only when it is larger than the dataset). */
  readonly #epochs = new Map<number, Uint32Array>();

  /**
   * @param seed of the run
   * @param numExamples at least 1
   */
  constructor(seed: number | bigint, numExamples: number) {
    this.#seed = seed;
    this.#numExamples = numExamples;
  }

  /**
   * The examples of one step's global batch.
   * @param step in [0, 2^32)
   * @param batchSize samples per step, over all micro-batches and replicas; the same for every step of a run
   * @returns [batchSize] indices into the examples
   */
  indices(step: number, batchSize: number): Uint32Array {
    const first = step * batchSize;
    for (const epoch of this.#epochs.keys()) {
      if (epoch < Math.floor(first / this.#numExamples)) this.#epochs.delete(epoch);
    }
    return Uint32Array.from({ length: batchSize }, (_, i) => {
      const position = first + i;
      const epoch = Math.floor(position / this.#numExamples);
      return this.#shuffleOf(epoch)[position - epoch * this.#numExamples];
    });
  }

  #shuffleOf(epoch: number): Uint32Array {
    const known = this.#epochs.get(epoch);
    if (known !== undefined) return known;
    const key = { seed: this.#seed, step: epoch, sample: 0, purpose: 'order' } as const;
    const shuffle = new RandomStream(key).shuffle(this.#numExamples);
    this.#epochs.set(epoch, shuffle);
    return shuffle;
  }
}

/** {@link SampleOrder.indices} for a single question. */
export function sampleIndices(
  seed: number | bigint,
  step: number,
  batchSize: number,
  numExamples: number,
): Uint32Array {
  return new SampleOrder(seed, numExamples).indices(step, batchSize);
}
