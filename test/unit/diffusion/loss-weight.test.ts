import assert from 'node:assert/strict';
import { HUBER_SCHEDULES } from '../../../shared/config.ts';
import { huberDelta, minSnrWeight } from '../../../worker/diffusion/loss-weight.ts';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { GOLDEN_SCHEDULES, readGolden } from '../../support/golden-schedulers.ts';
import { relativeError } from '../../support/numbers.ts';

/** The recorded signal-to-noise ratios are float32. */
const FLOAT32_TOLERANCE = 1e-5;

const GAMMA = 5;

describe('min-SNR weight', () => {
  let golden: Awaited<ReturnType<typeof readGolden>>;
  before(async () => {
    golden = await readGolden();
  });

  it('of the noise is min(SNR, gamma) / SNR, by the recorded ratios', () => {
    const schedule = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd1);
    const weights = golden('timesteps').map((t) => minSnrWeight(schedule, t, GAMMA));
    const expected = golden('sd1.snr').map((snr) => Math.min(snr, GAMMA) / snr);
    assert.ok(relativeError(weights, expected) < FLOAT32_TOLERANCE);
    assert.ok(new Set(weights).size > 1, 'both sides of gamma are there');
  });

  it('of the velocity is min(SNR, gamma) / (SNR + 1), and 0 where there is no signal', () => {
    const schedule = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.zsnr);
    const weights = golden('timesteps').map((t) => minSnrWeight(schedule, t, GAMMA));
    const expected = golden('zsnr.snr').map((snr) => Math.min(snr, GAMMA) / (snr + 1));
    assert.ok(relativeError(weights, expected) < FLOAT32_TOLERANCE);
    assert.equal(minSnrWeight(schedule, 999, GAMMA), 0);
  });

  it('weighs the error of x0 alike, whichever of the two a model estimates', () => {
    const noise = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd1);
    const velocity = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd2v);
    for (const t of [0, 100, 400, 999]) {
      // An error e of x0 is an error sqrt(SNR) e of the noise and sqrt(SNR + 1) e of the velocity.
      const byNoise = minSnrWeight(noise, t, GAMMA) * noise.snr(t);
      const byVelocity = minSnrWeight(velocity, t, GAMMA) * (velocity.snr(t) + 1);
      assert.ok(relativeError([byNoise], [byVelocity]) < 1e-12);
      assert.ok(relativeError([byNoise], [Math.min(noise.snr(t), GAMMA)]) < 1e-12);
    }
  });
});

describe('Huber delta', () => {
  const schedule = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd2v);
  const zeroSnr = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.zsnr);

  it('stays, or falls with the noise from about 1 to its lowest value', () => {
    for (const kind of HUBER_SCHEDULES) {
      const deltas = Array.from({ length: 1000 }, (_, t) => huberDelta(zeroSnr, t, 0.1, kind));
      if (kind === 'constant') assert.ok(deltas.every((delta) => delta === 0.1));
      else {
        assert.ok(
          deltas.every((delta, t) => t === 0 || delta < deltas[t - 1]),
          kind,
        );
        assert.ok(deltas[0] > 0.9 && deltas[0] <= 1, kind);
        assert.ok(deltas[999] >= 0.1 && deltas[999] < 0.101, kind);
      }
    }
  });

  it('follows the closed forms', () => {
    const sigma = schedule.noiseRate(600) / schedule.signalRate(600);
    const close = (found: number, expected: number) => {
      assert.ok(relativeError([found], [expected]) < 1e-12, `${found} is not ${expected}`);
    };
    close(huberDelta(schedule, 600, 0.2, 'snr'), 0.8 / (1 + sigma) ** 2 + 0.2);
    close(huberDelta(schedule, 600, 0.2, 'exponential'), Math.exp(Math.log(0.2) * 0.6));
    assert.equal(huberDelta(zeroSnr, 999, 0.2, 'snr'), 0.2, 'infinite sigma');
  });
});
