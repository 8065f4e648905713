/**
 * The polar factor by matrix multiplications alone, on whatever device the engine runs on: for matrices whose
 * eigendecomposition on the host would take longer than the rest of a training step.
 *
 * X <- X (a I + b X^T X + c (X^T X)^2) with, at every iteration, the odd quintic that is closest to 1 over the range
 * the singular values can still have. In float32, singular values below {@link RESOLUTION} of the bound on the
 * largest are not brought to 1, and rounding noise in the null space of a rank-deficient matrix is not wholly
 * suppressed: polar-factor.ts does both, so it keeps the small matrices.
 *
 * @see Amsel, Persson, Musco, Gower, "The Polar Express", arXiv 2505.16932
 */
import { floatTensor } from '../../shared/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import { Graph, type Value } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { polarFactorByEigen, type MaskedMatrix, type PolarFactor } from './polar-factor.ts';

/** Smallest singular value that is brought to 1, relative to the bound by which the matrix is scaled. */
export const RESOLUTION = 1e-4;

/** How far from 1 singular values of at least {@link RESOLUTION} may end up. */
export const CONVERGED = 1e-5;

/** Up to this shorter side the host takes a few hundredths of a second, and is exact. */
export const MAX_HOST_SIDE = 128;

/** Odd quintic a x + b x^3 + c x^5. */
interface Quintic {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * From this ratio of the sides on, the iteration runs on the Gram matrix of the shorter side: eight times 1280 x 1280
 * cost a third of eight times 1280 x 10240. What it squares it resolves less finely, singular values below about 3e-4
 * of the largest instead of {@link RESOLUTION}; but a matrix so oblong has few of those.
 */
export const MIN_GRAM_RATIO = 3;

/**
 * Polar factors of a run: on the host for small matrices, else on the engine. A program is compiled, run once and
 * dropped: that takes hundredths of a second, and keeping one per shape would keep their buffers.
 */
export class PolarFactors {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  readonly compute: PolarFactor = (matrix) => {
    if (Math.min(matrix.rows, matrix.columns) <= MAX_HOST_SIDE) return polarFactorByEigen(matrix);
    return this.computeOnEngine(matrix);
  };

  /** @throws SaraError ENGINE_FAILED as the engine does */
  async computeOnEngine(matrix: MaskedMatrix): Promise<Float32Array> {
    const bound = spectralBound(matrix);
    if (bound === 0) return new Float32Array(matrix.values.length);
    const { rows, columns } = matrix;
    const dense = new Float32Array(rows * columns);
    matrix.indices.forEach((at, k) => (dense[at] = matrix.values[k] / bound));
    const program = await this.#engine.compile(polarGraph(rows, columns), new WeightStore());
    try {
      const { polar } = await program.run({ matrix: floatTensor([rows, columns], dense) });
      return Float32Array.from(matrix.indices, (at) => (polar.data as Float32Array)[at]);
    } finally {
      await program.dispose();
    }
  }
}

/** matrix [rows, columns] of spectral norm at most 1 -> polar [rows, columns]. */
function polarGraph(rows: number, columns: number): Graph {
  const graph = new Graph();
  const isTall = rows >= columns;
  const x = graph.input('matrix', [rows, columns]);
  const isOblong = Math.max(rows, columns) >= MIN_GRAM_RATIO * Math.min(rows, columns);
  graph.output('polar', isOblong ? throughGram(graph, x, isTall) : directly(graph, x, isTall));
  return graph;
}

const QUINTICS = polarExpress(RESOLUTION, CONVERGED);

/** Of the shorter side. */
function gramMatrix(graph: Graph, x: Value, isTall: boolean): Value {
  return isTall ? graph.matMul(x, x, { transA: true }) : graph.matMul(x, x, { transB: true });
}

function directly(graph: Graph, matrix: Value, isTall: boolean): Value {
  let x = matrix;
  for (const { a, b, c } of QUINTICS) {
    const gram = gramMatrix(graph, x, isTall);
    const factor = graph.add(graph.affine(gram, b), graph.matMul(gram, gram, { alpha: c }));
    const change = isTall ? graph.matMul(x, factor) : graph.matMul(factor, x);
    x = graph.add(graph.affine(x, a), change);
  }
  return x;
}

/** The factors a I + b G + c G^2 commute, so their product can be made first, and applied to the matrix once. */
function throughGram(graph: Graph, x: Value, isTall: boolean): Value {
  let gram = gramMatrix(graph, x, isTall);
  const [size] = gram.shape;
  const ones = new Float32Array(size * size);
  for (let i = 0; i < size; i++) ones[i * (size + 1)] = 1;
  const identity = graph.constant([size, size], ones);
  let product: Value | null = null;
  for (const { a, b, c } of QUINTICS) {
    const upper = graph.add(graph.affine(gram, b), graph.matMul(gram, gram, { alpha: c }));
    const factor = graph.add(graph.affine(identity, a), upper);
    product = product === null ? factor : graph.matMul(product, factor);
    gram = graph.matMul(factor, graph.matMul(gram, factor));
  }
  return isTall ? graph.matMul(x, product!) : graph.matMul(product!, x);
}

/**
 * Upper bound on the largest singular value, at most a few times too large: the geometric mean of the largest row
 * and column sum of magnitudes, or the Frobenius norm where that is smaller.
 */
export function spectralBound({ rows, columns, indices, values }: MaskedMatrix): number {
  const rowSums = new Float64Array(rows);
  const columnSums = new Float64Array(columns);
  let squares = 0;
  for (let k = 0; k < indices.length; k++) {
    const magnitude = Math.abs(values[k]);
    const row = Math.floor(indices[k] / columns);
    rowSums[row] += magnitude;
    columnSums[indices[k] - row * columns] += magnitude;
    squares += magnitude * magnitude;
  }
  const largest = (sums: Float64Array): number => sums.reduce((max, sum) => Math.max(max, sum), 0);
  return Math.min(Math.sqrt(largest(rowSums) * largest(columnSums)), Math.sqrt(squares));
}

/**
 * Polynomials whose composition brings all of [lower, 1] to within `tolerance` of 1, each the best of its degree
 * for what its predecessors leave.
 */
export function polarExpress(lower: number, tolerance: number): Quintic[] {
  const quintics: Quintic[] = [];
  let low = lower;
  let high = 1;
  while (high - low > 2 * tolerance) {
    const quintic = optimalQuintic(low, high);
    quintics.push(quintic);
    low = evaluate(quintic, low);
    high = 2 - low;
  }
  return quintics;
}

/** The odd quintic closest to 1 over [low, high] in the maximum norm, by Remez exchange. */
function optimalQuintic(low: number, high: number): Quintic {
  // Near convergence the exchange is singular to rounding; its limit is Newton and Schulz's quintic.
  if (low / high > 1 - 1e-5) return { a: 15 / 8 / high, b: -10 / 8 / high ** 3, c: 3 / 8 / high ** 5 };
  let inner = [(3 * low + high) / 4, (low + 3 * high) / 4];
  let quintic: Quintic = { a: 0, b: 0, c: 0 };
  for (let error = Infinity, change = Infinity; change > 1e-15;) {
    // Equal errors of alternating sign at the ends and at the two extrema between them.
    const [a, b, c, e] = solve(
      [low, ...inner, high].map((x, i) => [x, x ** 3, x ** 5, i % 2 === 0 ? 1 : -1, 1]),
    );
    change = Math.abs(error - e);
    error = e;
    quintic = { a, b, c };
    const root = Math.sqrt(9 * b * b - 20 * a * c);
    inner = [Math.sqrt((-3 * b - root) / (10 * c)), Math.sqrt((-3 * b + root) / (10 * c))];
  }
  return quintic;
}

function evaluate({ a, b, c }: Quintic, x: number): number {
  return a * x + b * x ** 3 + c * x ** 5;
}

/** Gauss elimination with row pivoting of an augmented square system. */
function solve(augmented: number[][]): number[] {
  const n = augmented.length;
  const m = augmented.map((row) => [...row]);
  for (let k = 0; k < n; k++) {
    const pivot = m
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]) > Math.abs(m[best][k]) ? k + i : best), k);
    [m[k], m[pivot]] = [m[pivot], m[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = m[i][k] / m[k][k];
      for (let j = k; j <= n; j++) m[i][j] -= factor * m[k][j];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let sum = m[k][n];
    for (let j = k + 1; j < n; j++) sum -= m[k][j] * x[j];
    x[k] = sum / m[k][k];
  }
  return x;
}
