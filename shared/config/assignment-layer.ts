/**
 * The layers that set one field at a time: flags (`--set train.steps=100`) and environment variables
 * (`SARA_TRAIN_STEPS=100`). Both give text; the field decides what it means.
 */
import { parse as parseYaml } from 'yaml';
import type { Field } from './field.ts';
import { resolvePaths, type Layer } from './layer.ts';
import { nearest } from './nearest.ts';
import { configError, dotted, unknownKey } from './problem.ts';
import { RUN_CONFIG_FIELDS } from './run-config.ts';

interface Assignment {
  readonly field: Field;
  readonly text: string;
  readonly origin: string;
}

/** `SARA_TRAIN_BATCH_SIZE` for `train.batchSize`. */
export function environmentVariable(path: string): string {
  const words = path.replace(/[A-Z]/g, (capital) => `_${capital}`).replaceAll('.', '_');
  return `SARA_${words.toUpperCase()}`;
}

const FIELD_BY_VARIABLE: ReadonlyMap<string, Field> = new Map(
  Array.from(RUN_CONFIG_FIELDS.values(), (field) => [environmentVariable(field.path), field]),
);

/** `SARA_TRAIN_` and so on: a variable that begins so means a field, known or not. Others are not ours to judge. */
const SECTION_PREFIXES: readonly string[] = [
  ...new Set(
    [...RUN_CONFIG_FIELDS.keys()]
      .filter((path) => path.includes('.'))
      .map((path) => `${environmentVariable(path.split('.')[0])}_`),
  ),
];

/**
 * @param environment e.g. `process.env`
 * @param folder against which relative paths are resolved: the current one
 * @throws SaraError CONFIG_INVALID for a variable that begins like a field's and is none
 */
export function environmentLayer(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): Layer {
  const assignments: Assignment[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined) continue;
    const field = FIELD_BY_VARIABLE.get(name);
    const origin = `environment variable ${name}`;
    if (field !== undefined) assignments.push({ field, text, origin });
    else if (SECTION_PREFIXES.some((prefix) => name.startsWith(prefix))) {
      const suggestion = nearest(name, FIELD_BY_VARIABLE.keys());
      const advice = suggestion === undefined ? 'unset it' : `did you mean ${suggestion}?`;
      throw configError(
        [{ path: [], message: `stands for no field of the configuration; ${advice}` }],
        () => origin,
      );
    }
  }
  return assignmentLayer(assignments, folder);
}

/**
 * @param flags `path=value` each; of two for one path the later wins
 * @param folder against which relative paths are resolved: the current one
 * @throws SaraError CONFIG_INVALID when one has no `=` or names no field
 */
export function flagLayer(flags: readonly string[], folder: string): Layer {
  return assignmentLayer(flags.map(parseFlag), folder);
}

function parseFlag(flag: string): Assignment {
  const origin = `--set ${flag}`;
  const equals = flag.indexOf('=');
  if (equals < 0) {
    throw configError([{ path: [], message: 'expected path=value, such as train.steps=100' }], () => origin);
  }
  const path = flag.slice(0, equals);
  const field = RUN_CONFIG_FIELDS.get(path);
  if (field === undefined) throw configError([unknownKey(path.split('.'))], () => origin);
  return { field, text: flag.slice(equals + 1), origin };
}

function assignmentLayer(assignments: readonly Assignment[], folder: string): Layer {
  const tree = {};
  for (const { field, text } of assignments) assign(tree, field.path.split('.'), parseFieldText(field, text));
  const originByPath = new Map(assignments.map(({ field, origin }) => [field.path, origin]));
  return {
    tree: resolvePaths(tree, folder),
    locate: (path) => originByPath.get(dotted(path.filter((key) => typeof key === 'string'))),
  };
}

/**
 * Text stands for itself where the field takes it (so a name may be `123`), else it is read as YAML: numbers,
 * true, null, `[1, 2]`. What is neither stays text, for the schema to refuse with its own words.
 */
function parseFieldText({ schema }: Field, text: string): unknown {
  if (text === 'null' && schema.safeParse(null).success) return null;
  if (schema.safeParse(text).success) return text;
  try {
    return parseYaml(text, { maxAliasCount: 0 }) as unknown;
  } catch {
    return text;
  }
}

/** Paths are the schema's own, so no key can be `__proto__`. */
function assign(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) tree[key] = value;
  else assign((tree[key] ??= {}) as Record<string, unknown>, rest, value);
}
