/** The table of samplers by name. */
import type { NoiseSchedule } from '../noise-schedule.ts';
import type { SamplerName } from '../scheduler-config.ts';
import { ddimSampler } from './ddim.ts';
import { dpmpp2mSampler } from './dpmpp-2m.ts';
import { eulerSampler } from './euler.ts';
import { pndmSampler } from './pndm.ts';
import type { Sampler } from './sampler.ts';

const SAMPLERS: Readonly<Record<SamplerName, (schedule: NoiseSchedule, numSteps: number) => Sampler>> = {
  ddim: ddimSampler,
  euler: eulerSampler,
  'dpmpp-2m': dpmpp2mSampler,
  'dpmpp-2m-karras': (schedule, numSteps) => dpmpp2mSampler(schedule, numSteps, 'karras'),
  pndm: pndmSampler,
};

/**
 * @param name which method; `schedule.config.defaultSampler` is what the model's author had in mind
 * @param numSteps in [1, numTrainTimesteps]
 * @throws SaraError CONFIG_INVALID when numSteps does not suit method and schedule
 */
export function createSampler(name: SamplerName, schedule: NoiseSchedule, numSteps: number): Sampler {
  return SAMPLERS[name](schedule, numSteps);
}
