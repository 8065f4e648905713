import assert from 'node:assert/strict';
import { repeatsOf, requireUsed } from '../../../worker/data/repeats.ts';

const NONE = { byFolderName: false, byFolder: {} };

describe('repeats', () => {
  it('are one unless something is said', () => {
    assert.equal(repeatsOf('a.png', NONE), 1);
    assert.equal(repeatsOf('10_cats/a.png', NONE), 1);
  });

  it('are read from the name of the nearest folder that has a number, where asked to', () => {
    const byName = { byFolderName: true, byFolder: {} };
    assert.equal(repeatsOf('10_cats/a.png', byName), 10);
    assert.equal(repeatsOf('10_cats/3_grey/a.png', byName), 3);
    assert.equal(repeatsOf('10_cats/grey/a.png', byName), 10);
    for (const folder of ['cats_10', '10cats', '0_cats', '010_cats', '_cats', '20240131_holiday']) {
      assert.equal(repeatsOf(`${folder}/a.png`, byName), 1, folder);
    }
  });

  it('are what the configuration says, whatever the name, the nearest folder first', () => {
    const settings = { byFolderName: true, byFolder: { '10_cats': 2, '10_cats/grey': 5, '.': 7 } };
    assert.equal(repeatsOf('10_cats/a.png', settings), 2);
    assert.equal(repeatsOf('10_cats/grey/deep/a.png', settings), 5);
    assert.equal(repeatsOf('10_cats/4_red/a.png', settings), 4, 'nearer than what is configured');
    assert.equal(repeatsOf('a.png', settings), 7);
    assert.equal(repeatsOf('constructor/a.png', { byFolderName: false, byFolder: {} }), 1);
  });

  it('are refused for a folder without pictures, with those there are', () => {
    const settings = { byFolderName: false, byFolder: { cat: 2, dogs: 3 } };
    requireUsed('pictures', { ...settings, byFolder: { '.': 2 } }, ['a.png']);
    assert.throws(
      () => {
        requireUsed('pictures', settings, ['cats/a.png', 'dogs/b.png']);
      },
      {
        code: 'DATA_INVALID',
        message: /data\.repeats names cat, where pictures has no pictures; its folders are cats, \., dogs/,
      },
    );
  });
});
