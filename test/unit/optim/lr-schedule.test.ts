import assert from 'node:assert/strict';
import {
  learningRateAt,
  learningRateForThreshold,
  LR_SCHEDULES,
  type LrSchedule,
} from '../../../worker/optim/lr-schedule.ts';

const ROUNDING = 1e-12;

function close(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) <= ROUNDING * Math.max(1e-3, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );
}

describe('learning rate schedule', () => {
  it('rises linearly from a first update that already moves to the peak', () => {
    for (const kind of LR_SCHEDULES) {
      const schedule: LrSchedule = { kind, learningRate: 1, warmupSteps: 4, totalSteps: 20 };
      [0, 1, 2, 3, 4].forEach((step) => {
        close(learningRateAt(schedule, step), (step + 1) / 5);
      });
    }
  });

  it('falls as half a cosine wave', () => {
    const schedule: LrSchedule = { kind: 'cosine', learningRate: 2e-4, warmupSteps: 0, totalSteps: 100 };
    close(learningRateAt(schedule, 0), 2e-4);
    close(learningRateAt(schedule, 25), 2e-4 * 0.5 * (1 + Math.SQRT1_2));
    close(learningRateAt(schedule, 50), 1e-4);
    close(learningRateAt(schedule, 100), 0);
  });

  it('falls linearly, or not at all', () => {
    const linear: LrSchedule = { kind: 'linear', learningRate: 1, warmupSteps: 10, totalSteps: 30 };
    close(learningRateAt(linear, 20), 0.5);
    close(learningRateAt(linear, 29), 0.05);
    close(learningRateAt({ ...linear, kind: 'constant' }, 29), 1);
  });

  it('stays at zero past the end instead of rising again', () => {
    close(learningRateAt({ kind: 'cosine', learningRate: 1, warmupSteps: 0, totalSteps: 10 }, 15), 0);
  });
});

describe('learning rate for a threshold', () => {
  it('is 1e-3 * exp(-350 * theta)', () => {
    close(learningRateForThreshold(2e-4), 9.323938199059483e-4);
    close(learningRateForThreshold(2e-3), 4.965853037914095e-4);
    close(learningRateForThreshold(1e-2), 3.0197383422318503e-5);
  });

  it('is refused with the limit and a way out above 1e-2, where the formula was never fitted', () => {
    assert.throws(() => learningRateForThreshold(0.011), {
      code: 'CONFIG_INVALID',
      message: /0\.011 .* 0\.01.*set the learning rate/s,
    });
    assert.throws(() => learningRateForThreshold(Number.NaN), { code: 'CONFIG_INVALID' });
  });
});
