import assert from 'node:assert/strict';
import { LR_SCHEDULES } from '../../../shared/config.ts';
import {
  learningRateAt,
  learningRateForThreshold,
  type LrSchedule,
} from '../../../worker/optim/lr-schedule.ts';

const ROUNDING = 1e-12;

function close(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) <= ROUNDING * Math.max(1e-3, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );
}

const BASE: LrSchedule = { kind: 'cosine', learningRate: 1, warmupSteps: 0, totalSteps: 100 };

describe('learning rate schedule', () => {
  it('rises linearly from a first update that already moves to the peak', () => {
    for (const kind of LR_SCHEDULES) {
      const schedule = { ...BASE, kind, warmupSteps: 4, totalSteps: 20 };
      [0, 1, 2, 3, 4].forEach((step) => {
        close(learningRateAt(schedule, step), (step + 1) / 5);
      });
    }
  });

  it('falls as half a cosine wave', () => {
    const schedule = { ...BASE, learningRate: 2e-4 };
    close(learningRateAt(schedule, 0), 2e-4);
    close(learningRateAt(schedule, 25), 2e-4 * 0.5 * (1 + Math.SQRT1_2));
    close(learningRateAt(schedule, 50), 1e-4);
    close(learningRateAt(schedule, 100), 0);
  });

  it('falls as several half waves, each from the peak, the last one to the end', () => {
    const schedule: LrSchedule = {
      ...BASE,
      kind: 'cosine-restarts',
      cycles: 4,
      warmupSteps: 20,
      totalSteps: 120,
    };
    for (const cycle of [0, 1, 2, 3]) {
      const first = 20 + 25 * cycle;
      close(learningRateAt(schedule, first), 1);
      close(learningRateAt(schedule, first + 10), 0.5 * (1 + Math.cos(0.4 * Math.PI)));
    }
    close(learningRateAt(schedule, 120), 0);
    close(learningRateAt(schedule, 1000), 0);
  });

  it('with one cycle is the cosine', () => {
    for (const step of [0, 1, 33, 99, 100]) {
      close(learningRateAt({ ...BASE, kind: 'cosine-restarts' }, step), learningRateAt(BASE, step));
    }
  });

  it('falls linearly, as a power of the way left, or not at all', () => {
    const linear: LrSchedule = { ...BASE, kind: 'linear', warmupSteps: 10, totalSteps: 30 };
    close(learningRateAt(linear, 20), 0.5);
    close(learningRateAt(linear, 29), 0.05);
    const power: LrSchedule = { ...linear, kind: 'polynomial', power: 3 };
    close(learningRateAt(power, 20), 0.125);
    close(learningRateAt({ ...power, power: 1 }, 29), 0.05);
    close(learningRateAt({ ...linear, kind: 'constant' }, 29), 1);
  });

  it('falls to a share of the peak where one is to be left', () => {
    for (const kind of ['linear', 'polynomial', 'cosine', 'cosine-restarts'] as const) {
      const schedule: LrSchedule = { ...BASE, kind, learningRate: 2, endRatio: 0.1 };
      close(learningRateAt(schedule, 0), 2);
      close(learningRateAt(schedule, 50), 1.1);
      close(learningRateAt(schedule, 100), 0.2);
    }
  });

  it('stays at its end instead of rising again', () => {
    for (const kind of ['linear', 'polynomial', 'cosine', 'cosine-restarts'] as const) {
      close(learningRateAt({ ...BASE, kind, totalSteps: 10 }, 15), 0);
    }
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
