/**
 * The two 16-bit float formats of model files: IEEE 754 binary16 ("half") and bfloat16.
 *
 * Everything works on bit patterns, never through a JavaScript number: a NaN keeps its payload and all 65536
 * patterns survive decode + encode unchanged. Encoding rounds to nearest, ties to even, as every GPU does.
 */

/** One float32 and its bits, to move a single value between the two views. */
const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/** float32 bits of every binary16 pattern; 256 KiB, filled at first use: a table beats branches on whole checkpoints. */
let floatBitsByHalf: Uint32Array | undefined;

function halfTable(): Uint32Array {
  return (floatBitsByHalf ??= Uint32Array.from({ length: 0x10000 }, (_, half) => floatBitsFromHalf(half)));
}

function floatBitsFromHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // Subnormal: fraction * 2^-24. Shift the leading one to where float32 hides it.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}

function halfFromFloatBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    const payload = (magnitude >>> 13) & 0x3ff;
    return sign | 0x7c00 | (payload === 0 ? 0x200 : payload); // a NaN must not turn into infinity
  }
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent; a carry out of the fraction rightly becomes the next exponent.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign; // below half of the smallest subnormal
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const quotient = significand >>> shift;
  const remainder = significand & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  const roundUp = remainder > tie || (remainder === tie && (quotient & 1) === 1);
  return sign | (quotient + (roundUp ? 1 : 0));
}

function bfloat16FromFloatBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) {
    const top = bits >>> 16;
    return (top & 0x7f) === 0 ? top | 0x40 : top;
  }
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** The value of a binary16 pattern. @param bits uint16 */
export function halfToFloat(bits: number): number {
  scratchBits[0] = floatBitsFromHalf(bits);
  return scratchFloat[0];
}

/** The binary16 pattern nearest to `x` (taken as float32), ties to even; beyond 65504 becomes infinity. */
export function floatToHalf(x: number): number {
  scratchFloat[0] = x;
  return halfFromFloatBits(scratchBits[0]);
}

/**
 * @param src binary16 patterns
 * @param dst receives the values; allocated when absent; must have `src.length` elements
 * @returns `dst`
 */
export function decodeFloat16(
  src: Uint16Array,
  dst: Float32Array = new Float32Array(src.length),
): Float32Array {
  const table = halfTable();
  const dstBits = new Uint32Array(dst.buffer, dst.byteOffset, src.length);
  for (let i = 0; i < src.length; i++) dstBits[i] = table[src[i]];
  return dst;
}

/** @returns binary16 patterns nearest to `src`, ties to even */
export function encodeFloat16(src: Float32Array): Uint16Array<ArrayBuffer> {
  return encode(src, halfFromFloatBits);
}

/**
 * @param src bfloat16 patterns
 * @param dst receives the values; allocated when absent; must have `src.length` elements
 * @returns `dst`
 */
export function decodeBfloat16(src: Uint16Array, dst = new Float32Array(src.length)): Float32Array {
  const dstBits = new Uint32Array(dst.buffer, dst.byteOffset, src.length);
  for (let i = 0; i < src.length; i++) dstBits[i] = src[i] << 16;
  return dst;
}

/** @returns bfloat16 patterns nearest to `src`, ties to even */
export function encodeBfloat16(src: Float32Array): Uint16Array<ArrayBuffer> {
  return encode(src, bfloat16FromFloatBits);
}

function encode(src: Float32Array, encodeBits: (bits: number) => number): Uint16Array<ArrayBuffer> {
  const srcBits = new Uint32Array(src.buffer, src.byteOffset, src.length);
  const dst = new Uint16Array(src.length);
  for (let i = 0; i < src.length; i++) dst[i] = encodeBits(srcBits[i]);
  return dst;
}
