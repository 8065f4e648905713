/**
 * Singular value decomposition by one-sided Jacobi rotations in float64: slow, and accurate even for small singular
 * values. The oracle of the rank term; nothing else uses it.
 */
export interface Svd {
  /** [rows, k] row-major, k = min(rows, columns); columns of zero singular values are zero. */
  readonly u: Float64Array;
  /** [k], not sorted. */
  readonly s: Float64Array;
  /** [columns, k] row-major. */
  readonly v: Float64Array;
}

const MAX_SWEEPS = 60;

export function svd(rows: number, columns: number, matrix: ArrayLike<number>): Svd {
  if (rows < columns) {
    const { u, s, v } = svd(columns, rows, transpose(rows, columns, matrix));
    return { u: v, s, v: u };
  }
  const u = Float64Array.from(matrix);
  const noise = 1e-32 * u.reduce((sum, x) => sum + x * x, 0);
  const v = new Float64Array(columns * columns);
  for (let j = 0; j < columns; j++) v[j * columns + j] = 1;
  for (let sweep = 0, rotated = true; rotated; sweep++) {
    if (sweep === MAX_SWEEPS) throw new Error('Jacobi SVD does not converge');
    rotated = false;
    for (let p = 0; p < columns; p++) {
      for (let q = p + 1; q < columns; q++) {
        let pp = 0;
        let qq = 0;
        let pq = 0;
        for (let i = 0; i < rows; i++) {
          const x = u[i * columns + p];
          const y = u[i * columns + q];
          pp += x * x;
          qq += y * y;
          pq += x * y;
        }
        // Columns that have become rounding noise, of zero singular values, never turn orthogonal.
        if (Math.abs(pq) <= 1e-15 * Math.sqrt(pp * qq) || Math.min(pp, qq) <= noise) continue;
        rotated = true;
        const zeta = (qq - pp) / (2 * pq);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        rotate(u, rows, columns, p, q, c, c * t);
        rotate(v, columns, columns, p, q, c, c * t);
      }
    }
  }
  const s = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) s[j] += u[i * columns + j] ** 2;
    s[j] = Math.sqrt(s[j]);
    for (let i = 0; i < rows && s[j] > 0; i++) u[i * columns + j] /= s[j];
  }
  return { u, s, v };
}

/** U V^T over the singular values above `tolerance` times the largest, [rows, columns]. */
export function polarFactorBySvd(
  rows: number,
  columns: number,
  matrix: ArrayLike<number>,
  tolerance: number,
): Float64Array {
  const { u, s, v } = svd(rows, columns, matrix);
  const k = s.length;
  const smallest = tolerance * Math.max(...s);
  const polar = new Float64Array(rows * columns);
  for (let e = 0; e < k; e++) {
    if (s[e] <= smallest) continue;
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) polar[i * columns + j] += u[i * k + e] * v[j * k + e];
  }
  return polar;
}

function rotate(
  m: Float64Array,
  rows: number,
  columns: number,
  p: number,
  q: number,
  c: number,
  s: number,
): void {
  for (let i = 0; i < rows; i++) {
    const x = m[i * columns + p];
    const y = m[i * columns + q];
    m[i * columns + p] = c * x - s * y;
    m[i * columns + q] = s * x + c * y;
  }
}

function transpose(rows: number, columns: number, matrix: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)],
  );
}
