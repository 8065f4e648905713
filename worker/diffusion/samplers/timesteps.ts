/**
 * Which training timesteps an inference of `numSteps` steps visits, highest first (Lin et al. 2023, table 2).
 *
 * Rounding is to even, as numpy's: a timestep off by one is another noise level.
 */
import { SaraError } from '../../../shared/errors.ts';
import type { SchedulerConfig } from '../scheduler-config.ts';

/**
 * @param config decides spacing and offset
 * @param numSteps in [1, config.numTrainTimesteps]
 * @throws SaraError CONFIG_INVALID when numSteps is outside, or the offset pushes a timestep past the end
 */
export function inferenceTimesteps(config: SchedulerConfig, numSteps: number): number[] {
  const total = config.numTrainTimesteps;
  checkNumSteps(numSteps, total);
  switch (config.timestepSpacing) {
    case 'linspace':
      return linspace(total - 1, 0, numSteps).map(roundHalfEven);
    case 'leading':
      return leading(config, numSteps, Math.floor(total / numSteps), 0);
    case 'trailing':
      return Array.from({ length: numSteps }, (_, i) => roundHalfEven(total - (i * total) / numSteps) - 1);
  }
}

/**
 * The same for DPM-Solver, which lays numSteps + 1 points and leaves out the last (clean) one, over the first
 * `lastTimestep` training timesteps only.
 */
export function dpmSolverTimesteps(
  config: SchedulerConfig,
  numSteps: number,
  lastTimestep: number,
): number[] {
  checkNumSteps(numSteps, lastTimestep);
  switch (config.timestepSpacing) {
    case 'linspace':
      return linspace(lastTimestep - 1, 0, numSteps + 1)
        .slice(0, -1)
        .map(roundHalfEven);
    case 'leading':
      return leading(config, numSteps, Math.floor(lastTimestep / (numSteps + 1)), 1);
    case 'trailing':
      return Array.from(
        { length: numSteps },
        (_, i) => roundHalfEven(lastTimestep - (i * config.numTrainTimesteps) / numSteps) - 1,
      ).filter((timestep) => timestep >= 0);
  }
}

/** `count` points from `from` to `to`, both included. */
export function linspace(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    count === 1 ? from : from + ((to - from) * i) / (count - 1),
  );
}

/** Nearest integer; halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Multiples of `stride`, from `first + numSteps - 1` down to `first`, plus the offset. */
function leading(config: SchedulerConfig, numSteps: number, stride: number, first: number): number[] {
  const highest = (first + numSteps - 1) * stride + config.stepsOffset;
  if (highest >= config.numTrainTimesteps) {
    throw new SaraError(
      'CONFIG_INVALID',
      `${numSteps} sampling steps under "leading" spacing start at timestep ${highest - config.stepsOffset} + steps_offset ` +
        `${config.stepsOffset} >= num_train_timesteps ${config.numTrainTimesteps} of ${config.source}; take fewer steps`,
      { numSteps, highest, stepsOffset: config.stepsOffset, numTrainTimesteps: config.numTrainTimesteps },
    );
  }
  return Array.from({ length: numSteps }, (_, i) => (first + numSteps - 1 - i) * stride + config.stepsOffset);
}

function checkNumSteps(numSteps: number, total: number): void {
  if (!Number.isInteger(numSteps) || numSteps < 1 || numSteps > total) {
    throw new SaraError(
      'CONFIG_INVALID',
      `number of sampling steps = ${numSteps} is not an integer in [1, ${total}], the timesteps the model was trained on`,
      { numSteps, numTrainTimesteps: total },
    );
  }
}
