/**
 * Noise levels in the variance-exploding scale, sigma = sqrt((1 - abar) / abar), as Euler and DPM-Solver use them.
 */
import type { NoiseSchedule } from '../noise-schedule.ts';

/** Stands in for abar = 0 at the end of a zero-SNR schedule, whose sigma would be infinite: float16's smallest number. */
const LEAST_ALPHA_CUMPROD = 2 ** -24;

/** Exponent of the Karras schedule: Karras et al. (2022), eq. 5, rho = 7. */
const KARRAS_RHO = 7;

/** sigma of each training timestep, rising. */
export function trainingSigmas(schedule: NoiseSchedule): Float64Array {
  return schedule.alphasCumprod.map((alpha) => {
    const floored = alpha === 0 ? LEAST_ALPHA_CUMPROD : alpha;
    return Math.sqrt((1 - floored) / floored);
  });
}

/** The level after the last step, as `final_sigmas_type` says. */
export function finalSigma(schedule: NoiseSchedule, sigmas: Float64Array): number {
  return schedule.config.finalSigma === 'zero' ? 0 : sigmas[0];
}

/** `numSteps` levels from the highest to the lowest, spaced evenly in sigma^(1/rho). */
export function karrasSigmas(lowest: number, highest: number, numSteps: number): number[] {
  const [from, to] = [highest ** (1 / KARRAS_RHO), lowest ** (1 / KARRAS_RHO)];
  return Array.from({ length: numSteps }, (_, i) => {
    const ramp = numSteps === 1 ? 0 : i / (numSteps - 1);
    return (from + ramp * (to - from)) ** KARRAS_RHO;
  });
}

/** The (fractional) training timestep whose log sigma is that of `sigma`, interpolated. */
export function timestepOfSigma(sigma: number, sigmas: Float64Array): number {
  const logSigma = Math.log(Math.max(sigma, 1e-10));
  let low = 0;
  while (low < sigmas.length - 2 && Math.log(sigmas[low + 1]) <= logSigma) low++;
  const [logLow, logHigh] = [Math.log(sigmas[low]), Math.log(sigmas[low + 1])];
  const weight = Math.min(Math.max((logSigma - logLow) / (logHigh - logLow), 0), 1);
  return low + weight;
}
