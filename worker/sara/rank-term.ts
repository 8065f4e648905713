/**
 * The low-rank term: lambda times the nuclear norm of P * M, for one weight matrix per step.
 *
 * Which matrix is a pure function of (seed, step) over the whole model's candidates, so every stage and every
 * replica knows the same one and only its owner computes. The subgradient is added to the compact gradient before
 * clipping. It depends on the values before the step alone: the owner may compute it while others run forward.
 * Of several replicas only one should add it, before their sum: rounding on unlike devices would part them else.
 *
 * @see Hu et al., "SaRA", arXiv 2409.06633, equations 4 and 5
 */
import { RandomStream } from '../../shared/random.ts';
import { compareNames } from '../../shared/digest.ts';
import { numElements } from '../../shared/tensor.ts';
import { SaraError } from '../../shared/errors.ts';
import { entryView, explicitIndices, type MaskEntry } from './mask.ts';
import { nuclearNorm, type MaskedMatrix, type PolarFactor } from './polar-factor.ts';
import type { TrainableState } from './trainable-state.ts';

export interface RankTermOptions {
  /** lambda_rank; 0 switches the term off. */
  readonly weight: number;
  /** `one` candidate per step, or `all` of them at every step. */
  readonly every: 'one' | 'all';
  /** Candidates are matrices whose shorter side is longer than this. */
  readonly minDimension: number;
  /** Whether convolution weights take part, as [out, in * kh * kw]. */
  readonly reshapeConvs: boolean;
}

export const DEFAULT_RANK_TERM: RankTermOptions = {
  weight: 5e-3,
  every: 'one',
  minDimension: 64,
  reshapeConvs: false,
};

/** A parameter as the candidates' choice sees it. */
export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * @param parameters every tensor of the model, of all shards
 * @returns candidates' names, sorted
 */
export function rankCandidates(parameters: Iterable<NamedShape>, options: RankTermOptions): string[] {
  const candidates: string[] = [];
  for (const { name, shape } of parameters) {
    const matrix = matrixShape(shape, options.reshapeConvs);
    if (matrix !== null && Math.min(...matrix) > options.minDimension) candidates.push(name);
  }
  return candidates.sort(compareNames);
}

/**
 * The matrices whose rank is pressed at one step.
 *
 * @param candidates from {@link rankCandidates}
 * @param step updates already applied, so 0 for the first
 */
export function chooseRankMatrices(
  candidates: readonly string[],
  options: RankTermOptions,
  seed: number | bigint,
  step: number,
): readonly string[] {
  if (options.weight === 0 || candidates.length === 0) return [];
  if (options.every === 'all') return candidates;
  const stream = new RandomStream({ seed, step, sample: 0, purpose: 'rank-matrix' });
  return [candidates[stream.below(candidates.length)]];
}

/** The rank term's share of one matrix. */
export interface RankGradient {
  readonly entry: MaskEntry;
  /** lambda * U V^T at the matrix's active entries, in mask order. */
  readonly gradient: Float32Array;
  /** Nuclear norm of P * M, for reports. */
  readonly nuclearNorm: number;
}

/**
 * @param name one of {@link chooseRankMatrices}
 * @returns null when this state trains no entry of it
 */
export async function rankGradient(
  state: TrainableState,
  name: string,
  weight: number,
  polarFactor: PolarFactor,
): Promise<RankGradient | null> {
  const entry = state.activeMask.get(name);
  if (entry === undefined) return null;
  const matrix = maskedMatrix(entry, state.activeValues(entry));
  const polar = await polarFactor(matrix);
  return { entry, gradient: polar.map((x) => weight * x), nuclearNorm: nuclearNorm(matrix, polar) };
}

/** Adds the share to the compact gradient of the same active mask, in place. */
export function addRankGradient(gradient: Float32Array, term: RankGradient): void {
  const own = entryView(term.entry, gradient);
  for (let k = 0; k < own.length; k++) own[k] += term.gradient[k];
}

function maskedMatrix(entry: MaskEntry, values: Float32Array): MaskedMatrix {
  const shape = matrixShape(entry.shape, true);
  if (shape === null) {
    throw new SaraError(
      'INTERNAL',
      `${entry.name} [${entry.shape.join(', ')}] is no matrix and has no rank term`,
      { tensor: entry.name },
    );
  }
  const [rows, columns] = shape;
  return { rows, columns, indices: explicitIndices(entry), values };
}

/** [rows, columns], or null for what is no matrix. Flattening a row-major [out, in, kh, kw] moves no entry. */
function matrixShape(shape: readonly number[], reshapeConvs: boolean): readonly [number, number] | null {
  if (shape.length !== 2 && !(shape.length === 4 && reshapeConvs)) return null;
  return [shape[0], numElements(shape.slice(1))];
}
