/**
 * The best approximation of a sparse matrix by a product of two thin ones, A ~ up down, from its largest singular
 * values, in float64.
 *
 * Everything happens in the span of the shorter side. Q has orthonormal columns there; then
 *
 *   Z = A^T Q          the matrix as seen from Q
 *   Z^T Z = W S^2 W^T  its Gram matrix, only as large as Q is wide, diagonalised
 *   A ~ (Q W) (Z W)^T
 *
 * and ||A||^2 minus the kept S^2 is exactly what the product loses, whatever Q is. For small matrices Q is the
 * identity and the product the truncated singular value decomposition. For others Q is a basis of A's range, found by
 * subspace iteration from a random start (Halko, Martinsson, Tropp, "Finding structure with randomness", SIAM Review
 * 2011, algorithm 4.4): a 1280 x 23040 matrix costs seconds and is never dense.
 */
import { RandomStream } from '../../shared/random.ts';
import type { MaskedMatrix } from '../sara/polar-factor.ts';
import { symmetricEigen } from '../sara/symmetric-eigen.ts';

export interface LowRankFactors {
  /** Columns of `up` and rows of `down`; below the rank asked for where the matrix has no more. */
  readonly rank: number;
  /** [rows, rank] row-major. */
  readonly up: Float64Array;
  /** [rank, columns] row-major. */
  readonly down: Float64Array;
  /** Sum of the squares of the matrix. */
  readonly energy: number;
  /** Of these, what the product holds: the sum of the kept squared singular values. */
  readonly capturedEnergy: number;
}

/** Shorter sides up to this are cheap enough to decompose without a sketch. */
const ALWAYS_EXACT_SIDE = 128;

/** Columns of the sketch beyond the rank, and iterations: what training changes has a flat spectrum. */
const OVERSAMPLING = 10;
const NUM_ITERATIONS = 5;

/** A direction with a smaller part of the largest one's energy is float64 rounding. */
const NEGLIGIBLE = 2 ** -48;

/**
 * @param rank at least 1; from the shorter side on the product is the matrix itself, exactly
 * @param seed of the random start
 */
export function lowRankFactors(matrix: MaskedMatrix, rank: number, seed = 0): LowRankFactors {
  const energy = matrix.values.reduce((sum, value) => sum + value ** 2, 0);
  if (energy === 0)
    return { rank: 0, up: new Float64Array(0), down: new Float64Array(0), energy, capturedEnergy: 0 };
  if (rank >= Math.min(matrix.rows, matrix.columns)) return { ...wholeMatrix(matrix), energy };

  const a = coordinatesOf(matrix);
  const sketchSize = rank + OVERSAMPLING;
  const isExact = a.numShort <= Math.max(ALWAYS_EXACT_SIDE, 2 * sketchSize);
  const q = isExact ? identity(a.numShort) : rangeBasis(a, sketchSize, seed);
  const z = towardsLong(a, q);
  const { directions, squares } = leadingDirections(z, rank);
  // Q W are the singular vectors of the short side, Z W those of the long side times S. Each factor takes the root
  // of S, so that neither leaves the range of half floats before the other.
  const short = project(q, directions, (k) => Math.sqrt(Math.sqrt(squares[k]) * a.scale));
  const long = project(z, directions, (k) => Math.sqrt(a.scale / Math.sqrt(squares[k])));
  const [left, right] = a.isWide ? [short, long] : [long, short];
  return {
    rank: squares.length,
    up: left.data,
    down: transposed(right),
    energy,
    capturedEnergy: squares.reduce((sum, square) => sum + square, 0) * a.scale ** 2,
  };
}

/** Dense float64 [rows, columns], row-major. */
interface Dense {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The matrix by its coordinates along the shorter and the longer side, divided by `scale`: the largest is 1. */
interface Coordinates {
  /** The rows are the shorter side. */
  readonly isWide: boolean;
  readonly numShort: number;
  readonly numLong: number;
  readonly short: Int32Array;
  readonly long: Int32Array;
  readonly values: Float64Array;
  readonly scale: number;
}

function coordinatesOf({ rows, columns, indices, values }: MaskedMatrix): Coordinates {
  const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const row = indices.map((index) => Math.floor(index / columns));
  const column = indices.map((index, k) => index - row[k] * columns);
  const isWide = rows <= columns;
  return {
    isWide,
    numShort: Math.min(rows, columns),
    numLong: Math.max(rows, columns),
    short: isWide ? row : column,
    long: isWide ? column : row,
    values: Float64Array.from(values, (value) => value / scale),
    scale,
  };
}

/** The identity times the matrix, in the order that keeps the rank at the shorter side: exact in any precision. */
function wholeMatrix({ rows, columns, indices, values }: MaskedMatrix): Omit<LowRankFactors, 'energy'> {
  const dense = new Float64Array(rows * columns);
  for (let k = 0; k < indices.length; k++) dense[indices[k]] = values[k];
  const unit = identity(Math.min(rows, columns)).data;
  const [up, down] = rows <= columns ? [unit, dense] : [dense, unit];
  const capturedEnergy = values.reduce((sum, value) => sum + value ** 2, 0);
  return { rank: Math.min(rows, columns), up, down, capturedEnergy };
}

/** Orthonormal columns [numShort, at most `size`] whose span holds nearly all of A's leading left directions. */
function rangeBasis(a: Coordinates, size: number, seed: number): Dense {
  const random = new RandomStream({ seed, step: 0, sample: 0, purpose: 'low-rank-sketch' });
  const start = Float64Array.from({ length: a.numShort * size }, () => random.normal());
  let q: Dense = orthonormalised({ rows: a.numShort, columns: size, data: start });
  for (let i = 0; i < NUM_ITERATIONS; i++) q = orthonormalised(towardsShort(a, towardsLong(a, q)));
  return q;
}

/** A^T X, [numLong, columns], for X [numShort, columns] */
function towardsLong({ short, long, values, numLong }: Coordinates, x: Dense): Dense {
  return multiplySparse(numLong, long, short, values, x);
}

/** A X, [numShort, columns], for X [numLong, columns] */
function towardsShort({ short, long, values, numShort }: Coordinates, x: Dense): Dense {
  return multiplySparse(numShort, short, long, values, x);
}

/** Adds values[e] times row from[e] of X to row to[e] of the result. */
function multiplySparse(
  rows: number,
  to: Int32Array,
  from: Int32Array,
  values: Float64Array,
  { columns, data }: Dense,
): Dense {
  const product = new Float64Array(rows * columns);
  for (let e = 0; e < values.length; e++) {
    const value = values[e];
    const target = to[e] * columns;
    const source = from[e] * columns;
    for (let j = 0; j < columns; j++) product[target + j] += value * data[source + j];
  }
  return { rows, columns, data: product };
}

/** An orthonormal basis of X's columns: X V D^(-1/2) with X^T X = V D V^T, twice, as one pass loses half the digits. */
function orthonormalised(x: Dense): Dense {
  const once = (y: Dense): Dense => {
    const { directions, squares } = leadingDirections(y, y.columns);
    return project(y, directions, (k) => 1 / Math.sqrt(squares[k]));
  };
  return once(once(x));
}

/**
 * Eigenvectors of X^T X with the largest eigenvalues, largest first, without those that are rounding.
 * @returns `directions`: unit vectors [X.columns]; `squares`: the eigenvalues, squared singular values of X
 */
function leadingDirections(x: Dense, count: number): { directions: Float64Array[]; squares: number[] } {
  const n = x.columns;
  const gram = gramMatrix(x);
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, gram[i * n + i]);
  const { values, vectors } = symmetricEigen(
    n,
    gram.map((value) => value / scale),
  );
  const order = Array.from(values.keys()).sort((i, j) => values[j] - values[i]);
  const kept = order.slice(0, count).filter((i) => values[i] > NEGLIGIBLE * values[order[0]]);
  return {
    directions: kept.map((i) => vectors.subarray(i * n, (i + 1) * n)),
    squares: kept.map((i) => values[i] * scale),
  };
}

/** X^T X, the lower triangle of [columns, columns]. */
function gramMatrix({ rows, columns: n, data }: Dense): Float64Array {
  const gram = new Float64Array(n * n);
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * n, (r + 1) * n);
    for (let i = 0; i < n; i++) {
      const value = row[i];
      if (value === 0) continue; // with Q the identity, rows are as sparse as the matrix
      for (let j = 0; j <= i; j++) gram[i * n + j] += value * row[j];
    }
  }
  return gram;
}

/** [X.rows, directions], column k being X times direction k times weight(k). */
function project(x: Dense, directions: readonly Float64Array[], weight: (k: number) => number): Dense {
  const columns = directions.length;
  const data = new Float64Array(x.rows * columns);
  for (const [k, direction] of directions.entries()) {
    const factor = weight(k);
    for (let r = 0; r < x.rows; r++) {
      let dot = 0;
      for (let j = 0, at = r * x.columns; j < x.columns; j++, at++) dot += x.data[at] * direction[j];
      data[r * columns + k] = factor * dot;
    }
  }
  return { rows: x.rows, columns, data };
}

function identity(n: number): Dense {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return { rows: n, columns: n, data };
}

function transposed({ rows, columns, data }: Dense): Float64Array {
  const result = new Float64Array(data.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) result[c * rows + r] = data[r * columns + c];
  return result;
}
