/**
 * How large a model's weights are, and how many of them lie below given thresholds: one pass, one tensor at a time.
 *
 * For non-negative floats the order of the bits is the order of the values, so the upper 15 bits of |p| are a
 * histogram bin (see ../sara/magnitude-quantile.ts): 128 to an octave, exact up to the one bin a threshold cuts.
 */
import type { TensorSequence } from '../sara/selection.ts';
import { requireFinite } from '../sara/selection.ts';
import { compileFilter, EVERY_TENSOR, type TensorFilter } from '../sara/tensor-filter.ts';
import { parameterKind, type ParameterKind } from '../export/parameter-kind.ts';

const LOWER_BITS = 16;
const NUM_BINS = 1 << (31 - LOWER_BITS);
const MAGNITUDE_BITS = 0x7fffffff;

export interface TensorStatistics {
  readonly name: string;
  readonly shape: readonly number[];
  readonly numWeights: number;
  /** False where the filter leaves the tensor out: none of it is trained. */
  readonly takesPart: boolean;
  /** Weights that each threshold would train. */
  readonly numBelow: readonly number[];
}

export interface WeightStatistics {
  /** Ascending, as float32. */
  readonly thresholds: readonly number[];
  /** In the order they came. */
  readonly tensors: readonly TensorStatistics[];
  readonly histograms: ReadonlyMap<ParameterKind, MagnitudeHistogram>;
}

/**
 * @param thresholds positive, ascending
 * @throws SaraError NOT_FINITE naming the tensor when it holds NaN or infinity
 */
export async function weightStatistics(
  tensors: TensorSequence,
  thresholds: readonly number[],
  filter: TensorFilter = EVERY_TENSOR,
): Promise<WeightStatistics> {
  const rounded = Float32Array.from(thresholds); // as selection compares
  const takesPart = compileFilter(filter);
  const histograms = new Map<ParameterKind, MagnitudeHistogram>();
  const statistics: TensorStatistics[] = [];
  for await (const tensor of tensors) {
    requireFinite(tensor);
    const { name, shape, data } = tensor;
    const kind = parameterKind(name);
    const histogram = histograms.get(kind) ?? new MagnitudeHistogram();
    histograms.set(kind, histogram);
    const numBelow = histogram.add(data, rounded);
    statistics.push({
      name,
      shape,
      numWeights: data.length,
      takesPart: takesPart(name),
      numBelow: takesPart(name) ? numBelow : numBelow.map(() => 0),
    });
  }
  return { thresholds: [...rounded], tensors: statistics, histograms };
}

/** Counts per magnitude, float64: exact up to 2^53. */
export class MagnitudeHistogram {
  readonly #counts = new Float64Array(NUM_BINS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** @returns per threshold, how many of these values have a smaller magnitude */
  add(values: Float32Array, thresholds: Float32Array): number[] {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    const limits = new Int32Array(thresholds.buffer, thresholds.byteOffset, thresholds.length);
    const isCut = new Uint8Array(NUM_BINS);
    for (const limit of limits) isCut[limit >>> LOWER_BITS] = 1;
    const own = new Uint32Array(NUM_BINS);
    const inCutBin = new Float64Array(limits.length);
    for (let i = 0; i < bits.length; i++) {
      const magnitude = bits[i] & MAGNITUDE_BITS;
      const bin = magnitude >>> LOWER_BITS;
      own[bin]++;
      if (isCut[bin] === 0) continue;
      for (let t = 0; t < limits.length; t++)
        if (limits[t] >>> LOWER_BITS === bin && magnitude < limits[t]) inCutBin[t]++;
    }
    for (let bin = 0; bin < NUM_BINS; bin++) this.#counts[bin] += own[bin];
    this.#total += values.length;
    return Array.from(limits, (limit, t) => {
      let below = inCutBin[t];
      for (let bin = 0; bin < limit >>> LOWER_BITS; bin++) below += own[bin];
      return below;
    });
  }

  /** Lower edge of the bin in which the given share of the values lies below; 0 of nothing. */
  quantile(share: number): number {
    let below = 0;
    for (let bin = 0; bin < NUM_BINS; bin++) {
      below += this.#counts[bin];
      if (below > share * this.#total) return edgeOf(bin);
    }
    return 0;
  }

  /**
   * Counts of wider bins.
   * @param edges ascending; magnitudes of bin i lie in [edges[i], edges[i + 1]), to the precision of a 128th octave
   */
  between(edges: readonly number[]): number[] {
    const bins = edges.map((edge) => new Int32Array(Float32Array.of(edge).buffer)[0] >>> LOWER_BITS);
    return bins.slice(1).map((end, i) => {
      let sum = 0;
      for (let bin = bins[i]; bin < end; bin++) sum += this.#counts[bin];
      return sum;
    });
  }
}

function edgeOf(bin: number): number {
  return new Float32Array(Int32Array.of(bin << LOWER_BITS).buffer)[0];
}
