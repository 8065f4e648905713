import assert from 'node:assert/strict';
import { WeightReader } from '../../../worker/stage/weight-reader.ts';

/** A base that counts how often it is read. */
function countingBase() {
  const reads: string[] = [];
  const readFloat32 = (name: string): Promise<Float32Array> => {
    reads.push(name);
    return Promise.resolve(Float32Array.of(reads.length));
  };
  return { reads, entries: new Map(), readFloat32 };
}

describe('weight reader', () => {
  it('hands over what was read before, once, where it keeps it', async () => {
    const base = countingBase();
    const reader = new WeightReader(base, true);
    const read = await reader.read('w');
    assert.equal(await reader.read('w'), read);
    assert.equal(await reader.take('w'), read);
    assert.deepEqual(base.reads, ['w']);
    assert.notEqual(await reader.take('w'), read, 'what was taken is its owner’s to write into');
    assert.deepEqual(base.reads, ['w', 'w']);
  });

  it('forgets what nobody took', async () => {
    const base = countingBase();
    const reader = new WeightReader(base, true);
    const read = await reader.read('w');
    reader.forget();
    assert.notEqual(await reader.take('w'), read);
  });

  it('reads every time where it keeps nothing', async () => {
    const base = countingBase();
    const reader = new WeightReader(base, false);
    const values = [await reader.read('w'), await reader.read('w'), await reader.take('w')];
    assert.equal(new Set(values).size, 3);
  });
});
