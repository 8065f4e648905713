import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunEventBody } from '../../../shared/run-event.ts';
import { RunHistory } from '../../../coordinator/run-history.ts';

const CHECKPOINT_STEP = 4;

function historyOf(numSteps: number): RunHistory {
  const history = new RunHistory();
  for (let step = 0; step < numSteps; step++) history.addStep(step, 1 / (step + 1));
  for (let step = 0; step <= numSteps; step += 2) history.validationLosses.push({ step, loss: 1 });
  return history;
}

const stepsOf = (points: readonly { step: number }[]): number[] => points.map(({ step }) => step);

describe('run history', () => {
  it('forgets what came after the checkpoint it returns to', () => {
    const history = historyOf(7);
    history.forgetAfter(CHECKPOINT_STEP);
    assert.deepEqual(stepsOf(history.trainingLosses), [0, 1, 2, 3]);
    assert.deepEqual(stepsOf(history.validationLosses), [0, 2, 4]);
  });

  it('forgets a re-selection at the very step of the checkpoint, which was saved before it and will see it again', () => {
    const history = historyOf(7);
    history.reselections.push({ step: CHECKPOINT_STEP, trainableCount: 5, releasedCount: 2 });
    history.forgetAfter(CHECKPOINT_STEP + 1);
    assert.deepEqual(stepsOf(history.reselections), [CHECKPOINT_STEP]);
    history.forgetAfter(CHECKPOINT_STEP);
    assert.deepEqual(history.reselections, []);
  });

  describe('completed from events', () => {
    const told = (body: RunEventBody, step: number): RunEvent => ({
      ...body,
      ...{ run: 'r', generation: 1, sequence: 1, atMs: 0, step },
    });
    const committed = (step: number, life = 1): RunEvent =>
      told(
        {
          ...{ kind: 'step-committed', loss: life / step, learningRate: 1, gradNorm: 1, seconds: 1 },
          ...{ samplesPerSecond: 1, trainableCount: 1 },
        },
        step,
      );
    const validated = (step: number): RunEvent => told({ kind: 'validated', loss: 2, numExamples: 4 }, step);
    const reselected = (step: number): RunEvent =>
      told({ kind: 'mask-refreshed', stage: 2, trainableCount: 5, releasedCount: 2, digest: 'ab' }, step);

    it('has what its driver did not live to save, the last commit among it though nobody was told', () => {
      const history = historyOf(2);
      const events = [1, 2, 3].map(committed);
      history.complete([...events, validated(3), reselected(3)], { step: 3, loss: 0.25 });
      assert.deepEqual(stepsOf(history.trainingLosses), [0, 1, 2, 3]);
      assert.equal(history.trainingLosses[3].loss, 0.25);
      assert.deepEqual(stepsOf(history.validationLosses), [0, 3]);
      assert.deepEqual(history.reselections, [{ step: 3, trainableCount: 5, releasedCount: 2 }]);
    });

    it('has every step and re-selection once, though the run went back to a checkpoint in between', () => {
      const first = [committed(1), committed(2), reselected(2), committed(3), validated(3)];
      const alike = new RunHistory();
      alike.complete([...first, committed(2), reselected(2), committed(3), committed(4)], null);
      assert.deepEqual(stepsOf(alike.trainingLosses), [0, 1, 2, 3]);
      assert.deepEqual(stepsOf(alike.reselections), [2]);
      assert.deepEqual(stepsOf(alike.validationLosses), [3]);

      const otherwise = new RunHistory();
      otherwise.complete([...first, committed(2, 7), reselected(2), committed(3, 7)], null);
      assert.deepEqual(
        otherwise.trainingLosses.map(({ loss }) => loss),
        [1, 7 / 2, 7 / 3],
      );
      assert.deepEqual(stepsOf(otherwise.reselections), [2]);
      assert.deepEqual(otherwise.validationLosses, [], 'measured before the return');
    });

    it('keeps what was saved and never told', () => {
      const history = historyOf(4);
      history.complete([committed(1), committed(2), committed(4)], null);
      assert.deepEqual(stepsOf(history.trainingLosses), [0, 1, 2, 3]);
    });
  });

  describe('saved', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sara-history-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('is the same when loaded', async () => {
      const history = historyOf(5);
      history.reselections.push({ step: 3, trainableCount: 5, releasedCount: 2 });
      await history.save(folder);
      const loaded = await RunHistory.load(folder, () => assert.fail());
      assert.deepEqual(loaded.trainingLosses, history.trainingLosses);
      assert.deepEqual(loaded.validationLosses, history.validationLosses);
      assert.deepEqual(loaded.reselections, history.reselections);
      assert.equal(loaded.secondsPerStep, 0, 'times are of this life only');
    });

    it('is empty, without a word, where there was none', async () => {
      const loaded = await RunHistory.load(folder, () => assert.fail());
      assert.deepEqual(loaded.trainingLosses, []);
    });

    it('is begun anew when it cannot be read, and the reason is told', async () => {
      for (const content of ['{', '{"trainingLosses": [{"step": -1, "loss": 1}]}']) {
        await writeFile(join(folder, 'history.json'), content);
        const reasons: string[] = [];
        const loaded = await RunHistory.load(folder, (reason) => reasons.push(reason));
        assert.deepEqual(loaded.trainingLosses, []);
        assert.equal(reasons.length, 1);
      }
    });
  });
});
