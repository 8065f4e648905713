/** Comparison of arrays the way the tolerances of the tests are stated. */

/** Euclidean norm, summed in float64. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return Math.sqrt(sum);
}

/** ||a - b||, or Infinity where the lengths differ. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}

/** ||a - b|| / ||b||, or ||a - b|| where b is zero to rounding (||b|| below `zeroNorm`). */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>, zeroNorm = 1e-6): number {
  const reference = norm(b);
  return reference < zeroNorm ? distance(a, b) : distance(a, b) / reference;
}

/** Deterministic values in [-1, 1) for tests that only need "some numbers" (mulberry32). */
export function someNumbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}
