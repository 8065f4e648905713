/**
 * A picture file as the values a UNet sees: decoded, upright, on white, in sRGB, cropped to size, scaled to [-1, 1].
 *
 * Decoding, colour and resampling are sharp's (libvips); this file decides in which order and refuses what does
 * not come out as three channels of the wanted size.
 */
import sharp from 'sharp';
import { SaraError } from '../../shared/errors.ts';

/** Size of the decoded picture in pixels. */
export interface Resolution {
  readonly height: number;
  readonly width: number;
}

/** Channels of every decoded picture: red, green, blue. */
export const NUM_CHANNELS = 3;

/**
 * Largest picture decoded, in pixels. A few kilobytes of PNG can claim a picture that fills the memory; 100
 * megapixels are more than any camera gives and 300 MB decoded.
 */
const MAX_INPUT_PIXELS = 100_000_000;

/**
 * The picture scaled to cover `resolution` and cropped around its centre.
 * @returns uint8 [height, width, 3]
 * @throws SaraError DATA_INVALID naming the file and what the decoder says
 */
export async function decodePixels(path: string, { height, width }: Resolution): Promise<Uint8Array> {
  try {
    const { data, info } = await sharp(path, {
      limitInputPixels: MAX_INPUT_PIXELS,
      failOn: 'error', // also when the file is truncated; mere remarks of the decoder pass
    })
      .autoOrient() // cameras store how they were held in EXIF
      .resize(width, height, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb') // from CMYK, grey or 16 bits
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== NUM_CHANNELS || info.width !== width || info.height !== height) {
      throw new Error(`decoded to ${info.width}x${info.height} with ${info.channels} channels`);
    }
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('DATA_INVALID', `${path} cannot be decoded: ${reason}`, { path, reason }, { cause });
  }
}

/**
 * Pixels as the UNet wants them: 0 becomes -1, 255 becomes 1.
 * @param pixels_HWC uint8, three channels
 * @returns float32 [3, H, W]
 */
export function pixelsToValues(pixels_HWC: Uint8Array): Float32Array {
  const numPixels = pixels_HWC.length / NUM_CHANNELS;
  const values_CHW = new Float32Array(pixels_HWC.length);
  for (let channel = 0; channel < NUM_CHANNELS; channel++) {
    for (let i = 0; i < numPixels; i++) {
      values_CHW[channel * numPixels + i] = pixels_HWC[i * NUM_CHANNELS + channel] / 127.5 - 1;
    }
  }
  return values_CHW;
}

/**
 * The inverse, for pictures to look at: rounded, and clamped where a model went beyond [-1, 1].
 * @param values_CHW float32, three channels
 * @returns uint8 [H, W, 3]
 */
export function valuesToPixels(values_CHW: Float32Array): Uint8Array {
  const numPixels = values_CHW.length / NUM_CHANNELS;
  const pixels_HWC = new Uint8ClampedArray(values_CHW.length); // rounds and clamps on assignment
  for (let channel = 0; channel < NUM_CHANNELS; channel++) {
    for (let i = 0; i < numPixels; i++) {
      pixels_HWC[i * NUM_CHANNELS + channel] = (values_CHW[channel * numPixels + i] + 1) * 127.5;
    }
  }
  return new Uint8Array(pixels_HWC.buffer);
}

/** {@link decodePixels} and {@link pixelsToValues}. @returns float32 [3, height, width] in [-1, 1] */
export async function decodeImage(path: string, resolution: Resolution): Promise<Float32Array> {
  return pixelsToValues(await decodePixels(path, resolution));
}
