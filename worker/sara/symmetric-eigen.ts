/**
 * Eigendecomposition of a symmetric matrix in float64: Householder tridiagonalisation, then the implicitly
 * shifted QL iteration (Golub and Van Loan, "Matrix Computations", 8.3; LAPACK's dsytd2 and dsteqr).
 *
 * Eigenvectors are kept as rows, so that every inner loop walks contiguous memory.
 */
import { SaraError } from '../../shared/errors.ts';

export interface SymmetricEigen {
  /** [n], in no particular order. */
  readonly values: Float64Array;
  /** [n, n] row-major: row i is the unit eigenvector of `values[i]`. */
  readonly vectors: Float64Array;
}

/** LAPACK allows 30 shifts per eigenvalue; two are usual, more means a bug. */
const MAX_SHIFTS = 30;

/**
 * A column whose squares sum to less is taken as zero: the square of their inverse would overflow. Of no account in a
 * matrix whose entries are around 1, to which callers scale. Rank-deficient matrices come to such columns.
 */
const NEGLIGIBLE_SQUARE = 2 ** -400;

/**
 * @param n size of the matrix
 * @param matrix [n, n] row-major, its largest entry around 1; only the lower triangle is read; overwritten
 * @throws SaraError NOT_FINITE when the matrix holds NaN or infinity
 */
export function symmetricEigen(n: number, matrix: Float64Array): SymmetricEigen {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const scales = tridiagonalise(n, matrix, diagonal, offDiagonal);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  diagonaliseTridiagonal(n, diagonal, offDiagonal, vectors);
  applyReflectors(n, matrix, scales, vectors);
  return { values: diagonal, vectors };
}

/**
 * Reduces A to T = Q^T A Q with Q = H_0 H_1 ..., H_k = I - scale_k v_k v_k^T.
 *
 * Only the lower triangle of the trailing block is updated; v_k replaces row k right of the diagonal.
 *
 * @param diagonal receives T's diagonal
 * @param offDiagonal receives T[k+1, k] at k
 * @returns scale_k per reflector, 0 where the column already had the right form
 */
function tridiagonalise(
  n: number,
  a: Float64Array,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
): Float64Array {
  const scales = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k];
    if (k === n - 1) break;
    let tail = 0;
    for (let i = k + 2; i < n; i++) {
      v[i] = a[i * n + k];
      tail += v[i] * v[i];
    }
    const head = a[(k + 1) * n + k];
    if (tail < NEGLIGIBLE_SQUARE) {
      offDiagonal[k] = head;
      continue;
    }
    const norm = Math.sqrt(head * head + tail);
    offDiagonal[k] = head > 0 ? -norm : norm;
    v[k + 1] = head - offDiagonal[k];
    const scale = 1 / (norm * (norm + Math.abs(head)));
    scales[k] = scale;

    // w = scale A v - (scale^2 / 2) (v^T A v) v turns H A H into the rank-two update A - v w^T - w v^T.
    symmetricTimesVector(n, k + 1, a, v, w);
    let vw = 0;
    for (let i = k + 1; i < n; i++) vw += v[i] * w[i];
    const shift = 0.5 * scale * scale * vw;
    for (let i = k + 1; i < n; i++) w[i] = scale * w[i] - shift * v[i];
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      const vi = v[i];
      const wi = w[i];
      for (let j = k + 1; j <= i; j++) a[row + j] -= vi * w[j] + wi * v[j];
    }
    for (let i = k + 1; i < n; i++) a[k * n + i] = v[i];
  }
  return scales;
}

/** w = A v over the trailing block from `start`, reading only its lower triangle. */
function symmetricTimesVector(
  n: number,
  start: number,
  a: Float64Array,
  v: Float64Array,
  w: Float64Array,
): void {
  for (let i = start; i < n; i++) {
    const row = i * n;
    const vi = v[i];
    let sum = 0;
    for (let j = start; j < i; j++) {
      const aij = a[row + j];
      sum += aij * v[j];
      w[j] += aij * vi;
    }
    w[i] = sum + a[row + i] * vi;
  }
}

/**
 * QL with implicit shifts: turns `diagonal` into the eigenvalues of T and `vectors`, the identity at first, into
 * its eigenvectors as rows. `offDiagonal` is destroyed.
 */
function diagonaliseTridiagonal(
  n: number,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  vectors: Float64Array,
): void {
  const d = diagonal;
  const e = offDiagonal;
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]) + Math.abs(e[i]));
  if (!Number.isFinite(norm)) {
    throw new SaraError('NOT_FINITE', `a matrix of size ${n} holds NaN or infinity and has no eigenvalues`, {
      n,
    });
  }
  // Dropping off-diagonal entries of this size moves eigenvalues no more than rounding the matrix did. A bound
  // relative to the neighbours instead would never be met inside the null space, which is all rounding noise.
  const negligible = Number.EPSILON * norm;

  for (let first = 0; first < n; first++) {
    for (let shifts = 0; ; shifts++) {
      let last = first;
      while (last < n - 1 && Math.abs(e[last]) > negligible) last++;
      if (last === first) break;
      if (shifts === MAX_SHIFTS) {
        throw new SaraError('INTERNAL', `eigenvalue ${first} of ${n} did not converge in ${shifts} shifts`, {
          n,
          shifts,
        });
      }
      chaseBulge(n, first, last, d, e, vectors);
    }
  }
}

/** One QL sweep over the unreduced block [first, last], with Wilkinson's shift. */
function chaseBulge(
  n: number,
  first: number,
  last: number,
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
): void {
  const theta = (d[first + 1] - d[first]) / (2 * e[first]);
  const root = Math.sqrt(theta * theta + 1);
  let g = d[last] - d[first] + e[first] / (theta + (theta >= 0 ? root : -root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      // The block split while being swept: leave it to the next search.
      d[i + 1] -= p;
      e[last] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const t = (d[i] - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotateRows(n, vectors, i, s, c);
  }
  d[first] -= p;
  e[first] = g;
  e[last] = 0;
}

/** Rows i and i + 1 of `vectors` turned by the rotation (c, s). */
function rotateRows(n: number, vectors: Float64Array, i: number, s: number, c: number): void {
  const lower = i * n;
  const upper = lower + n;
  for (let j = 0; j < n; j++) {
    const x = vectors[lower + j];
    const y = vectors[upper + j];
    vectors[upper + j] = s * x + c * y;
    vectors[lower + j] = c * x - s * y;
  }
}

/** Turns each row from an eigenvector of T into one of A: z <- H_0 H_1 ... H_{n-2} z. */
function applyReflectors(
  n: number,
  reflectors: Float64Array,
  scales: Float64Array,
  vectors: Float64Array,
): void {
  for (let row = 0; row < n * n; row += n) {
    for (let k = n - 2; k >= 0; k--) {
      if (scales[k] === 0) continue;
      const v = k * n;
      let dot = 0;
      for (let j = k + 1; j < n; j++) dot += reflectors[v + j] * vectors[row + j];
      dot *= scales[k];
      for (let j = k + 1; j < n; j++) vectors[row + j] -= dot * reflectors[v + j];
    }
  }
}
