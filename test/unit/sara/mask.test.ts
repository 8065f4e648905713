import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskDigest } from '../../../shared/digest.ts';
import {
  entryView,
  mergeVectors,
  SparseMask,
  sliceVector,
  type MaskTensor,
} from '../../../worker/sara/mask.ts';

const tensors: MaskTensor[] = [
  { name: 'b.weight', shape: [2, 3], indices: Int32Array.of(1, 5) },
  { name: 'a.10.weight', shape: [4], indices: Int32Array.of(0, 2, 3) },
  { name: 'a.2.weight', shape: [4], indices: Int32Array.of(3) },
  { name: 'B.weight', shape: [2], indices: Int32Array.of(1) },
  { name: 'c.bias', shape: [2], indices: new Int32Array(0) },
];

/** Masks with some tensors masked in full, some in part, some not at all. */
const anyMask = fc
  .uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z.0-9]{1,6}$/),
      kept: fc.option(fc.array(fc.boolean(), { maxLength: 6 })),
    }),
    {
      selector: ({ name }) => name,
      maxLength: 8,
    },
  )
  .map((records) =>
    SparseMask.of(
      records.map(({ name, kept }) => ({
        name,
        shape: [6],
        indices: kept === null ? null : Int32Array.from(kept.flatMap((keep, index) => (keep ? [index] : []))),
      })),
    ),
  );

describe('sparse mask', () => {
  it('orders tensors by code unit, drops those without an entry and lays the rest end to end', () => {
    const mask = SparseMask.of(tensors);
    assert.deepEqual(
      mask.entries.map(({ name, offset, count }) => [name, offset, count]),
      [
        ['B.weight', 0, 1],
        ['a.10.weight', 1, 3],
        ['a.2.weight', 4, 1],
        ['b.weight', 5, 2],
      ],
    );
    assert.equal(mask.count, 7);
  });

  it('has the same digest whatever order the tensors came in, and another for any other entry', () => {
    const digest = SparseMask.of(tensors).digest;
    assert.equal(SparseMask.of([...tensors].reverse()).digest, digest);
    assert.equal(digest, maskDigest(tensors));
    const moved = tensors.map((t) => (t.name === 'B.weight' ? { ...t, indices: Int32Array.of(0) } : t));
    assert.notEqual(SparseMask.of(moved).digest, digest);
    const reshaped = tensors.map((t) => (t.name === 'b.weight' ? { ...t, shape: [3, 2] } : t));
    assert.notEqual(SparseMask.of(reshaped).digest, digest);
  });

  it('digests a tensor trained in full as the list of all its entries', () => {
    const implicit = SparseMask.of([{ name: 'w', shape: [3, 2], indices: null }]);
    const explicit = SparseMask.of([{ name: 'w', shape: [3, 2], indices: Int32Array.of(0, 1, 2, 3, 4, 5) }]);
    assert.equal(implicit.count, 6);
    assert.equal(implicit.digest, explicit.digest);
  });

  it('is cut into shards and put together again without a change', () => {
    fc.assert(
      fc.property(anyMask, fc.func(fc.integer({ min: 0, max: 2 })), (mask, shardOf) => {
        const vector = Float32Array.from({ length: mask.count }, (_, i) => i);
        const shards = [0, 1, 2].map((s) => {
          const shard = mask.shard((name) => shardOf(name) === s);
          return { mask: shard, vector: sliceVector({ mask, vector }, shard) };
        });
        const merged = mergeVectors(shards);
        assert.equal(merged.mask.digest, mask.digest);
        assert.deepEqual(merged.vector, vector);
      }),
    );
  });

  it('gives a tensor its part of a vector as a view, not a copy', () => {
    const mask = SparseMask.of(tensors);
    const vector = new Float32Array(mask.count);
    entryView(mask.get('b.weight') ?? assert.fail(), vector).fill(1);
    assert.deepEqual([...vector], [0, 0, 0, 0, 0, 1, 1]);
  });

  it('refuses a tensor named twice, and indices that do not ascend within the tensor', () => {
    const of = (...lists: number[][]): SparseMask =>
      SparseMask.of(lists.map((indices) => ({ name: 'w', shape: [4], indices: Int32Array.from(indices) })));
    assert.throws(() => of([0], [1]), { code: 'INTERNAL', message: /w is masked twice/ });
    for (const bad of [[1, 0], [1, 1], [4], [-1]]) assert.throws(() => of(bad), { code: 'INTERNAL' });
  });
});
