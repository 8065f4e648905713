/**
 * From what a person wrote to a complete configuration: layers are merged, checked field by field by the schema,
 * then against each other by the rules, and what follows from other fields is filled in. All problems are
 * reported at once, each with the place it was written.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SaraError } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';
import { environmentLayer, flagLayer } from './assignment-layer.ts';
import { fileLayer, MAX_CONFIG_BYTES, tooLarge } from './file-layer.ts';
import { mergeLayers, relativePathFields, resolvePaths, type Layer } from './layer.ts';
import { brief, configError, schemaProblems, type Locate, type Problem } from './problem.ts';
import { brokenRules } from './rules.ts';
import {
  runConfigSchema,
  type ParsedRunConfig,
  type ResolvedRunConfig,
  type RunConfig,
  type SaraConfig,
} from './run-config.ts';

/** Sections within sections, lists within those; with room to spare. */
const MAX_JSON_DEPTH = 8;

/** What is stronger than the file. */
export interface ConfigOverrides {
  /** `path=value` each, as given to `--set`. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The current folder: relative paths in flags, environment and defaults are resolved against it. */
  readonly folder: string;
}

/**
 * Load a run's configuration: flag > environment > file > default.
 * @param path YAML file; relative paths inside it are resolved against its folder
 * @throws SaraError FILE_NOT_FOUND when it cannot be read; CONFIG_INVALID listing everything wrong with it
 */
export async function loadRunConfig(
  path: string,
  { flags = [], environment = {}, folder = process.cwd() }: Partial<ConfigOverrides> = {},
): Promise<ResolvedRunConfig> {
  const file = resolve(folder, path);
  const layers = [
    flagLayer(flags, folder),
    environmentLayer(environment, folder),
    fileLayer(await readConfigText(file, path), path, dirname(file)),
  ];
  const config = checked(mergeLayers(layers), (field) => locateIn(layers, field) ?? path);
  return complete(resolvePaths(config, folder)); // only defaults can still be relative
}

/**
 * A configuration made in code, completed and checked as one from a file is.
 * @param source named in errors
 * @param folder against which relative paths are resolved
 * @throws SaraError CONFIG_INVALID
 */
export function resolveRunConfig(config: RunConfig, source: string, folder: string): ResolvedRunConfig {
  return complete(
    resolvePaths(
      checked(config, () => source),
      folder,
    ),
  );
}

/** UTF-8 JSON: for the wire, and to keep beside the results. */
export function serializeRunConfig(config: ResolvedRunConfig): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Read what {@link serializeRunConfig} wrote, with every check again: it may come from elsewhere.
 * @param source named in errors
 * @throws SaraError CONFIG_INVALID, also for a relative path, which would mean another place here
 */
export function parseRunConfigJson(bytes: Uint8Array, source: string): ResolvedRunConfig {
  if (bytes.byteLength > MAX_CONFIG_BYTES) throw tooLarge(source);
  let tree: unknown;
  try {
    tree = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), MAX_JSON_DEPTH);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'CONFIG_INVALID',
      `${source}: not valid JSON: ${reason}`,
      { source, reason },
      { cause },
    );
  }
  const config = checked(tree, () => source);
  const problems = relativePathFields(config).map(({ name, value }): Problem => {
    return { path: name.split('.'), message: `${name} is ${brief(value)}; expected an absolute path` };
  });
  if (problems.length > 0) throw configError(problems, () => source);
  return complete(config);
}

/**
 * A stored configuration with some fields set otherwise.
 * @param json what {@link serializeRunConfig} wrote
 * @param flags `path=value` each
 * @param folder against which relative paths in the flags are resolved
 * @throws SaraError CONFIG_INVALID
 */
export function overrideRunConfig(
  json: string,
  flags: readonly string[],
  { source, folder }: { source: string; folder: string },
): ResolvedRunConfig {
  const stored = parseRunConfigJson(new TextEncoder().encode(json), source);
  const layers = [flagLayer(flags, folder), { tree: stored, locate: () => undefined }];
  return complete(checked(mergeLayers(layers), (field) => locateIn(layers, field) ?? source));
}

/** Every field within its range, and the fields in keeping with each other. */
function checked(tree: unknown, locate: Locate): ParsedRunConfig {
  const parsed = runConfigSchema.safeParse(tree);
  if (!parsed.success) throw configError(schemaProblems(parsed.error.issues, tree), locate);
  const problems = brokenRules(parsed.data);
  if (problems.length > 0) throw configError(problems, locate);
  return parsed.data;
}

/** Fill in what follows from other fields. The rules hold, so method and sara agree. */
function complete(config: ParsedRunConfig): ResolvedRunConfig {
  const { sara } = config;
  if (config.method === 'full' || sara === null) return { ...config, method: 'full', sara: null };
  const reselectStep = sara.reselectStep ?? Math.floor(config.train.steps / 2);
  const completeSara: SaraConfig = { ...sara, reselectStep };
  return { ...config, method: 'sara', sara: completeSara };
}

function locateIn(layers: readonly Layer[], path: Parameters<Locate>[0]): string | undefined {
  // A missing field has no place of its own: then the nearest section that was written is named.
  for (let length = path.length; length > 0; length--) {
    for (const layer of layers) {
      const place = layer.locate(path.slice(0, length));
      if (place !== undefined) return place;
    }
  }
  return undefined;
}

async function readConfigText(file: string, shownPath: string): Promise<string> {
  let sizeBytes: number;
  try {
    ({ size: sizeBytes } = await stat(file));
    if (sizeBytes <= MAX_CONFIG_BYTES) return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `cannot read ${shownPath}: ${reason}`, { file, reason }, { cause });
  }
  throw tooLarge(shownPath);
}
