/**
 * Replays recorded noise schedules and sampler trajectories (io.safetensors). Their scheduler configs are not part
 * of the recording: the schedules and samplers are known by their names (golden-schedulers.ts).
 */
import { join } from 'node:path';
import { SaraError } from '../../../shared/errors.ts';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { createSampler } from '../../../worker/diffusion/samplers/create.ts';
import {
  GOLDEN_SCHEDULES,
  RECORDED_TRAJECTORIES,
  standInModel,
  trajectorySchedule,
} from '../golden-schedulers.ts';
import { relativeError } from '../numbers.ts';
import { Comparisons } from './comparisons.ts';
import { Recording } from './recording.ts';

/** diffusers computes in float32, we in float64 and round once. */
export const SCHEDULE_TOLERANCE = 1e-5;
/** At every step. */
export const TRAJECTORY_TOLERANCE = 1e-5;

export async function replaySchedulers(folder: string): Promise<Comparisons> {
  const io = await Recording.open(join(folder, 'io.safetensors'));
  const comparisons = new Comparisons();
  try {
    for (const name of namesBefore(io, '.alphas_cumprod')) await compareSchedule(io, name, comparisons);
    for (const name of namesBefore(io, '.trajectory')) await compareTrajectory(io, name, comparisons);
  } finally {
    await io.close();
  }
  return comparisons;
}

function namesBefore(io: Recording, suffix: string): string[] {
  return io.keys.filter((key) => key.endsWith(suffix)).map((key) => key.slice(0, -suffix.length));
}

async function compareSchedule(io: Recording, name: string, comparisons: Comparisons): Promise<void> {
  const config = known(GOLDEN_SCHEDULES, name, 'schedule');
  const schedule = NoiseSchedule.fromConfig(config);
  const timesteps = [...(await io.floats('timesteps')).data];
  const x0 = (await io.floats('x0')).data;
  const noise = (await io.floats('noise')).data;
  for (const [quantity, got] of [
    ['alphas_cumprod', schedule.alphasCumprod],
    ['snr', timesteps.map((t) => schedule.snr(t))],
    ['add_noise', schedule.addNoise(x0, noise, timesteps)],
    ['velocity', schedule.velocity(x0, noise, timesteps)],
  ] as const) {
    const recorded = await io.floats(`${name}.${quantity}`);
    comparisons.add(quantity, SCHEDULE_TOLERANCE, name, relativeError(got, recorded.data));
  }
}

async function compareTrajectory(io: Recording, name: string, comparisons: Comparisons): Promise<void> {
  const { sampler: samplerName, numSteps, fields } = known(RECORDED_TRAJECTORIES, name, 'trajectory');
  const sampler = createSampler(samplerName, trajectorySchedule(fields), numSteps);
  const timesteps = (await io.floats(`${name}.timesteps`)).data;
  comparisons.add('timesteps', 0, name, relativeError(sampler.timesteps, timesteps));
  const trajectory = (await io.floats(`${name}.trajectory`)).data;
  const init = (await io.floats(`${name}.init`)).data;
  // The recording starts at the sampler's own noise level, our samplers at unit variance.
  let state = sampler.start(init.map((x) => x / sampler.initialNoiseScale));
  for (const [i, timestep] of sampler.timesteps.entries()) {
    state = sampler.step(state, standInModel(sampler.modelInput(state), timestep));
    const recorded = trajectory.subarray(i * init.length, (i + 1) * init.length);
    const error = relativeError(state.sample, recorded);
    comparisons.add('trajectory', TRAJECTORY_TOLERANCE, `${name}, step ${i}`, error);
  }
}

function known<T>(table: Readonly<Record<string, T>>, name: string, what: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  const names = Object.keys(table).join(', ');
  throw new SaraError(
    'DATA_INVALID',
    `no scheduler config is known for the recorded ${what} "${name}"; known: ${names}`,
  );
}
