/**
 * The polar factor by matrix multiplications on the tfjs backend: the iteration of sara/polar-express.ts, whose
 * coefficients and accuracy it has, without waiting for an engine.
 */
import {
  add,
  gather,
  matMul,
  mul,
  reshape,
  tensor1d,
  tensor2d,
  tidy,
  type Rank,
} from '@tensorflow/tfjs-core';
import { CONVERGED, polarExpress, RESOLUTION, spectralBound } from '../sara/polar-express.ts';
import type { MaskedMatrix } from '../sara/polar-factor.ts';

const QUINTICS = polarExpress(RESOLUTION, CONVERGED);

/** U V^T at the mask's entries, in mask order. */
export function polarFactorOnBackend(matrix: MaskedMatrix): Float32Array {
  const bound = spectralBound(matrix);
  if (bound === 0) return new Float32Array(matrix.values.length);
  const { rows, columns, indices } = matrix;
  const dense = new Float32Array(rows * columns);
  indices.forEach((at, k) => (dense[at] = matrix.values[k] / bound));
  const isTall = rows >= columns;
  const polar = tidy(() => {
    let x = tensor2d(dense, [rows, columns]);
    for (const { a, b, c } of QUINTICS) {
      const previous = x;
      x = tidy(() => {
        // The Gram matrix of the shorter side; the polynomial multiplies from that side.
        const gram = matMul(previous, previous, isTall, !isTall);
        const factor = add(mul(gram, b), mul(matMul(gram, gram), c));
        const change = isTall ? matMul(previous, factor) : matMul(factor, previous);
        return add(mul(previous, a), change);
      });
      previous.dispose();
    }
    return gather(reshape<Rank.R1>(x, [-1]), tensor1d(indices, 'int32'));
  });
  const values = polar.dataSync<'float32'>().slice();
  polar.dispose();
  return values;
}
