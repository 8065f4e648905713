/**
 * Compares what a model's graph asks for with what its weight files hold, before anything is loaded: a config that
 * does not belong to the weights is told by the first name or shape that differs, not by a failure inside the engine.
 */
import { SaraError } from '../../shared/errors.ts';

/**
 * @param wanted every parameter's name and shape, from the config
 * @param found name and shape of every tensor in the files
 * @param source the folder or file, for messages
 * @param config what asks for them, for messages
 * @returns names the files hold and the model does not use, in file order (e.g. CLIP's old `position_ids`)
 * @throws SaraError FILE_CORRUPT naming the first tensor that is missing or has another shape
 */
export function checkParameters(
  wanted: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  source: string,
  config = 'config.json',
): string[] {
  const missing = [...wanted.keys()].filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new SaraError(
      'FILE_CORRUPT',
      `${source}: the weights lack ${missing.length} of the ${wanted.size} tensors ${config} asks for, the first ` +
        `being ${missing[0]}; are config and weights of one model?`,
      { source, tensor: missing[0], numMissing: missing.length },
    );
  }
  for (const [name, shape] of wanted) {
    const stored = found.get(name)?.shape ?? [];
    if (stored.length !== shape.length || stored.some((size, axis) => size !== shape[axis])) {
      throw new SaraError(
        'FILE_CORRUPT',
        `${source}: ${name} is stored as [${stored.join(', ')}], but ${config} asks for [${shape.join(', ')}]`,
        { source, tensor: name, stored: stored.join(','), wanted: shape.join(',') },
      );
    }
  }
  return [...found.keys()].filter((name) => !wanted.has(name));
}
