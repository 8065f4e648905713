/**
 * What can be wrong with a configuration, in words: every problem names its place, the value found, the range
 * allowed, and what the field is for or which field was probably meant.
 */
import type { z } from 'zod';
import { SaraError } from '../errors.ts';
import type { Field } from './field.ts';
import { nearest } from './nearest.ts';
import { RUN_CONFIG_FIELDS } from './run-config.ts';

export type FieldPath = readonly PropertyKey[];

export interface Problem {
  /** The field at fault, or for an unknown key its place; empty for the whole. */
  readonly path: FieldPath;
  readonly message: string;
}

/** A file with more than these is not a run's configuration with slips in it. */
const MAX_PROBLEMS_SHOWN = 20;

/** Says where the value of a field was written, e.g. `run.yaml:12`. */
export type Locate = (path: FieldPath) => string;

/** All problems (at least one) as one error, so that they can be mended in one go. */
export function configError(problems: readonly Problem[], locate: Locate): SaraError {
  const lines = problems
    .slice(0, MAX_PROBLEMS_SHOWN)
    .map(({ path, message }) => `${locate(path)}: ${message}`);
  if (problems.length > lines.length) lines.push(`and ${problems.length - lines.length} more`);
  const message =
    problems.length === 1
      ? lines.join()
      : `${problems.length} problems in the configuration:\n  ${lines.join('\n  ')}`;
  const firstPath = problems[0]?.path ?? [];
  return new SaraError('CONFIG_INVALID', message, {
    source: locate(firstPath),
    field: dotted(firstPath),
    numProblems: problems.length,
  });
}

/** The problems zod found in `tree`, told in terms of our fields rather than of zod. */
export function schemaProblems(issues: readonly z.core.$ZodIssue[], tree: unknown): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...issue.path, key]));
    return [wrongValue(issue.path, tree)];
  });
}

/** The problem of a key that is no field, e.g. a misspelt one. */
export function unknownKey(path: FieldPath): Problem {
  const name = dotted(path);
  const suggestion = suggestField(name);
  const advice =
    suggestion === undefined
      ? `known here: ${siblings(path.slice(0, -1)).join(', ')}`
      : `did you mean ${suggestion}?`;
  return { path, message: `${name} is no field of the configuration; ${advice}` };
}

/** The known path nearest to a mistyped one: same section first, then the same last word anywhere. */
export function suggestField(name: string): string | undefined {
  const known = [...RUN_CONFIG_FIELDS.keys()];
  const sectionPaths = known.flatMap((path) => {
    const words = path.split('.');
    return words.slice(1).map((_, i) => words.slice(0, i + 1).join('.'));
  });
  const paths = [...new Set([...sectionPaths, ...known])];
  const { parent, last } = split(name);
  const lastInSection = nearest(
    last,
    paths.filter((path) => split(path).parent === parent).map((path) => split(path).last),
  );
  if (lastInSection !== undefined) return parent === '' ? lastInSection : `${parent}.${lastInSection}`;
  return paths.find((path) => split(path).last === last) ?? nearest(name, paths);
}

/** A value as it should stand in a message: JSON, cut short. */
export function brief(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** `preview.seeds[1]` for ['preview', 'seeds', 1]. */
export function dotted(path: FieldPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** The problem of a value that the schema refuses at `path` of `tree`. */
export function wrongValue(path: FieldPath, tree: unknown): Problem {
  const value = path.reduce<unknown>(
    (node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key],
    tree,
  );
  const declared = fieldAbove(path);
  if (declared === undefined) {
    const where = path.length === 0 ? 'the configuration' : dotted(path);
    return {
      path,
      message: `${where} is ${brief(value)}; expected a section with ${siblings(path).join(', ')}`,
    };
  }
  const { expected, facts } = declared;
  const unit = facts.unit === undefined ? '' : ` (${facts.unit})`;
  const found = value === undefined ? 'is missing' : `is ${brief(value)}`;
  const of = dotted(path) === declared.path ? '' : `${declared.path}: `;
  return { path, message: `${dotted(path)} ${found}; expected ${of}${expected}${unit}. ${facts.doc}` };
}

/** The field that `path` is or lies in: an issue about a list points at one of its elements. */
function fieldAbove(path: FieldPath): Field | undefined {
  for (let length = path.length; length > 0; length--) {
    const declared = RUN_CONFIG_FIELDS.get(dotted(path.slice(0, length)));
    if (declared !== undefined) return declared;
  }
  return undefined;
}

/** Names known directly below a section. */
function siblings(section: FieldPath): string[] {
  const prefix = section.length === 0 ? '' : `${dotted(section)}.`;
  const below = [...RUN_CONFIG_FIELDS.keys()].filter((path) => path.startsWith(prefix));
  return [...new Set(below.map((path) => path.slice(prefix.length).split('.')[0]))];
}

function split(path: string): { parent: string; last: string } {
  const dot = path.lastIndexOf('.');
  return { parent: path.slice(0, Math.max(0, dot)), last: path.slice(dot + 1) };
}
