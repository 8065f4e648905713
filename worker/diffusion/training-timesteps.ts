/** The noise levels a run trains at, of which every sample draws one, each as likely as the other. */
import { SaraError } from '../../shared/errors.ts';
import type { NoiseSchedule } from './noise-schedule.ts';

export interface TimestepRange {
  readonly minTimestep: number;
  /** null: the schedule's last. */
  readonly maxTimestep: number | null;
  /** Keep only multiples of floor(numTrainTimesteps / grid), the timesteps a sampler of `grid` steps visits; null: all. */
  readonly timestepGrid: number | null;
}

/**
 * @returns ascending, not empty
 * @throws SaraError CONFIG_INVALID when a bound is none of the schedule's timesteps, or nothing is left
 */
export function trainingTimesteps(
  schedule: NoiseSchedule,
  { minTimestep, maxTimestep, timestepGrid }: TimestepRange,
): Int32Array {
  const total = schedule.numTrainTimesteps;
  const last = maxTimestep ?? total - 1;
  for (const [name, bound] of Object.entries({ minTimestep, maxTimestep: last })) {
    if (bound >= total) {
      throw new SaraError(
        'CONFIG_INVALID',
        `objective.${name}: ${bound} is not in [0, ${total}), the timesteps of ${schedule.config.source}`,
        { [name]: bound, numTrainTimesteps: total },
      );
    }
  }
  if (timestepGrid !== null && timestepGrid > total) {
    throw new SaraError(
      'CONFIG_INVALID',
      `objective.timestepGrid: ${timestepGrid} is more than the ${total} timesteps of ${schedule.config.source}`,
      { timestepGrid, numTrainTimesteps: total },
    );
  }
  const stride = timestepGrid === null ? 1 : Math.floor(total / timestepGrid);
  const kept = Array.from({ length: timestepGrid ?? total }, (_, i) => i * stride).filter(
    (timestep) => timestep >= minTimestep && timestep <= last,
  );
  if (kept.length === 0) {
    throw new SaraError(
      'CONFIG_INVALID',
      `objective.timestepGrid: no multiple of ${stride} lies in [${minTimestep}, ${last}], the range of ` +
        'objective.minTimestep and maxTimestep; widen it or lay a finer grid',
      { stride, minTimestep, maxTimestep: last },
    );
  }
  return Int32Array.from(kept);
}
