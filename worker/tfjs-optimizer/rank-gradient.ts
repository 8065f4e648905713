/**
 * The low-rank term on tfjs weights, synchronously. The candidates, their choice by (seed, step) and the factor are
 * the run's (sara/rank-term.ts, sara/polar-factor.ts); only what a convolution looks like as a matrix is tfjs' own: its
 * last axis is the output, so [kh, kw, in, out] is [kh * kw * in, out] without moving an entry. That is the transpose of
 * diffusers' [out, in * kh * kw] with its columns in another order, neither of which singular values notice.
 */
import { getBackend } from '@tensorflow/tfjs-core';
import { numElements } from '../../shared/tensor.ts';
import { explicitIndices, type SparseMask } from '../sara/mask.ts';
import { MAX_HOST_SIDE } from '../sara/polar-express.ts';
import { nuclearNorm, polarFactorByEigen, type MaskedMatrix } from '../sara/polar-factor.ts';
import { rankCandidates, type RankGradient, type RankTermOptions } from '../sara/rank-term.ts';
import type { TrainableState } from '../sara/trainable-state.ts';
import { polarFactorOnBackend } from './polar-factor.ts';

/** Names of the variables the term may act on, sorted: matrices, and convolutions where the options ask for them. */
export function candidatesAmong(mask: SparseMask, options: RankTermOptions): string[] {
  return rankCandidates(
    mask.entries.map(({ name, shape }) => ({
      name,
      shape: options.reshapeConvs ? matrixShape(shape) : shape,
    })),
    options,
  );
}

/**
 * @param name one of {@link candidatesAmong}
 * @returns null when no entry of it trains any more
 */
export function rankGradientOf(state: TrainableState, name: string, weight: number): RankGradient | null {
  const entry = state.activeMask.get(name);
  if (entry === undefined) return null;
  const [rows, columns] = matrixShape(entry.shape);
  const matrix = { rows, columns, indices: explicitIndices(entry), values: state.activeValues(entry) };
  const polar = polarFactor(matrix);
  return { entry, gradient: polar.map((x) => weight * x), nuclearNorm: nuclearNorm(matrix, polar) };
}

/** On plain JavaScript the host's method is the faster one at every size; other backends multiply faster than it. */
function polarFactor(matrix: MaskedMatrix): Float32Array {
  const isSmall = Math.min(matrix.rows, matrix.columns) <= MAX_HOST_SIDE;
  return isSmall || getBackend() === 'cpu' ? polarFactorByEigen(matrix) : polarFactorOnBackend(matrix);
}

function matrixShape(shape: readonly number[]): readonly number[] {
  return shape.length <= 2 ? shape : [numElements(shape.slice(0, -1)), shape[shape.length - 1]];
}
