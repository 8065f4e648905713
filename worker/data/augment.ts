/**
 * Changes to a picture that are drawn anew at each visit: mirrored, or transformed with the caption saying so.
 *
 * The paired transformations are Specialist Diffusion's: a handful of pictures becomes many, and because the caption
 * names what was done, the model learns the change apart from the style.
 * @see Lu et al., "Specialist Diffusion" (CVPR 2023), section 3.2
 *
 * Pixels are uint8 [H, W, C], C three for pictures and one for masks.
 */
import { RandomStream, type RandomKey } from '../../shared/random.ts';
import { NUM_CHANNELS, type Resolution } from './image.ts';

/** By the words the caption gains. */
export const TRANSFORMATIONS = [
  'inversion',
  'posterization',
  'solarization',
  'sharpening',
  'autocontrast',
  'equalization',
  'horizontal flip',
  'vertical flip',
] as const;
export type Transformation = (typeof TRANSFORMATIONS)[number];

/** What is done to a picture at one visit. */
export interface Variant {
  readonly mirrored: boolean;
  readonly transformation: Transformation | null;
}

export const UNCHANGED: Variant = { mirrored: false, transformation: null };

export interface AugmentationSettings {
  /** Mirror every other picture. */
  readonly flip: boolean;
  /** Probability of a transformation that the caption names; [0, 1]. */
  readonly paired: number;
}

/** The draw of one visit. */
export function drawVariant(settings: AugmentationSettings, visit: Omit<RandomKey, 'purpose'>): Variant {
  const mirrored = settings.flip && new RandomStream({ ...visit, purpose: 'flip' }).uniform() < 0.5;
  const stream = new RandomStream({ ...visit, purpose: 'augmentation' });
  const transformation =
    stream.uniform() < settings.paired ? TRANSFORMATIONS[stream.below(TRANSFORMATIONS.length)] : null;
  return { mirrored, transformation };
}

/** Every variant that can be drawn, the unchanged one first. */
export function possibleVariants({ flip, paired }: AugmentationSettings): Variant[] {
  const transformations = [...(paired < 1 ? [null] : []), ...(paired > 0 ? TRANSFORMATIONS : [])];
  return (flip ? [false, true] : [false]).flatMap((mirrored) =>
    transformations.map((transformation) => ({ mirrored, transformation })),
  );
}

/** What a caption gains by a transformation. Mirroring goes unsaid. */
export function captionAddition({ transformation }: Variant): string {
  return transformation === null ? '' : ` with the ${transformation} transformation`;
}

/** @returns `pixels` itself where the variant changes nothing, else a picture of its own */
export function applyVariant(pixels: Uint8Array, size: Resolution, variant: Variant): Uint8Array {
  const moved = moveVariant(pixels, size, variant);
  const { transformation } = variant;
  return transformation === null ? moved : recolour(moved, size, transformation);
}

/** Where the variant moves pixels, a mask follows its picture. */
export function applyVariantToMask(mask: Uint8Array, size: Resolution, variant: Variant): Uint8Array {
  return moveVariant(mask, size, variant);
}

function moveVariant(pixels: Uint8Array, { width, height }: Resolution, variant: Variant): Uint8Array {
  const mirror = variant.mirrored !== (variant.transformation === 'horizontal flip');
  const turn = variant.transformation === 'vertical flip';
  if (!mirror && !turn) return pixels;
  const channels = pixels.length / (width * height);
  const moved = new Uint8Array(pixels.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((turn ? height - 1 - y : y) * width + (mirror ? width - 1 - x : x)) * channels;
      for (let channel = 0; channel < channels; channel++) moved[to++] = pixels[from + channel];
    }
  }
  return moved;
}

function recolour(pixels: Uint8Array, size: Resolution, transformation: Transformation): Uint8Array {
  switch (transformation) {
    case 'inversion':
      return pixels.map((value) => 255 - value);
    case 'posterization':
      return pixels.map((value) => value & POSTERIZED_BITS);
    case 'solarization':
      return pixels.map((value) => (value >= SOLARIZED_FROM ? 255 - value : value));
    case 'sharpening':
      return sharpen(pixels, size);
    case 'autocontrast':
      return perChannel(pixels, stretch);
    case 'equalization':
      return perChannel(pixels, equalize);
    case 'horizontal flip':
    case 'vertical flip':
      return pixels;
  }
}

/** Two bits are left of each channel. */
const POSTERIZED_BITS = 0b1100_0000;
const SOLARIZED_FROM = 100;
/** How far beyond the picture, seen from its smoothed self. */
const SHARPNESS = 3;

/** smoothed + 3 (picture - smoothed), the smoothed pixel being the mean of its 3x3 neighbours with weight 5 for itself. */
function sharpen(pixels: Uint8Array, { width, height }: Resolution): Uint8Array {
  const sharpened = Uint8ClampedArray.from(pixels); // rounds and clamps; the border has no neighbours and stays
  for (let y = 1; y + 1 < height; y++) {
    for (let i = (y * width + 1) * NUM_CHANNELS; i < (y * width + width - 1) * NUM_CHANNELS; i++) {
      let sum = 4 * pixels[i];
      for (let row = -1; row <= 1; row++) {
        for (let column = -1; column <= 1; column++) sum += pixels[i + (row * width + column) * NUM_CHANNELS];
      }
      const smoothed = sum / 13;
      sharpened[i] = smoothed + SHARPNESS * (pixels[i] - smoothed);
    }
  }
  return new Uint8Array(sharpened.buffer);
}

/** The value each of the 256 becomes, from how often each occurs in the channel. */
type ToneCurve = (histogram: Uint32Array) => (value: number) => number;

function perChannel(pixels: Uint8Array, toneCurve: ToneCurve): Uint8Array {
  const changed = new Uint8ClampedArray(pixels.length);
  for (let channel = 0; channel < NUM_CHANNELS; channel++) {
    const histogram = new Uint32Array(256);
    for (let i = channel; i < pixels.length; i += NUM_CHANNELS) histogram[pixels[i]]++;
    const curve = toneCurve(histogram);
    for (let i = channel; i < pixels.length; i += NUM_CHANNELS) changed[i] = curve(pixels[i]);
  }
  return new Uint8Array(changed.buffer);
}

/** The darkest becomes 0, the brightest 255. */
const stretch: ToneCurve = (histogram) => {
  const low = histogram.findIndex((count) => count > 0);
  const high = histogram.findLastIndex((count) => count > 0);
  return low === high ? (value) => value : (value) => ((value - low) * 255) / (high - low);
};

/** Every value becomes the share of the channel that is darker, the brightest 255. */
const equalize: ToneCurve = (histogram) => {
  const brightest = histogram.findLastIndex((count) => count > 0);
  const darker = new Float64Array(256);
  for (let value = 1; value < 256; value++) darker[value] = darker[value - 1] + histogram[value - 1];
  return darker[brightest] === 0 ? (value) => value : (value) => (darker[value] * 255) / darker[brightest];
};
