import assert from 'node:assert/strict';
import {
  compileFilter,
  EVERY_TENSOR,
  requireEveryPatternMatches,
} from '../../../worker/sara/tensor-filter.ts';

const names = [
  'conv_in.weight',
  'down_blocks.0.attentions.1.attn1.to_q.weight',
  'mid_block.attn2.to_k.weight',
  'conv_out.bias',
];
const chosen = (include: string[], exclude: string[]): string[] =>
  names.filter(compileFilter({ include, exclude }));

describe('tensor filter', () => {
  it('takes every tensor when no pattern is given', () => {
    assert.deepEqual(names.filter(compileFilter(EVERY_TENSOR)), names);
  });

  it('matches whole names, * standing for any run of characters', () => {
    assert.deepEqual(chosen(['*.attn1.*'], []), [names[1]]);
    assert.deepEqual(chosen(['conv_*'], []), [names[0], names[3]]);
    assert.deepEqual(chosen(['conv'], []), []);
    assert.deepEqual(chosen(['**weight'], []), names.slice(0, 3));
  });

  it('lets an exclude pattern win over an include pattern', () => {
    assert.deepEqual(chosen(['*.weight'], ['*attn?*', 'conv_in*']), names.slice(1, 3));
    assert.deepEqual(chosen([], ['*.bias']), names.slice(0, 3));
  });

  it('takes every other character for itself, dots too', () => {
    assert.deepEqual(chosen(['conv_in?weight'], []), []);
    assert.equal(compileFilter({ include: ['a.b'], exclude: [] })('axb'), false);
    assert.equal(compileFilter({ include: ['[a](b)+'], exclude: [] })('[a](b)+'), true);
  });

  it('refuses a pattern that matches no tensor, by its name', () => {
    requireEveryPatternMatches({ include: ['*.attn1.*'], exclude: ['conv_out.bias'] }, names);
    assert.throws(
      () => {
        requireEveryPatternMatches({ include: [], exclude: ['*.attn3.*'] }, names);
      },
      {
        code: 'CONFIG_INVALID',
        message: /"\*\.attn3\.\*" matches none of the model's 4 tensors/,
      },
    );
  });
});
