/**
 * Random numbers that are a pure function of what they are for, so that one worker and twenty, a straight run
 * and a resumed one draw the same. Philox4x32-10 is a block function: 128 bits of counter and 64 of key give 128
 * random bits, with no state to save or to share.
 *
 *   key      seed (low, high word)
 *   counter  block, sample, step, hash of the purpose
 *
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011
 */
import { SaraError } from './errors.ts';

/** What a draw is for. Two purposes never share numbers. */
export type Purpose =
  | 'noise'
  | 'latent'
  | 'noise-offset'
  | 'input-perturbation'
  | 'timestep'
  | 'order'
  | 'bucket-order'
  | 'caption-dropout'
  | 'caption-tags'
  | 'flip'
  | 'augmentation'
  | 'rank-matrix'
  | 'init'
  | 'validation-noise'
  | 'sample-latent'
  | (string & Record<never, never>);

export interface RandomKey {
  /** Of the run; an integer in [0, 2^64). */
  readonly seed: number | bigint;
  /** Optimizer step, in [0, 2^32). */
  readonly step: number;
  /** Position in the global batch, or whatever tells draws of one step apart; in [0, 2^32). */
  readonly sample: number;
  readonly purpose: Purpose;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Weyl increments of the key: golden ratio and sqrt(3) - 1. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const NUM_ROUNDS = 10;
const WORDS_PER_BLOCK = 4;

/**
 * One block of Philox4x32-10.
 * @param counter four uint32
 * @param key two uint32
 * @param block receives four uint32
 */
export function philox4x32(
  counter: Readonly<Uint32Array>,
  key: Readonly<Uint32Array>,
  block: Uint32Array,
): void {
  let c0 = counter[0];
  let c1 = counter[1];
  let c2 = counter[2];
  let c3 = counter[3];
  let k0 = key[0];
  let k1 = key[1];
  for (let round = 0; round < NUM_ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** The upper 32 of the 64 bits of a * b, from 16-bit halves: every partial sum is exact in a number. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carried >>> 16);
}

/** Draws in sequence from one key. Two streams of equal key give equal draws. */
export class RandomStream {
  readonly #key: Uint32Array;
  readonly #counter: Uint32Array;
  readonly #block = new Uint32Array(WORDS_PER_BLOCK);
  #numWordsUsed = WORDS_PER_BLOCK;
  #spareNormal: number | undefined;

  /** @throws SaraError INTERNAL when seed, step or sample is out of its range */
  constructor(key: RandomKey) {
    const seed = typeof key.seed === 'bigint' || Number.isSafeInteger(key.seed) ? BigInt(key.seed) : -1n;
    if (BigInt.asUintN(64, seed) !== seed) throw outOfRange('seed', String(key.seed), '[0, 2^64)');
    for (const part of ['step', 'sample'] as const) {
      if (key[part] >>> 0 !== key[part]) throw outOfRange(part, String(key[part]), '[0, 2^32)');
    }
    this.#key = Uint32Array.of(Number(seed & 0xffffffffn), Number(seed >> 32n));
    this.#counter = Uint32Array.of(0, key.sample, key.step, hashPurpose(key.purpose));
  }

  /** Uniform over [0, 2^32). */
  uint32(): number {
    if (this.#numWordsUsed === WORDS_PER_BLOCK) {
      philox4x32(this.#counter, this.#key, this.#block);
      this.#numWordsUsed = 0;
      this.#counter[0] += 1;
      // A stream holds 2^34 words; starting over silently would repeat them.
      if (this.#counter[0] === 0) throw outOfRange('position', '2^34', '[0, 2^34) words of one stream');
    }
    return this.#block[this.#numWordsUsed++];
  }

  /** Uniform over [0, 1), 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** Standard normal, by Box and Muller in float64. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform())); // 1 - u is never 0
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** The next `n` normals, rounded to float32. */
  normals(n: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = this.normal();
    return values;
  }

  /**
   * Uniform over the integers [0, n), unbiased.
   * @param n in [1, 2^32]
   * @throws SaraError INTERNAL when n is out of its range
   */
  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw outOfRange('n', String(n), '[1, 2^32]');
    const limit = 2 ** 32 - (2 ** 32 % n); // words from here on would favour the small results
    for (;;) {
      const word = this.uint32();
      if (word < limit) return word % n;
    }
  }

  /** A uniformly drawn permutation of [0, n), by Fisher and Yates. */
  shuffle(n: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** FNV-1a over the UTF-16 code units. */
function hashPurpose(purpose: Purpose): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function outOfRange(what: string, value: string, range: string): SaraError {
  return new SaraError('INTERNAL', `random stream: ${what} is ${value}, outside ${range}`, { what, value });
}
