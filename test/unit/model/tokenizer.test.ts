import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ClipTokenizer, trainBpe, writeTokenizer } from '../../../worker/model/tokenizer.ts';
import { saraError } from '../../support/sara-error.ts';

const RECORDED = 'test/golden/tokenizer';
const START = 49406;
const END = 49407;

interface RecordedCase {
  readonly text: string;
  readonly ids: readonly number[];
}

describe('CLIP tokenizer', () => {
  let tokenizer: ClipTokenizer;
  before(async () => {
    tokenizer = await ClipTokenizer.open(RECORDED);
  });

  it('gives the recorded ids for every recorded text', async () => {
    const cases = JSON.parse(await readFile(`${RECORDED}/cases.json`, 'utf8')) as RecordedCase[];
    assert.equal(cases.length, 20);
    for (const { text, ids } of cases) assert.deepEqual([...tokenizer.encode(text)], ids, text);
  });

  // Recorded with tokenizers 0.23.2, put together as transformers 5.18 does.
  for (const [text, why, ids] of [
    ['ΑΣ', 'a capital sigma at the end of a word becomes a plain small one', [138, 109, 139, 481]],
    ['a\u0085b', 'U+0085 is white space', [320, 321]],
    ['dog\ufeffdog', 'U+FEFF is not', [1929, 171, 119, 379, 1929]],
    [
      '<|STARTOFTEXT|>!',
      'a special token in capitals is taken apart',
      [27, 347, 993, 6659, 4160, 91, 285, 256],
    ],
  ] as const) {
    it(`agrees with the reference that ${why}`, () => {
      const encoded = [...tokenizer.encode(text)];
      assert.deepEqual(encoded.slice(0, encoded.indexOf(END)), [START, ...ids]);
    });
  }

  it('keeps the start and the end token of a text that is too long', () => {
    const ids = tokenizer.encode('word '.repeat(200));
    assert.equal(ids.length, 77);
    assert.equal(ids[0], START);
    assert.equal(ids[75], 2653);
    assert.equal(ids[76], END);
  });

  it('gives 77 known ids, started, ended and padded, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const ids = tokenizer.encode(text);
        assert.equal(ids.length, 77);
        assert.equal(ids[0], START);
        assert.equal(ids[76], END);
        assert.ok(ids.every((id) => id >= 0 && id < tokenizer.vocabSize));
      }),
    );
  });

  describe('from other files', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sara-tokenizer-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    const bpe = trainBpe(['grinning face', 'winking face', 'face with tears'], 530);
    const write = (name: string, json: unknown): Promise<void> =>
      writeFile(join(folder, name), JSON.stringify(json));

    it('reads what it wrote, its length included', async () => {
      await writeTokenizer(folder, bpe, 16);
      const opened = await ClipTokenizer.open(folder);
      assert.equal(opened.modelMaxLength, 16);
      assert.equal(opened.vocabSize, bpe.vocab.size);
      const ids = opened.encode('Grinning face!');
      assert.equal(ids.length, 16);
      assert.equal(ids[0], opened.bosTokenId);
      assert.ok(ids.includes(bpe.vocab.get('face</w>') ?? -1));
    });

    it('pads with the token the files name, and takes that token as special inside a text too', async () => {
      await writeTokenizer(folder, bpe, 8);
      await write('special_tokens_map.json', {
        pad_token: '!',
        eos_token: { content: '<|endoftext|>', lstrip: false },
      });
      const opened = await ClipTokenizer.open(folder);
      const face = bpe.vocab.get('face</w>') ?? -1;
      const { bosTokenId, eosTokenId } = opened;
      assert.deepEqual([...opened.encode('face!')], [bosTokenId, face, 0, eosTokenId, 0, 0, 0, 0]);
    });

    it('reads a tokenizer.json, with merges written either way', async () => {
      await writeTokenizer(folder, bpe, 16);
      const expected = (await ClipTokenizer.open(folder)).encode('a winking face with tears');
      await rm(join(folder, 'vocab.json'));
      const model = { type: 'BPE', end_of_word_suffix: '</w>', vocab: Object.fromEntries(bpe.vocab) };
      for (const merges of [bpe.merges, bpe.merges.map((pair) => pair.join(' '))]) {
        await write('tokenizer.json', { model: { ...model, merges } });
        assert.deepEqual((await ClipTokenizer.open(folder)).encode('a winking face with tears'), expected);
      }
      await write('tokenizer.json', { model: { ...model, type: 'Unigram' } });
      await assert.rejects(
        ClipTokenizer.open(folder),
        saraError('MODEL_UNSUPPORTED', /model\.type = "Unigram"/),
      );
    });

    it('names the file that is missing or broken, and what is wrong in it', async () => {
      await assert.rejects(ClipTokenizer.open(folder), saraError('FILE_NOT_FOUND', /vocab\.json/));
      await write('vocab.json', { a: 0 });
      await assert.rejects(ClipTokenizer.open(folder), saraError('FILE_NOT_FOUND', /merges\.txt/));
      await writeFile(join(folder, 'merges.txt'), '#version: 0.2\na b\na b c\n');
      await assert.rejects(ClipTokenizer.open(folder), saraError('FILE_CORRUPT', /merges\.txt: line 3/));
      await writeFile(join(folder, 'merges.txt'), '');
      await assert.rejects(
        ClipTokenizer.open(folder),
        saraError('FILE_CORRUPT', /bos_token "<\|startoftext\|>"/),
      );
      await write('vocab.json', { a: 0, b: 0 });
      await assert.rejects(
        ClipTokenizer.open(folder),
        saraError('FILE_CORRUPT', /id 0 belongs to two tokens/),
      );
      await write('vocab.json', { a: -1 });
      await assert.rejects(ClipTokenizer.open(folder), saraError('FILE_CORRUPT', /the id of "a" is -1/));
    });
  });
});
