import assert from 'node:assert/strict';
import { settle, type SaraOptions } from '../../../worker/tfjs-optimizer/options.ts';
import { saraError } from '../../support/sara-error.ts';

describe('options of the tfjs optimizer', () => {
  it("are the paper's where they are left out", () => {
    const { adamw, rankTerm, schedule, reselectStep, options } = settle({ threshold: 2e-3, steps: 5000 });
    assert.deepEqual(adamw, { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 1e-2 });
    assert.deepEqual(rankTerm, { weight: 5e-3, every: 'one', minDimension: 64, reshapeConvs: false });
    assert.equal(schedule.kind, 'cosine');
    assert.equal(schedule.totalSteps, 5000);
    assert.equal(reselectStep, 2500);
    assert.equal(options.reselectMoments, 'keep');
  });

  it('take the learning rate from the threshold by equation 12, and refuse to where it is meaningless', () => {
    assert.equal(settle({ threshold: 2e-3 }).schedule.learningRate, 1e-3 * Math.exp(-350 * 2e-3));
    assert.throws(
      () => settle({ threshold: 0.02 }),
      saraError('CONFIG_INVALID', /0\.02 is outside 0 \.\. 0\.01/),
    );
    assert.equal(settle({ threshold: 0.02, learningRate: 1e-4 }).schedule.learningRate, 1e-4);
  });

  it('without a number of steps have a constant rate and no re-selection', () => {
    const { schedule, reselectStep } = settle({ threshold: 2e-3 });
    assert.equal(schedule.kind, 'constant');
    assert.equal(reselectStep, 0);
    assert.equal(settle({ threshold: 2e-3, reselectStep: 7 }).reselectStep, 7);
  });

  const refused: [string, unknown, RegExp][] = [
    ['no threshold', {}, /threshold is missing; expected number > 0/],
    ['a threshold of zero', { threshold: 0 }, /threshold is 0; expected number > 0/],
    ['an infinite threshold', { threshold: Infinity }, /threshold is null; expected number > 0/],
    [
      'an unknown option',
      { threshold: 1e-3, treshold: 1 },
      /treshold is no option; known are threshold, include/,
    ],
    ['an unknown option of a section', { threshold: 1e-3, rank: { wieght: 1 } }, /rank\.wieght is no option/],
    ['a section that is none', { threshold: 1e-3, rank: 5 }, /rank is 5; expected an object/],
    [
      'a negative rank weight',
      { threshold: 1e-3, rank: { weight: -1 } },
      /rank\.weight is -1; expected number >= 0/,
    ],
    ['a decay rate of one', { threshold: 1e-3, betas: [0.9, 1] }, /betas\[1\] is 1; expected \[number in/],
    ['half a step', { threshold: 1e-3, steps: 0.5 }, /steps is 0\.5; expected integer in \[1, /],
    [
      'a falling rate without steps',
      { threshold: 1e-3, schedule: 'linear' },
      /falls to zero over steps; give steps/,
    ],
    [
      'a re-selection past the end',
      { threshold: 1e-3, steps: 5, reselectStep: 5 },
      /must be below steps, but 5 >= 5/,
    ],
    [
      'a warm-up past the end',
      { threshold: 1e-3, steps: 5, warmupSteps: 9 },
      /must be below steps, but 9 >= 5/,
    ],
  ];
  for (const [what, options, message] of refused) {
    it(`refuse ${what}`, () => {
      assert.throws(() => settle(options as SaraOptions), saraError('CONFIG_INVALID', message));
    });
  }

  it('name all that is wrong at once', () => {
    assert.throws(
      () => settle({ threshold: -1, steps: 0, seed: -1 }),
      saraError('CONFIG_INVALID', /3 problems/, /threshold is -1/, /steps is 0/, /seed is -1/),
    );
  });
});
