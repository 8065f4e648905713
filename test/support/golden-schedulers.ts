/** The recorded schedules and trajectories of diffusers (test/golden/schedulers, see test/golden/provenance.json). */
import { SafetensorsFile } from '../../shared/safetensors.ts';
import { NoiseSchedule } from '../../worker/diffusion/noise-schedule.ts';
import type { SamplerName } from '../../worker/diffusion/scheduler-config.ts';

const GOLDEN_PATH = new URL('../golden/schedulers/io.safetensors', import.meta.url).pathname;

/** Every recorded tensor as numbers, by key. */
export async function readGolden(): Promise<(key: string) => number[]> {
  const file = await SafetensorsFile.open(GOLDEN_PATH);
  try {
    const values = new Map<string, number[]>();
    for (const key of file.entries.keys()) {
      const { data } = await file.read(key);
      values.set(key, Array.from(data as ArrayLike<number | bigint>, Number));
    }
    return (key) => {
      const found = values.get(key);
      if (found === undefined) throw new Error(`nothing is recorded under ${key}`);
      return found;
    };
  } finally {
    await file.close();
  }
}

const STABLE_DIFFUSION = { beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 };

/** The scheduler configs behind the recorded keys. */
export const GOLDEN_SCHEDULES: Readonly<Record<string, Record<string, unknown>>> = {
  linear: { beta_schedule: 'linear', beta_start: 0.0001, beta_end: 0.02 },
  sd1: STABLE_DIFFUSION,
  sd2v: { ...STABLE_DIFFUSION, prediction_type: 'v_prediction' },
  cosine: { beta_schedule: 'squaredcos_cap_v2' },
  zsnr: { ...STABLE_DIFFUSION, prediction_type: 'v_prediction', rescale_betas_zero_snr: true },
};

export interface RecordedTrajectory {
  readonly sampler: SamplerName;
  readonly numSteps: number;
  /** Scheduler config fields on top of {@link trajectorySchedule}'s. */
  readonly fields?: Record<string, unknown>;
}

/** The samplers behind the recorded trajectories. */
export const RECORDED_TRAJECTORIES: Readonly<Record<string, RecordedTrajectory>> = {
  ddim: { sampler: 'ddim', numSteps: 10 },
  ddim_v: { sampler: 'ddim', numSteps: 7, fields: { prediction_type: 'v_prediction' } },
  euler: { sampler: 'euler', numSteps: 10 },
  dpmpp2m: { sampler: 'dpmpp-2m', numSteps: 10 },
  dpmpp2m_karras: { sampler: 'dpmpp-2m-karras', numSteps: 10 },
  pndm: { sampler: 'pndm', numSteps: 10 },
};

/** Stable Diffusion's schedule as the recorded trajectories use it, with `fields` on top. */
export function trajectorySchedule(fields: Record<string, unknown> = {}): NoiseSchedule {
  return NoiseSchedule.fromConfig({
    ...STABLE_DIFFUSION,
    timestep_spacing: 'leading',
    steps_offset: 1,
    clip_sample: false,
    set_alpha_to_one: false,
    ...fields,
  });
}

/** The stand-in for a UNet under which the trajectories were recorded (case.json). */
export function standInModel(input: Float32Array, timestep: number): Float32Array {
  const factor = 0.9 * Math.sin(0.001 * timestep + 0.3);
  return input.map((x) => factor * x + 0.05 * Math.cos(3 * x));
}
