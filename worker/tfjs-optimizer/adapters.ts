/**
 * Puts saved adapters on a tfjs model: P = P0 + a1 dP1 + a2 dP2 + ..., as the run's adapters are (sara/adapter.ts).
 */
import { tensor, tidy } from '@tensorflow/tfjs-core';
import { readAdapter } from '../sara/adapter-file.ts';
import { applyDeltas, combineAdapters, type WeightedAdapter } from '../sara/adapter.ts';
import { namedVariables, readTensors, variablesHash, type Trainable } from './variables.ts';

export interface AdapterAtStrength {
  /** A file that `SaraOptimizer.saveAdapter` wrote. */
  readonly path: string;
  /** alpha, in [0, 2]. 1: the model as trained. */
  readonly strength?: number;
}

/**
 * Changes a base model into the fine-tuned one, or one between or beyond; the variables stay the same objects.
 *
 * @param target the base model the adapters were trained on, with the same layers trainable as then
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT; ADAPTER_MISMATCH naming both hashes when the model is another, or has
 *   been changed; CONFIG_INVALID for a strength outside [0, 2]. Nothing is changed then
 */
export async function applyAdapters(
  target: Trainable,
  adapters: readonly AdapterAtStrength[],
): Promise<void> {
  const variables = namedVariables(target);
  const base = { hash: await variablesHash(variables), entries: variables };
  const weighted: WeightedAdapter[] = [];
  for (const { path, strength = 1 } of adapters)
    weighted.push({ adapter: await readAdapter(path, base), strength });
  const deltas = combineAdapters(weighted);
  for (const { name, shape, data } of readTensors(variables)) {
    if (applyDeltas(name, data, deltas)) tidy(() => variables.get(name)!.assign(tensor(data, [...shape])));
  }
}
