/**
 * CLIP's tokenizer: text to a fixed number of ids, start token first, end token last, padding after it.
 *
 * Leaves words to clip-words.ts, merges to bpe.ts and the files to tokenizer-files.ts.
 */
import { SaraError } from '../../shared/errors.ts';
import { mergeSymbols, pairKey, wordSymbols } from './bpe.ts';
import { clipWords } from './clip-words.ts';
import { readTokenizer, type TokenizerDefinition } from './tokenizer-files.ts';

export { trainBpe, type Bpe } from './bpe-training.ts';
export { writeTokenizer, type SpecialTokens, type TokenizerDefinition } from './tokenizer-files.ts';

/** Words are few and repeat; past this many, the memory of encoded ones is dropped and begun anew. */
const MAX_REMEMBERED_WORDS = 65_536;

export class ClipTokenizer {
  readonly modelMaxLength: number;
  readonly vocabSize: number;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly padTokenId: number;
  readonly #vocab: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #unkTokenId: number;
  readonly #specialPattern: RegExp;
  readonly #idsOfWord = new Map<string, readonly number[]>();

  /** @throws SaraError FILE_CORRUPT when the vocabulary lacks a special token */
  constructor(definition: TokenizerDefinition) {
    const { vocab, merges, special } = definition;
    this.#vocab = vocab;
    this.#ranks = new Map(merges.map(([left, right], rank) => [pairKey(left, right), rank]));
    this.vocabSize = vocab.size;
    this.modelMaxLength = definition.modelMaxLength;
    this.bosTokenId = this.#idOfSpecial('bos_token', special.bos);
    this.eosTokenId = this.#idOfSpecial('eos_token', special.eos);
    this.padTokenId = this.#idOfSpecial('pad_token', special.pad);
    this.#unkTokenId = this.#idOfSpecial('unk_token', special.unk);
    this.#specialPattern = anyOf([special.bos, special.eos, special.pad, special.unk]);
  }

  /**
   * Reads a `tokenizer/` folder: `vocab.json` and `merges.txt`, or `tokenizer.json`.
   * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT or MODEL_UNSUPPORTED naming the file
   */
  static async open(folder: string): Promise<ClipTokenizer> {
    return new ClipTokenizer(await readTokenizer(folder));
  }

  /** Whether every word has the same ids in both, however they pad and how long their texts may be. */
  hasVocabularyOf(other: ClipTokenizer): boolean {
    const isSame = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
      a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
    return isSame(this.#vocab, other.#vocab) && isSame(this.#ranks, other.#ranks);
  }

  /** @returns int32 [modelMaxLength]; a text too long loses its end but keeps the end token */
  encode(text: string): Int32Array {
    const ids = new Int32Array(this.modelMaxLength).fill(this.padTokenId);
    const content = this.#contentIds(text).slice(0, this.modelMaxLength - 2);
    ids[0] = this.bosTokenId;
    ids.set(content, 1);
    ids[content.length + 1] = this.eosTokenId;
    return ids;
  }

  /** Special tokens are found in the raw text, before lower-casing, as the reference does; all else is cut into words. */
  #contentIds(text: string): number[] {
    const ids: number[] = [];
    let start = 0;
    for (const match of text.matchAll(this.#specialPattern)) {
      this.#appendWords(ids, text.slice(start, match.index));
      ids.push(this.#idOf(match[0]));
      start = match.index + match[0].length;
    }
    this.#appendWords(ids, text.slice(start));
    return ids;
  }

  #appendWords(ids: number[], text: string): void {
    for (const word of clipWords(text)) ids.push(...this.#wordIds(word));
  }

  #wordIds(word: string): readonly number[] {
    const known = this.#idsOfWord.get(word);
    if (known !== undefined) return known;
    const ids = mergeSymbols(wordSymbols(word), this.#ranks).map((symbol) => this.#idOf(symbol));
    if (this.#idsOfWord.size >= MAX_REMEMBERED_WORDS) this.#idsOfWord.clear();
    this.#idsOfWord.set(word, ids);
    return ids;
  }

  #idOf(token: string): number {
    return this.#vocab.get(token) ?? this.#unkTokenId;
  }

  #idOfSpecial(role: string, token: string): number {
    const id = this.#vocab.get(token);
    if (id === undefined) {
      throw new SaraError(
        'FILE_CORRUPT',
        `the tokenizer's ${role} ${JSON.stringify(token)} is not in its vocabulary`,
        { role, token },
      );
    }
    return id;
  }
}

/** Matches any of the tokens, the longest first where one begins another. */
function anyOf(tokens: readonly string[]): RegExp {
  const distinct = [...new Set(tokens)].sort((a, b) => b.length - a.length);
  return new RegExp(distinct.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'gu');
}
