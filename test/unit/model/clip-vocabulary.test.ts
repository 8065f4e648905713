import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { clipTokenizerDefinition } from '../../../worker/model/clip-vocabulary.ts';
import { ClipTokenizer } from '../../../worker/model/tokenizer.ts';

describe("CLIP's own vocabulary", () => {
  it('is the recorded one, token by token and id by id', async () => {
    const { vocab } = await clipTokenizerDefinition('<|endoftext|>');
    const recorded = JSON.parse(await readFile('test/golden/tokenizer/vocab.json', 'utf8')) as object;
    assert.deepEqual(vocab, new Map(Object.entries(recorded)));
  });

  it('makes the tokenizer that its files make, whatever the padding, and no other', async () => {
    const own = new ClipTokenizer(await clipTokenizerDefinition('<|endoftext|>'));
    const padded = new ClipTokenizer(await clipTokenizerDefinition('!'));
    const read = await ClipTokenizer.open('test/golden/tokenizer');
    assert.ok(own.hasVocabularyOf(read) && padded.hasVocabularyOf(read));
    const emoji = await ClipTokenizer.open('examples/emoji/base/tokenizer');
    assert.ok(!own.hasVocabularyOf(emoji) && !emoji.hasVocabularyOf(own));
    assert.deepEqual([...padded.encode('a cat').subarray(0, 6)], [49406, 320, 2368, 49407, 0, 0]);
    assert.deepEqual([...own.encode('a cat').subarray(0, 6)], [49406, 320, 2368, 49407, 49407, 49407]);
  });
});
