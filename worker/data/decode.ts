/**
 * A picture file as pixels: decoded, upright, on white, in sRGB, cropped to size.
 *
 * Decoding, colour and resampling are sharp's (libvips); this file decides in which order, lets nothing but pictures
 * near the decoder, and refuses what does not come out as three channels of the wanted size.
 */
import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { sha256Hex } from '../../shared/digest.ts';
import { SaraError } from '../../shared/errors.ts';
import { readDataFile, type DataFile } from './data-file.ts';
import { fileKind } from './file-kind.ts';
import { NUM_CHANNELS, type Resolution } from './image.ts';

/**
 * Largest picture decoded, in pixels. A few kilobytes of PNG can claim a picture that fills the memory; 100
 * megapixels are more than any camera gives and 300 MB decoded.
 */
const MAX_INPUT_PIXELS = 100_000_000;
/** Largest file read: 100 megapixels of four 16-bit channels, uncompressed. */
const MAX_INPUT_BYTES = 800 * 10 ** 6;

/** What a picture is before it is brought to size. */
export interface PictureFacts extends Resolution {
  /** Above 1: animated, or of several pages, of which the first is used. */
  readonly numFrames: number;
  readonly hasAlpha: boolean;
  /** SHA-256 of the file's bytes: the same picture wherever it lies. */
  readonly contentHash: string;
}

export interface DecodedPicture {
  readonly facts: PictureFacts;
  /** uint8 [height, width, 3] */
  readonly pixels: Uint8Array;
  /** Its opacity, uint8 [height, width]; null unless asked for and there. */
  readonly alpha: Uint8Array | null;
}

/**
 * The picture scaled to cover a size and cropped around its centre.
 * @param sizeFor the wanted size, given the upright picture's
 * @param wantsAlpha whether its opacity is wanted too
 * @throws SaraError DATA_INVALID naming the file, its context's `reason` what is wrong
 */
export async function decodePicture(
  file: DataFile,
  sizeFor: (picture: Resolution) => Resolution,
  wantsAlpha = false,
): Promise<DecodedPicture> {
  return decoding(file, async (bytes) => {
    const facts = await pictureFacts(bytes);
    const size = sizeFor(facts);
    const pixels = await resized(bytes, size)
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb') // from CMYK, grey or 16 bits
      .raw()
      .toBuffer({ resolveWithObject: true });
    const alpha =
      wantsAlpha && facts.hasAlpha
        ? await resized(bytes, size).extractChannel('alpha').raw().toBuffer({ resolveWithObject: true })
        : null;
    return {
      facts,
      pixels: checked(pixels, size, NUM_CHANNELS),
      alpha: alpha === null ? null : checked(alpha, size, 1),
    };
  });
}

/**
 * A mask as one channel, 255 where it is white, brought to size as its picture was.
 * @param picture upright size of the picture it belongs to
 * @returns uint8 [size.height, size.width]
 * @throws SaraError DATA_INVALID naming the file, also when it is not of the picture's size
 */
export async function decodeMask(file: DataFile, picture: Resolution, size: Resolution): Promise<Uint8Array> {
  return decoding(file, async (bytes) => {
    const { width, height } = await pictureFacts(bytes);
    if (width !== picture.width || height !== picture.height) {
      throw new Error(`is ${width}x${height}, its picture ${picture.width}x${picture.height}`);
    }
    const grey = await resized(bytes, size)
      .flatten({ background: '#000000' })
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return checked(grey, size, 1);
  });
}

async function decoding<T>(file: DataFile, decode: (bytes: Buffer) => Promise<T>): Promise<T> {
  const bytes = await readDataFile(file, MAX_INPUT_BYTES);
  try {
    const found = fileKind(bytes);
    if (found.kind === 'other') throw new Error(`the file is ${found.what}`);
    return await decode(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const path = file.name;
    throw new SaraError('DATA_INVALID', `${path} cannot be decoded: ${reason}`, { path, reason }, { cause });
  }
}

function open(bytes: Buffer): Sharp {
  return sharp(bytes, {
    limitInputPixels: MAX_INPUT_PIXELS,
    failOn: 'error', // also when the file is truncated; mere remarks of the decoder pass
  });
}

async function pictureFacts(bytes: Buffer): Promise<PictureFacts> {
  const { autoOrient, pages, hasAlpha } = await open(bytes).metadata();
  return { ...autoOrient, numFrames: pages ?? 1, hasAlpha, contentHash: sha256Hex(bytes) };
}

function resized(bytes: Buffer, { width, height }: Resolution): Sharp {
  return open(bytes)
    .autoOrient() // cameras store how they were held in EXIF
    .resize(width, height, { fit: 'cover', position: 'centre', kernel: 'lanczos3' });
}

function checked(
  { data, info }: { data: Buffer; info: OutputInfo },
  { width, height }: Resolution,
  numChannels: number,
): Uint8Array {
  if (info.channels !== numChannels || info.width !== width || info.height !== height) {
    throw new Error(`decoded to ${info.width}x${info.height} with ${info.channels} channels`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
