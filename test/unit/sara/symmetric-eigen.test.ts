import assert from 'node:assert/strict';
import fc from 'fast-check';
import { symmetricEigen } from '../../../worker/sara/symmetric-eigen.ts';
import { someNumbers } from '../../support/numbers.ts';

/** Backward error of a stable float64 eigensolver at these sizes, relative to the matrix's norm. */
const FLOAT64_TOLERANCE = 1e-13;

function symmetric(n: number, entry: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) =>
    entry(Math.max(Math.floor(at / n), at % n), Math.min(Math.floor(at / n), at % n)),
  );
}

/** Asserts A = V^T diag(values) V and V V^T = I. */
function assertDecomposes(n: number, a: Float64Array): Float64Array {
  const { values, vectors } = symmetricEigen(n, a.slice());
  const norm = Math.max(1e-300, ...a.map(Math.abs)) * n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let rebuilt = 0;
      let product = 0;
      for (let e = 0; e < n; e++) {
        rebuilt += vectors[e * n + i] * values[e] * vectors[e * n + j];
        product += vectors[i * n + e] * vectors[j * n + e];
      }
      assert.ok(
        Math.abs(rebuilt - a[i * n + j]) <= FLOAT64_TOLERANCE * norm,
        `entry ${i}, ${j}: ${rebuilt} for ${a[i * n + j]}`,
      );
      assert.ok(
        Math.abs(product - (i === j ? 1 : 0)) <= FLOAT64_TOLERANCE * n,
        `vectors ${i} and ${j} are not orthonormal`,
      );
    }
  }
  return values.sort();
}

describe('symmetric eigendecomposition', () => {
  it('rebuilds random matrices from orthonormal eigenvectors', () => {
    for (const n of [1, 2, 3, 10, 65]) {
      const numbers = someNumbers(n * n, n);
      assertDecomposes(
        n,
        symmetric(n, (i, j) => numbers[i * n + j]),
      );
    }
  });

  it('copes with zeros, repeated and graded eigenvalues, and matrices already diagonal or tridiagonal', () => {
    const n = 12;
    assertDecomposes(
      n,
      symmetric(n, () => 0),
    );
    assertDecomposes(
      n,
      symmetric(n, (i, j) => (i === j ? 1 : 0)),
    );
    assertDecomposes(
      n,
      symmetric(n, () => 1),
    );
    assertDecomposes(
      n,
      symmetric(n, (i, j) => (i === j ? 10 ** -i : 0)),
    );
    assertDecomposes(
      n,
      symmetric(n, (i, j) => 10 ** -(i + j)),
    );
    assertDecomposes(
      n,
      symmetric(n, (i, j) => (i === j ? 0 : i === j + 1 ? 1 : 0)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 1, -1, 1e-8, 1e8), { minLength: 16, maxLength: 16 }),
        (entries) => {
          assertDecomposes(
            4,
            symmetric(4, (i, j) => entries[i * 4 + j]),
          );
        },
      ),
    );
  });

  it('converges on a null space of 260 dimensions, whose tridiagonal form is all rounding noise', () => {
    const [n, rank] = [300, 40];
    const factor = someNumbers(n * rank, 3);
    const gram = symmetric(n, (i, j) => {
      let sum = 0;
      for (let e = 0; e < rank; e++) sum += factor[i * rank + e] * factor[j * rank + e];
      return sum / rank;
    });
    const values = assertDecomposes(n, gram);
    assert.equal(values.filter((value) => Math.abs(value) > 1e-12).length, rank);
  });

  it('is not led astray by the ever smaller noise that a third of a matrix among zeros leaves', () => {
    // Gram matrix of a factor with entries in every third column only, scaled so that the noise of the eliminated
    // columns falls to 1e-150, where the square of an inverse square once overflowed.
    const n = 24;
    const factor = someNumbers(320, 1);
    const gram = symmetric(n, (i, j) => {
      if (i % 3 !== 0 || j % 3 !== 0) return 0;
      let sum = 0;
      for (let row = 0; row < 40; row++) sum += factor[row * 8 + i / 3] * factor[row * 8 + j / 3];
      return sum / 10;
    });
    const values = assertDecomposes(n, gram);
    assert.equal(values.filter((value) => Math.abs(value) > 1e-12).length, 8);
  });

  it('finds the known eigenvalues of the discrete Laplacian', () => {
    const n = 20;
    const values = assertDecomposes(
      n,
      symmetric(n, (i, j) => (i === j ? 2 : i === j + 1 ? -1 : 0)),
    );
    values.forEach((value, k) => {
      assert.ok(Math.abs(value - (2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)))) < 1e-13);
    });
  });

  it('fails with a typed error on a matrix that holds NaN, instead of turning for ever', () => {
    assert.throws(() => symmetricEigen(3, new Float64Array(9).fill(Number.NaN)), { code: 'NOT_FINITE' });
  });
});
