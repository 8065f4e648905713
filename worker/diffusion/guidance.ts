/** Classifier-free guidance: Ho & Salimans (2022), eq. 6. */
import { linearCombination } from './samplers/sampler.ts';

/**
 * unconditional + scale (conditional - unconditional).
 * @param scale 1: the condition as it is (the unconditional pass can be left out); above: pushed away from the
 *   unconditional answer
 */
export function guide(conditional: Float32Array, unconditional: Float32Array, scale: number): Float32Array {
  return linearCombination([scale, 1 - scale], [conditional, unconditional]);
}
