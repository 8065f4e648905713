/**
 * Learns a small CLIP-format vocabulary from captions: the 512 byte symbols, then the most frequent pairs, then the
 * two special tokens. Deterministic: the same captions give the same vocabulary, whatever their order.
 */
import { SaraError } from '../../shared/errors.ts';
import { BASE_SYMBOLS, joinPair, pairKey, wordSymbols } from './bpe.ts';
import { clipWords } from './clip-words.ts';

export interface Bpe {
  /** Id by token, in id order; the last two are the start and the end token. */
  readonly vocab: ReadonlyMap<string, number>;
  /** In order of rank. */
  readonly merges: readonly (readonly [left: string, right: string])[];
}

export const START_OF_TEXT = '<|startoftext|>';
export const END_OF_TEXT = '<|endoftext|>';

const SPECIAL_TOKENS = [START_OF_TEXT, END_OF_TEXT] as const;

/** A pair seen once is a word learnt by heart, not a part of words. */
const MIN_PAIR_COUNT = 2;

/**
 * @param vocabSize the largest number of tokens wanted, special ones included; fewer come out when the captions hold
 *   no more pairs that occur twice
 * @throws SaraError CONFIG_INVALID when vocabSize leaves no room for the bytes and the special tokens
 */
export function trainBpe(captions: Iterable<string>, vocabSize: number): Bpe {
  const numFixed = BASE_SYMBOLS.length + SPECIAL_TOKENS.length;
  if (!Number.isInteger(vocabSize) || vocabSize < numFixed) {
    throw new SaraError(
      'CONFIG_INVALID',
      `a vocabulary of ${vocabSize} tokens is too small; accepted: ${numFixed} or more`,
      {
        vocabSize,
        minimum: numFixed,
      },
    );
  }
  const words = countWords(captions);
  const merges: (readonly [string, string])[] = [];
  // A merge can spell a token that an earlier one already made in another way; the id is the first one's.
  const tokens = new Set(BASE_SYMBOLS);
  while (tokens.size + SPECIAL_TOKENS.length < vocabSize) {
    const pair = mostFrequentPair(words);
    if (pair === null) break;
    const [left, right] = pair;
    merges.push(pair);
    tokens.add(left + right);
    for (const word of words) word.symbols = joinPair(word.symbols, left, right);
  }
  return bpeOfMerges(merges);
}

/** The vocabulary that merges imply: the byte symbols, what each merge makes, the special tokens. */
export function bpeOfMerges(merges: Bpe['merges']): Bpe {
  const tokens = new Set([...BASE_SYMBOLS, ...merges.map(([left, right]) => left + right)]);
  return { vocab: new Map([...tokens, ...SPECIAL_TOKENS].map((token, id) => [token, id])), merges };
}

interface CountedWord {
  symbols: readonly string[];
  readonly count: number;
}

function countWords(captions: Iterable<string>): CountedWord[] {
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of clipWords(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([word, count]) => ({ symbols: wordSymbols(word), count }));
}

/** Ties go to the pair that sorts first, by code units: a rule that no hash order or locale can change. */
function mostFrequentPair(words: readonly CountedWord[]): readonly [string, string] | null {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = pairKey(symbols[i], symbols[i + 1]);
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  let best = '';
  let bestCount = MIN_PAIR_COUNT - 1;
  for (const [key, count] of counts) {
    if (count > bestCount || (count === bestCount && best !== '' && key < best)) {
      best = key;
      bestCount = count;
    }
  }
  if (best === '') return null;
  const [left, right] = best.split(' ');
  return [left, right];
}
