/**
 * What SaRA would train in a model, before anything is trained: for a range of thresholds how many weights, how large
 * the adapter, how much memory, which learning rate; and in which blocks and layers the weights lie.
 */
import { MAX_THRESHOLD_FOR_LEARNING_RATE } from '../../shared/config.ts';
import type { WeightFiles } from '../../shared/safetensors.ts';
import { parameterKind, PARAMETER_KINDS, type ParameterKind } from '../export/parameter-kind.ts';
import { learningRateForThreshold } from '../optim/lr-schedule.ts';
import { thresholdForFraction } from '../sara/magnitude-quantile.ts';
import { requireThreshold, type NamedTensor } from '../sara/selection.ts';
import { EVERY_TENSOR, requireEveryPatternMatches, type TensorFilter } from '../sara/tensor-filter.ts';
import { weightStatistics, type MagnitudeHistogram, type TensorStatistics } from './weight-statistics.ts';

/** The paper's, and on to where most models are all trained. */
export const DEFAULT_THRESHOLDS = [2e-4, 4e-4, 8e-4, 2e-3, 4e-3, 8e-3, 2e-2] as const;

/** float32 value, gradient and two moments, int32 index. */
export const BYTES_PER_TRAINED_WEIGHT = 20;

/** Index and change in an adapter file. */
const ADAPTER_BYTES_PER_WEIGHT = { float32: 8, float16: 6 } as const;
/** Two entries in the header, without their names. */
const ADAPTER_BYTES_PER_TENSOR = 140;

/** Of published histograms: an octave in two. */
const HISTOGRAM_EDGES = Array.from({ length: 61 }, (_, i) => 2 ** (-26 + i / 2));

export interface AnalysisOptions {
  readonly thresholds: readonly number[];
  /** The run's own choice, listed with the others and shown in detail. */
  readonly chosen: { readonly threshold: number } | { readonly fraction: number } | null;
  readonly filter: TensorFilter;
}

export const WITHOUT_CONFIG: AnalysisOptions = {
  thresholds: DEFAULT_THRESHOLDS,
  chosen: null,
  filter: EVERY_TENSOR,
};

export interface ThresholdRow {
  readonly threshold: number;
  readonly numTrained: number;
  /** Share of all weights. */
  readonly share: number;
  readonly adapterBytes: Readonly<Record<'float32' | 'float16', number>>;
  /** Values, gradients, moments and indices; the frozen weights and the pass through the model come on top. */
  readonly trainedBytes: number;
  /** Equation 12; null above the thresholds it was fitted for. */
  readonly learningRate: number | null;
}

export interface KindRow {
  readonly kind: ParameterKind;
  readonly numTensors: number;
  readonly numWeights: number;
  readonly medianMagnitude: number;
  /** Weights per threshold. */
  readonly numTrained: readonly number[];
  /** Weights of magnitude [edges[i], edges[i + 1]). */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
}

export interface BlockRow {
  /** e.g. `down_blocks.0`, in the order of the forward pass. */
  readonly block: string;
  readonly numWeights: number;
  readonly numTrained: readonly number[];
  /** The same by kind of layer; kinds the block has not are left out. */
  readonly kinds: readonly Pick<KindRow, 'kind' | 'numWeights' | 'numTrained'>[];
}

export interface ModelAnalysis {
  readonly numWeights: number;
  readonly numTensors: number;
  /** As stored. */
  readonly weightBytes: number;
  readonly thresholds: readonly ThresholdRow[];
  /** Which of them is shown in detail: the run's own, else the one nearest to a twentieth of the weights. */
  readonly shown: number;
  /** Whether that one is the run's own. */
  readonly isChosen: boolean;
  readonly kinds: readonly KindRow[];
  readonly blocks: readonly BlockRow[];
  readonly tensors: readonly TensorStatistics[];
}

/** SaRA's middle setting trains about this share of SD 1.5. */
const TYPICAL_SHARE = 0.05;

/**
 * Reads every tensor once, one at a time, and twice more for the threshold of a fraction.
 *
 * @param files the UNet's
 * @throws SaraError CONFIG_INVALID when a threshold is not positive, a fraction selects nothing, or a pattern matches
 *   no tensor; NOT_FINITE when the model holds NaN or infinity
 */
export async function analyseModel(files: WeightFiles, options: AnalysisOptions): Promise<ModelAnalysis> {
  const { chosen, filter } = options;
  requireEveryPatternMatches(filter, files.entries.keys());
  const open = (): AsyncGenerator<NamedTensor> => tensorsOf(files);
  const ownThreshold =
    chosen === null
      ? null
      : 'threshold' in chosen
        ? chosen.threshold
        : await thresholdForFraction(open, chosen.fraction, filter);
  const all = [...options.thresholds, ...(ownThreshold === null ? [] : [ownThreshold])];
  for (const threshold of all) requireThreshold(threshold);
  const ascending = [...new Set(all.map(Math.fround))].sort((a, b) => a - b);

  const { thresholds, tensors, histograms } = await weightStatistics(open(), ascending, filter);
  const rows = thresholds.map((threshold, t) => thresholdRow(threshold, t, tensors));
  const own = ownThreshold === null ? -1 : thresholds.indexOf(Math.fround(ownThreshold));
  return {
    numWeights: totalOf(tensors),
    numTensors: tensors.length,
    weightBytes: [...files.entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    thresholds: rows,
    shown: own >= 0 ? own : nearestTo(rows, TYPICAL_SHARE),
    isChosen: own >= 0,
    kinds: PARAMETER_KINDS.flatMap((kind) => kindRow(kind, tensors, histograms)),
    blocks: blockRows(tensors),
    tensors,
  };
}

async function* tensorsOf(files: WeightFiles): AsyncGenerator<NamedTensor> {
  for (const { name, shape } of files.entries.values())
    yield { name, shape, data: (await files.readFloat32(name)).data };
}

function thresholdRow(rounded: number, t: number, tensors: readonly TensorStatistics[]): ThresholdRow {
  const threshold = shortestDecimal(rounded);
  const numTrained = belowOf(tensors, t);
  const headerBytes = tensors
    .filter(({ numBelow }) => numBelow[t] > 0)
    .reduce((sum, { name }) => sum + 2 * name.length + ADAPTER_BYTES_PER_TENSOR, 0);
  return {
    threshold,
    numTrained,
    share: numTrained / totalOf(tensors),
    adapterBytes: {
      float32: headerBytes + numTrained * ADAPTER_BYTES_PER_WEIGHT.float32,
      float16: headerBytes + numTrained * ADAPTER_BYTES_PER_WEIGHT.float16,
    },
    trainedBytes: numTrained * BYTES_PER_TRAINED_WEIGHT,
    learningRate: threshold <= MAX_THRESHOLD_FOR_LEARNING_RATE ? learningRateForThreshold(threshold) : null,
  };
}

/** What a person would write for a float32: `0.002`, not `0.0020000000949949026`. */
function shortestDecimal(float32: number): number {
  for (let digits = 1; ; digits++) {
    const decimal = Number(float32.toPrecision(digits));
    if (Math.fround(decimal) === float32) return decimal;
  }
}

function nearestTo(rows: readonly ThresholdRow[], share: number): number {
  const distance = (row: ThresholdRow): number => Math.abs(Math.log((row.share + 1e-9) / share));
  return rows.reduce((best, row, i) => (distance(row) < distance(rows[best]) ? i : best), 0);
}

function kindRow(
  kind: ParameterKind,
  tensors: readonly TensorStatistics[],
  histograms: ReadonlyMap<ParameterKind, MagnitudeHistogram>,
): KindRow[] {
  const own = tensors.filter(({ name }) => parameterKind(name) === kind);
  const histogram = histograms.get(kind);
  if (histogram === undefined) return [];
  return [
    {
      kind,
      numTensors: own.length,
      numWeights: totalOf(own),
      medianMagnitude: histogram.quantile(0.5),
      numTrained: own[0].numBelow.map((_, t) => belowOf(own, t)),
      histogram: { edges: HISTOGRAM_EDGES, counts: histogram.between(HISTOGRAM_EDGES) },
    },
  ];
}

function blockRows(tensors: readonly TensorStatistics[]): BlockRow[] {
  const byBlock = new Map<string, TensorStatistics[]>();
  for (const tensor of tensors) {
    const block = blockOf(tensor.name);
    byBlock.set(block, [...(byBlock.get(block) ?? []), tensor]);
  }
  return [...byBlock]
    .sort(([a], [b]) => orderOf(a) - orderOf(b) || (a < b ? -1 : 1))
    .map(([block, own]) => ({
      block,
      numWeights: totalOf(own),
      numTrained: own[0].numBelow.map((_, t) => belowOf(own, t)),
      kinds: PARAMETER_KINDS.flatMap((kind) => {
        const ofKind = own.filter(({ name }) => parameterKind(name) === kind);
        if (ofKind.length === 0) return [];
        const numTrained = ofKind[0].numBelow.map((_, t) => belowOf(ofKind, t));
        return [{ kind, numWeights: totalOf(ofKind), numTrained }];
      }),
    }));
}

/** The numbered block, or the part of the model outside of them. */
function blockOf(name: string): string {
  const [part, index] = name.split('.');
  if (part === 'down_blocks' || part === 'up_blocks') return `${part}.${index}`;
  return part === 'conv_norm_out' ? 'conv_out' : part;
}

const FORWARD_ORDER = [
  'time_embedding',
  'add_embedding',
  'conv_in',
  'down_blocks',
  'mid_block',
  'up_blocks',
  'conv_out',
];

function orderOf(block: string): number {
  const place = FORWARD_ORDER.indexOf(block.split('.')[0]);
  return place < 0 ? FORWARD_ORDER.length : place;
}

function totalOf(tensors: readonly TensorStatistics[]): number {
  return tensors.reduce((sum, { numWeights }) => sum + numWeights, 0);
}

function belowOf(tensors: readonly TensorStatistics[], threshold: number): number {
  return tensors.reduce((sum, { numBelow }) => sum + numBelow[threshold], 0);
}
