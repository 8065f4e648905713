import assert from 'node:assert/strict';
import { checkParameters } from '../../../worker/model/parameters.ts';
import { saraError } from '../../support/sara-error.ts';

const wanted = new Map([
  ['conv_in.weight', [8, 4, 3, 3]],
  ['conv_in.bias', [8]],
]);

function stored(shapes: Record<string, number[]>): Map<string, { shape: number[] }> {
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
}

describe('checkParameters', () => {
  it('returns the tensors a model does not use', () => {
    const found = stored({ position_ids: [1, 77], 'conv_in.weight': [8, 4, 3, 3], 'conv_in.bias': [8] });
    assert.deepEqual(checkParameters(wanted, found, 'unet'), ['position_ids']);
  });

  it('names the first tensor that is missing', () => {
    assert.throws(
      () => checkParameters(wanted, stored({ 'conv_in.weight': [8, 4, 3, 3] }), 'unet'),
      saraError('FILE_CORRUPT', /lack 1 of the 2 tensors/, /conv_in\.bias/),
    );
  });

  it('names a tensor of another shape, with both shapes', () => {
    assert.throws(
      () => checkParameters(wanted, stored({ 'conv_in.weight': [8, 9, 3, 3], 'conv_in.bias': [8] }), 'unet'),
      saraError('FILE_CORRUPT', /conv_in\.weight is stored as \[8, 9, 3, 3\]/, /\[8, 4, 3, 3\]/),
    );
  });
});
