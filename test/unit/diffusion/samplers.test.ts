import assert from 'node:assert/strict';
import { guide } from '../../../worker/diffusion/guidance.ts';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { sampleFrom } from '../../../worker/diffusion/sampling.ts';
import { createSampler } from '../../../worker/diffusion/samplers/create.ts';
import {
  dpmSolverTimesteps,
  inferenceTimesteps,
  roundHalfEven,
} from '../../../worker/diffusion/samplers/timesteps.ts';
import { SAMPLER_NAMES } from '../../../shared/config.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';
import {
  readGolden,
  RECORDED_TRAJECTORIES,
  standInModel,
  trajectorySchedule,
} from '../../support/golden-schedulers.ts';

/** Norm-wise, at every step of a recorded trajectory. */
const TRAJECTORY_TOLERANCE = 1e-5;

describe('samplers', () => {
  let golden: Awaited<ReturnType<typeof readGolden>>;
  before(async () => {
    golden = await readGolden();
  });

  for (const [key, { sampler: name, numSteps, fields }] of Object.entries(RECORDED_TRAJECTORIES)) {
    it(`${key} visits diffusers' timesteps and follows its trajectory`, () => {
      const sampler = createSampler(name, trajectorySchedule(fields), numSteps);
      assert.deepEqual([...sampler.timesteps], golden(`${key}.timesteps`));
      const init = Float32Array.from(golden(`${key}.init`), (x) => x / sampler.initialNoiseScale);
      const recorded = golden(`${key}.trajectory`);
      let state = sampler.start(init);
      for (const [i, timestep] of sampler.timesteps.entries()) {
        state = sampler.step(state, standInModel(sampler.modelInput(state), timestep));
        const expected = recorded.slice(i * init.length, (i + 1) * init.length);
        const error = relativeError(state.sample, expected);
        assert.ok(error < TRAJECTORY_TOLERANCE, `step ${i}: relative error ${error}`);
      }
    });
  }

  describe('with a model that knows the picture', () => {
    // The exact answer for a data set of one picture: then every path ends in that picture.
    const x0 = someNumbers(48, 7);
    const noise = someNumbers(48, 8);

    for (const name of SAMPLER_NAMES) {
      for (const predictionType of ['epsilon', 'v_prediction'] as const) {
        it(`${name} arrives at it under ${predictionType}`, async () => {
          const schedule = trajectorySchedule({ prediction_type: predictionType, set_alpha_to_one: true });
          const sampler = createSampler(name, schedule, 12);
          const oracle = (input: Float32Array, timestep: number): Float32Array => {
            const [signal, level] = [schedule.signalRate(timestep), schedule.noiseRate(timestep)];
            return input.map((x, i) => {
              const eps = (x - signal * x0[i]) / level;
              return predictionType === 'epsilon' ? eps : signal * eps - level * x0[i];
            });
          };
          const sample = await sampleFrom(sampler, noise, (x, t) => Promise.resolve(oracle(x, t)), {
            guidanceScale: 1,
          });
          // Two methods are not exact here: Karras levels lie between the training timesteps the oracle is told,
          // and PNDM extrapolates the velocity, which unlike the noise changes along the path.
          const isExact =
            name !== 'dpmpp-2m-karras' && !(name === 'pndm' && predictionType === 'v_prediction');
          const tolerance = isExact ? 1e-4 : 2e-2;
          assert.ok(relativeError(sample, x0) < tolerance, `relative error ${relativeError(sample, x0)}`);
        });
      }
    }
  });

  it('never changes the state it is given', () => {
    for (const name of SAMPLER_NAMES) {
      const sampler = createSampler(name, trajectorySchedule(), 5);
      let state = sampler.start(someNumbers(8, 3));
      while (state.index < sampler.timesteps.length) {
        const output = standInModel(sampler.modelInput(state), sampler.timesteps[state.index]);
        const once = sampler.step(state, output);
        const again = sampler.step(state, output);
        assert.deepEqual(again, once, name);
        state = once;
      }
    }
  });

  it('ddim clamps its estimate of the picture to clip_sample_range', () => {
    const clipped = { clip_sample: true, clip_sample_range: 0.5, set_alpha_to_one: true };
    const sampler = createSampler(
      'ddim',
      trajectorySchedule({ ...clipped, timestep_spacing: 'trailing' }),
      1,
    );
    const state = sampler.step(sampler.start(Float32Array.of(9, -9, 0.01)), new Float32Array(3));
    // One step goes straight to the estimate x / sqrt(abar), abar = 0.00466.
    assert.deepEqual([...state.sample.subarray(0, 2)], [0.5, -0.5]);
    assert.ok(Math.abs(state.sample[2] - 0.1465) < 1e-3);
  });

  it('euler and DPM++ stay finite at the end of a zero-SNR schedule', async () => {
    const schedule = trajectorySchedule({
      prediction_type: 'v_prediction',
      rescale_betas_zero_snr: true,
      timestep_spacing: 'trailing',
    });
    for (const name of ['ddim', 'euler', 'dpmpp-2m'] as const) {
      const sampler = createSampler(name, schedule, 8);
      assert.equal(sampler.timesteps[0], 999);
      const sample = await sampleFrom(
        sampler,
        someNumbers(16, 4),
        (x, t) => Promise.resolve(standInModel(x, t)),
        { guidanceScale: 1 },
      );
      assert.ok(sample.every(Number.isFinite), name);
    }
  });

  it('pndm refuses the Runge-Kutta warm-up and a single step', () => {
    const warmUp = NoiseSchedule.fromConfig({ _class_name: 'PNDMScheduler' });
    assert.throws(() => createSampler('pndm', warmUp, 10), {
      code: 'MODEL_UNSUPPORTED',
      message: /skip_prk_steps = false/,
    });
    assert.throws(() => createSampler('pndm', trajectorySchedule(), 1), { code: 'CONFIG_INVALID' });
  });
});

describe('inference timesteps', () => {
  const config = (spacing: string, offset = 0) =>
    trajectorySchedule({ timestep_spacing: spacing, steps_offset: offset }).config;

  it('lead, trail or span the training timesteps', () => {
    assert.deepEqual(inferenceTimesteps(config('leading', 1), 4), [751, 501, 251, 1]);
    assert.deepEqual(inferenceTimesteps(config('trailing'), 4), [999, 749, 499, 249]);
    assert.deepEqual(inferenceTimesteps(config('linspace'), 4), [999, 666, 333, 0]);
    assert.deepEqual(dpmSolverTimesteps(config('leading', 1), 4, 1000), [801, 601, 401, 201]);
    assert.deepEqual(dpmSolverTimesteps(config('trailing'), 4, 1000), [999, 749, 499, 249]);
    assert.deepEqual(dpmSolverTimesteps(config('linspace'), 4, 1000), [999, 749, 500, 250]);
  });

  it('can be every training timestep', () => {
    const all = Array.from({ length: 1000 }, (_, i) => 999 - i);
    for (const spacing of ['leading', 'trailing', 'linspace']) {
      assert.deepEqual(inferenceTimesteps(config(spacing), 1000), all);
    }
  });

  it('refuse more steps than the model was trained on, and an offset past the end', () => {
    for (const numSteps of [0, 1001, 2.5]) {
      assert.throws(() => inferenceTimesteps(config('trailing'), numSteps), { code: 'CONFIG_INVALID' });
    }
    assert.throws(() => inferenceTimesteps(config('leading', 1), 1000), {
      code: 'CONFIG_INVALID',
      message: /999 \+ steps_offset 1 >= num_train_timesteps 1000/,
    });
  });

  it('round halves to even, as numpy does', () => {
    assert.deepEqual([0.5, 1.5, 2.5, 2.4, 3.5, -1.5].map(roundHalfEven), [0, 2, 2, 2, 4, -2]);
  });
});

describe('classifier-free guidance', () => {
  const conditional = Float32Array.of(1, 2);
  const unconditional = Float32Array.of(0, 4);

  it('is the condition itself at scale 1 and extrapolates beyond', () => {
    assert.deepEqual([...guide(conditional, unconditional, 1)], [1, 2]);
    assert.deepEqual([...guide(conditional, unconditional, 3)], [3, -2]);
    assert.deepEqual([...guide(conditional, unconditional, 0)], [0, 4]);
  });

  it('asks for both conditions only when it must', async () => {
    const sampler = createSampler('ddim', trajectorySchedule(), 3);
    for (const [guidanceScale, expected] of [
      [1, ['prompt', 'prompt', 'prompt']],
      [2, ['prompt', 'unconditional', 'prompt', 'unconditional', 'prompt', 'unconditional']],
    ] as const) {
      const asked: string[] = [];
      const predict = (input: Float32Array, _: number, condition: string) => {
        asked.push(condition);
        return Promise.resolve(input);
      };
      await sampleFrom(sampler, someNumbers(4, 5), predict, { guidanceScale });
      assert.deepEqual(asked, expected);
    }
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const sampler = createSampler('ddim', trajectorySchedule(), 5);
    const run = sampleFrom(sampler, someNumbers(4, 6), (x) => Promise.resolve(x), {
      guidanceScale: 1,
      signal: stop.signal,
      onStep: (numDone) => {
        if (numDone === 2) stop.abort(new Error('enough'));
      },
    });
    await assert.rejects(run, /enough/);
  });
});
