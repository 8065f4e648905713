/** The rank term's polar factor on the engine, against the recordings and against the host's float64. */
import assert from 'node:assert/strict';
import { SafetensorsFile } from '../../shared/safetensors.ts';
import { MAX_HOST_SIDE, polarExpress, PolarFactors } from '../../worker/sara/polar-express.ts';
import { polarFactorByEigen, type MaskedMatrix } from '../../worker/sara/polar-factor.ts';
import { describePerEngine } from '../support/engines.ts';
import { relativeError, someNumbers } from '../support/numbers.ts';

/** What the rank term promises on well-conditioned input, norm-wise. */
const POLAR_TOLERANCE = 1e-3;

/** A null space keeps some float32 rounding noise, amplified. */
const DEFICIENT_TOLERANCE = 5e-3;

function randomMasked(rows: number, columns: number, density: number): MaskedMatrix {
  const chance = someNumbers(rows * columns, 1);
  const indices = Int32Array.from(chance.keys()).filter((at) => chance[at] < 2 * density - 1);
  return { rows, columns, indices, values: someNumbers(indices.length, 2).map((x) => 2e-3 * x) };
}

describePerEngine('polar express', (engine) => {
  let factors: PolarFactors;

  before(() => {
    factors = new PolarFactors(engine);
  });

  it('has polynomials that bring every singular value of its range to one', () => {
    const [lower, tolerance] = [1e-4, 1e-5];
    const quintics = polarExpress(lower, tolerance);
    for (let log = Math.log(lower); log <= 0; log += 1e-3) {
      const value = quintics.reduce((x, { a, b, c }) => a * x + b * x ** 3 + c * x ** 5, Math.exp(log));
      assert.ok(Math.abs(value - 1) <= tolerance, `${Math.exp(log)} becomes ${value}`);
    }
    assert.ok(quintics.length <= 9, `${quintics.length} iterations`);
  });

  for (const recorded of [0, 1, 2, 3, 4]) {
    it(`agrees with the recorded float64 SVD, case ${recorded}`, async () => {
      const io = await SafetensorsFile.open('test/golden/rank/io.safetensors');
      const { shape, data } = await io.readFloat32(`${recorded}.weight`);
      const mask = (await io.read(`${recorded}.mask`)).data as Uint8Array;
      const expected = (await io.readFloat32(`${recorded}.uvt_masked`)).data;
      await io.close();
      const indices = Int32Array.from(mask.keys()).filter((at) => mask[at] === 1);
      const matrix = {
        rows: shape[0],
        columns: shape[1],
        indices,
        values: Float32Array.from(indices, (at) => data[at]),
      };
      const polar = await factors.computeOnEngine(matrix);
      assert.ok(
        relativeError(
          polar,
          Array.from(indices, (at) => expected[at]),
        ) < POLAR_TOLERANCE,
      );
    });
  }

  for (const [rows, columns, density] of [
    [160, 160, 0.06],
    [200, 144, 0.3],
    [136, 300, 0.05],
    // Oblong: through the Gram matrix.
    [132, 560, 0.06],
    [700, 140, 0.2],
  ]) {
    it(`agrees with the host on a ${rows} x ${columns} matrix with ${100 * density} % of its entries masked`, async () => {
      const matrix = randomMasked(rows, columns, density);
      assert.ok(Math.min(rows, columns) > MAX_HOST_SIDE);
      const error = relativeError(await factors.compute(matrix), polarFactorByEigen(matrix));
      assert.ok(error < POLAR_TOLERANCE, `relative error ${error}`);
    });
  }

  it('keeps the null space of a rank-deficient matrix almost empty', async () => {
    const [n, rank] = [150, 20];
    const [left, right] = [someNumbers(n * rank, 3), someNumbers(n * rank, 4)];
    const values = new Float32Array(n * n);
    for (let at = 0; at < n * n; at++) {
      for (let e = 0; e < rank; e++)
        values[at] += left[Math.floor(at / n) * rank + e] * right[(at % n) * rank + e];
    }
    const matrix = { rows: n, columns: n, indices: Int32Array.from(values.keys()), values };
    const error = relativeError(await factors.computeOnEngine(matrix), polarFactorByEigen(matrix));
    assert.ok(error < DEFICIENT_TOLERANCE, `relative error ${error}`);
  });

  it('leaves small matrices to the host, which is exact', async () => {
    const matrix = randomMasked(MAX_HOST_SIDE, 300, 0.05);
    assert.deepEqual(await factors.compute(matrix), polarFactorByEigen(matrix));
  });

  it('is zero where all values are zero', async () => {
    const matrix = { rows: 2, columns: 2, indices: Int32Array.of(0, 3), values: new Float32Array(2) };
    assert.deepEqual(await factors.computeOnEngine(matrix), new Float32Array(2));
  });
});
