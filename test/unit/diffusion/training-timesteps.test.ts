import assert from 'node:assert/strict';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { trainingTimesteps, type TimestepRange } from '../../../worker/diffusion/training-timesteps.ts';

const schedule = NoiseSchedule.fromConfig({});
const ALL: TimestepRange = { minTimestep: 0, maxTimestep: null, timestepGrid: null };

const refused = (range: Partial<TimestepRange>, message: RegExp): void => {
  assert.throws(() => trainingTimesteps(schedule, { ...ALL, ...range }), { code: 'CONFIG_INVALID', message });
};

describe('training timesteps', () => {
  it('are all of the schedule, or a range with both ends', () => {
    const all = trainingTimesteps(schedule, ALL);
    assert.deepEqual([all.length, all[0], all[999]], [1000, 0, 999]);
    const range = trainingTimesteps(schedule, { ...ALL, minTimestep: 200, maxTimestep: 202 });
    assert.deepEqual([...range], [200, 201, 202]);
  });

  it('are those that a sampler of as many steps visits, where a grid is asked for', () => {
    const grid = (timestepGrid: number): number[] => [
      ...trainingTimesteps(schedule, { ...ALL, timestepGrid }),
    ];
    assert.deepEqual(grid(4), [0, 250, 500, 750]);
    assert.deepEqual([grid(7).length, grid(7)[6]], [7, 6 * 142]);
    assert.deepEqual(
      [...trainingTimesteps(schedule, { minTimestep: 100, maxTimestep: 500, timestepGrid: 10 })],
      [100, 200, 300, 400, 500],
    );
  });

  it('refuse what the schedule does not have, and a range without any, by the field', () => {
    refused({ maxTimestep: 1000 }, /objective\.maxTimestep: 1000 is not in \[0, 1000\)/);
    refused({ minTimestep: 4000, maxTimestep: null }, /objective\.minTimestep: 4000/);
    const short = NoiseSchedule.fromConfig({ num_train_timesteps: 10 });
    assert.throws(() => trainingTimesteps(short, { ...ALL, timestepGrid: 11 }), {
      code: 'CONFIG_INVALID',
      message: /objective\.timestepGrid: 11 is more than the 10 timesteps/,
    });
    refused({ minTimestep: 1, maxTimestep: 99, timestepGrid: 10 }, /no multiple of 100 lies in \[1, 99\]/);
  });
});
