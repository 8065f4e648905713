import assert from 'node:assert/strict';
import { SparseMask } from '../../../worker/sara/mask.ts';
import { polarFactorByEigen } from '../../../worker/sara/polar-factor.ts';
import {
  addRankGradient,
  chooseRankMatrices,
  DEFAULT_RANK_TERM,
  rankCandidates,
  rankGradient,
} from '../../../worker/sara/rank-term.ts';
import { reselect } from '../../../worker/sara/reselect.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';
import { polarFactorBySvd } from '../../support/svd.ts';

const POLAR_TOLERANCE = 1e-3;

const parameters = [
  { name: 'b.attn.to_q.weight', shape: [80, 80] },
  { name: 'a.ff.weight', shape: [256, 65] },
  { name: 'small.weight', shape: [64, 640] },
  { name: 'conv.weight', shape: [65, 8, 3, 3] },
  { name: 'conv_in.weight', shape: [320, 4, 3, 3] },
  { name: 'norm.weight', shape: [320] },
];

/** A state over one fully masked matrix between two vectors, so that its offset is not zero. */
function stateWith(rows: number, columns: number, matrix: Float32Array): TrainableState {
  const mask = SparseMask.of([
    { name: 'a.bias', shape: [3], indices: Int32Array.of(0, 2) },
    { name: 'm.weight', shape: [rows, columns], indices: Int32Array.from(matrix.keys()) },
    { name: 'z.bias', shape: [1], indices: Int32Array.of(0) },
  ]);
  return TrainableState.initial({ mask, values: Float32Array.of(1, 1, ...matrix, 1) });
}

describe('choice of the rank matrix', () => {
  it('has as candidates the matrices whose shorter side exceeds the limit, sorted by name', () => {
    assert.deepEqual(rankCandidates(parameters, DEFAULT_RANK_TERM), ['a.ff.weight', 'b.attn.to_q.weight']);
    assert.deepEqual(rankCandidates(parameters, { ...DEFAULT_RANK_TERM, minDimension: 79 }), [
      'b.attn.to_q.weight',
    ]);
  });

  it('takes convolutions as [out, in * kh * kw] when asked to', () => {
    assert.deepEqual(rankCandidates(parameters, { ...DEFAULT_RANK_TERM, reshapeConvs: true }), [
      'a.ff.weight',
      'b.attn.to_q.weight',
      'conv.weight',
    ]);
  });

  it('is a function of seed and step alone, and reaches every candidate', () => {
    const candidates = Array.from({ length: 10 }, (_, i) => `m${i}`);
    const chosen = (seed: number): string[] =>
      Array.from({ length: 200 }, (_, step) =>
        chooseRankMatrices(candidates, DEFAULT_RANK_TERM, seed, step),
      ).flat();
    assert.deepEqual(chosen(1), chosen(1));
    assert.notDeepEqual(chosen(1), chosen(2));
    assert.equal(new Set(chosen(1)).size, candidates.length);
  });

  it('is every candidate when configured so, and none when lambda is zero or there is no candidate', () => {
    assert.deepEqual(chooseRankMatrices(['a', 'b'], { ...DEFAULT_RANK_TERM, every: 'all' }, 0, 0), [
      'a',
      'b',
    ]);
    assert.deepEqual(chooseRankMatrices(['a', 'b'], { ...DEFAULT_RANK_TERM, weight: 0 }, 0, 0), []);
    assert.deepEqual(chooseRankMatrices([], DEFAULT_RANK_TERM, 0, 0), []);
  });
});

describe('rank gradient', () => {
  it('adds lambda times U V^T to the entries of its matrix and to no other', async () => {
    const matrix = someNumbers(12, 5);
    const state = stateWith(4, 3, matrix);
    const gradient = new Float32Array(state.activeMask.count).fill(1);
    const term = (await rankGradient(state, 'm.weight', 0.5, polarFactorByEigen)) ?? assert.fail();
    addRankGradient(gradient, term);
    const expected = Array.from(polarFactorBySvd(4, 3, matrix, 0), (x) => 1 + 0.5 * x);
    assert.ok(relativeError(gradient, [1, 1, ...expected, 1]) < POLAR_TOLERANCE);
  });

  it('is the derivative of lambda times the nuclear norm', async () => {
    const matrix = someNumbers(12, 6);
    const norm = async (m: Float32Array): Promise<number> =>
      ((await rankGradient(stateWith(4, 3, m), 'm.weight', 1, polarFactorByEigen)) ?? assert.fail())
        .nuclearNorm;
    const { gradient } =
      (await rankGradient(stateWith(4, 3, matrix), 'm.weight', 2, polarFactorByEigen)) ?? assert.fail();
    const h = 2 ** -8;
    for (let k = 0; k < matrix.length; k++) {
      const shifted = (by: number): Float32Array => matrix.map((x, i) => (i === k ? x + by : x));
      const slope = (2 * ((await norm(shifted(h))) - (await norm(shifted(-h))))) / (2 * h);
      assert.ok(Math.abs(slope - gradient[k]) < POLAR_TOLERANCE, `entry ${k}: ${slope} and ${gradient[k]}`);
    }
  });

  it('sees after a re-selection only the entries that still train', async () => {
    const matrix = Float32Array.of(0.1, 5, 0.2, 0.3);
    const { state } = reselect(stateWith(2, 2, matrix), 1.5);
    const { gradient, entry } =
      (await rankGradient(state, 'm.weight', 1, polarFactorByEigen)) ?? assert.fail();
    const expected = polarFactorBySvd(2, 2, [0.1, 0, 0.2, 0.3], 0);
    assert.deepEqual([...(entry.indices ?? [])], [0, 2, 3]);
    assert.ok(relativeError(gradient, [expected[0], expected[2], expected[3]]) < POLAR_TOLERANCE);
  });

  it('flattens a convolution row by row', async () => {
    const conv = someNumbers(2 * 2 * 1 * 2, 8);
    const mask = SparseMask.of([{ name: 'conv.weight', shape: [2, 2, 1, 2], indices: null }]);
    const { gradient } =
      (await rankGradient(
        TrainableState.initial({ mask, values: conv }),
        'conv.weight',
        1,
        polarFactorByEigen,
      )) ?? assert.fail();
    assert.ok(relativeError(gradient, polarFactorBySvd(2, 4, conv, 0)) < POLAR_TOLERANCE);
  });

  it('is nothing for a matrix this shard does not train, and refused for what is no matrix', async () => {
    const state = stateWith(2, 2, new Float32Array(4));
    assert.equal(await rankGradient(state, 'elsewhere.weight', 1, polarFactorByEigen), null);
    await assert.rejects(rankGradient(state, 'a.bias', 1, polarFactorByEigen), { code: 'INTERNAL' });
  });
});
