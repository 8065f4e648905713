import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SampleOrder, sampleIndices } from '../../../worker/data/order.ts';

describe('sample order', () => {
  it('visits every example exactly once per epoch, whatever the batch size', () => {
    const sizes = {
      numExamples: fc.integer({ min: 1, max: 60 }),
      batchSize: fc.integer({ min: 1, max: 40 }),
    };
    fc.assert(
      fc.property(fc.record({ seed: fc.nat(), ...sizes }), ({ seed, numExamples, batchSize }) => {
        const order = new SampleOrder(seed, numExamples);
        const numSteps = Math.ceil((3 * numExamples) / batchSize);
        const sequence = Array.from({ length: numSteps }, (_, step) => [
          ...order.indices(step, batchSize),
        ]).flat();
        const all = Array.from({ length: numExamples }, (_, i) => i);
        for (let epoch = 0; epoch < 3; epoch++) {
          const visited = sequence.slice(epoch * numExamples, (epoch + 1) * numExamples);
          assert.deepEqual(
            visited.toSorted((a, b) => a - b),
            all,
          );
        }
      }),
    );
  });

  it('is a function of seed and step alone, not of what was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 500 }), { maxLength: 10 }), fc.nat(), (steps, seed) => {
        const order = new SampleOrder(seed, 23);
        for (const step of steps) assert.deepEqual(order.indices(step, 8), sampleIndices(seed, step, 8, 23));
      }),
    );
  });

  it('shuffles each epoch and each seed differently', () => {
    const epoch = (seed: number, index: number) => sampleIndices(seed, index, 50, 50).join();
    const orders = [epoch(0, 0), epoch(0, 1), epoch(1, 0), Array.from({ length: 50 }, (_, i) => i).join()];
    assert.equal(new Set(orders).size, 4);
  });
});
