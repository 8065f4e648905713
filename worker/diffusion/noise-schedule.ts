/**
 * The forward process q(x_t | x_0) = N(sqrt(abar_t) x_0, (1 - abar_t) I): how much signal and noise a sample
 * holds at each training timestep.
 *
 * abar is computed in float64 and rounded to float32, because that is how diffusers keeps it and how published
 * models were trained: at the first timestep 1 - abar is about 1e-4, and the rounding moves the signal-to-noise
 * ratio by 2e-4 of itself.
 * Ho et al. (2020) eq. 4; Nichol & Dhariwal (2021) for the cosine schedule; Lin et al. (2023) for zero SNR.
 *
 * Shape legend: B batch, N values per sample (C*H*W).
 */
import { SaraError } from '../../shared/errors.ts';
import { parseSchedulerConfig, type PredictionType, type SchedulerConfig } from './scheduler-config.ts';

/** Cap of the cosine schedule: without it the last beta would be 1 and the last step a division by zero. */
const MAX_COSINE_BETA = 0.999;
/** Offset s of the cosine schedule: keeps the first steps from being smaller than a pixel's rounding. */
const COSINE_OFFSET = 0.008;

export class NoiseSchedule {
  readonly config: SchedulerConfig;
  /** abar_t, the share of the signal's variance left at timestep t; [numTrainTimesteps], falling. */
  readonly alphasCumprod: Float64Array;

  constructor(config: SchedulerConfig) {
    this.config = config;
    const products = cumulativeProducts(betas(config));
    this.alphasCumprod = (config.rescaleBetasZeroSnr ? rescaleToZeroSnr(products) : products).map(
      Math.fround,
    );
  }

  /** @see parseSchedulerConfig for what is refused */
  static fromConfig(schedulerConfigJson: unknown, source = 'scheduler_config.json'): NoiseSchedule {
    return new NoiseSchedule(parseSchedulerConfig(schedulerConfigJson, source));
  }

  /**
   * The same with zero signal at the last timestep, which sampling then begins at; itself where it is so already.
   * @throws SaraError CONFIG_INVALID for a model that estimates the noise, which there says nothing about the picture
   */
  withZeroTerminalSnr(): NoiseSchedule {
    const { config } = this;
    if (config.rescaleBetasZeroSnr) return this;
    if (config.predictionType === 'epsilon') {
      throw new SaraError(
        'CONFIG_INVALID',
        `objective.zeroTerminalSnr needs a v_prediction model, but ${config.source} says prediction_type = ` +
          '"epsilon": without signal the noise says nothing about the picture; set it to false',
        { source: config.source, predictionType: config.predictionType },
      );
    }
    return new NoiseSchedule({ ...config, rescaleBetasZeroSnr: true, timestepSpacing: 'trailing' });
  }

  get numTrainTimesteps(): number {
    return this.config.numTrainTimesteps;
  }

  get predictionType(): PredictionType {
    return this.config.predictionType;
  }

  /** sqrt(abar_t): the factor on x_0. */
  signalRate(timestep: number): number {
    return Math.sqrt(this.#alphaCumprod(timestep));
  }

  /** sqrt(1 - abar_t): the factor on the noise. */
  noiseRate(timestep: number): number {
    return Math.sqrt(1 - this.#alphaCumprod(timestep));
  }

  /** Signal-to-noise ratio abar_t / (1 - abar_t). */
  snr(timestep: number): number {
    const alphaCumprod = this.#alphaCumprod(timestep);
    return alphaCumprod / (1 - alphaCumprod);
  }

  /**
   * x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise.
   * @param x0_BN float32, B samples one after the other
   * @param noise_BN the same length, standard normal
   * @param timesteps_B integers in [0, numTrainTimesteps)
   */
  addNoise(x0_BN: Float32Array, noise_BN: Float32Array, timesteps_B: ArrayLike<number>): Float32Array {
    return mixSamples(x0_BN, noise_BN, timesteps_B, (t) => [this.signalRate(t), this.noiseRate(t)]);
  }

  /** v_t = sqrt(abar_t) noise - sqrt(1 - abar_t) x_0: what a v_prediction model estimates. Arguments as {@link addNoise}. */
  velocity(x0_BN: Float32Array, noise_BN: Float32Array, timesteps_B: ArrayLike<number>): Float32Array {
    return mixSamples(x0_BN, noise_BN, timesteps_B, (t) => [-this.noiseRate(t), this.signalRate(t)]);
  }

  #alphaCumprod(timestep: number): number {
    if (Number.isInteger(timestep) && timestep >= 0 && timestep < this.numTrainTimesteps) {
      return this.alphasCumprod[timestep];
    }
    throw new SaraError(
      'INTERNAL',
      `timestep ${timestep} is not an integer in [0, ${this.numTrainTimesteps})`,
      { timestep, numTrainTimesteps: this.numTrainTimesteps },
    );
  }
}

/** a_b x_0 + c_b noise, sample by sample. */
function mixSamples(
  x0_BN: Float32Array,
  noise_BN: Float32Array,
  timesteps_B: ArrayLike<number>,
  coefficients: (timestep: number) => readonly [onSignal: number, onNoise: number],
): Float32Array {
  const batch = timesteps_B.length;
  const numValues = x0_BN.length / batch;
  if (noise_BN.length !== x0_BN.length || !Number.isInteger(numValues)) {
    throw new SaraError(
      'INTERNAL',
      `${x0_BN.length} sample values and ${noise_BN.length} noise values do not form ${batch} pairs of equal size`,
      { sampleValues: x0_BN.length, noiseValues: noise_BN.length, batch },
    );
  }
  const mixed_BN = new Float32Array(x0_BN.length);
  for (let b = 0; b < batch; b++) {
    const [onSignal, onNoise] = coefficients(timesteps_B[b]);
    const end = (b + 1) * numValues;
    for (let i = b * numValues; i < end; i++) mixed_BN[i] = onSignal * x0_BN[i] + onNoise * noise_BN[i];
  }
  return mixed_BN;
}

/** The variance added at each timestep. */
function betas(config: SchedulerConfig): Float64Array {
  const { numTrainTimesteps: count, betaStart, betaEnd, betaSchedule } = config;
  if (config.trainedBetas !== null) return Float64Array.from(config.trainedBetas);
  const ramp = (from: number, to: number, i: number) =>
    count === 1 ? from : from + ((to - from) * i) / (count - 1);
  switch (betaSchedule) {
    case 'linear':
      return Float64Array.from({ length: count }, (_, i) => ramp(betaStart, betaEnd, i));
    case 'scaled_linear':
      return Float64Array.from(
        { length: count },
        (_, i) => ramp(Math.sqrt(betaStart), Math.sqrt(betaEnd), i) ** 2,
      );
    case 'squaredcos_cap_v2':
      return Float64Array.from({ length: count }, (_, i) =>
        Math.min(1 - cosineAlphaBar((i + 1) / count) / cosineAlphaBar(i / count), MAX_COSINE_BETA),
      );
  }
}

function cosineAlphaBar(time: number): number {
  return Math.cos((((time + COSINE_OFFSET) / (1 + COSINE_OFFSET)) * Math.PI) / 2) ** 2;
}

function cumulativeProducts(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => (product *= 1 - beta));
}

/** Shifts and scales sqrt(abar) so that the last is 0 and the first stays; Lin et al. (2023), algorithm 1. */
function rescaleToZeroSnr(alphasCumprod: Float64Array): Float64Array {
  const first = Math.sqrt(alphasCumprod[0]);
  const last = Math.sqrt(alphasCumprod[alphasCumprod.length - 1]);
  return alphasCumprod.map((value) => (((Math.sqrt(value) - last) * first) / (first - last)) ** 2);
}
