/** What crosses from thread to thread: exactly the tensors, and nothing that somebody still uses. */
import assert from 'node:assert/strict';
import { buffersOf, copyBundle } from '../../../shared/actor/bundle-copy.ts';
import type { TensorBundle } from '../../../shared/actor/protocol.ts';

const whole = Float32Array.from({ length: 1000 }, (_, i) => i);
const pooled = Buffer.from([7, 8, 9]);

const bundle: TensorBundle = {
  view: { dtype: 'float32', shape: [2, 2], data: whole.subarray(10, 14) },
  half: { dtype: 'float16', shape: [3], data: Uint16Array.of(1, 2, 3) },
  long: { dtype: 'int64', shape: [1], data: BigInt64Array.of(-5n) },
  // A Buffer looks into memory that Node shares among many, and its slice() would too.
  pooled: { dtype: 'uint8', shape: [3], data: pooled },
  none: { dtype: 'int32', shape: [0], data: new Int32Array(0) },
};

describe('the copy of a bundle', () => {
  it('has the same tensors, each alone in a buffer of its size', () => {
    const copy = copyBundle(bundle);
    assert.deepEqual(copy, { ...bundle, pooled: { ...bundle.pooled, data: Uint8Array.from(pooled) } });
    for (const [name, { data }] of Object.entries(copy)) {
      assert.equal(data.buffer.byteLength, bundle[name].data.byteLength, name);
      assert.notEqual(data.buffer, bundle[name].data.buffer, name);
    }
  });

  it('can be transferred whole while the original goes on being used', () => {
    const copy = copyBundle(bundle);
    const received = structuredClone(copy, { transfer: buffersOf(copy) });
    assert.ok(Object.values(copy).every(({ data }) => data.length === 0));
    assert.deepEqual(received, copyBundle(bundle));
    assert.deepEqual([...bundle.view.data], [10, 11, 12, 13]);
    assert.equal(whole[999], 999);
  });
});
