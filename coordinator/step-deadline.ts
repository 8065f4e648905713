/**
 * How long a call of a training step may take before its stage counts as hung: from the steps seen, not a constant.
 *
 * Until there are enough steps a generous fixed time holds, because the first ones compile programs and warm caches.
 */

/** Shortest deadline: a page-cache miss or a neighbour's burst must not look like a hang. */
const FLOOR_MS = 60_000;
/** Before {@link MIN_SAMPLES} steps: a large UNet compiles for minutes on a slow disk. */
const FIRST_STEPS_MS = 900_000;
const MIN_SAMPLES = 5;
const WINDOW = 50;
/** Distance from the median in median absolute deviations; far outside what a healthy step does. */
const NUM_DEVIATIONS = 20;

export class StepDeadline {
  readonly #durationsMs: number[] = [];

  observe(durationMs: number): void {
    this.#durationsMs.push(durationMs);
    if (this.#durationsMs.length > WINDOW) this.#durationsMs.shift();
  }

  /** max(floor, median + k * MAD) of the recent steps, in ms; a multiple of the median where all were alike. */
  get timeoutMs(): number {
    if (this.#durationsMs.length < MIN_SAMPLES) return FIRST_STEPS_MS;
    const centre = median(this.#durationsMs);
    const deviation = median(this.#durationsMs.map((duration) => Math.abs(duration - centre)));
    return Math.max(FLOOR_MS, centre + NUM_DEVIATIONS * Math.max(deviation, centre / 10));
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
