import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RandomStream } from '../../../shared/random.ts';
import { oneLine, variedCaption, wholeCaption, type CaptionSettings } from '../../../worker/data/captions.ts';

const PLAIN: CaptionSettings = {
  prefix: '',
  suffix: '',
  dropout: 0,
  shuffleTags: false,
  keepTags: 0,
  tagDropout: 0,
};

const vary = (caption: string, settings: Partial<CaptionSettings>, step = 0): string =>
  variedCaption(
    caption,
    { ...PLAIN, ...settings },
    new RandomStream({ seed: 1, step, sample: 0, purpose: 'caption-tags' }),
  );
const tagsOf = (caption: string): string[] => caption.split(', ');

describe('caption', () => {
  it('is one line', () => {
    assert.equal(oneLine('  a\r\n cat\t \n'), 'a cat');
    assert.equal(oneLine(' \n '), '');
  });

  it('stays as it is, blanks around commas too, unless its tags are to vary', () => {
    assert.equal(vary('a cat ,on a mat', {}), 'a cat ,on a mat');
  });

  it('has prefix and suffix as they stand, also around shuffled tags and in validation', () => {
    const settings = { prefix: 'flat style, ', suffix: ' -- 4k' };
    assert.equal(wholeCaption('a cat', { ...PLAIN, ...settings }), 'flat style, a cat -- 4k');
    assert.match(
      vary('a, b, c', { ...settings, shuffleTags: true }),
      /^flat style, [abc], [abc], [abc] -- 4k$/,
    );
  });

  it('keeps its first tags where they are and all others somewhere', () => {
    const tags = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(tags, fc.nat({ max: 14 }), fc.nat(), (all, keepTags, step) => {
        const varied = tagsOf(vary(all.join(' , '), { shuffleTags: true, keepTags }, step));
        assert.deepEqual(varied.slice(0, keepTags), all.slice(0, keepTags));
        assert.deepEqual(varied.toSorted(), all.toSorted());
      }),
    );
  });

  it('is shuffled otherwise at another visit, and the same at the same', () => {
    const caption = 'a, b, c, d, e, f, g, h';
    const orders = Array.from({ length: 20 }, (_, step) => vary(caption, { shuffleTags: true }, step));
    assert.equal(new Set(orders).size, 20);
    assert.equal(vary(caption, { shuffleTags: true }, 7), orders[7]);
  });

  it('loses tags at the given rate, but none that are kept', () => {
    const caption = Array.from({ length: 10 }, (_, i) => `t${i}`).join(', ');
    const left = Array.from({ length: 200 }, (_, step) =>
      tagsOf(vary(caption, { tagDropout: 0.3, keepTags: 2 }, step)),
    );
    assert.ok(left.every((tags) => tags[0] === 't0' && tags[1] === 't1'));
    // 1600 draws at 0.7: standard deviation 0.0115.
    const share = left.reduce((sum, tags) => sum + tags.length - 2, 0) / 1600;
    assert.ok(Math.abs(share - 0.7) < 0.05, String(share));
    assert.equal(vary('a, b', { tagDropout: 1 }), '');
  });
});
