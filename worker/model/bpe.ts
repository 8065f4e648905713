/**
 * Byte-level byte-pair encoding as CLIP uses it.
 *
 * Every byte has a printable character (GPT-2's table); a word is its UTF-8 bytes in those characters, the last one
 * marked with `</w>`. Merges join neighbouring symbols, lowest rank first.
 */

/** Marks the last symbol of a word, so that "car" in "car" and in "carpet" can be told apart. */
export const END_OF_WORD = '</w>';

/**
 * The printable character of each byte, in CLIP's id order: bytes that print in Latin-1 stand for themselves and come
 * first; the others follow, from U+0100 on.
 */
function byteCharacters(): { readonly ofByte: readonly string[]; readonly inIdOrder: readonly string[] } {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const hidden = bytes.filter((byte) => !printable(byte));
  const ofByte = bytes.map((byte) =>
    String.fromCharCode(printable(byte) ? byte : 0x100 + hidden.indexOf(byte)),
  );
  const inIdOrder = [...bytes.filter(printable), ...hidden].map((byte) => ofByte[byte]);
  return { ofByte, inIdOrder };
}

const CHARACTERS = byteCharacters();

/** The 512 symbols every vocabulary starts with: each byte, then each byte at the end of a word. */
export const BASE_SYMBOLS: readonly string[] = [
  ...CHARACTERS.inIdOrder,
  ...CHARACTERS.inIdOrder.map((character) => character + END_OF_WORD),
];

const UTF8 = new TextEncoder();

/** The symbols of a non-empty word before any merge. */
export function wordSymbols(word: string): string[] {
  const symbols = Array.from(UTF8.encode(word), (byte) => CHARACTERS.ofByte[byte]);
  symbols[symbols.length - 1] += END_OF_WORD;
  return symbols;
}

/** A pair of neighbouring symbols as a map key; no symbol holds a space. */
export function pairKey(left: string, right: string): string {
  return `${left} ${right}`;
}

/**
 * Applies merges until none fits: always the pair of lowest rank, all its occurrences from left to right.
 * @param ranks rank by {@link pairKey}
 */
export function mergeSymbols(
  symbols: readonly string[],
  ranks: ReadonlyMap<string, number>,
): readonly string[] {
  let current = symbols;
  for (;;) {
    let best = Infinity;
    let at = -1;
    for (let i = 0; i + 1 < current.length; i++) {
      const rank = ranks.get(pairKey(current[i], current[i + 1])) ?? Infinity;
      if (rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) return current;
    current = joinPair(current, current[at], current[at + 1]);
  }
}

/** `symbols` with every occurrence of the pair, from left to right, joined into one symbol. */
export function joinPair(symbols: readonly string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && i + 1 < symbols.length && symbols[i + 1] === right) {
      joined.push(left + right);
      i++;
    } else {
      joined.push(symbols[i]);
    }
  }
  return joined;
}
