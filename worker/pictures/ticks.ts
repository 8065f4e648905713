/** Axis ticks a reader can do sums with: 1, 2 or 5 times a power of ten, or whole decades. */

export interface Ticks {
  readonly values: readonly number[];
  /** One per value. */
  readonly labels: readonly string[];
}

/**
 * About `count` round values inside [low, high].
 * @param low below high
 */
export function linearTicks(low: number, high: number, count: number): Ticks {
  const rough = (high - low) / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * magnitude >= rough * 0.999) ?? 10;
  const step = factor * magnitude;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toFixed(decimals + 2)),
  );
  return { values, labels: values.map((value) => groupThousands(value.toFixed(decimals))) };
}

/**
 * Powers of ten inside [low, high], with 2 and 5 times them when those are few.
 * @param low above 0, below high
 */
export function logarithmicTicks(low: number, high: number): Ticks {
  const numDecades = Math.log10(high / low);
  // Below a third of a decade the axis is nearly linear, and so should its ticks be.
  if (numDecades < 0.35) return linearTicks(low, high, 5);
  const factors = numDecades < 1 ? [1, 1.5, 2, 3, 4, 5, 7] : numDecades < 3 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent++) {
    for (const factor of factors) {
      const value = Number((factor * 10 ** exponent).toPrecision(2));
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) values.push(value);
    }
  }
  return { values, labels: values.map(plainNumber) };
}

function plainNumber(value: number): string {
  return value >= 1e-4 && value < 1e6
    ? groupThousands(String(value))
    : value.toExponential().replace('e+', 'e');
}

function groupThousands(digits: string): string {
  return digits.replace(/^(-?\d{1,3})(\d{3})*(?=\.|$)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
}
