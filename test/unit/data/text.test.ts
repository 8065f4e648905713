import assert from 'node:assert/strict';
import { decodeText } from '../../../worker/data/text.ts';

const CAPTION = 'ein großer Käfer, 猫';

const utf16 = (text: string, order: 'little' | 'big'): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return order === 'little' ? bytes : bytes.swap16();
};
const textOf = (bytes: Uint8Array, unmarked: 'utf-8' | 'latin-1' = 'utf-8') => {
  const decoded = decodeText(bytes, unmarked);
  return decoded.kind === 'text' ? decoded.text : assert.fail(decoded.problem);
};
const problemOf = (bytes: Uint8Array, unmarked: 'utf-8' | 'latin-1' = 'utf-8') => {
  const decoded = decodeText(bytes, unmarked);
  return decoded.kind === 'refused' ? decoded.problem : assert.fail(`read ${decoded.text}`);
};

describe('caption text', () => {
  it('is UTF-8, with or without its mark, or UTF-16 by its mark', () => {
    assert.equal(textOf(Buffer.from(CAPTION)), CAPTION);
    assert.equal(textOf(Buffer.from(`\ufeff${CAPTION}`)), CAPTION);
    assert.equal(textOf(utf16(`\ufeff${CAPTION}`, 'little')), CAPTION);
    assert.equal(textOf(utf16(`\ufeff${CAPTION}`, 'big')), CAPTION);
    assert.equal(textOf(Buffer.alloc(0)), '');
  });

  it('is refused as Latin-1 with the byte at fault, and read where the user says that it is', () => {
    const latin1 = Buffer.from('ein großer Käfer', 'latin1');
    assert.match(
      problemOf(latin1),
      /^is not UTF-8: byte 0xdf at offset 7; .*data\.captionEncoding to latin-1/,
    );
    assert.equal(textOf(latin1, 'latin-1'), 'ein großer Käfer');
    assert.equal(textOf(Buffer.from([0x80, 0x20, 0x93]), 'latin-1'), '€ “', 'as Windows has it');
    assert.equal(textOf(Buffer.from(`\ufeff${CAPTION}`), 'latin-1'), CAPTION, 'a mark is stronger');
  });

  it('is refused where it ends within a character', () => {
    const cut = Buffer.from('Käfer').subarray(0, 2);
    assert.match(problemOf(cut), /byte 0xc3 at offset 1/);
  });

  it('is refused as UTF-16 without a mark, as UTF-32, and with half a UTF-16 character', () => {
    assert.match(
      problemOf(utf16('a cat', 'little')),
      /NUL character at position 1, like UTF-16 without its mark/,
    );
    assert.match(problemOf(Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])), /is UTF-32/);
    assert.match(problemOf(Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x61])), /is UTF-32/);
    assert.match(problemOf(Buffer.from([0xff, 0xfe, 0x61])), /begins like UTF-16LE but is not/);
    assert.match(problemOf(Buffer.from([0xfe, 0xff, 0xd8, 0x00])), /begins like UTF-16BE but is not/);
  });
});
