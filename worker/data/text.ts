/**
 * The text of a caption or table: UTF-8, or UTF-16 where a byte order mark says so. Anything else is told apart and
 * refused rather than trained on as mojibake; Latin-1 is read where the user says that it is.
 */
import type { TEXT_ENCODINGS } from '../../shared/config.ts';

export type TextEncoding = (typeof TEXT_ENCODINGS)[number];

export type DecodedText =
  | { readonly kind: 'text'; readonly text: string }
  /** `problem` completes "the file". */
  | { readonly kind: 'refused'; readonly problem: string };

const BYTE_ORDER_MARKS = [
  // UTF-32's little-endian mark begins with UTF-16's.
  { mark: [0xff, 0xfe, 0, 0], encoding: 'utf-32' },
  { mark: [0, 0, 0xfe, 0xff], encoding: 'utf-32' },
  { mark: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

/**
 * @param bytes of the whole text
 * @param unmarked how text without a byte order mark is encoded; latin-1 in its Windows form (code page 1252)
 * @returns the text without its mark
 */
export function decodeText(bytes: Uint8Array, unmarked: TextEncoding): DecodedText {
  const found = BYTE_ORDER_MARKS.find(({ mark }) => mark.every((byte, i) => bytes[i] === byte));
  const encoding = found?.encoding ?? unmarked;
  if (encoding === 'utf-32') return refused('is UTF-32; save it as UTF-8');
  const body = bytes.subarray(found?.mark.length ?? 0);
  let text: string;
  try {
    text =
      encoding === 'latin-1'
        ? decodeWindows1252(body)
        : new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    if (encoding !== 'utf-8')
      return refused(`begins like ${encoding.toUpperCase()} but is not; save it as UTF-8`);
    const offset = numValidBytes(body);
    return refused(
      `is not UTF-8: byte 0x${body[offset].toString(16)} at offset ${offset}; save it as UTF-8, or set ` +
        'data.captionEncoding to latin-1 if it is that',
    );
  }
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    return refused(
      `holds a NUL character at position ${nul}, like UTF-16 without its mark; save it as UTF-8`,
    );
  }
  return { kind: 'text', text };
}

/** Code page 1252 where it differs from Latin-1: bytes 0x80 to 0x9f. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** By hand: Node 20's TextDecoder takes windows-1252 for Latin-1. */
function decodeWindows1252(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]);
}

function refused(problem: string): DecodedText {
  return { kind: 'refused', problem };
}

/** Length of the longest beginning that is UTF-8: where the character at fault begins. */
function numValidBytes(bytes: Uint8Array): number {
  const isValid = (count: number, stream: boolean): boolean => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, count), { stream });
      return true;
    } catch {
      return false;
    }
  };
  // As a stream a beginning is valid up to the byte at fault, and no longer one is: that can be searched for.
  let [valid, invalid] = [0, bytes.length];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    if (isValid(middle, true)) valid = middle;
    else invalid = middle;
  }
  while (!isValid(valid, false)) valid--; // a character that was begun and not completed
  return valid;
}
