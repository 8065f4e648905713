/**
 * The providers of ONNX Runtime that graphs run on, and what its version 1.30 computes wrongly on them. Each fault was
 * found by running the numeric suites on the provider, and has a way around it in the lowering or the session.
 */

export type Provider = 'cpu' | 'cuda' | 'webgpu';

/** What products and convolutions are computed in, see half-precision.ts. */
export type Precision = 'float32' | 'float16';

export interface ProviderFaults {
  /**
   * The fused attention reads a fixed number of keys per step, whatever the number of lanes that share them: on a driver
   * with subgroups of 4 (SwiftShader) results are off by 12 to 33 % from 32 query rows on. On cards of NVIDIA it skipped
   * keys too, for a while (microsoft/onnxruntime#28520). Attention is written out instead.
   */
  readonly fusedAttention: boolean;
  /**
   * Every instance normalisation of a process gets the epsilon of the first, whose shader it shares. All are given the
   * same one, of inputs scaled to make up for it.
   */
  readonly sharedEpsilon: boolean;
  /** Sines may be off by 2^-11, which reaches every layer through the time embedding. The CPU computes them, exactly. */
  readonly coarseSines: boolean;
}

const NONE: ProviderFaults = { fusedAttention: false, sharedEpsilon: false, coarseSines: false };

export const PROVIDER_FAULTS: Readonly<Record<Provider, ProviderFaults>> = {
  cpu: NONE,
  cuda: NONE,
  webgpu: { fusedAttention: true, sharedEpsilon: true, coarseSines: true },
};
