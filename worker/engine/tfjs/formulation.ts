/**
 * How an operator with more than one way to compute it is computed, per backend of tfjs: a table of what was measured.
 *
 * Milliseconds of one core per GFLOP (3x3 convolutions of 160 channels at 32x32 on wasm, of 64 at 16x16 on cpu):
 *
 * |                                             | wasm | cpu    |
 * |---------------------------------------------|------|--------|
 * | convolution                                 |   37 |    800 |
 * | input gradient, kernel                      |  323 |    655 |
 * | input gradient, flipped convolution         |   53 |  1,900 |
 * | weight gradient, kernel                     | none | 63,000 |
 * | weight gradient, a product per tap          |   38 |  5,900 |
 * | product of two matrices                     |   30 |  1,060 |
 * | product with a transposed factor, kernel    |  423 |  1,500 |
 * | the same, transposed first                  |   34 |  1,000 |
 * | products of a batch, kernel                 |  420 |    900 |
 * | the same, one by one                        |   66 |  1,600 |
 *
 * TensorFlow's kernels cover every case and run on its device, so nothing else is tried there.
 */

/** The names under which backends register with tfjs-core; tfjs-node and tfjs-node-gpu are both `tensorflow`. */
export type RegisteredBackend = 'tensorflow' | 'wasm' | 'cpu';

export interface Formulation {
  /** `alone`: the fast kernel takes two plain matrices only, so transpose first and multiply a batch one by one. */
  readonly products: 'kernel' | 'alone';
  /** `flipped`: a convolution with flipped weights; where that is not defined (a stride), the kernel. */
  readonly inputGradient: 'kernel' | 'flipped';
  readonly weightGradient: 'kernel' | 'taps';
}

export const FORMULATIONS: Readonly<Record<RegisteredBackend, Formulation>> = {
  tensorflow: { products: 'kernel', inputGradient: 'kernel', weightGradient: 'kernel' },
  wasm: { products: 'alone', inputGradient: 'flipped', weightGradient: 'taps' },
  cpu: { products: 'kernel', inputGradient: 'kernel', weightGradient: 'taps' },
};
