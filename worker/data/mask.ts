/**
 * From the mask beside a picture to factors on the loss, one per pixel of the UNet's input.
 */
import type { Resolution } from './image.ts';

export interface MaskSettings {
  /** Factor where the mask is black; [0, 1]. */
  readonly unmaskedWeight: number;
  /** Divide by the picture's mean factor, so that a picture of which little counts is learnt as fast as another. */
  readonly normalizeArea: boolean;
}

/**
 * @param mask uint8 [H, W], 255 where the loss counts
 * @param size of the mask
 * @param target of the UNet's input, which divides `size`; each factor is the mean over its part of the mask
 * @returns float32 [target.height, target.width]
 */
export function maskFactors(
  mask: Uint8Array,
  size: Resolution,
  target: Resolution,
  { unmaskedWeight, normalizeArea }: MaskSettings,
): Float32Array {
  const [rows, columns] = [size.height / target.height, size.width / target.width];
  const factors = new Float32Array(target.height * target.width);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const to = Math.floor(y / rows) * target.width + Math.floor(x / columns);
      factors[to] += mask[y * size.width + x] / (255 * rows * columns);
    }
  }
  for (let i = 0; i < factors.length; i++) factors[i] = Math.max(factors[i], unmaskedWeight);
  if (!normalizeArea) return factors;
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  return mean === 0 ? factors : factors.map((factor) => factor / mean);
}
