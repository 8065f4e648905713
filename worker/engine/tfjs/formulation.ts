/**
 * How an operator with more than one way to compute it is computed, per backend of tfjs: a table of what was measured.
 *
 * Per GFLOP of a 3x3 convolution of 160 channels on one core of the CPU at hand:
 *
 * | ms                                     | wasm | cpu    |
 * |----------------------------------------|------|--------|
 * | convolution                            |  120 |  1,100 |
 * | input gradient, kernel                 |  430 |  1,100 |
 * | input gradient, flipped convolution    |   55 |  1,800 |
 * | weight gradient, kernel                | none | 80,000 |
 * | weight gradient, a product per tap     |   87 | 11,000 |
 * | product of matrices                    |   82 |  1,500 |
 * | product with a transposed or batched factor | 420 | 1,600 |
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
