import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BatchOrder, SampleOrder } from '../../../worker/data/order.ts';

const numEntries = fc.integer({ min: 1, max: 60 });
const batchSize = fc.integer({ min: 1, max: 40 });

describe('sample order', () => {
  it('visits every entry exactly once per epoch, whatever the batch size', () => {
    fc.assert(
      fc.property(fc.nat(), numEntries, batchSize, (seed, count, size) => {
        const order = new SampleOrder(seed, count);
        const numBatches = Math.ceil((3 * count) / size);
        const sequence = Array.from({ length: numBatches }, (_, batch) => [
          ...order.indices(batch, size),
        ]).flat();
        const all = Array.from({ length: count }, (_, i) => i);
        for (let epoch = 0; epoch < 3; epoch++) {
          const visited = sequence.slice(epoch * count, (epoch + 1) * count);
          assert.deepEqual(
            visited.toSorted((a, b) => a - b),
            all,
          );
        }
      }),
    );
  });

  it('is a function of seed and batch alone, not of what was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 500 }), { maxLength: 10 }), fc.nat(), (batches, seed) => {
        const order = new SampleOrder(seed, 23);
        for (const batch of batches)
          assert.deepEqual(order.indices(batch, 8), new SampleOrder(seed, 23).indices(batch, 8));
      }),
    );
  });

  it('shuffles each epoch, each seed and each bucket differently', () => {
    const epoch = (seed: number, index: number, bucket = 0) =>
      new SampleOrder(seed, 50, bucket).indices(index, 50).join();
    const unshuffled = Array.from({ length: 50 }, (_, i) => i).join();
    assert.equal(new Set([epoch(0, 0), epoch(0, 1), epoch(1, 0), epoch(0, 0, 1), unshuffled]).size, 5);
  });
});

describe('batch order', () => {
  /** Buckets of the given sizes, their examples numbered through. */
  const bucketsOf = (sizes: readonly number[]): Uint32Array[] => {
    let next = 0;
    return sizes.map((size) => Uint32Array.from({ length: size }, () => next++));
  };
  const sizesOfBuckets = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

  it('with one bucket is the plain sequence', () => {
    fc.assert(
      fc.property(fc.nat(), numEntries, batchSize, fc.nat({ max: 1000 }), (seed, count, size, step) => {
        const { bucket, exampleIndices } = new BatchOrder(seed, size, bucketsOf([count])).at(step);
        assert.equal(bucket, 0);
        assert.deepEqual(exampleIndices, new SampleOrder(seed, count).indices(step, size));
      }),
    );
  });

  it('holds in every batch the pictures of one bucket', () => {
    fc.assert(
      fc.property(sizesOfBuckets, batchSize, fc.nat({ max: 300 }), (sizes, size, step) => {
        const buckets = bucketsOf(sizes);
        const { bucket, exampleIndices } = new BatchOrder(3, size, buckets).at(step);
        assert.equal(exampleIndices.length, size);
        assert.ok(exampleIndices.every((index) => buckets[bucket].includes(index)));
      }),
    );
  });

  it('gives each bucket the plain sequence of its own, with nothing lost or doubled', () => {
    const sizes = [7, 20, 3];
    const order = new BatchOrder(5, 4, bucketsOf(sizes));
    const seen: number[][] = sizes.map(() => []);
    for (let step = 0; step < 200; step++) {
      const { bucket, exampleIndices } = order.at(step);
      seen[bucket].push(...exampleIndices);
    }
    const buckets = bucketsOf(sizes);
    for (const [bucket, visits] of seen.entries()) {
      const sequence = new SampleOrder(5, sizes[bucket], bucket);
      const expected = Array.from({ length: visits.length / 4 }, (_, batch) => [
        ...sequence.indices(batch, 4),
      ]);
      assert.deepEqual(
        visits,
        expected.flat().map((entry) => buckets[bucket][entry]),
      );
    }
  });

  it('lets all buckets advance alike: at the end of a round each is within a batch of the others', () => {
    fc.assert(
      fc.property(
        sizesOfBuckets,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 20 }),
        (sizes, size, rounds) => {
          const order = new BatchOrder(9, size, bucketsOf(sizes));
          const expected = sizes.map((count) => Math.floor((rounds * count) / size));
          const numBatches = new Array<number>(sizes.length).fill(0);
          const numSteps = expected.reduce((sum, count) => sum + count, 0);
          for (let step = 0; step < numSteps; step++) numBatches[order.at(step).bucket]++;
          assert.deepEqual(numBatches, expected);
        },
      ),
    );
  });

  it('is a function of seed and step alone', () => {
    const buckets = bucketsOf([9, 4, 17]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100_000 }), { maxLength: 8 }), fc.nat(), (steps, seed) => {
        const order = new BatchOrder(seed, 4, buckets);
        for (const step of steps) assert.deepEqual(order.at(step), new BatchOrder(seed, 4, buckets).at(step));
      }),
    );
  });

  it('mixes the turns of a round, otherwise in the next and under another seed', () => {
    const turns = (seed: number, round: number) => {
      const order = new BatchOrder(seed, 2, bucketsOf([20, 20]));
      return Array.from({ length: 20 }, (_, i) => order.at(round * 20 + i).bucket).join('');
    };
    const inOrder = '0'.repeat(10) + '1'.repeat(10);
    assert.equal(new Set([turns(0, 0), turns(0, 1), turns(1, 0), inOrder]).size, 4);
  });
});
