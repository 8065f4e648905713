/** Pictures in memory: 8-bit pixels as decoders and encoders have them, and the values a UNet sees. */

/** Size of a picture in pixels. */
export interface Resolution {
  readonly height: number;
  readonly width: number;
}

/** From the narrowest to the widest, small before large. */
export function byShape(a: Resolution, b: Resolution): number {
  return a.width / a.height - b.width / b.height || a.width - b.width;
}

/** Channels of every picture: red, green, blue. */
export const NUM_CHANNELS = 3;

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

/** How a picture is brought to a size: scaled until it covers it, then cropped around its centre. */
export interface CoverFit {
  /** Above 1: enlarged. */
  readonly scale: number;
  /** Share of the picture that is cut off, in [0, 1). */
  readonly croppedShare: number;
}

/** Where what is trained on lies in the picture it was cut from; in pixels. UNets with size conditions are told it. */
export interface PictureFrame {
  /** Of the picture as it is stored, upright. */
  readonly original: Resolution;
  /** Corner of what was kept of the picture once it was scaled. */
  readonly cropTop: number;
  readonly cropLeft: number;
  /** Of what was kept. */
  readonly target: Resolution;
}

/** The centre crop of {@link coverFit}. */
export function frameOf(original: Resolution, target: Resolution): PictureFrame {
  const { scale } = coverFit(original, target);
  const cut = (edge: number, kept: number): number => Math.max(0, Math.round((edge * scale - kept) / 2));
  return {
    original: { height: original.height, width: original.width },
    cropTop: cut(original.height, target.height),
    cropLeft: cut(original.width, target.width),
    target,
  };
}

/** Of a picture that is drawn whole. */
export function wholeFrame(size: Resolution): PictureFrame {
  return { original: size, cropTop: 0, cropLeft: 0, target: size };
}

export function coverFit(picture: Resolution, target: Resolution): CoverFit {
  const scale = Math.max(target.width / picture.width, target.height / picture.height);
  const scaledPixels = picture.width * picture.height * scale ** 2;
  return { scale, croppedShare: Math.max(0, 1 - (target.width * target.height) / scaledPixels) };
}
