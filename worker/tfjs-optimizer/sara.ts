/**
 * SaRA for any tfjs model, in one line:
 *
 *   model.compile({ optimizer: sara(model, { threshold: 2e-3 }), loss: 'meanSquaredError' });
 *   optimizer = sara(variables, { threshold: 2e-3, steps: 1000 }); optimizer.minimize(() => loss(...));
 *
 * This file is the border of the folder and what the package exports. In it: sara-optimizer (an update, step by step),
 * selection, masked-variables (host and backend), rank-gradient, adapters, options, variables.
 *
 * tfjs-core is the user's: imported as a peer, so that models, variables and this optimizer are of one copy. Runs in
 * Node, on every backend that can be read synchronously (plain JS, wasm, tfjs-node).
 */
import type { SaraOptions } from './options.ts';
import { SaraOptimizer } from './sara-optimizer.ts';
import { namedVariables, type Trainable } from './variables.ts';

export { applyAdapters, type AdapterAtStrength } from './adapters.ts';
export type { SaraOptions } from './options.ts';
export { SaraOptimizer, type UpdateReport } from './sara-optimizer.ts';
export { thresholdForFraction } from './selection.ts';
export type { ModelWeights, Trainable } from './variables.ts';

/**
 * An optimizer that trains only the smallest weights: those of magnitude below the threshold now.
 *
 * @param target a `tf.LayersModel` with its weights loaded, or variables
 * @throws SaraError CONFIG_INVALID naming every option at fault, or when nothing is selected; MODEL_UNSUPPORTED when a
 *   variable is not float32; NOT_FINITE when one holds NaN or infinity
 * @see Hu et al., "SaRA", arXiv 2409.06633
 */
export function sara(target: Trainable, options: SaraOptions): SaraOptimizer {
  return new SaraOptimizer(namedVariables(target), options);
}
