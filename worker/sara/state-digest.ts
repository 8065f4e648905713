/**
 * A fingerprint of trained values, by which replicas notice that they are not bit-equal any more. It is made at every
 * step of every replica, so it must cost little beside it: two lanes of the mixing of MurmurHash3 (Appleby, 2011, public
 * domain), 64 bits in all. It tells accidents, not forgeries.
 */
const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const SEEDS = [0x2545f491, 0x9e3779b9];

/** @param values read as bit patterns: two zeros of different sign differ. @returns 16 hexadecimal digits */
export function stateDigest(values: Float32Array): string {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let [first, second] = SEEDS;
  for (let i = 0; i < words.length; i++) {
    let k = Math.imul(words[i], C1);
    k = Math.imul((k << 15) | (k >>> 17), C2);
    first ^= k;
    first = (Math.imul((first << 13) | (first >>> 19), 5) + 0xe6546b64) | 0;
    second ^= Math.imul(k, C1);
    second = (Math.imul((second << 17) | (second >>> 15), 9) + 0x38495ab5) | 0;
  }
  return [first ^ words.length, second].map((lane) => finished(lane).toString(16).padStart(8, '0')).join('');
}

/** Every bit of a lane reaches every bit of the result. */
function finished(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
