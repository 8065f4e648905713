import assert from 'node:assert/strict';
import fc from 'fast-check';
import { epochEntries } from '../../../worker/data/entries.ts';

const counts = (entries: Uint32Array, numExamples: number): number[] => {
  const visits = new Array<number>(numExamples).fill(0);
  for (const index of entries) visits[index]++;
  return visits;
};

describe('entries of an epoch', () => {
  it('hold every example as often as it repeats', () => {
    assert.deepEqual([...epochEntries([1, 3, 2], [])], [0, 1, 1, 1, 2, 2]);
  });

  it('visit own and prior examples equally often in all, every one of them, and each prior one alike', () => {
    const repeats = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(repeats, fc.integer({ min: 1, max: 70 }), (own, numPrior) => {
        const entries = epochEntries(own, new Array<number>(numPrior).fill(1));
        const visits = counts(entries, own.length + numPrior);
        const [ofOwn, ofPrior] = [visits.slice(0, own.length), visits.slice(own.length)];
        const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
        assert.equal(sum(ofOwn), sum(ofPrior));
        const rounds = ofOwn[0] / own[0];
        assert.deepEqual(
          ofOwn,
          own.map((count) => count * rounds),
          'whole rounds',
        );
        assert.ok(Math.min(...ofPrior) >= 1, 'none is passed over');
        assert.ok(Math.max(...ofPrior) - Math.min(...ofPrior) <= 1);
      }),
    );
  });

  it('are refused when they are too many to count', () => {
    assert.throws(() => epochEntries(new Array<number>(30_000).fill(10_000), []), {
      code: 'DATA_INVALID',
      message: /an epoch of 300000000 visits .* lower data\.repeats/,
    });
  });
});
