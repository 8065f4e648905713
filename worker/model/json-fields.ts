/**
 * Reads a model's JSON config field by field and refuses, by name, everything the reader was not told about.
 *
 * Every refusal names the file, the field, the value found and the values accepted. A key nobody asked for is
 * accepted only when it is null, false or a private remark of the writer (leading underscore): such a key cannot
 * ask for behaviour we would silently leave out.
 */
import { readFile } from 'node:fs/promises';
import { SaraError } from '../../shared/errors.ts';

export class JsonFields {
  readonly source: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();

  /**
   * @param json the parsed document
   * @param source the file it came from, for messages
   * @throws SaraError FILE_CORRUPT when the document is not an object
   */
  constructor(json: unknown, source: string) {
    this.source = source;
    this.#fields = asObject(json, source);
  }

  /** The raw value; `fallback` when the key is absent. Marks the key as understood. */
  raw(name: string, fallback: unknown): unknown {
    this.#asked.add(name);
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : fallback;
  }

  /** An integer not below `min`. */
  integer(name: string, fallback: number, min = 1): number {
    return this.asInteger(name, this.raw(name, fallback), min);
  }

  /** An integer not below `min`, or null. */
  integerOrNull(name: string, fallback: number | null, min = 1): number | null {
    const value = this.raw(name, fallback);
    return value === null ? null : this.asInteger(name, value, min, ' or null');
  }

  /** A finite number above zero. */
  positive(name: string, fallback: number): number {
    const value = this.raw(name, fallback);
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      throw this.refusal(name, value, 'a number > 0');
    return value;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.raw(name, fallback);
    if (typeof value !== 'boolean') throw this.refusal(name, value, 'true or false');
    return value;
  }

  /** One of the listed values. */
  oneOf<const T extends string | number | boolean | null>(
    name: string,
    accepted: readonly T[],
    fallback: T,
  ): T {
    const value = this.raw(name, fallback);
    const found = accepted.find((candidate) => candidate === value);
    if (found === undefined) throw this.refusal(name, value, accepted.map(show).join(', '));
    return found;
  }

  /** A non-empty list of integers not below `min`. */
  integerList(name: string, fallback: readonly number[], min = 1): number[] {
    const value = this.raw(name, fallback);
    if (!Array.isArray(value) || value.length === 0)
      throw this.refusal(name, value, 'a non-empty list of integers');
    return value.map((item: unknown) => this.asInteger(name, item, min));
  }

  /** One integer for every block, or a list with one per block. */
  integerPerBlock(name: string, fallback: number, numBlocks: number): number[] {
    return this.perBlock(name, this.raw(name, fallback), numBlocks).map((item) =>
      this.asInteger(name, item, 1),
    );
  }

  /** `value` as a list with one item per block: a list is taken as it is, anything else is repeated. */
  perBlock(name: string, value: unknown, numBlocks: number): unknown[] {
    if (!Array.isArray(value)) return Array.from({ length: numBlocks }, () => value);
    if (value.length !== numBlocks)
      throw this.refusal(name, value, `a list of ${numBlocks} items, one per block`);
    return value as unknown[];
  }

  asInteger(name: string, value: unknown, min: number, orElse = ''): number {
    if (!Number.isInteger(value) || (value as number) < min)
      throw this.refusal(name, value, `an integer >= ${min}${orElse}`);
    return value as number;
  }

  /** @throws SaraError MODEL_UNSUPPORTED naming the first key that was never asked for and is not inert */
  refuseUnknown(): void {
    for (const [name, value] of Object.entries(this.#fields)) {
      const inert = value === null || value === false || name.startsWith('_');
      if (!this.#asked.has(name) && !inert) {
        throw this.refusal(name, value, 'null or false: this field is not known');
      }
    }
  }

  /** The error for a value that is not implemented or makes no sense. */
  refusal(name: string, value: unknown, accepted: string): SaraError {
    return new SaraError(
      'MODEL_UNSUPPORTED',
      `${this.source}: ${name} = ${show(value)} is not supported; accepted: ${accepted}`,
      {
        source: this.source,
        field: name,
        value: show(value),
        accepted,
      },
    );
  }
}

/** @throws SaraError FILE_CORRUPT when a parsed document is not an object */
export function asObject(json: unknown, source: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SaraError('FILE_CORRUPT', `${source}: a JSON object is wanted, found ${show(json)}`, {
      source,
    });
  }
  return json as Record<string, unknown>;
}

/**
 * Reads and parses a JSON file, one of Python's included: its writer knows a bare -Infinity, which is not JSON and reads
 * as null here (schedulers have it, for "no bound").
 * @throws SaraError FILE_NOT_FOUND when it cannot be read, FILE_CORRUPT when it is not JSON
 */
export async function readJsonFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SaraError('FILE_NOT_FOUND', `${path} cannot be read: ${messageOf(cause)}`, { path }, { cause });
  }
  try {
    return JSON.parse(text.replace(/(:\s*)-Infinity(?=\s*[,}])/g, '$1null')) as unknown;
  } catch (cause) {
    throw new SaraError('FILE_CORRUPT', `${path} is not JSON: ${messageOf(cause)}`, { path }, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** A value as it would stand in the file, cut to a length that fits a message. */
function show(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? 'undefined';
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
