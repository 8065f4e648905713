/**
 * Which examples stand in the batch of which step: a pure function, so that any worker can answer it alone.
 *
 * Training reads one endless sequence of epochs, each a fresh shuffle of all entries, in batches laid end to end:
 * a batch may span two epochs, and no entry is lost or doubled within one.
 *
 * Where pictures are of several sizes a batch holds one size (one bucket), because a program has one. Every bucket
 * then has such a sequence of its own, and they take turns in rounds. Over r rounds, bucket b with n_b entries has
 * had C_b(r) = floor(r n_b / batchSize) batches: all advance alike, to within a batch. Within a round the turns are
 * shuffled. With one bucket this is the plain sequence.
 *
 *   n = (8, 4), batch 4:  C = (2, 1), (4, 2), ...   turns of a round: some order of A A B
 */
import { RandomStream } from '../../shared/random.ts';

/** One step's global batch. */
export interface StepBatch {
  readonly bucket: number;
  /** [batchSize] */
  readonly exampleIndices: Uint32Array;
}

export class BatchOrder {
  readonly #seed: number | bigint;
  readonly #batchSize: number;
  readonly #buckets: readonly Uint32Array[];
  readonly #sequences: readonly SampleOrder[];
  /** The round asked for last: steps come one after the other. */
  #round: { readonly index: number; readonly turns: readonly number[] } | null = null;

  /**
   * @param seed of the run
   * @param batchSize samples per step, over all micro-batches and replicas
   * @param buckets the example of every entry (see entries.ts), by bucket; none of them empty
   */
  constructor(seed: number | bigint, batchSize: number, buckets: readonly Uint32Array[]) {
    this.#seed = seed;
    this.#batchSize = batchSize;
    this.#buckets = buckets;
    this.#sequences = buckets.map((entries, bucket) => new SampleOrder(seed, entries.length, bucket));
  }

  /** @param step in [0, 2^32) */
  at(step: number): StepBatch {
    const round = this.#roundOf(step);
    const turns = this.#turnsOf(round);
    const position = step - this.#numBatchesBefore(round);
    const bucket = turns[position];
    const earlier = turns.slice(0, position).filter((other) => other === bucket).length;
    const batch = this.#numBatches(bucket, round) + earlier;
    const entries = this.#sequences[bucket].indices(batch, this.#batchSize);
    return { bucket, exampleIndices: entries.map((entry) => this.#buckets[bucket][entry]) };
  }

  /** C_b(r) */
  #numBatches(bucket: number, round: number): number {
    return Math.floor((round * this.#buckets[bucket].length) / this.#batchSize);
  }

  #numBatchesBefore(round: number): number {
    return this.#buckets.reduce((sum, _, bucket) => sum + this.#numBatches(bucket, round), 0);
  }

  /** The last round with no more batches before it than there are steps before this one. */
  #roundOf(step: number): number {
    const numEntries = this.#buckets.reduce((sum, entries) => sum + entries.length, 0);
    let low = 0;
    // Each C_b falls short of r n_b / batchSize by less than one batch.
    let high = Math.ceil(((step + 1 + this.#buckets.length) * this.#batchSize) / numEntries);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#numBatchesBefore(middle) <= step) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The bucket of each batch of a round. */
  #turnsOf(round: number): readonly number[] {
    if (this.#round?.index === round) return this.#round.turns;
    const inOrder = this.#buckets.flatMap((_, bucket) => {
      const count = this.#numBatches(bucket, round + 1) - this.#numBatches(bucket, round);
      return new Array<number>(count).fill(bucket);
    });
    const key = { seed: this.#seed, step: round, sample: 0, purpose: 'bucket-order' } as const;
    const turns = Array.from(new RandomStream(key).shuffle(inOrder.length), (i) => inOrder[i]);
    this.#round = { index: round, turns };
    return turns;
  }
}

/** The endless sequence of one bucket. */
export class SampleOrder {
  readonly #seed: number | bigint;
  readonly #numEntries: number;
  readonly #bucket: number;
  /** Shuffles in use, by epoch: a batch needs one or two (more only when it is larger than the bucket). */
  readonly #epochs = new Map<number, Uint32Array>();

  /**
   * @param seed of the run
   * @param numEntries at least 1
   * @param bucket tells sequences of one run apart
   */
  constructor(seed: number | bigint, numEntries: number, bucket = 0) {
    this.#seed = seed;
    this.#numEntries = numEntries;
    this.#bucket = bucket;
  }

  /**
   * The entries of one batch.
   * @param batch which, in [0, 2^32)
   * @param batchSize the same for every batch of a run
   * @returns [batchSize]
   */
  indices(batch: number, batchSize: number): Uint32Array {
    const first = batch * batchSize;
    for (const epoch of this.#epochs.keys()) {
      if (epoch < Math.floor(first / this.#numEntries)) this.#epochs.delete(epoch);
    }
    return Uint32Array.from({ length: batchSize }, (_, i) => {
      const position = first + i;
      const epoch = Math.floor(position / this.#numEntries);
      return this.#shuffleOf(epoch)[position - epoch * this.#numEntries];
    });
  }

  #shuffleOf(epoch: number): Uint32Array {
    const known = this.#epochs.get(epoch);
    if (known !== undefined) return known;
    const key = { seed: this.#seed, step: epoch, sample: this.#bucket, purpose: 'order' } as const;
    const shuffle = new RandomStream(key).shuffle(this.#numEntries);
    this.#epochs.set(epoch, shuffle);
    return shuffle;
  }
}
