/**
 * What a run trains on: its own pictures and, where there is one, the prior-preservation set, whose examples follow
 * them. Examples keep their number in the order of names; which are visited how often is said per bucket.
 */
import type { Variant } from './augment.ts';
import type { Sample } from './batch.ts';
import { epochEntries } from './entries.ts';
import type { ImageSet } from './image-set.ts';
import { byShape, type PictureFrame, type Resolution } from './image.ts';
import type { PictureSource } from './picture-source.ts';
import { bucketReport, type BucketRow } from './bucket-report.ts';

/** Pictures of one size, in the order they are trained in. */
export interface Bucket {
  readonly size: Resolution;
  /** The example of every visit of an epoch. */
  readonly entries: Uint32Array;
}

export class TrainingSet implements PictureSource {
  readonly own: ImageSet;
  /** null: none. */
  readonly prior: ImageSet | null;
  readonly numChannels: number;
  readonly examples: readonly { readonly id: string; readonly caption: string }[];
  /** From the narrowest to the widest; one where all pictures have one size. */
  readonly buckets: readonly Bucket[];
  readonly #numVisits: ReadonlyMap<number, number>;

  /** @throws SaraError DATA_INVALID when an epoch has more visits than can be counted */
  constructor(own: ImageSet, prior: ImageSet | null) {
    this.own = own;
    this.prior = prior;
    this.numChannels = own.numChannels;
    this.examples = [...own.examples, ...(prior?.examples ?? [])];
    const repeats = (set: ImageSet | null): number[] =>
      (set?.examples ?? []).map((example) => example.repeats);
    const entries = epochEntries(repeats(own), repeats(prior));
    const numVisits = new Map<number, number>();
    for (const index of entries) numVisits.set(index, 1 + (numVisits.get(index) ?? 0));
    this.#numVisits = numVisits;
    this.buckets = this.#cutBySize(entries);
  }

  isPrior(index: number): boolean {
    return index >= this.own.examples.length;
  }

  load(index: number, variant: Variant): Promise<Sample> {
    const [set, inSet] = this.#locate(index);
    return set.load(inSet, variant);
  }

  frameOf(index: number): PictureFrame {
    const [set, inSet] = this.#locate(index);
    return set.frameOf(inSet);
  }

  contentHashOf(index: number): string {
    const [set, inSet] = this.#locate(index);
    return set.contentHashOf(inSet);
  }

  hasMask(index: number): boolean {
    const [set, inSet] = this.#locate(index);
    return set.hasMask(inSet);
  }

  /** Which picture lands in which bucket, for the user to read before training. */
  report(batchSize: number): BucketRow[] {
    const placed = this.examples.map(({ id }, index) => {
      const [set, inSet] = this.#locate(index);
      const numEntries = this.#numVisits.get(index) ?? 0;
      const { original, target } = set.frameOf(inSet);
      return { id, picture: original, size: target, numEntries };
    });
    return bucketReport(placed, batchSize);
  }

  #cutBySize(entries: Uint32Array): Bucket[] {
    const bySize = new Map<string, { size: Resolution; entries: number[] }>();
    for (const index of entries) {
      const [set, inSet] = this.#locate(index);
      const size = set.sizeOf(inSet);
      const key = `${size.width}x${size.height}`;
      const bucket = bySize.get(key) ?? { size, entries: [] };
      bySize.set(key, bucket);
      bucket.entries.push(index);
    }
    return [...bySize.values()]
      .sort((a, b) => byShape(a.size, b.size))
      .map(({ size, entries: visits }) => ({ size, entries: Uint32Array.from(visits) }));
  }

  #locate(index: number): readonly [ImageSet, number] {
    const numOwn = this.own.examples.length;
    return index < numOwn || this.prior === null ? [this.own, index] : [this.prior, index - numOwn];
  }
}
