import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import type { SparseMask } from '../../../worker/sara/mask.ts';
import { reselect } from '../../../worker/sara/reselect.ts';
import { selectByThreshold } from '../../../worker/sara/selection.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { GOLDEN_SARA, readTrajectory, tensorsOf } from '../../support/golden-sara.ts';
import { trainedState } from '../../support/trained-state.ts';

const trainedValues = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { maxLength: 40 });

describe('re-selection', () => {
  it('keeps the recorded 9496 entries with the recorded digest after the recorded third step', async () => {
    const { threshold, log, reselect_after_step } = await readTrajectory();
    const { mask } = await selectByThreshold(tensorsOf(`${GOLDEN_SARA}/unet`), threshold);
    const io = await SafetensorsFile.open(`${GOLDEN_SARA}/io.safetensors`);
    const before = (await io.readFloat32(`${reselect_after_step}.values`)).data;
    await io.close();
    const { state, released } = reselect(TrainableState.initial({ mask, values: before }), threshold);
    const after = log[reselect_after_step];
    assert.equal(state.activeMask.count, after.selected);
    assert.equal(state.activeMask.digest, after.mask_digest);
    assert.equal(released.mask.count, mask.count - after.selected);
  });

  it('keeps what is strictly below the threshold and releases the rest, losing and inventing nothing', () => {
    fc.assert(
      fc.property(trainedValues, (values) => {
        const before = trainedState(values);
        const { state, released } = reselect(before, 1);
        assert.ok(state.allActiveValues().every((value) => Math.abs(value) < 1));
        assert.ok(released.vector.every((value) => Math.abs(value) >= 1));
        const together = mergeMaskedByEntry(state, released.mask, released.vector);
        assert.deepEqual(together, new Map(entriesOf(before.initialMask, before.values)));
      }),
    );
  });

  it('carries the moments of every kept entry with it', () => {
    fc.assert(
      fc.property(trainedValues, (values) => {
        const before = trainedState(values);
        const { state } = reselect(before, 1);
        const places = [...before.values.keys()].filter((i) => Math.abs(before.values[i]) < 1);
        assert.deepEqual([...state.moments.first], places);
        assert.deepEqual(
          [...state.moments.second],
          places.map((i) => i + 0.5),
        );
        assert.deepEqual([...(state.activePositions ?? before.values.keys())], places);
      }),
    );
  });

  it('starts the moments at zero when asked to', () => {
    const { state } = reselect(trainedState([0.1, 5, 0.2, 5]), 1, 'reset');
    assert.deepEqual([...state.moments.first, ...state.moments.second], [0, 0, 0, 0]);
  });

  it('narrows further from the narrowed mask, never widening it again', () => {
    const first = reselect(trainedState([0.1, 5, 0.2, 0.3]), 1).state;
    first.values.set([0, 0, 7, 0]); // the released entry is small now, a kept one has grown
    const second = reselect(first, 1).state;
    assert.deepEqual([...(second.activePositions ?? [])], [0, 3]);
    assert.equal(second.numReselections, 2);
    assert.deepEqual([...second.moments.first], [0, 3]);
  });

  it('leaves the state it was given usable, so that a run may decide not to switch', () => {
    const before = trainedState([0.1, 5, 0.2, 5]);
    const digest = before.activeMask.digest;
    reselect(before, 1);
    assert.equal(before.activeMask.digest, digest);
    assert.equal(before.activePositions, null);
    assert.deepEqual([...before.moments.first], [0, 1, 2, 3]);
  });

  it('gives the same masks whether shards narrow apart or together', () => {
    fc.assert(
      fc.property(trainedValues, (values) => {
        const whole = reselect(trainedState(values), 1).state;
        const shards = ['a', 'b'].map(
          (name) =>
            reselect(
              trainedState(values).shard((n) => n === name),
              1,
            ).state,
        );
        const merged = TrainableState.merge(shards);
        assert.equal(merged.activeMask.digest, whole.activeMask.digest);
        assert.deepEqual(merged.values, whole.values);
        assert.deepEqual(merged.moments, whole.moments);
        assert.deepEqual(merged.activePositions, whole.activePositions);
      }),
    );
  });

  it('refuses a value that is no longer a number, naming the tensor', () => {
    assert.throws(() => reselect(trainedState([0, 0, Number.NaN, 0]), 1), {
      code: 'NOT_FINITE',
      message: /entry 1 of b has become NaN/,
    });
  });
});

function entriesOf(mask: SparseMask, vector: Float32Array): [string, number][] {
  return mask.entries.flatMap(({ name, indices, offset }) =>
    [...(indices ?? [])].map((index, k): [string, number] => [`${name}:${index}`, vector[offset + k]]),
  );
}

function mergeMaskedByEntry(
  state: TrainableState,
  mask: SparseMask,
  vector: Float32Array,
): Map<string, number> {
  const all = [...entriesOf(state.activeMask, state.allActiveValues()), ...entriesOf(mask, vector)];
  assert.equal(new Set(all.map(([key]) => key)).size, all.length, 'an entry is both kept and released');
  const order = new Map(entriesOf(state.initialMask, state.values));
  const found = new Map(all);
  return new Map(
    [...order.keys()].flatMap((key): [string, number][] =>
      found.has(key) ? [[key, found.get(key) ?? Number.NaN]] : [],
    ),
  );
}
