import assert from 'node:assert/strict';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import {
  makeTarget,
  makeTrainingPair,
  meanSquaredError,
  offsetNoise,
  perturbedNoise,
} from '../../../worker/diffusion/objective.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';
import { GOLDEN_SCHEDULES, readGolden } from '../../support/golden-schedulers.ts';

/** Norm-wise; diffusers computes in float32, we in float64 and round once. */
const SCHEDULE_TOLERANCE = 1e-5;

describe('noise schedule', () => {
  let golden: Awaited<ReturnType<typeof readGolden>>;
  before(async () => {
    golden = await readGolden();
  });

  for (const [name, config] of Object.entries(GOLDEN_SCHEDULES)) {
    describe(`"${name}" as diffusers computes it`, () => {
      const schedule = NoiseSchedule.fromConfig(config);

      it('keeps the same share of signal at every timestep', () => {
        assert.ok(
          relativeError(schedule.alphasCumprod, golden(`${name}.alphas_cumprod`)) < SCHEDULE_TOLERANCE,
        );
      });

      it('has the same signal-to-noise ratio', () => {
        const snr = golden('timesteps').map((t) => schedule.snr(t));
        assert.ok(relativeError(snr, golden(`${name}.snr`)) < SCHEDULE_TOLERANCE);
      });

      it('adds the same noise', () => {
        const [x0, noise] = [Float32Array.from(golden('x0')), Float32Array.from(golden('noise'))];
        const noisy = schedule.addNoise(x0, noise, golden('timesteps'));
        assert.ok(relativeError(noisy, golden(`${name}.add_noise`)) < SCHEDULE_TOLERANCE);
      });

      it('has the same velocity', () => {
        const [x0, noise] = [Float32Array.from(golden('x0')), Float32Array.from(golden('noise'))];
        const velocity = schedule.velocity(x0, noise, golden('timesteps'));
        assert.ok(relativeError(velocity, golden(`${name}.velocity`)) < SCHEDULE_TOLERANCE);
      });
    });
  }

  it('ends in pure noise when rescaled to zero terminal SNR, and keeps its beginning', () => {
    const plain = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd2v);
    const rescaled = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.zsnr);
    assert.equal(rescaled.alphasCumprod[999], 0);
    assert.ok(Math.abs(rescaled.alphasCumprod[0] - plain.alphasCumprod[0]) < 1e-12);
  });

  it('is rescaled on demand to what a config that asks for it gives, unless the model estimates noise', () => {
    const rescaled = NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd2v).withZeroTerminalSnr();
    assert.deepEqual(rescaled.alphasCumprod, NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.zsnr).alphasCumprod);
    assert.equal(rescaled.withZeroTerminalSnr(), rescaled, 'only once');
    assert.throws(() => NoiseSchedule.fromConfig(GOLDEN_SCHEDULES.sd1, 'm/config').withZeroTerminalSnr(), {
      code: 'CONFIG_INVALID',
      message: /objective\.zeroTerminalSnr needs a v_prediction model, but m\/config says .*"epsilon"/,
    });
  });

  it('takes trained betas as they are', () => {
    const schedule = NoiseSchedule.fromConfig({ num_train_timesteps: 3, trained_betas: [0.5, 0.25, 0.5] });
    assert.deepEqual([...schedule.alphasCumprod], [0.5, 0.375, 0.1875]);
  });

  it('refuses a timestep outside the schedule and arrays that do not pair up', () => {
    const schedule = NoiseSchedule.fromConfig({});
    for (const timestep of [-1, 1000, 0.5]) {
      assert.throws(() => schedule.snr(timestep), { code: 'INTERNAL' });
    }
    assert.throws(() => schedule.addNoise(new Float32Array(5), new Float32Array(5), [1, 2]), {
      code: 'INTERNAL',
      message: /5 sample values .* 2 pairs/,
    });
  });
});

describe('training objective', () => {
  const x0 = someNumbers(24, 1);
  const noise = someNumbers(24, 2);
  const timesteps = [3, 700];

  it('asks an epsilon model for the noise, as a copy', () => {
    const target = makeTarget(NoiseSchedule.fromConfig({}), x0, noise, timesteps);
    assert.deepEqual(target, noise);
    assert.notEqual(target.buffer, noise.buffer);
  });

  it('asks a v model for the velocity, from which x0 follows exactly', () => {
    const schedule = NoiseSchedule.fromConfig({ prediction_type: 'v_prediction' });
    const { noisy, target } = makeTrainingPair(schedule, x0, noise, timesteps);
    const recovered = Float32Array.from(x0, (_, i) => {
      const t = timesteps[Math.floor(i / 12)];
      return schedule.signalRate(t) * noisy[i] - schedule.noiseRate(t) * target[i];
    });
    assert.ok(relativeError(recovered, x0) < 1e-6);
  });

  it('noises the input otherwise than the target where asked to', () => {
    const schedule = NoiseSchedule.fromConfig({});
    const inputNoise = perturbedNoise(noise, someNumbers(24, 3), 0.1);
    const pair = makeTrainingPair(schedule, x0, noise, timesteps, inputNoise);
    assert.deepEqual(pair.target, noise);
    assert.deepEqual(pair.noisy, schedule.addNoise(x0, inputNoise, timesteps));
    assert.ok(
      relativeError(
        inputNoise.map((value, i) => value - noise[i]),
        someNumbers(24, 3).map((x) => 0.1 * x),
      ) < 1e-6,
    );
  });

  it('offsets all noise of a channel by the same draw', () => {
    const offset = offsetNoise(noise, Float32Array.of(1, -2, 0.5), 0.1);
    const shifts = Array.from(offset, (value, i) => value - noise[i]);
    const expected = [0.1, -0.2, 0.05].flatMap((shift) => new Array<number>(8).fill(shift));
    assert.ok(relativeError(shifts, expected) < 1e-6);
  });

  it('measures the mean squared error', () => {
    assert.equal(meanSquaredError(Float32Array.of(1, 2, 3), Float32Array.of(1, 0, 0)), 13 / 3);
    assert.throws(() => meanSquaredError(Float32Array.of(1), Float32Array.of(1, 2)), { code: 'INTERNAL' });
  });
});
