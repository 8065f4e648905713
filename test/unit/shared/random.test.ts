import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SaraError } from '../../../shared/errors.ts';
import { philox4x32, RandomStream, type RandomKey } from '../../../shared/random.ts';

const KEY: RandomKey = { seed: 42, step: 7, sample: 3, purpose: 'noise' };

/** Moments of n draws scatter by about 1 / sqrt(n); five times that fails by chance once in a million keys. */
const NUM_DRAWS = 200_000;
const MOMENT_TOLERANCE = 5 / Math.sqrt(NUM_DRAWS);

function hex(words: Iterable<number>): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join(' ');
}

function words(text: string): Uint32Array {
  return Uint32Array.from(text.split(' '), (word) => Number.parseInt(word, 16));
}

describe('random', () => {
  it('computes the known-answer vectors that Random123 publishes for Philox4x32-10', () => {
    const vectors: [counter: string, key: string, expected: string][] = [
      ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
      ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
      ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
    ];
    for (const [counter, key, expected] of vectors) {
      const block = new Uint32Array(4);
      philox4x32(words(counter), words(key), block);
      assert.equal(hex(block), expected);
    }
  });

  it('never changes the numbers of a key: runs resumed with a later version draw the same', () => {
    const stream = new RandomStream(KEY);
    const drawn = Array.from({ length: 6 }, () => stream.uint32());
    assert.equal(hex(drawn), 'e919879e 169904bb 4d8ac959 d6548ea0 136c2d10 6b9d2016');
    assert.deepEqual([...new RandomStream(KEY).shuffle(8)], [5, 2, 3, 4, 0, 1, 7, 6]);
  });

  it('puts sample, step and purpose into the counter and the seed into the key', () => {
    const key = { seed: 0x0123456789abcdefn, step: 5, sample: 6, purpose: '' };
    const block = new Uint32Array(4);
    const fnv1aOfNothing = 0x811c9dc5;
    philox4x32(Uint32Array.of(0, 6, 5, fnv1aOfNothing), words('89abcdef 01234567'), block);
    const stream = new RandomStream(key);
    assert.deepEqual(
      Uint32Array.from({ length: 4 }, () => stream.uint32()),
      block,
    );
    philox4x32(Uint32Array.of(1, 6, 5, fnv1aOfNothing), words('89abcdef 01234567'), block);
    assert.deepEqual(
      Uint32Array.from({ length: 4 }, () => stream.uint32()),
      block,
    );
  });

  it('gives equal draws for equal keys and other draws when any part of the key differs', () => {
    const first = (key: RandomKey) =>
      hex([...new RandomStream(key).shuffle(4), new RandomStream(key).uint32()]);
    assert.equal(first({ ...KEY }), first(KEY));
    const others: RandomKey[] = [
      { ...KEY, seed: 43 },
      { ...KEY, seed: 42n + 2n ** 32n },
      { ...KEY, step: 8 },
      { ...KEY, sample: 4 },
      { ...KEY, purpose: 'timestep' },
      { ...KEY, step: KEY.sample, sample: KEY.step },
    ];
    const drawn = new Set([KEY, ...others].map((key) => new RandomStream(key).uint32()));
    assert.equal(drawn.size, others.length + 1);
  });

  it('draws normals with the moments of the normal distribution', () => {
    const values = new RandomStream(KEY).normals(NUM_DRAWS);
    const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / NUM_DRAWS;
    // Standard deviations of the 1st to 4th power of a normal: 1, sqrt 2, sqrt 15, sqrt 96.
    assert.ok(Math.abs(moment(1)) < MOMENT_TOLERANCE);
    assert.ok(Math.abs(moment(2) - 1) < Math.sqrt(2) * MOMENT_TOLERANCE);
    assert.ok(Math.abs(moment(3)) < Math.sqrt(15) * MOMENT_TOLERANCE);
    assert.ok(Math.abs(moment(4) - 3) < Math.sqrt(96) * MOMENT_TOLERANCE);
    const withinOneSigma = values.filter((x) => Math.abs(x) < 1).length / NUM_DRAWS;
    assert.ok(Math.abs(withinOneSigma - 0.682689) < MOMENT_TOLERANCE / 2);
  });

  it('draws the same normals one by one and all at once', () => {
    const one = new RandomStream(KEY);
    const all = new RandomStream(KEY);
    assert.deepEqual(
      Float32Array.from({ length: 7 }, () => one.normal()),
      all.normals(7),
    );
    assert.equal(one.normal(), all.normal());
  });

  it('draws uniforms in [0, 1) that fill ten bins alike', () => {
    const stream = new RandomStream(KEY);
    const bins = new Uint32Array(10);
    for (let i = 0; i < NUM_DRAWS; i++) bins[Math.floor(stream.uniform() * 10)] += 1;
    assert.equal(
      bins.reduce((sum, count) => sum + count),
      NUM_DRAWS,
    );
    for (const count of bins) assert.ok(Math.abs(count / NUM_DRAWS - 0.1) < 0.3 * MOMENT_TOLERANCE);
  });

  it('draws integers below n without favour, for an n where a remainder would favour the lower half', () => {
    const n = 3 * 2 ** 30; // word % n alone would give results below 2^30 twice as often
    const stream = new RandomStream(KEY);
    let numLow = 0;
    for (let i = 0; i < NUM_DRAWS; i++) {
      const drawn = stream.below(n);
      assert.ok(drawn >= 0 && drawn < n);
      if (drawn < 2 ** 30) numLow++;
    }
    assert.ok(Math.abs(numLow / NUM_DRAWS - 1 / 3) < MOMENT_TOLERANCE / 2);
    assert.equal(stream.below(1), 0);
    assert.ok(stream.below(2 ** 32) < 2 ** 32);
  });

  it('shuffles into a permutation in which every place is as likely for an element', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), (n, seed) => {
        const order = new RandomStream({ ...KEY, seed }).shuffle(n);
        assert.deepEqual(
          order.toSorted(),
          Uint32Array.from({ length: n }, (_, i) => i),
        );
      }),
    );
    const placesOfZero = new Uint32Array(5);
    const numShuffles = 20_000;
    for (let step = 0; step < numShuffles; step++) {
      placesOfZero[new RandomStream({ ...KEY, step }).shuffle(5).indexOf(0)] += 1;
    }
    for (const count of placesOfZero)
      assert.ok(Math.abs(count / numShuffles - 0.2) < (5 * 0.4) / Math.sqrt(numShuffles));
  });

  it('refuses seeds, steps, samples and bounds that are not integers of their range', () => {
    const bad: Partial<RandomKey>[] = [
      { seed: -1 },
      { seed: 0.5 },
      { seed: 2n ** 64n },
      { seed: 2 ** 60 }, // a number that large may already have lost its low bits
      { step: -1 },
      { step: 2 ** 32 },
      { sample: 1.5 },
      { sample: NaN },
    ];
    for (const part of bad) {
      assert.throws(() => new RandomStream({ ...KEY, ...part }), SaraError);
    }
    for (const n of [0, -1, 1.5, 2 ** 32 + 1]) assert.throws(() => new RandomStream(KEY).below(n), SaraError);
  });
});
