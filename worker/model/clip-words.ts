/**
 * Text to words, as CLIP's tokenizer sees them: NFC, white space collapsed, lower case, then cut by one expression.
 *
 * Equal to the normalizer and pre-tokenizer of transformers' CLIPTokenizer (its `tokenizers` backend), special tokens
 * spelt in capitals included.
 */

/**
 * `\p{White_Space}` and not `\s`: JavaScript's `\s` also takes U+FEFF and leaves out U+0085, the reference's does
 * the opposite.
 */
const WHITE_SPACE = /\p{White_Space}+/gu;

/** Special tokens, English contractions, runs of letters, single digits, runs of anything else that is not space. */
const WORD = /<\|(?:start|end)oftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

/** What the reference's second pass leaves of a special token that was not one in the raw text. */
const SPECIAL_PARTS = /<\||\|>|\p{L}+/gu;

export function clipWords(text: string): string[] {
  const spaced = text.normalize('NFC').replace(WHITE_SPACE, ' ');
  const words = lowerCase(spaced).match(WORD) ?? [];
  return words.flatMap((word) => (word.endsWith('oftext|>') ? (word.match(SPECIAL_PARTS) ?? []) : [word]));
}

/** Character by character: over a whole string, JavaScript would turn a capital sigma at a word's end into another letter. */
function lowerCase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join('');
}
