/**
 * The pictures of a dataset, checked once before the first step and then handed out by index.
 *
 * Checking decodes every picture, so a run cannot die of a broken file in its third hour, and so every worker that
 * reads the same folder counts the same examples: which pictures are left out is decided here, not when met.
 */
import { SaraError } from '../../shared/errors.ts';
import type { Dataset, Example } from './dataset.ts';
import { decodePixels, NUM_CHANNELS, pixelsToValues, type Resolution } from './image.ts';

export interface ImageSetOptions {
  readonly resolution: Resolution;
  /** What happens to a picture that cannot be decoded. */
  readonly onBrokenImage: 'skip' | 'refuse';
  /** Bound on the decoded pictures kept in memory; 3 bytes a pixel. */
  readonly cacheBytes: number;
  readonly signal?: AbortSignal;
}

export interface BrokenImage {
  readonly path: string;
  /** What the decoder says. */
  readonly reason: string;
}

/** Pictures decoded at a time while checking: enough to overlap reading with decoding. */
const CHECK_CONCURRENCY = 4;

/** How many broken pictures an error names before it only counts. */
const MAX_LISTED = 5;

export class ImageSet {
  /** Those that can be decoded, in the dataset's order. */
  readonly examples: readonly Example[];
  /** Those left out; empty unless `onBrokenImage` is skip. */
  readonly broken: readonly BrokenImage[];
  readonly resolution: Resolution;
  readonly numChannels = NUM_CHANNELS;
  /** By index; what did not fit is decoded again when asked for. */
  readonly #cache: ReadonlyMap<number, Uint8Array>;

  private constructor(
    examples: readonly Example[],
    broken: readonly BrokenImage[],
    resolution: Resolution,
    cache: ReadonlyMap<number, Uint8Array>,
  ) {
    this.examples = examples;
    this.broken = broken;
    this.resolution = resolution;
    this.#cache = cache;
  }

  /**
   * Decodes every picture once.
   * @throws SaraError DATA_INVALID, naming them, when pictures are broken and `onBrokenImage` is refuse, or when
   *   none can be decoded
   */
  static async open(dataset: Dataset, options: ImageSetOptions): Promise<ImageSet> {
    const results = await decodeAll(dataset.examples, options);
    const broken: BrokenImage[] = [];
    const examples: Example[] = [];
    const cache = new Map<number, Uint8Array>();
    for (const [i, result] of results.entries()) {
      const example = dataset.examples[i];
      if (result.kind === 'broken') {
        broken.push({ path: example.imagePath, reason: result.reason });
        continue;
      }
      if (result.pixels !== null) cache.set(examples.length, result.pixels);
      examples.push(example);
    }
    if (broken.length > 0 && (options.onBrokenImage === 'refuse' || examples.length === 0)) {
      throw brokenImages(dataset, broken);
    }
    return new ImageSet(examples, broken, options.resolution, cache);
  }

  /**
   * @param index into `examples`
   * @returns float32 [3, height, width] in [-1, 1], the caller's to keep
   * @throws SaraError DATA_INVALID when the file has gone bad since it was checked
   */
  async load(index: number): Promise<Float32Array> {
    const pixels =
      this.#cache.get(index) ?? (await decodePixels(this.examples[index].imagePath, this.resolution));
    return pixelsToValues(pixels);
  }
}

type Decoded =
  /** `pixels` is null when the cache has no room for them. */
  | { readonly kind: 'intact'; readonly pixels: Uint8Array | null }
  | { readonly kind: 'broken'; readonly reason: string };

/**
 * The first pictures that fit stay in memory, and no later one takes their place: an epoch visits each exactly once,
 * so anything like least-recently-used would throw each picture out just before its turn.
 */
async function decodeAll(examples: readonly Example[], options: ImageSetOptions): Promise<Decoded[]> {
  const { resolution, cacheBytes, signal } = options;
  const numCached = Math.floor(cacheBytes / (resolution.height * resolution.width * NUM_CHANNELS));
  const results: Decoded[] = [];
  let next = 0;
  const decodeInTurn = async (): Promise<void> => {
    for (let i = next++; i < examples.length; i = next++) {
      signal?.throwIfAborted();
      try {
        const pixels = await decodePixels(examples[i].imagePath, resolution);
        results[i] = { kind: 'intact', pixels: i < numCached ? pixels : null };
      } catch (cause) {
        if (!(cause instanceof SaraError)) throw cause;
        results[i] = { kind: 'broken', reason: String(cause.context.reason) };
      }
    }
  };
  await Promise.all(Array.from({ length: CHECK_CONCURRENCY }, decodeInTurn));
  return results;
}

function brokenImages(dataset: Dataset, broken: readonly BrokenImage[]): SaraError {
  const listed = broken.slice(0, MAX_LISTED).map(({ path, reason }) => `\n  ${path}: ${reason}`);
  const more = broken.length > MAX_LISTED ? `\n  and ${broken.length - MAX_LISTED} more` : '';
  return new SaraError(
    'DATA_INVALID',
    `${broken.length} of ${dataset.examples.length} pictures in ${dataset.folder} cannot be decoded:` +
      `${listed.join('')}${more}\nReplace or remove them, or set data.onBrokenImage to skip.`,
    { folder: dataset.folder, numBroken: broken.length, numImages: dataset.examples.length },
  );
}
