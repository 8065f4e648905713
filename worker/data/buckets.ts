/**
 * Aspect-ratio buckets: the few sizes that pictures of all shapes are trained at, so that a batch has one shape and
 * little of a picture is cut off. Pure functions of sizes; how buckets take turns is order.ts' business.
 *
 * A bucket's edges are multiples of `step` within bounds, its area at most the target's. A picture goes to the bucket
 * that cuts off least of it. Without upscaling it goes to one that it covers at its own size or reduced, and where it
 * covers none, to a bucket of its own size rounded down.
 */
import { SaraError } from '../../shared/errors.ts';
import { byShape, coverFit, type CoverFit, type Resolution } from './image.ts';

export interface BucketSettings {
  /** Edge of the square whose area no bucket exceeds, in pixels. */
  readonly resolution: number;
  /** Edges are multiples of it, in pixels. */
  readonly step: number;
  readonly minEdge: number;
  readonly maxEdge: number;
  readonly allowUpscaling: boolean;
}

/** Where a picture went. */
export interface BucketFit extends CoverFit {
  readonly size: Resolution;
}

/** Maps pictures to the sizes they are trained at. */
export interface Sizing {
  /** @throws SaraError DATA_INVALID for a picture that fits none */
  sizeFor(picture: Resolution): Resolution;
  /** Of the largest size. */
  readonly maxPixels: number;
}

/** Every picture at one size. */
export function fixedSize(size: Resolution): Sizing {
  return { sizeFor: () => size, maxPixels: size.width * size.height };
}

/** @throws SaraError CONFIG_INVALID when the settings leave no bucket */
export function bucketSizing(settings: BucketSettings): Sizing {
  const sizes = bucketSizes(settings);
  return {
    sizeFor: (picture) => bucketFor(picture, sizes, settings).size,
    maxPixels: settings.resolution ** 2,
  };
}

/**
 * Every bucket there can be, from the narrowest to the widest: to each width the greatest height, and the reverse.
 * @throws SaraError CONFIG_INVALID when there is none
 */
export function bucketSizes({ resolution, step, minEdge, maxEdge }: BucketSettings): Resolution[] {
  const area = resolution ** 2;
  const lowest = Math.ceil(minEdge / step) * step;
  const found = new Map<string, Resolution>();
  for (let edge = lowest; edge <= maxEdge; edge += step) {
    const other = Math.floor(Math.min(area / edge, maxEdge) / step) * step;
    if (other < lowest) break;
    found.set(`${edge}x${other}`, { width: edge, height: other });
    found.set(`${other}x${edge}`, { width: other, height: edge });
  }
  if (found.size === 0) {
    throw new SaraError(
      'CONFIG_INVALID',
      `data.buckets: no multiples of ${step} in [${minEdge}, ${maxEdge}] make an area of at most ${resolution}^2; ` +
        'lower minEdge or step, or raise data.resolution',
      { resolution, step, minEdge, maxEdge },
    );
  }
  return [...found.values()].sort(byShape);
}

/**
 * The bucket for a picture: the one that crops least; of equals the largest, then the wider.
 * @param sizes from {@link bucketSizes}
 * @throws SaraError DATA_INVALID for a picture smaller than any bucket could be
 */
export function bucketFor(
  picture: Resolution,
  sizes: readonly Resolution[],
  { step, allowUpscaling }: BucketSettings,
): BucketFit {
  const fits = sizes
    .map((size) => ({ size, ...coverFit(picture, size) }))
    .filter(({ scale }) => allowUpscaling || scale <= 1);
  if (fits.length === 0) return ownBucket(picture, step);
  return fits.reduce((best, fit) => (isBetter(fit, best) ? fit : best));
}

/** Crops are compared to a millionth: what differs less is the same shape, computed at other sizes. */
const CROP_RESOLUTION = 1e-6;

function isBetter(fit: BucketFit, best: BucketFit): boolean {
  const gain = best.croppedShare - fit.croppedShare;
  if (Math.abs(gain) > CROP_RESOLUTION) return gain > 0;
  const area = ({ size }: BucketFit): number => size.width * size.height;
  return area(fit) > area(best) || (area(fit) === area(best) && fit.size.width > best.size.width);
}

/** Of a picture that every bucket would enlarge. */
function ownBucket(picture: Resolution, step: number): BucketFit {
  const size = {
    width: Math.floor(picture.width / step) * step,
    height: Math.floor(picture.height / step) * step,
  };
  if (size.width === 0 || size.height === 0) {
    throw new SaraError(
      'DATA_INVALID',
      `${picture.width}x${picture.height} is smaller than data.buckets.step ${step} and not to be enlarged`,
      { width: picture.width, height: picture.height, step },
    );
  }
  return { size, ...coverFit(picture, size) };
}
