import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { BASE_SYMBOLS } from '../../../worker/model/bpe.ts';
import { trainBpe } from '../../../worker/model/bpe-training.ts';
import { ClipTokenizer } from '../../../worker/model/tokenizer.ts';
import { saraError } from '../../support/sara-error.ts';

const END_OF_TEXT = '<|endoftext|>';
const SPECIAL = { bos: '<|startoftext|>', eos: END_OF_TEXT, pad: END_OF_TEXT, unk: END_OF_TEXT };

describe('BPE training', () => {
  it("starts from the same 512 symbols, under the same ids, as CLIP's own vocabulary", async () => {
    const clip = JSON.parse(await readFile('test/golden/tokenizer/vocab.json', 'utf8')) as Record<
      string,
      number
    >;
    assert.equal(BASE_SYMBOLS.length, 512);
    for (const [id, symbol] of BASE_SYMBOLS.entries()) assert.equal(clip[symbol], id, symbol);
  });

  it('merges the most frequent pair first, ties in code unit order, and stops when no pair occurs twice', () => {
    const { vocab, merges } = trainBpe(['Red car', 'red CAR', 'carpet'], 600);
    assert.deepEqual(merges, [
      ['c', 'a'],
      ['ca', 'r</w>'],
      ['e', 'd</w>'],
      ['r', 'ed</w>'],
    ]);
    assert.equal(vocab.size, 512 + 4 + 2);
    assert.equal(vocab.get('ca'), 512);
    assert.equal(vocab.get('<|startoftext|>'), 516);
    assert.equal(vocab.get('<|endoftext|>'), 517);
  });

  it('gives the same vocabulary for the captions in any order, of at most the size asked for', () => {
    const captions = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', ' ', '🐈', '!'), maxLength: 12 }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(captions, (texts) => {
        const trained = trainBpe(texts, 530);
        assert.deepEqual(trainBpe(texts.toReversed(), 530), trained);
        assert.ok(trained.vocab.size <= 530);
        assert.deepEqual(
          [...trained.vocab.values()],
          Array.from({ length: trained.vocab.size }, (_, id) => id),
        );
      }),
    );
  });

  it('makes one token of a frequent word, and still spells words it never saw', () => {
    const bpe = trainBpe(
      Array.from({ length: 3 }, () => 'grinning face'),
      600,
    );
    const tokenizer = new ClipTokenizer({ ...bpe, special: SPECIAL, modelMaxLength: 8 });
    const { bosTokenId, eosTokenId } = tokenizer;
    const face = bpe.vocab.get('face</w>');
    assert.ok(face !== undefined);
    assert.deepEqual(
      [...tokenizer.encode('face')],
      [bosTokenId, face, ...Array.from({ length: 6 }, () => eosTokenId)],
    );
    const rare = tokenizer.encode('猫');
    assert.deepEqual(
      [...rare.slice(0, 5)],
      [bosTokenId, ...['ç', 'Į', '«</w>'].map((s) => bpe.vocab.get(s)), eosTokenId],
    );
  });

  it('refuses a vocabulary without room for the bytes and the special tokens', () => {
    assert.throws(
      () => trainBpe([], 513),
      saraError('CONFIG_INVALID', /513 tokens is too small; accepted: 514 or more/),
    );
    assert.equal(trainBpe([], 514).vocab.size, 514);
  });
});
