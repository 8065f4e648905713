import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import {
  nuclearNorm,
  polarFactorByEigen,
  RANK_TOLERANCE,
  type MaskedMatrix,
} from '../../../worker/sara/polar-factor.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';
import { polarFactorBySvd, svd } from '../../support/svd.ts';

/** What the rank term promises on well-conditioned input, norm-wise. */
const POLAR_TOLERANCE = 1e-3;

/** What float64 on the host reaches there. */
const HOST_TOLERANCE = 1e-6;

function dense({ rows, columns, indices, values }: MaskedMatrix): Float32Array {
  const matrix = new Float32Array(rows * columns);
  indices.forEach((at, k) => (matrix[at] = values[k]));
  return matrix;
}

async function errorAgainstSvd(matrix: MaskedMatrix): Promise<number> {
  const expected = polarFactorBySvd(matrix.rows, matrix.columns, dense(matrix), RANK_TOLERANCE);
  const polar = polarFactorByEigen(matrix);
  return relativeError(
    polar,
    Array.from(matrix.indices, (at) => expected[at]),
  );
}

function everyEntry(rows: number, columns: number, values: Float32Array): MaskedMatrix {
  return { rows, columns, indices: Int32Array.from(values.keys()), values };
}

/** Diagonal matrix of the given singular values, turned by rotations on both sides. */
function withSingularValues(n: number, singularValues: readonly number[]): Float32Array {
  const { u, v } = svd(n, n, someNumbers(n * n, n));
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return singularValues.reduce((sum, s, e) => sum + u[i * n + e] * s * v[j * n + e], 0);
  });
}

describe('polar factor', () => {
  for (const [recorded, what] of [
    '64x64, 6 % masked',
    '96x32',
    '32x128',
    '80x80, all masked',
    '48x48, rank-deficient',
  ].entries()) {
    it(`agrees with the recorded float64 SVD: ${what}`, async () => {
      const io = await SafetensorsFile.open('test/golden/rank/io.safetensors');
      const weight = await io.readFloat32(`${recorded}.weight`);
      const mask = (await io.read(`${recorded}.mask`)).data as Uint8Array;
      const expected = (await io.readFloat32(`${recorded}.uvt_masked`)).data;
      const expectedNorm = (await io.readFloat32(`${recorded}.nuclear_norm`)).data[0];
      await io.close();
      const indices = Int32Array.from(mask.keys()).filter((at) => mask[at] === 1);
      const [rows, columns] = weight.shape;
      const matrix = { rows, columns, indices, values: Float32Array.from(indices, (at) => weight.data[at]) };
      const polar = polarFactorByEigen(matrix);
      assert.ok(
        relativeError(
          polar,
          Array.from(indices, (at) => expected[at]),
        ) < HOST_TOLERANCE,
      );
      assert.ok(Math.abs(nuclearNorm(matrix, polar) - expectedNorm) < HOST_TOLERANCE * expectedNorm);
    });
  }

  it('agrees with an SVD for sparse masks of any density and shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 24 }),
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        fc.nat(),
        async (rows, columns, density, seed) => {
          const chance = someNumbers(rows * columns, seed);
          const indices = Int32Array.from(chance.keys()).filter((at) => chance[at] < 2 * density - 1);
          const values = someNumbers(indices.length, seed + 1).map((x) => 1e-3 * x);
          assert.ok((await errorAgainstSvd({ rows, columns, indices, values })) < POLAR_TOLERANCE);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('brings small but real singular values to one', async () => {
    const matrix = everyEntry(8, 8, withSingularValues(8, [1, 1, 0.5, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5]));
    const polar = polarFactorByEigen(matrix);
    const { s } = svd(8, 8, polar);
    s.forEach((value) => {
      assert.ok(Math.abs(value - 1) < POLAR_TOLERANCE, `singular value ${value} of the polar factor`);
    });
  });

  it('lets singular values that are only rounding contribute nothing', async () => {
    const matrix = everyEntry(16, 16, withSingularValues(16, [1, 0.7, 0.3])); // rank 3 before rounding to float32
    const polar = polarFactorByEigen(matrix);
    const { s } = svd(16, 16, polar);
    assert.equal(s.filter((value) => value > 0.5).length, 3);
    assert.equal(s.filter((value) => value > 1e-6).length, 3);
    assert.ok((await errorAgainstSvd(matrix)) < POLAR_TOLERANCE);
  });

  it('does not depend on the scale of the weights, down to the smallest', async () => {
    const values = someNumbers(48, 3);
    const expected = polarFactorByEigen(everyEntry(8, 6, values));
    for (const scale of [1e-30, 1e-3, 1e30]) {
      const polar = polarFactorByEigen(
        everyEntry(
          8,
          6,
          values.map((x) => x * scale),
        ),
      );
      assert.ok(relativeError(polar, expected) < HOST_TOLERANCE, `at scale ${scale}`);
    }
  });

  it('gives an entry whose value is zero its share when its row and column have others', async () => {
    const matrix: MaskedMatrix = {
      rows: 2,
      columns: 2,
      indices: Int32Array.of(0, 1, 2, 3),
      values: Float32Array.of(0, 1, 1, 1),
    };
    const polar = polarFactorByEigen(matrix);
    assert.ok(
      relativeError(polar, [-1 / Math.sqrt(5), 2 / Math.sqrt(5), 2 / Math.sqrt(5), 1 / Math.sqrt(5)]) <
        HOST_TOLERANCE,
    );
  });

  it('is zero where all values are zero, and empty for an empty mask', async () => {
    assert.deepEqual(polarFactorByEigen(everyEntry(2, 2, new Float32Array(4))), new Float32Array(4));
    assert.deepEqual(
      polarFactorByEigen({
        rows: 2,
        columns: 2,
        indices: new Int32Array(0),
        values: new Float32Array(0),
      }),
      new Float32Array(0),
    );
  });
});
