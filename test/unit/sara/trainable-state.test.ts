import assert from 'node:assert/strict';
import { SparseMask } from '../../../worker/sara/mask.ts';
import { reselect } from '../../../worker/sara/reselect.ts';
import { TrainableState, type TrainableParts } from '../../../worker/sara/trainable-state.ts';
import { trainedState } from '../../support/trained-state.ts';

describe('trainable state', () => {
  it('survives being cut into shards and put together again', () => {
    const state = reselect(trainedState([0.1, 5, 0.2, 5, 0.3, -0.5]), 1).state;
    const merged = TrainableState.merge(['a', 'b'].map((name) => state.shard((n) => n === name)));
    assert.equal(merged.initialMask.digest, state.initialMask.digest);
    assert.equal(merged.activeMask.digest, state.activeMask.digest);
    assert.equal(merged.numReselections, state.numReselections);
    assert.deepEqual(
      [merged.values, merged.moments, merged.activePositions],
      [state.values, state.moments, state.activePositions],
    );
  });

  it('gives one tensor its active values only', () => {
    const { state } = reselect(trainedState([0.25, 5, 0.5, 5]), 1);
    const entry = state.activeMask.get('b') ?? assert.fail();
    assert.deepEqual([...state.activeValues(entry)], [0.5]);
    assert.deepEqual([...state.allActiveValues()], [0.25, 0.5]);
  });

  it('refuses an active entry that was never selected, vectors of a wrong length, shards of different stages', () => {
    const state = trainedState([0.1, 0.2, 0.3, 0.4]);
    const foreign = SparseMask.of([{ name: 'a', shape: [9], indices: Int32Array.of(0) }]);
    const one = new Float32Array(1);
    assert.throws(
      () =>
        new TrainableState({ ...partsOf(state), activeMask: foreign, moments: { first: one, second: one } }),
      {
        code: 'INTERNAL',
        message: /entry 0 of a is active but was never selected/,
      },
    );
    assert.throws(() => new TrainableState({ ...partsOf(state), values: one }), {
      code: 'INTERNAL',
      message: /values: 1 elements for a mask of 4/,
    });
    const [a, b] = ['a', 'b'].map((name) => state.shard((n) => n === name));
    assert.throws(() => TrainableState.merge([a, reselect(b, 1).state]), {
      code: 'INTERNAL',
      message: /different stages/,
    });
  });
});

function partsOf({
  initialMask,
  values,
  activeMask,
  moments,
  numReselections,
}: TrainableState): TrainableParts {
  return { initialMask, values, activeMask, moments, numReselections };
}
