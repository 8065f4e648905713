/**
 * How much the error at a timestep counts, and from which size on it counts less: pure functions of the noise
 * schedule, for the per-sample inputs of the loss.
 */
import type { HUBER_SCHEDULES } from '../../shared/config.ts';
import type { NoiseSchedule } from './noise-schedule.ts';

/**
 * Min-SNR weight: min(SNR, gamma) / SNR for a model that estimates the noise, min(SNR, gamma) / (SNR + 1) for one
 * that estimates the velocity. Both weigh the error of x0 by min(SNR, gamma).
 *
 * @param timestep integer in [0, schedule.numTrainTimesteps)
 * @param gamma positive
 * @returns in [0, 1]; 0 only for a velocity at a timestep without signal
 * @see Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", section 3.4
 */
export function minSnrWeight(schedule: NoiseSchedule, timestep: number, gamma: number): number {
  const snr = schedule.snr(timestep);
  switch (schedule.predictionType) {
    case 'epsilon':
      return Math.min(1, gamma / snr); // also where the SNR is 0
    case 'v_prediction':
      return Math.min(snr, gamma) / (snr + 1);
  }
}

export type HuberSchedule = (typeof HUBER_SCHEDULES)[number];

/**
 * The error c at which the pseudo-Huber loss turns from square to absolute. Both schedules fall from 1 at a clean
 * sample to `lowest` in pure noise, where errors are largest and outliers least telling.
 *
 * @param timestep integer in [0, schedule.numTrainTimesteps)
 * @param lowest in (0, 1]
 * @see Khrapov et al., "Improving Diffusion Models's Data-Corruption Resistance using Scheduled Pseudo-Huber
 *   Loss", section 4
 */
export function huberDelta(
  schedule: NoiseSchedule,
  timestep: number,
  lowest: number,
  kind: HuberSchedule,
): number {
  switch (kind) {
    case 'constant':
      return lowest;
    case 'snr': {
      const sigma = Math.sqrt(1 / schedule.snr(timestep)); // infinite without signal
      return (1 - lowest) / (1 + sigma) ** 2 + lowest;
    }
    case 'exponential':
      return lowest ** (timestep / schedule.numTrainTimesteps);
  }
}
