/**
 * The pictures of a dataset, checked once before the first step and then handed out by index.
 *
 * Checking decodes every picture, so a run cannot die of a broken file in its third hour, and so every worker that
 * reads the same folder counts the same examples: which pictures are left out is decided here, not when met.
 */
import { SaraError } from '../../shared/errors.ts';
import { applyVariant, applyVariantToMask, type Variant } from './augment.ts';
import type { Sizing } from './buckets.ts';
import { decodeMask, decodePicture, type PictureFacts } from './decode.ts';
import { counted, type BrokenImage, type Dataset, type Example } from './example.ts';
import {
  coverFit,
  frameOf,
  NUM_CHANNELS,
  pixelsToValues,
  type PictureFrame,
  type Resolution,
} from './image.ts';
import type { PictureSource } from './picture-source.ts';

export interface ImageSetOptions {
  readonly sizing: Sizing;
  /** Whether the pictures' opacity is their mask. */
  readonly alphaIsMask: boolean;
  /** What happens to a picture that cannot be decoded. */
  readonly onBrokenImage: 'skip' | 'refuse';
  /** Bound on the decoded pictures kept in memory, 3 bytes a pixel, 4 with a mask; 0: none. */
  readonly cacheBytes: number;
  readonly signal?: AbortSignal;
}

/** A picture as a UNet in pixel space sees it. */
export interface LoadedPicture {
  /** float32 [3, height, width] in [-1, 1]; the caller's to keep. */
  readonly values: Float32Array;
  /** uint8 [height, width], 255 where the loss counts; null: it counts everywhere. */
  readonly mask: Uint8Array | null;
}

/** Pictures decoded at a time while checking: enough to overlap reading with decoding. */
const CHECK_CONCURRENCY = 4;

/** How many broken pictures an error names before it only counts. */
const MAX_LISTED = 5;

/** A picture enlarged by more than this has nothing to teach about detail, and one cropped by more is half lost. */
const REMARKABLE_SCALE = 2;
const REMARKABLE_CROP = 0.5;

interface Decoded {
  readonly pixels: Uint8Array;
  readonly mask: Uint8Array | null;
}

/** An example that can be decoded. */
interface Intact {
  readonly example: Example;
  readonly facts: PictureFacts;
  readonly size: Resolution;
  /** null when the cache has no room for it. */
  readonly cached: Decoded | null;
}

export class ImageSet implements PictureSource {
  readonly place: string;
  /** Those that can be decoded, in the dataset's order. */
  readonly examples: readonly Example[];
  /** Those left out; empty unless `onBrokenImage` is skip. */
  readonly broken: readonly BrokenImage[];
  /** The dataset's remarks, and what is remarkable about its pictures. */
  readonly remarks: readonly string[];
  readonly numChannels = NUM_CHANNELS;
  readonly #pictures: readonly Intact[];
  readonly #options: ImageSetOptions;

  private constructor(
    { place, remarks }: Dataset,
    pictures: readonly Intact[],
    broken: readonly BrokenImage[],
    options: ImageSetOptions,
  ) {
    this.place = place;
    this.examples = pictures.map(({ example }) => example);
    this.broken = broken;
    this.remarks = [...remarks, ...remarksOn(pictures).map((remark) => `${place}: ${remark}`)];
    this.#pictures = pictures;
    this.#options = options;
  }

  /**
   * Decodes every picture once.
   * @throws SaraError DATA_INVALID, naming them, when pictures are broken and `onBrokenImage` is refuse, or when
   *   none can be decoded
   */
  static async open(dataset: Dataset, options: ImageSetOptions): Promise<ImageSet> {
    const results = await decodeAll(dataset.examples, options);
    const broken = [...dataset.broken];
    const pictures: Intact[] = [];
    for (const result of results) {
      if ('reason' in result) broken.push(result);
      else pictures.push(result);
    }
    if (broken.length > 0 && (options.onBrokenImage === 'refuse' || pictures.length === 0)) {
      throw brokenImages(dataset, broken);
    }
    return new ImageSet(dataset, pictures, broken, options);
  }

  /** Size a picture is trained at. @param index into `examples` */
  sizeOf(index: number): Resolution {
    return this.#pictures[index].size;
  }

  /** Which part of the stored picture that is. */
  frameOf(index: number): PictureFrame {
    const { facts, size } = this.#pictures[index];
    return frameOf(facts, size);
  }

  contentHashOf(index: number): string {
    return this.#pictures[index].facts.contentHash;
  }

  hasMask(index: number): boolean {
    const { example, facts } = this.#pictures[index];
    return example.mask !== null || (this.#options.alphaIsMask && facts.hasAlpha);
  }

  /**
   * @param index into `examples`
   * @throws SaraError DATA_INVALID when the file has gone bad since it was checked
   */
  async load(index: number, variant: Variant): Promise<LoadedPicture> {
    const { example, size, cached } = this.#pictures[index];
    const { pixels, mask } = cached ?? (await decodeExample(example, this.#options));
    return {
      values: pixelsToValues(applyVariant(pixels, size, variant)),
      mask: mask === null ? null : applyVariantToMask(mask, size, variant),
    };
  }
}

/**
 * The first pictures that fit stay in memory, and no later one takes their place: an epoch visits each exactly once,
 * so anything like least-recently-used would throw each picture out just before its turn.
 */
async function decodeAll(
  examples: readonly Example[],
  options: ImageSetOptions,
): Promise<(Intact | BrokenImage)[]> {
  const { sizing, cacheBytes, alphaIsMask, signal } = options;
  const hasMasks = alphaIsMask || examples.some(({ mask }) => mask !== null);
  const numCached = Math.floor(cacheBytes / (sizing.maxPixels * (NUM_CHANNELS + (hasMasks ? 1 : 0))));
  const results: (Intact | BrokenImage)[] = [];
  let next = 0;
  const decodeInTurn = async (): Promise<void> => {
    for (let i = next++; i < examples.length; i = next++) {
      signal?.throwIfAborted();
      const example = examples[i];
      try {
        const { facts, size, ...decoded } = await decodeExample(example, options);
        results[i] = { example, facts, size, cached: i < numCached ? decoded : null };
      } catch (cause) {
        if (!(cause instanceof SaraError)) throw cause;
        results[i] = {
          path: String(cause.context.path ?? example.picture.name),
          reason: String(cause.context.reason),
        };
      }
    }
  };
  await Promise.all(Array.from({ length: CHECK_CONCURRENCY }, decodeInTurn));
  return results;
}

async function decodeExample(
  { picture, mask }: Example,
  { sizing, alphaIsMask }: ImageSetOptions,
): Promise<Decoded & { readonly facts: PictureFacts; readonly size: Resolution }> {
  const { facts, pixels, alpha } = await decodePicture(
    picture,
    (found) => sizing.sizeFor(found),
    alphaIsMask,
  );
  const size = sizing.sizeFor(facts);
  return { facts, size, pixels, mask: mask === null ? alpha : await decodeMask(mask, facts, size) };
}

/** What an owner should know of pictures that are used all the same. */
function remarksOn(pictures: readonly Intact[]): string[] {
  const remarks: string[] = [];
  const remarkOn = (
    found: readonly Intact[],
    one: string,
    several: string,
    detail: (picture: Intact) => string,
  ) => {
    if (found.length === 0) return;
    remarks.push(
      counted(
        found.map((picture) => `${picture.example.id} (${detail(picture)})`),
        one,
        several,
      ),
    );
  };
  const fitOf = ({ facts, size }: Intact) => coverFit(facts, size);
  const sizeOf = ({ facts }: Intact): string => `${facts.width}x${facts.height}`;
  remarkOn(
    pictures.filter(({ facts }) => facts.numFrames > 1),
    'picture is animated or has several pages, of which the first is used',
    'pictures are animated or have several pages, of which the first is used',
    ({ facts }) => String(facts.numFrames),
  );
  remarkOn(
    pictures.filter((picture) => fitOf(picture).scale > REMARKABLE_SCALE),
    'picture is enlarged more than twofold',
    'pictures are enlarged more than twofold',
    sizeOf,
  );
  remarkOn(
    pictures.filter((picture) => fitOf(picture).croppedShare > REMARKABLE_CROP),
    'picture loses more than half of itself to the crop',
    'pictures lose more than half of themselves to the crop',
    sizeOf,
  );
  return remarks;
}

function brokenImages(
  { place, examples, broken: foreign }: Dataset,
  broken: readonly BrokenImage[],
): SaraError {
  const shown = broken.slice(0, MAX_LISTED).map(({ path, reason }) => `\n  ${path}: ${reason}`);
  const more = broken.length > MAX_LISTED ? `\n  and ${broken.length - MAX_LISTED} more` : '';
  const numImages = examples.length + foreign.length;
  return new SaraError(
    'DATA_INVALID',
    `${broken.length} of ${numImages} pictures in ${place} cannot be decoded:` +
      `${shown.join('')}${more}\nReplace or remove them, or set data.onBrokenImage to skip.`,
    { place, numBroken: broken.length, numImages },
  );
}
