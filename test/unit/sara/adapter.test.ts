import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  applyDeltas,
  combineAdapters,
  makeAdapter,
  type Adapter,
  type AdapterMetadata,
} from '../../../worker/sara/adapter.ts';
import { SparseMask } from '../../../worker/sara/mask.ts';
import { relativeError } from '../../support/numbers.ts';

const FLOAT32_ROUNDING = 1e-6;

const metadata: AdapterMetadata = {
  baseModelHash: 'ab'.repeat(32),
  threshold: 2e-3,
  fraction: null,
  stage: 1,
  step: 100,
  rankWeight: 5e-3,
  learningRate: 5e-4,
  seed: 42n,
  zeroTerminalSnr: false,
  toolVersion: '0.1.0',
};

/** An adapter of one tensor [8] with the given differences by flat index. */
function adapterOf(name: string, deltas: ReadonlyMap<number, number>): Adapter {
  const indices = Int32Array.from([...deltas.keys()].sort((a, b) => a - b));
  const mask = SparseMask.of([{ name, shape: [8], indices }]);
  return makeAdapter(
    mask,
    Float32Array.from(indices, (i) => deltas.get(i) ?? 0),
    new Float32Array(indices.length),
    metadata,
  );
}

const anyDeltas = fc
  .array(fc.tuple(fc.nat({ max: 7 }), fc.float({ min: -1, max: 1, noNaN: true })))
  .map((pairs) => new Map(pairs));

function applied(adapters: readonly Adapter[], strengths: readonly number[]): Float32Array {
  const base = new Float32Array(8);
  applyDeltas(
    'w',
    base,
    combineAdapters(adapters.map((adapter, i) => ({ adapter, strength: strengths[i] }))),
  );
  return base;
}

describe('adapter', () => {
  it('holds trained minus base value at every entry of its mask', () => {
    const mask = SparseMask.of([{ name: 'w', shape: [4], indices: Int32Array.of(1, 2) }]);
    const adapter = makeAdapter(mask, Float32Array.of(3, 5), Float32Array.of(1, 8), metadata);
    assert.deepEqual([...adapter.deltas], [2, -3]);
  });

  it('is not made from values that are no numbers', () => {
    const mask = SparseMask.of([{ name: 'w', shape: [4], indices: Int32Array.of(1) }]);
    assert.throws(() => makeAdapter(mask, Float32Array.of(Number.NaN), Float32Array.of(1), metadata), {
      code: 'NOT_FINITE',
      message: /of w/,
    });
  });

  it('is applied as base + strength * difference, to its own entries', () => {
    const base = new Float32Array(8).fill(1);
    const adapter = adapterOf(
      'w',
      new Map([
        [0, 0.5],
        [7, -0.25],
      ]),
    );
    assert.equal(applyDeltas('w', base, combineAdapters([{ adapter, strength: 2 }])), true);
    assert.deepEqual([...base], [2, 1, 1, 1, 1, 1, 1, 0.5]);
    assert.equal(applyDeltas('other', base, combineAdapters([{ adapter, strength: 2 }])), false);
  });

  it('merges with others into the sum of all, each by its own strength, over the union of their entries', () => {
    const strength = fc.double({ min: 0, max: 2, noNaN: true });
    fc.assert(
      fc.property(anyDeltas, anyDeltas, anyDeltas, strength, strength, strength, (a, b, c, ...strengths) => {
        const sums = Array.from({ length: 8 }, (_, i) =>
          [a, b, c].reduce((sum, deltas, k) => sum + strengths[k] * (deltas.get(i) ?? 0), 0),
        );
        const merged = applied(
          [a, b, c].map((deltas) => adapterOf('w', deltas)),
          strengths,
        );
        assert.ok(relativeError(merged, sums) < FLOAT32_ROUNDING);
      }),
    );
  });

  it('merges with one that changes other tensors', () => {
    const { mask, vector } = combineAdapters([
      { adapter: adapterOf('b', new Map([[1, 2]])), strength: 1 },
      { adapter: adapterOf('a', new Map([[3, 4]])), strength: 0.5 },
    ]);
    assert.deepEqual(
      mask.entries.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual([...vector], [2, 2]);
  });

  it('is refused at a strength outside 0 .. 2, and beside an adapter of another base model', () => {
    const adapter = adapterOf('w', new Map([[0, 1]]));
    for (const strength of [-0.1, 2.1, Number.NaN]) {
      assert.throws(() => combineAdapters([{ adapter, strength }]), {
        code: 'CONFIG_INVALID',
        message: /0 \.\. 2/,
      });
    }
    assert.throws(() => combineAdapters([]), { code: 'CONFIG_INVALID' });
    const foreign = { ...adapter, metadata: { ...metadata, baseModelHash: 'cd'.repeat(32) } };
    assert.throws(() => combineAdapters([adapter, foreign].map((each) => ({ adapter: each, strength: 1 }))), {
      code: 'ADAPTER_MISMATCH',
      message: /abab.* and cdcd/,
    });
  });
});
