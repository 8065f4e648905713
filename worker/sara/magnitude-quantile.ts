/**
 * The threshold that selects a given fraction of all entries, exactly, over any number of shards.
 *
 * Radix selection on the bit pattern of |p|: for non-negative floats the order of the 31 bits is the order of
 * the values. One pass counts the upper 15 bits, a second the lower 16 bits inside the one upper bin that holds
 * the wanted rank. Histograms of shards add up, so workers exchange two small arrays and never weights.
 */
import { SaraError } from '../../shared/errors.ts';
import { requireFinite, type TensorSequence } from './selection.ts';
import { compileFilter, EVERY_TENSOR, type TensorFilter } from './tensor-filter.ts';

const LOWER_BITS = 16;
const NUM_UPPER_BINS = 1 << (31 - LOWER_BITS);
const NUM_LOWER_BINS = 1 << LOWER_BITS;
const MAGNITUDE_BITS = 0x7fffffff;

/** Bits of the largest finite float32. */
const MAX_FINITE_BITS = 0x7f7fffff;

/** Where the wanted order statistic lies, known after the first pass. */
export interface QuantilePosition {
  /** Entries counted over all shards. */
  readonly total: number;
  /** How many entries may lie below the threshold: round(fraction * total). */
  readonly rank: number;
  /** The upper bin that holds the entry of that rank; null when every entry is wanted. */
  readonly upperBin: number | null;
  /** Rank among the entries of that bin. */
  readonly rankInBin: number;
}

/**
 * First pass over one shard.
 *
 * @returns entries per value of the upper 15 magnitude bits; float64 counts, exact up to 2^53
 * @throws SaraError NOT_FINITE naming the tensor when it holds NaN or infinity
 */
export async function histogramUpper(
  tensors: TensorSequence,
  filter: TensorFilter = EVERY_TENSOR,
): Promise<Float64Array> {
  const histogram = new Float64Array(NUM_UPPER_BINS);
  await forEachBits(tensors, filter, (bits) => {
    for (let i = 0; i < bits.length; i++) histogram[(bits[i] & MAGNITUDE_BITS) >>> LOWER_BITS]++;
  });
  return histogram;
}

/**
 * Second pass over one shard.
 *
 * @param upperBin from {@link locateFraction}; null needs no second pass and counts nothing
 * @returns entries of that bin per value of the lower 16 bits
 */
export async function histogramLower(
  tensors: TensorSequence,
  upperBin: number | null,
  filter: TensorFilter = EVERY_TENSOR,
): Promise<Float64Array> {
  const histogram = new Float64Array(NUM_LOWER_BINS);
  if (upperBin === null) return histogram;
  await forEachBits(tensors, filter, (bits) => {
    for (let i = 0; i < bits.length; i++) {
      if ((bits[i] & MAGNITUDE_BITS) >>> LOWER_BITS === upperBin) histogram[bits[i] & (NUM_LOWER_BINS - 1)]++;
    }
  });
  return histogram;
}

/** Element-wise sum of the shards' histograms. */
export function addHistograms(histograms: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(histograms[0].length);
  for (const histogram of histograms) for (let bin = 0; bin < sum.length; bin++) sum[bin] += histogram[bin];
  return sum;
}

/**
 * @param upper sum of {@link histogramUpper} over all shards
 * @param fraction in (0, 1]
 * @throws SaraError CONFIG_INVALID when the fraction is outside its range or selects nothing
 */
export function locateFraction(upper: Float64Array, fraction: number): QuantilePosition {
  const total = upper.reduce((sum, count) => sum + count, 0);
  const rank = Math.round(fraction * total);
  if (!(fraction > 0 && fraction <= 1 && rank > 0)) {
    throw new SaraError(
      'CONFIG_INVALID',
      `selecting the fraction ${fraction} of ${total} entries: it must lie in (0, 1] and select at least one`,
      {
        fraction,
        total,
      },
    );
  }
  if (rank === total) return { total, rank, upperBin: null, rankInBin: 0 };
  const { bin, rankInBin } = binOfRank(upper, rank);
  return { total, rank, upperBin: bin, rankInBin };
}

/**
 * @param position from {@link locateFraction}
 * @param lower sum of {@link histogramLower} over all shards
 * @returns the largest float32 theta for which at most `rank` entries have |p| < theta
 * @throws SaraError CONFIG_INVALID when so many entries are zero that no positive theta does
 */
export function thresholdFromHistograms(position: QuantilePosition, lower: Float64Array): number {
  if (position.upperBin === null) return floatOfBits(MAX_FINITE_BITS);
  // With exactly `rank` entries before it in sorted order, the entry of that rank is the largest such theta:
  // anything above it would let it in.
  const theta = floatOfBits((position.upperBin << LOWER_BITS) | binOfRank(lower, position.rankInBin).bin);
  if (theta > 0) return theta;
  throw new SaraError(
    'CONFIG_INVALID',
    `more than ${position.rank} of ${position.total} entries are exactly zero: no threshold selects so few; raise the fraction, exclude tensors, or select by threshold`,
    { rank: position.rank, total: position.total },
  );
}

/**
 * Both passes over a model that lies on one machine.
 *
 * @param openTensors starts a pass; called twice
 * @throws SaraError CONFIG_INVALID, NOT_FINITE as the passes
 */
export async function thresholdForFraction(
  openTensors: () => TensorSequence,
  fraction: number,
  filter: TensorFilter = EVERY_TENSOR,
): Promise<number> {
  const position = locateFraction(await histogramUpper(openTensors(), filter), fraction);
  return thresholdFromHistograms(position, await histogramLower(openTensors(), position.upperBin, filter));
}

async function forEachBits(
  tensors: TensorSequence,
  filter: TensorFilter,
  visit: (bits: Int32Array) => void,
): Promise<void> {
  const takesPart = compileFilter(filter);
  for await (const tensor of tensors) {
    requireFinite(tensor);
    if (takesPart(tensor.name))
      visit(new Int32Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length));
  }
}

/** The bin in which the entry of `rank`, counted from 0, lies. */
function binOfRank(histogram: Float64Array, rank: number): { bin: number; rankInBin: number } {
  let before = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    if (before + histogram[bin] > rank) return { bin, rankInBin: rank - before };
    before += histogram[bin];
  }
  throw new SaraError('INTERNAL', `rank ${rank} lies beyond the ${before} counted entries`, {
    rank,
    counted: before,
  });
}

function floatOfBits(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0];
}
