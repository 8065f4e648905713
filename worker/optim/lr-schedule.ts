/**
 * The learning rate as a pure function of the step, so that a resumed run needs no scheduler state and
 * re-selection cannot disturb it. Also SaRA's formula for the peak rate when none is given.
 */
import { MAX_THRESHOLD_FOR_LEARNING_RATE, type LR_SCHEDULES } from '../../shared/config.ts';
import { SaraError } from '../../shared/errors.ts';

export type LrScheduleKind = (typeof LR_SCHEDULES)[number];

export interface LrSchedule {
  readonly kind: LrScheduleKind;
  /** Peak rate, reached after the warm-up. */
  readonly learningRate: number;
  /** Updates over which the rate rises linearly to the peak; 0 for none. */
  readonly warmupSteps: number;
  /** Updates in the run; where the rate that falls would reach its end. */
  readonly totalSteps: number;
  /** Share of the peak that is left there, in [0, 1]; 0 unless given. */
  readonly endRatio?: number;
  /** How often `cosine-restarts` falls, each time over as many updates; 1 unless given. */
  readonly cycles?: number;
  /** Exponent of `polynomial`, positive; 1 unless given. */
  readonly power?: number;
}

/**
 * Rate of update `step`.
 *
 * The warm-up's first update already moves, with peak / (warmupSteps + 1): a rate of zero would throw a step away.
 *
 * @param step updates already applied, so 0 for the first; at or past `totalSteps` the rate has fallen
 */
export function learningRateAt(schedule: LrSchedule, step: number): number {
  const { learningRate, warmupSteps, totalSteps, endRatio = 0 } = schedule;
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return learningRate * (endRatio + (1 - endRatio) * remaining(schedule, progress));
}

/** How much of the fall is still ahead: 1 at the peak, 0 at the end. */
function remaining({ kind, cycles = 1, power = 1 }: LrSchedule, progress: number): number {
  switch (kind) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - progress;
    case 'polynomial':
      return (1 - progress) ** power;
    case 'cosine':
      return halfCosine(progress);
    case 'cosine-restarts':
      // The last fall ends at its end, not at another restart.
      return progress === 1 ? 0 : halfCosine((cycles * progress) % 1);
  }
}

/** From 1 to 0 over [0, 1]; Loshchilov and Hutter, "SGDR", equation 5. */
function halfCosine(x: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * x));
}

/**
 * Peak learning rate for a threshold when the user names none: `1e-3 * exp(-350 * theta)`.
 *
 * @param threshold selection threshold theta, positive
 * @throws SaraError CONFIG_INVALID above {@link MAX_THRESHOLD_FOR_LEARNING_RATE}
 * @see Hu et al., "SaRA", arXiv 2409.06633, equation 12
 */
export function learningRateForThreshold(threshold: number): number {
  if (!(threshold >= 0 && threshold <= MAX_THRESHOLD_FOR_LEARNING_RATE)) {
    throw new SaraError(
      'CONFIG_INVALID',
      `no learning rate can be derived from the threshold: ${threshold} is outside 0 .. ${MAX_THRESHOLD_FOR_LEARNING_RATE}, where ` +
        'the formula 1e-3 * exp(-350 * threshold) was fitted; set the learning rate yourself or lower the threshold',
      { threshold, maxThreshold: MAX_THRESHOLD_FOR_LEARNING_RATE },
    );
  }
  return 1e-3 * Math.exp(-350 * threshold);
}
