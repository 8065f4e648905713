/**
 * The polar factor U V^T of a masked matrix: the subgradient of its nuclear norm, restricted to the mask.
 *
 * With P = U S V^T and P's zeros known, U V^T = P (P^T P)^(-1/2). Only the Gram matrix of the shorter side is ever
 * dense: it is summed from the mask's entries, its inverse root comes from its eigenvalues, and the product is
 * formed at the mask's entries alone. A 10240 x 1280 matrix never exists here.
 *
 * Rows and columns without an entry are dropped first; singular values that are zero to rounding contribute
 * nothing. Squaring into the Gram matrix costs half the digits: in float64 that still resolves singular values
 * down to {@link RANK_TOLERANCE} of the largest, beyond what float32 weights mean.
 *
 * @see Watson, "Characterization of the subdifferential of some matrix norms", 1992
 */
import { symmetricEigen } from './symmetric-eigen.ts';

/** A matrix that is zero outside its mask. */
export interface MaskedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Ascending flat row-major places of the entries. */
  readonly indices: Int32Array;
  /** One value per index. */
  readonly values: Float32Array;
}

/**
 * Computes U V^T at the mask's entries, in mask order. The seam for other ways to do it, on a device for instance:
 * they must agree with {@link polarFactorByEigen} to 1e-3 (norm-wise) where the matrix is well conditioned.
 */
export type PolarFactor = (matrix: MaskedMatrix) => Float32Array | Promise<Float32Array>;

/**
 * A singular value below this part of the largest is a zero that rounding moved: eight float32 rounding units,
 * which storing an exactly rank-deficient matrix in float32 does not exceed.
 */
export const RANK_TOLERANCE = 2 ** -20;

/** In float64 on the host, exact to rounding; about 5 n^3 multiply-adds for n the shorter side. */
export const polarFactorByEigen = (matrix: MaskedMatrix): Float32Array => {
  const scale = largestMagnitude(matrix.values);
  if (scale === 0) return new Float32Array(matrix.values.length);
  const compact = compactMatrix(matrix, scale);
  return multiplyOnMask(compact, inverseRoot(compact.numColumns, gramMatrix(compact)));
};

/**
 * Sum of the singular values: <U V^T, P>, which needs no more than the factor itself.
 *
 * @param polar the matrix's polar factor at the mask's entries
 */
export function nuclearNorm(matrix: MaskedMatrix, polar: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < polar.length; k++) sum += polar[k] * matrix.values[k];
  return sum;
}

/**
 * Compressed sparse rows over the rows and columns that have entries, transposed if need be so that there are at
 * least as many rows as columns, and scaled to a largest magnitude of 1 (squares of weights as small as 1e-30
 * would otherwise leave float64's normal range inside the eigensolver).
 */
interface CompactMatrix {
  readonly numColumns: number;
  /** Entries of row r are [rowStarts[r], rowStarts[r + 1]). */
  readonly rowStarts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
  /** Place of each entry in the mask. */
  readonly places: Int32Array;
}

function compactMatrix({ rows, columns, indices, values }: MaskedMatrix, scale: number): CompactMatrix {
  const count = indices.length;
  const rowOf = new Int32Array(count);
  const columnOf = new Int32Array(count);
  for (let k = 0; k < count; k++) {
    rowOf[k] = Math.floor(indices[k] / columns);
    columnOf[k] = indices[k] - rowOf[k] * columns;
  }
  const numRows = renumberUsed(rowOf, rows);
  const numColumns = renumberUsed(columnOf, columns);
  return numRows >= numColumns
    ? sortByRow(numRows, numColumns, rowOf, columnOf, values, scale)
    : sortByRow(numColumns, numRows, columnOf, rowOf, values, scale);
}

/** Renumbers the lines that occur as 0, 1, ... in their order; returns how many there are. */
function renumberUsed(lineOf: Int32Array, numLines: number): number {
  const numbers = new Int32Array(numLines);
  for (let k = 0; k < lineOf.length; k++) numbers[lineOf[k]] = 1;
  let numUsed = 0;
  for (let line = 0; line < numLines; line++) if (numbers[line] === 1) numbers[line] = numUsed++;
  for (let k = 0; k < lineOf.length; k++) lineOf[k] = numbers[lineOf[k]];
  return numUsed;
}

function sortByRow(
  numRows: number,
  numColumns: number,
  rowOf: Int32Array,
  columnOf: Int32Array,
  values: Float32Array,
  scale: number,
): CompactMatrix {
  const count = values.length;
  const rowStarts = new Int32Array(numRows + 1);
  for (let k = 0; k < count; k++) rowStarts[rowOf[k] + 1]++;
  for (let r = 0; r < numRows; r++) rowStarts[r + 1] += rowStarts[r];
  const next = rowStarts.slice();
  const columns = new Int32Array(count);
  const scaled = new Float64Array(count);
  const places = new Int32Array(count);
  for (let k = 0; k < count; k++) {
    const at = next[rowOf[k]]++;
    columns[at] = columnOf[k];
    scaled[at] = values[k] / scale;
    places[at] = k;
  }
  return { numColumns, rowStarts, columns, values: scaled, places };
}

/** P^T P [n, n], lower triangle; entries of a row come in ascending columns. */
function gramMatrix({ numColumns: n, rowStarts, columns, values }: CompactMatrix): Float64Array {
  const gram = new Float64Array(n * n);
  for (let r = 0; r + 1 < rowStarts.length; r++) {
    for (let a = rowStarts[r]; a < rowStarts[r + 1]; a++) {
      const row = columns[a] * n;
      for (let b = rowStarts[r]; b <= a; b++) gram[row + columns[b]] += values[a] * values[b];
    }
  }
  return gram;
}

/** Pseudo-inverse square root of a symmetric positive semidefinite matrix [n, n]; `gram` is overwritten. */
function inverseRoot(n: number, gram: Float64Array): Float64Array {
  const { values, vectors } = symmetricEigen(n, gram);
  const smallest = RANK_TOLERANCE ** 2 * values.reduce((largest, value) => Math.max(largest, value), 0);
  const root = new Float64Array(n * n);
  for (let e = 0; e < n; e++) {
    if (values[e] <= smallest) continue;
    const v = vectors.subarray(e * n, (e + 1) * n);
    const weight = 1 / Math.sqrt(values[e]);
    for (let i = 0; i < n; i++) {
      const row = i * n;
      const vi = v[i] * weight;
      for (let j = 0; j <= i; j++) root[row + j] += vi * v[j];
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) root[j * n + i] = root[i * n + j];
  return root;
}

/** (P R) at P's own entries, in mask order. */
function multiplyOnMask(
  { numColumns: n, rowStarts, columns, values, places }: CompactMatrix,
  root: Float64Array,
): Float32Array {
  const product = new Float32Array(values.length);
  for (let r = 0; r + 1 < rowStarts.length; r++) {
    for (let a = rowStarts[r]; a < rowStarts[r + 1]; a++) {
      const row = columns[a] * n; // R is symmetric: its column is its row
      let sum = 0;
      for (let b = rowStarts[r]; b < rowStarts[r + 1]; b++) sum += values[b] * root[row + columns[b]];
      product[places[a]] = sum;
    }
  }
  return product;
}

function largestMagnitude(values: Float32Array): number {
  let largest = 0;
  for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(values[k]));
  return largest;
}
