/**
 * Include and exclude patterns over tensor names.
 *
 * A pattern must match the whole name; `*` stands for any run of characters, dots included, and every other
 * character for itself: `*.attn2.*` is every cross-attention tensor, `up_blocks.*.weight` every weight of the
 * decoder. A tensor takes part when an include pattern matches it (or none is given) and no exclude pattern does.
 */
import { SaraError } from '../../shared/errors.ts';

export interface TensorFilter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export const EVERY_TENSOR: TensorFilter = { include: [], exclude: [] };

/** @returns the filter as a predicate over names */
export function compileFilter(filter: TensorFilter): (name: string) => boolean {
  const include = filter.include.map(toRegExp);
  const exclude = filter.exclude.map(toRegExp);
  return (name) =>
    (include.length === 0 || include.some((p) => p.test(name))) && !exclude.some((p) => p.test(name));
}

/**
 * A pattern that matches nothing is a typing error more often than a wish.
 *
 * @param names every tensor of the model, not of one shard
 * @throws SaraError CONFIG_INVALID naming the first pattern without a match
 */
export function requireEveryPatternMatches(filter: TensorFilter, names: Iterable<string>): void {
  const all = [...names];
  for (const pattern of [...filter.include, ...filter.exclude]) {
    const regExp = toRegExp(pattern);
    if (all.some((name) => regExp.test(name))) continue;
    throw new SaraError(
      'CONFIG_INVALID',
      `pattern "${pattern}" matches none of the model's ${all.length} tensors (a pattern must match a whole name, such as "${all[0]}"; * stands for any characters)`,
      { pattern, numTensors: all.length },
    );
  }
}

function toRegExp(pattern: string): RegExp {
  const literals = pattern.split(/\*+/).map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`, 's');
}
