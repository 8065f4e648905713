import assert from 'node:assert/strict';
import { lowRankFactors, type LowRankFactors } from '../../../worker/export/low-rank.ts';
import type { MaskedMatrix } from '../../../worker/sara/polar-factor.ts';
import { someNumbers } from '../../support/numbers.ts';
import { svd } from '../../support/svd.ts';

/** float64 sums of a few thousand terms. */
const ROUNDING = 1e-12;

/** Of the optimum's energy, what a sketch may miss where the spectrum is flat and nothing stands out. */
const SKETCH_LOSS = 0.03;

/** A [rows, columns] matrix in which every `stride`-th entry is something. */
function sparse(rows: number, columns: number, stride: number, seed = 1): MaskedMatrix {
  const indices = Int32Array.from({ length: Math.ceil((rows * columns) / stride) }, (_, k) => k * stride);
  return { rows, columns, indices, values: Float32Array.from(someNumbers(indices.length, seed)) };
}

/** The product of random factors, every entry of it. */
function ofRank(rank: number, rows: number, columns: number): MaskedMatrix {
  const [left, right] = [someNumbers(rows * rank, 3), someNumbers(rank * columns, 4)];
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += left[Math.floor(at / columns) * rank + k] * right[k * columns + (at % columns)];
    return sum;
  });
  return { rows, columns, indices: Int32Array.from(values.keys()), values };
}

function dense({ rows, columns, indices, values }: MaskedMatrix): Float64Array {
  const data = new Float64Array(rows * columns);
  for (const [k, index] of indices.entries()) data[index] = values[k];
  return data;
}

/** Sum of the squared differences between the matrix and the product of its factors. */
function lostEnergy(matrix: MaskedMatrix, { rank, up, down }: LowRankFactors): number {
  const { rows, columns } = matrix;
  const rest = dense(matrix);
  assert.equal(up.length, rows * rank);
  assert.equal(down.length, rank * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < rank; k++)
      for (let c = 0; c < columns; c++) rest[r * columns + c] -= up[r * rank + k] * down[k * columns + c];
  return rest.reduce((sum, value) => sum + value ** 2, 0);
}

/** Squared singular values, largest first, from an independent decomposition. */
function squaredSingularValues(matrix: MaskedMatrix): number[] {
  const { s } = svd(matrix.rows, matrix.columns, dense(matrix));
  return Array.from(s, (value) => value ** 2).sort((a, b) => b - a);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('low-rank factors', () => {
  for (const [rows, columns] of [
    [24, 40],
    [40, 24],
    [30, 30],
  ] as const) {
    it(`of a ${rows} x ${columns} matrix capture what the largest singular values hold, at every rank`, () => {
      const matrix = sparse(rows, columns, 7);
      const squares = squaredSingularValues(matrix);
      for (const rank of [1, 5, 17, 23]) {
        const factors = lowRankFactors(matrix, rank);
        assert.equal(factors.rank, rank);
        const best = sum(squares.slice(0, rank));
        assert.ok(Math.abs(factors.energy - sum(squares)) <= ROUNDING * factors.energy);
        assert.ok(Math.abs(factors.capturedEnergy - best) <= ROUNDING * best, `rank ${rank}`);
        const lost = lostEnergy(matrix, factors);
        assert.ok(Math.abs(factors.energy - factors.capturedEnergy - lost) <= ROUNDING * factors.energy);
      }
    });

    it(`of a ${rows} x ${columns} matrix are the matrix itself, to the last bit, at full rank and above`, () => {
      const matrix = sparse(rows, columns, 7);
      for (const rank of [Math.min(rows, columns), 1000]) {
        const factors = lowRankFactors(matrix, rank);
        assert.equal(factors.rank, Math.min(rows, columns));
        assert.equal(lostEnergy(matrix, factors), 0);
        assert.equal(factors.capturedEnergy, factors.energy);
      }
    });
  }

  it('share the singular values evenly: both factors have columns of one length', () => {
    const { up, down, rank } = lowRankFactors(sparse(24, 40, 7), 4);
    for (let k = 0; k < rank; k++) {
      const ofUp = sum(Array.from({ length: 24 }, (_, r) => up[r * rank + k] ** 2));
      const ofDown = sum(Array.from(down.subarray(k * 40, (k + 1) * 40), (value) => value ** 2));
      assert.ok(Math.abs(ofUp - ofDown) <= 1e-9 * ofUp, `${ofUp} and ${ofDown}`);
    }
  });

  for (const [rows, columns] of [
    [160, 400],
    [400, 160],
  ] as const) {
    it(`found by a sketch recover a ${rows} x ${columns} matrix of lower rank than asked for`, () => {
      const matrix = ofRank(6, rows, columns);
      const factors = lowRankFactors(matrix, 8);
      // Storing the product in float32 gave it full rank, with the rest 2^-24 of the entries.
      assert.ok(lostEnergy(matrix, factors) <= (2 ** -23) ** 2 * factors.energy);
    });

    it(`found by a sketch come close to the best where no direction of ${rows} x ${columns} stands out`, () => {
      const matrix = sparse(rows, columns, 19);
      const best = sum(squaredSingularValues(matrix).slice(0, 16));
      const factors = lowRankFactors(matrix, 16);
      assert.ok(factors.capturedEnergy <= best * (1 + ROUNDING));
      assert.ok(factors.capturedEnergy >= best * (1 - SKETCH_LOSS), `${factors.capturedEnergy} of ${best}`);
      const lost = lostEnergy(matrix, factors);
      assert.ok(Math.abs(factors.energy - factors.capturedEnergy - lost) <= ROUNDING * factors.energy);
    }).timeout(20_000);
  }

  it('are the same at every call with one seed', () => {
    const matrix = sparse(160, 400, 19);
    assert.deepEqual(lowRankFactors(matrix, 4, 7), lowRankFactors(matrix, 4, 7));
  });

  it('stop at the rank the matrix has', () => {
    // Every third column has entries.
    assert.equal(lowRankFactors(sparse(30, 30, 3), 20).rank, 10);
    const twoEntries = {
      rows: 20,
      columns: 30,
      indices: Int32Array.of(3, 100),
      values: Float32Array.of(1, -2),
    };
    const factors = lowRankFactors(twoEntries, 10);
    assert.equal(factors.rank, 2);
    assert.ok(lostEnergy(twoEntries, factors) <= ROUNDING);
  });

  it('hold changes as small as training makes them', () => {
    const matrix = sparse(24, 40, 7);
    const tiny = { ...matrix, values: matrix.values.map((value) => value * 1e-20) };
    const [large, small] = [lowRankFactors(matrix, 5), lowRankFactors(tiny, 5)];
    const share = (factors: LowRankFactors): number => factors.capturedEnergy / factors.energy;
    assert.ok(Math.abs(share(large) - share(small)) <= 1e-6);
  });

  it('of nothing are nothing', () => {
    const nothing = { rows: 3, columns: 4, indices: Int32Array.of(1), values: Float32Array.of(0) };
    assert.deepEqual(lowRankFactors(nothing, 2), {
      rank: 0,
      up: new Float64Array(0),
      down: new Float64Array(0),
      energy: 0,
      capturedEnergy: 0,
    });
  });
});
