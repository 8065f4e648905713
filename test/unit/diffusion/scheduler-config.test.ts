import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSchedulerConfig, readSchedulerConfig } from '../../../worker/diffusion/scheduler-config.ts';

/** As published with Stable Diffusion 1.5. */
const SD15 = {
  _class_name: 'PNDMScheduler',
  _diffusers_version: '0.6.0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
  clip_sample: false,
};

/** As published with Stable Diffusion XL 1.0. */
const SDXL = {
  _class_name: 'EulerDiscreteScheduler',
  _diffusers_version: '0.19.0.dev0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  clip_sample: false,
  interpolation_type: 'linear',
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  sample_max_value: 1.0,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  timestep_spacing: 'leading',
  trained_betas: null,
  use_karras_sigmas: false,
};

const parse = (json: unknown) => parseSchedulerConfig(json, 'scheduler_config.json');

describe('scheduler config', () => {
  it('reads what Stable Diffusion 1.5 and XL are published with', () => {
    const sd15 = parse(SD15);
    assert.equal(sd15.defaultSampler, 'pndm');
    assert.equal(sd15.predictionType, 'epsilon');
    assert.equal(sd15.timestepSpacing, 'leading');
    assert.equal(sd15.clipSampleRange, null);
    const sdxl = parse(SDXL);
    assert.equal(sdxl.defaultSampler, 'euler');
    assert.equal(sdxl.stepsOffset, 1);
  });

  it('fills absent fields with the defaults of the scheduler class', () => {
    const ddim = parse({ _class_name: 'DDIMScheduler' });
    assert.deepEqual(
      [ddim.clipSampleRange, ddim.setAlphaToOne, ddim.timestepSpacing, ddim.betaSchedule],
      [1, true, 'leading', 'linear'],
    );
    const pndm = parse({ _class_name: 'PNDMScheduler' });
    assert.deepEqual([pndm.clipSampleRange, pndm.setAlphaToOne, pndm.skipPrkSteps], [null, false, false]);
    const dpm = parse({ _class_name: 'DPMSolverMultistepScheduler', use_karras_sigmas: true });
    assert.deepEqual([dpm.defaultSampler, dpm.timestepSpacing], ['dpmpp-2m-karras', 'linspace']);
  });

  for (const [field, value] of Object.entries({
    _class_name: 'FlowMatchEulerDiscreteScheduler',
    beta_schedule: 'sigmoid',
    beta_start: 0,
    beta_end: 1,
    num_train_timesteps: 0,
    trained_betas: [0.1, 0.2],
    prediction_type: 'sample',
    timestep_spacing: 'cosine',
    steps_offset: -1,
    thresholding: true,
    variance_type: 'learned_range',
    use_karras_sigmas: true,
    clip_sample: 'yes',
    rescale_betas_zero_snr: true,
    shift: 3,
  })) {
    it(`refuses ${field} = ${JSON.stringify(value)} by name`, () => {
      assert.throws(() => parse({ [field]: value }), {
        code: 'MODEL_UNSUPPORTED',
        message: new RegExp(`^scheduler_config\\.json: ${field} = `),
      });
    });
  }

  it('refuses samplers that draw noise of their own, by the class that asks for one', () => {
    assert.throws(() => parse({ _class_name: 'EulerAncestralDiscreteScheduler' }), {
      code: 'MODEL_UNSUPPORTED',
      message: /_class_name = "EulerAncestralDiscreteScheduler"/,
    });
  });

  it('refuses a document that is no object', () => {
    assert.throws(() => parse([]), { code: 'FILE_CORRUPT' });
  });

  describe('as a file', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sara-scheduler-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('may hold the -Infinity that Python writes', async () => {
      const text = '{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity}';
      await writeFile(join(folder, 'scheduler_config.json'), text);
      assert.equal((await readSchedulerConfig(folder)).lambdaMinClipped, -Infinity);
    });

    it('is refused when missing or no JSON', async () => {
      await assert.rejects(readSchedulerConfig(folder), { code: 'FILE_NOT_FOUND' });
      await writeFile(join(folder, 'scheduler_config.json'), '{"beta_start": ');
      await assert.rejects(readSchedulerConfig(folder), { code: 'FILE_CORRUPT' });
    });
  });
});
