/**
 * Where values come from: flags over environment over the file over defaults. A layer holds the values of one
 * source and can say where each was written.
 */
import { isAbsolute, resolve } from 'node:path';
import type { FieldPath } from './problem.ts';
import { RUN_CONFIG_FIELDS } from './run-config.ts';

export interface Layer {
  /** Sections and values as given; not yet checked. */
  readonly tree: unknown;
  /** Where the value at `path` was written; undefined when this layer does not have it. */
  locate(path: FieldPath): string | undefined;
}

/** @param layers the strongest first; lists are replaced, sections merged */
export function mergeLayers(layers: readonly Layer[]): unknown {
  return layers.map(({ tree }) => tree).reduceRight(merge, {});
}

/** `tree` with every relative path made absolute: done while it is known which folder it is relative to. */
export function resolvePaths<T>(tree: T, folder: string): T {
  return mapPathFields(tree, (path) => resolve(folder, path)) as T;
}

/** The path fields of `tree` that are not absolute. */
export function relativePathFields(tree: unknown): { readonly name: string; readonly value: string }[] {
  const relative: { name: string; value: string }[] = [];
  mapPathFields(tree, (value, name) => {
    if (!isAbsolute(value)) relative.push({ name, value });
    return value;
  });
  return relative;
}

/** Is it a mapping, as opposed to a list or a value? */
export function isSection(node: unknown): node is Readonly<Record<string, unknown>> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

function merge(lower: unknown, upper: unknown): unknown {
  if (!isSection(lower) || !isSection(upper)) return upper;
  // fromEntries, not assignment: a key `__proto__` must stay a key, to be refused as unknown.
  const keys = new Set([...Object.keys(lower), ...Object.keys(upper)]);
  return Object.fromEntries(Array.from(keys, (key) => [key, mergeMember(lower, upper, key)]));
}

function mergeMember(
  lower: Readonly<Record<string, unknown>>,
  upper: Readonly<Record<string, unknown>>,
  key: string,
) {
  if (!Object.hasOwn(upper, key)) return lower[key];
  return Object.hasOwn(lower, key) ? merge(lower[key], upper[key]) : upper[key];
}

function mapPathFields(tree: unknown, map: (value: string, name: string) => string): unknown {
  let mapped = tree;
  for (const { path, facts } of RUN_CONFIG_FIELDS.values()) {
    if (facts.isPath !== true) continue;
    mapped = mapAt(mapped, path.split('.'), (value) =>
      typeof value === 'string' && value !== '' ? map(value, path) : value,
    );
  }
  return mapped;
}

function mapAt(node: unknown, path: readonly string[], map: (value: unknown) => unknown): unknown {
  const [key, rest] = [path.at(0), path.slice(1)];
  if (key === undefined) return map(node);
  if (!isSection(node) || !Object.hasOwn(node, key)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, member]) => [name, name === key ? mapAt(member, rest, map) : member]),
  );
}
