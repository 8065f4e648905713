/** One picture as a PNG file. */
import sharp from 'sharp';
import { NUM_CHANNELS, valuesToPixels, type Resolution } from '../data/image.ts';

/**
 * @param values_CHW float32 [3, H, W] in [-1, 1]; what lies outside is clamped
 * @returns the file's bytes
 */
export async function encodePng(values_CHW: Float32Array, { height, width }: Resolution): Promise<Buffer> {
  return sharp(valuesToPixels(values_CHW), { raw: { width, height, channels: NUM_CHANNELS } })
    .png()
    .toBuffer();
}
