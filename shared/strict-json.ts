/**
 * JSON from a stranger: what JSON.parse lets pass and we do not.
 *
 * JSON.parse silently keeps the last of two equal keys, so a file could show one thing to us and another to a
 * reader that keeps the first. And its memory grows with nesting, so 100 MB of "[" would bring the process down.
 */

/**
 * @param text may be anything
 * @param maxDepth of nested objects and arrays, the outermost counted
 * @throws SyntaxError when it is not JSON, nests deeper, or an object has a key twice
 */
export function parseStrictJson(text: string, maxDepth: number): unknown {
  checkStructure(text, maxDepth);
  return JSON.parse(text) as unknown;
}

/** One pass over the brackets and strings, before anything is built; whatever else is wrong JSON.parse will find. */
function checkStructure(text: string, maxDepth: number): void {
  const nesting: Set<string>[] = []; // keys seen so far, per open bracket
  const colon = /[ \t\r\n]*:/y;
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '{':
      case '[':
        if (nesting.length === maxDepth)
          throw new SyntaxError(`nested deeper than ${maxDepth} at position ${i}`);
        nesting.push(new Set());
        break;
      case '}':
      case ']':
        nesting.pop();
        break;
      case '"': {
        const end = endOfString(text, i);
        colon.lastIndex = end;
        if (colon.test(text)) {
          const key = JSON.parse(text.slice(i, end)) as string; // equal keys may be escaped differently
          const keys = nesting.at(-1);
          if (keys?.has(key)) throw new SyntaxError(`key ${text.slice(i, end)} twice in one object`);
          keys?.add(key);
        }
        i = end - 1;
      }
    }
  }
}

/** @returns the position after the closing quote of the string that opens at `start` */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return Math.min(i + 1, text.length);
}
