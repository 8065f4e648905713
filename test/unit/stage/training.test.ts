/** The invariants of training.ts, and the entries it begins with (entry-selection.ts). */
import assert from 'node:assert/strict';
import { resolveRunConfig, type RunConfig } from '../../../shared/config.ts';
import type { SelectionSource } from '../../../shared/stage-protocol.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { countMagnitudes, locateThreshold, selectEntries } from '../../../worker/stage/entry-selection.ts';
import { trainingSetup, type TrainingSetup } from '../../../worker/stage/stage-setup.ts';
import { Training } from '../../../worker/stage/training.ts';
import { someNumbers } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';

const THRESHOLD = 0.5;
const BY_THRESHOLD: SelectionSource = { kind: 'threshold', threshold: THRESHOLD };

/** What no test here asks for. */
const NO_ENGINE: Engine = {
  name: 'onnx',
  device: 'none',
  readsHostMemory: true,
  compile: () => Promise.reject(new Error('nothing is compiled here')),
};

/** A stage that reads `tensors`, each [4, length / 4]. */
function setupOf(
  tensors: Readonly<Record<string, readonly number[]>>,
  optimizer: RunConfig['optimizer'] = {},
): TrainingSetup {
  const config = resolveRunConfig(
    {
      model: { path: 'model' },
      data: { path: 'pictures', resolution: 16 },
      sara: { threshold: THRESHOLD },
      optimizer: { learningRate: 0.1, ...optimizer },
      schedule: { type: 'constant', warmupSteps: 0 },
      train: { steps: 10, batchSize: 1, microBatchSize: 1 },
    },
    'the test',
    '/',
  );
  const entries = Object.entries(tensors).map(([name, values]) => {
    const place = { file: '/none', offsetBytes: 0, sizeBytes: 4 * values.length };
    return [name, { name, dtype: 'float32' as const, shape: [4, values.length / 4], ...place }] as const;
  });
  return trainingSetup({
    stage: 1,
    config,
    engine: NO_ENGINE,
    baseHash: 'base',
    base: {
      entries: new Map(entries),
      readFloat32: (name) => Promise.resolve(Float32Array.from(tensors[name])),
    },
    names: new Set(Object.keys(tensors)),
    microBatchShare: 1,
  });
}

const VALUES = [0.1, -0.2, 3, 0.3, -0.4, 2, -0.1, 0.25];

async function begin(setup = setupOf({ w: VALUES }), source = BY_THRESHOLD): Promise<Training> {
  return Training.begin(setup, await selectEntries(setup, source));
}

describe('the training of a stage', () => {
  it('begins with the entries below the threshold, at their base values and signs', async () => {
    const training = await begin();
    const { trainableCount, parameterCount, step, numReselections } = training.report();
    assert.deepEqual([trainableCount, parameterCount, step, numReselections], [6, 8, 0, 0]);
    assert.deepEqual(
      [...training.state.values],
      VALUES.filter((value) => Math.abs(value) < THRESHOLD).map(Math.fround),
    );
    assert.equal(training.average, null);
  });

  it('changes nothing when a step is aborted, and forgets its gradient', async () => {
    const training = await begin();
    const before = training.state.values.slice();
    training.gradient.fill(1);
    training.abortStep();
    assert.ok(training.gradient.every((value) => value === 0));
    assert.deepEqual(training.state.values, before);
  });

  it('applies an update once, answers it as often as asked, and refuses that of any other step', async () => {
    const training = await begin();
    const before = training.state.values.slice();
    training.gradient.fill(2);
    const update = { step: 0, squaredNorms: [24] };
    const answer = training.applyUpdate(update);
    assert.deepEqual(answer, { learningRate: 0.1, gradientNorm: Math.sqrt(24) });
    assert.equal(training.step, 1);
    const after = training.state.values.slice();
    assert.ok(after.every((value, i) => value < before[i]));
    assert.ok(training.gradient.every((value) => value === 0));

    assert.deepEqual(training.applyUpdate(update), answer);
    assert.deepEqual(training.state.values, after);
    for (const step of [2, 5])
      assert.throws(
        () => training.applyUpdate({ step, squaredNorms: [1] }),
        saraError('STATE_CONFLICT', new RegExp(`stage 1 is at step 1, the driver asked for step ${step}`)),
      );
    assert.deepEqual(training.state.values, after);
  });

  it('keeps an average beside the values where one is asked for', async () => {
    const training = await begin(setupOf({ w: VALUES }, { ema: { decay: 0.9 } }));
    const before = training.state.values.slice();
    assert.deepEqual(training.average, before);
    assert.notEqual(training.average, training.state.values);
    training.gradient.fill(1);
    training.applyUpdate({ step: 0, squaredNorms: [6] });
    for (const [i, average] of training.average.entries()) {
      assert.ok(average <= before[i] && average >= training.state.values[i], `entry ${i}`);
    }
  });

  describe('at a re-selection', () => {
    it('switches to the mask it prepared when the run commits that one, and only then', async () => {
      const training = await begin();
      const [first] = training.state.values;
      training.state.values[1] = 7;
      const prepared = training.prepareReselection();
      assert.deepEqual([prepared.trainableCount, prepared.releasedCount], [5, 1]);
      assert.equal(training.report().trainableCount, 6, 'prepared is not switched');
      assert.throws(
        () => training.commitReselection('0'.repeat(64)),
        saraError('MASK_DIVERGED', /stage 1 prepared mask [0-9a-f]{64}, the run committed 0{64}/),
      );
      assert.deepEqual(training.commitReselection(prepared.maskDigest), prepared);
      assert.equal(training.report().maskDigest, prepared.maskDigest);
      assert.equal(training.report().numReselections, 1);
      assert.equal(training.gradient.length, 5);
      assert.deepEqual(
        [...training.state.values.slice(0, 2)],
        [first, 7],
        'what is released keeps its value',
      );
      assert.throws(
        () => training.commitReselection(prepared.maskDigest),
        saraError('MASK_DIVERGED', /prepared mask none/),
      );
    });

    it('forgets what it prepared when the step is aborted', async () => {
      const training = await begin();
      const { maskDigest } = training.prepareReselection();
      training.abortStep();
      assert.throws(() => training.commitReselection(maskDigest), saraError('MASK_DIVERGED'));
    });

    it('has nothing to prepare where every entry is trained', async () => {
      const training = await begin(setupOf({ w: VALUES }), { kind: 'everything' });
      assert.equal(training.report().trainableCount, VALUES.length);
      assert.throws(() => training.prepareReselection(), saraError('INTERNAL', /nothing to re-select/));
    });
  });
});

describe('the threshold of a share', () => {
  it('is exact over stages that each see only their own tensors', async () => {
    const [a, b, c] = [400, 1200, 40].map((length, i) => [...someNumbers(length, i)]);
    const stages = [setupOf({ a, b }), setupOf({ c })];
    const upper = await Promise.all(stages.map((setup) => countMagnitudes(setup, null)));
    const { upperBin } = locateThreshold(0.3, upper, []);
    const lower = await Promise.all(stages.map((setup) => countMagnitudes(setup, upperBin)));
    const { threshold } = locateThreshold(0.3, upper, lower);
    const magnitudes = [...a, ...b, ...c].map((value) => Math.abs(Math.fround(value)));
    const numBelow = magnitudes.filter((magnitude) => magnitude < (threshold ?? NaN)).length;
    assert.equal(numBelow, Math.round(0.3 * magnitudes.length));
  });
});
