/**
 * The files of a `tokenizer/` folder, read and written as transformers does.
 *
 *   vocab.json               token to id
 *   merges.txt               one merge a line, in order of rank, after a version line
 *   tokenizer.json           newer: both in one; read when vocab.json is not there
 *   special_tokens_map.json, tokenizer_config.json   optional: special tokens, length
 */
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { END_OF_WORD } from './bpe.ts';
import { END_OF_TEXT, START_OF_TEXT, type Bpe } from './bpe-training.ts';
import { asObject, readJsonFile } from './json-fields.ts';

/** The tokens a tokenizer treats apart, by their spelling. */
export interface SpecialTokens {
  readonly bos: string;
  readonly eos: string;
  /** SD1 pads with the end token, SD2 and SDXL's second encoder with `!`. */
  readonly pad: string;
  /** Stands for a symbol the vocabulary lacks. */
  readonly unk: string;
}

export interface TokenizerDefinition extends Bpe {
  readonly special: SpecialTokens;
  /** Length of every encoded text, in tokens. */
  readonly modelMaxLength: number;
}

/** What CLIP was trained with, and what transformers assumes when no file says otherwise. */
const DEFAULT_SPECIAL: SpecialTokens = {
  bos: START_OF_TEXT,
  eos: END_OF_TEXT,
  pad: END_OF_TEXT,
  unk: END_OF_TEXT,
};
const DEFAULT_MAX_LENGTH = 77;
const MERGES_HEADER = '#version: 0.2';

type JsonObject = Readonly<Record<string, unknown>>;

/** @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming the file */
export async function readTokenizer(folder: string): Promise<TokenizerDefinition> {
  const bpe = await readBpe(folder);
  const settings = {
    ...(await readOptionalObject(join(folder, 'tokenizer_config.json'))),
    ...(await readOptionalObject(join(folder, 'special_tokens_map.json'))),
  };
  return {
    ...bpe,
    special: {
      bos: specialToken(settings, 'bos_token', DEFAULT_SPECIAL.bos),
      eos: specialToken(settings, 'eos_token', DEFAULT_SPECIAL.eos),
      pad: specialToken(settings, 'pad_token', DEFAULT_SPECIAL.pad),
      unk: specialToken(settings, 'unk_token', DEFAULT_SPECIAL.unk),
    },
    modelMaxLength: maxLength(settings, folder),
  };
}

/** Writes the four files transformers' CLIPTokenizer reads; the folder is made when it is not there. */
export async function writeTokenizer(
  folder: string,
  bpe: Bpe,
  modelMaxLength = DEFAULT_MAX_LENGTH,
  { bos, eos, pad, unk }: SpecialTokens = DEFAULT_SPECIAL,
): Promise<void> {
  const special = { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk };
  const config = {
    add_prefix_space: false,
    do_lower_case: true,
    model_max_length: modelMaxLength,
    tokenizer_class: 'CLIPTokenizer',
    ...special,
  };
  const merges = bpe.merges.map(([left, right]) => `${left} ${right}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'vocab.json'), toJson(Object.fromEntries(bpe.vocab)));
  await writeFile(join(folder, 'merges.txt'), [MERGES_HEADER, ...merges, ''].join('\n'));
  await writeFile(join(folder, 'special_tokens_map.json'), toJson(special));
  await writeFile(join(folder, 'tokenizer_config.json'), toJson(config));
}

async function readBpe(folder: string): Promise<Bpe> {
  const vocabPath = join(folder, 'vocab.json');
  const bothPath = join(folder, 'tokenizer.json');
  if (!(await exists(vocabPath)) && (await exists(bothPath))) return readTokenizerJson(bothPath);
  const mergesPath = join(folder, 'merges.txt');
  const vocab = parseVocab(await readJsonFile(vocabPath), vocabPath);
  return { vocab, merges: parseMergeLines(await readText(mergesPath), mergesPath) };
}

async function readTokenizerJson(path: string): Promise<Bpe> {
  const model = asObject(asObject(await readJsonFile(path), path).model, path);
  if (model.type !== 'BPE' || model.end_of_word_suffix !== END_OF_WORD) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${path}: model.type = ${JSON.stringify(model.type)} with end_of_word_suffix = ` +
        `${JSON.stringify(model.end_of_word_suffix)} is not supported; accepted: "BPE" with "${END_OF_WORD}"`,
      { path },
    );
  }
  if (!Array.isArray(model.merges)) throw corrupt(path, 'model.merges is not a list');
  // Written as "left right" until tokenizers 0.20, as [left, right] since.
  const merges = model.merges.map((merge: unknown, i) => {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    return parsePair(parts, path, `merge ${i}`);
  });
  return { vocab: parseVocab(model.vocab, path), merges };
}

function parseVocab(json: unknown, path: string): Map<string, number> {
  const vocab = new Map<string, number>();
  const seen = new Set<number>();
  for (const [token, id] of Object.entries(asObject(json, path))) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw corrupt(path, `the id of ${JSON.stringify(token)} is ${JSON.stringify(id)}, not an integer >= 0`);
    }
    if (seen.has(id))
      throw corrupt(path, `id ${id} belongs to two tokens, the second being ${JSON.stringify(token)}`);
    seen.add(id);
    vocab.set(token, id);
  }
  return vocab;
}

/** @throws SaraError FILE_CORRUPT naming the line that is no pair of symbols */
export function parseMergeLines(text: string, path: string): Bpe['merges'] {
  const lines = text.split('\n');
  const first = lines[0].startsWith('#version') ? 1 : 0;
  const merges: (readonly [string, string])[] = [];
  for (let i = first; i < lines.length; i++) {
    const line = lines[i].trimEnd();
    if (line !== '') merges.push(parsePair(line.split(' '), path, `line ${i + 1}`));
  }
  return merges;
}

function parsePair(parts: unknown, path: string, where: string): readonly [string, string] {
  if (
    !Array.isArray(parts) ||
    parts.length !== 2 ||
    !parts.every((part) => typeof part === 'string' && part !== '')
  ) {
    throw corrupt(path, `${where} is ${JSON.stringify(parts)}, not a pair of symbols`);
  }
  return [parts[0] as string, parts[1] as string];
}

/** A special token stands as a string or as an AddedToken object with its `content`. */
function specialToken(settings: JsonObject, name: string, fallback: string): string {
  const value = settings[name];
  if (typeof value === 'string') return value;
  if (
    typeof value === 'object' &&
    value !== null &&
    'content' in value &&
    typeof value.content === 'string'
  ) {
    return value.content;
  }
  return fallback;
}

function maxLength(settings: JsonObject, folder: string): number {
  const value = settings.model_max_length ?? DEFAULT_MAX_LENGTH;
  // transformers writes 1e30 for "no limit"; a text encoder has one, and in CLIP it is 77.
  if (typeof value === 'number' && value > Number.MAX_SAFE_INTEGER) return DEFAULT_MAX_LENGTH;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 2) {
    throw corrupt(folder, `model_max_length is ${JSON.stringify(value)}, not an integer >= 2`);
  }
  return value;
}

async function readOptionalObject(path: string): Promise<JsonObject> {
  return (await exists(path)) ? asObject(await readJsonFile(path), path) : {};
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `${path} cannot be read: ${reason}`, { path }, { cause });
  }
}

function corrupt(path: string, reason: string): SaraError {
  return new SaraError('FILE_CORRUPT', `${path}: ${reason}`, { path });
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
