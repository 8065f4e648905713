/**
 * What a batch tells the loss besides prediction and target: a weight and a Huber delta per sample, as the run's
 * objective says, and where in the picture the error counts. Validation is told what makes of the same program the
 * plain mean squared error.
 */
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import { floatTensor, type FloatTensor } from '../../shared/tensor.ts';
import type { Resolution } from '../data/image.ts';
import { maskFactors } from '../data/mask.ts';
import { huberDelta, minSnrWeight } from '../diffusion/loss-weight.ts';
import type { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import { DELTA_OF_SQUARE, LOSS_INPUTS, type LossForm } from '../training-graph.ts';

/** The inputs the run's training graph has. */
export function lossFormOf({ objective, data }: ResolvedRunConfig): LossForm {
  return {
    weighted: objective.minSnrGamma !== null || objective.loss === 'smooth-l1' || data.prior !== null,
    robust: objective.loss !== 'mse',
    masked: data.mask !== 'none',
  };
}

/** What the loss has to know of a sample. */
export interface WeighedSample {
  readonly timestep: number;
  /** Of the prior-preservation set. */
  readonly isPrior: boolean;
  /** uint8 [H, W] of the picture's size; null: all of it counts. */
  readonly mask: Uint8Array | null;
}

/** Of all samples of a micro-batch. */
export interface SampleSizes {
  /** Of the pictures and their masks. */
  readonly picture: Resolution;
  /** Of the UNet's input: the same in pixel space, a fraction of it in latent space. */
  readonly input: Resolution;
}

/** Makes them, per micro-batch; inputs the graph does not have are left out. */
export class LossInputs {
  readonly #config: ResolvedRunConfig;
  readonly #form: LossForm;
  readonly #schedule: NoiseSchedule;

  constructor(config: ResolvedRunConfig, schedule: NoiseSchedule) {
    this.#config = config;
    this.#form = lossFormOf(config);
    this.#schedule = schedule;
  }

  training(samples: readonly WeighedSample[], sizes: SampleSizes): Record<string, FloatTensor> {
    const { huberDelta: lowest, huberSchedule } = this.#config.objective;
    const deltas = samples.map(({ timestep }) => huberDelta(this.#schedule, timestep, lowest, huberSchedule));
    const weights = samples.map((sample, i) => this.#weightOf(sample, deltas[i]));
    return this.#tensors(
      weights,
      deltas,
      samples.map(({ mask }) => mask),
      sizes,
    );
  }

  /** Every sample weighs the same, every error is squared, all of the picture counts. */
  plain(numSamples: number, sizes: SampleSizes): Record<string, FloatTensor> {
    const all = <T>(value: T): T[] => Array.from({ length: numSamples }, () => value);
    return this.#tensors(all(1), all(DELTA_OF_SQUARE), all(null), sizes);
  }

  #weightOf({ timestep, isPrior }: WeighedSample, delta: number): number {
    const { objective, data } = this.#config;
    const ofTimestep =
      objective.minSnrGamma === null ? 1 : minSnrWeight(this.#schedule, timestep, objective.minSnrGamma);
    const ofSet = isPrior ? (data.prior?.weight ?? 1) : 1;
    // Smooth L1 is the pseudo-Huber curve with slope 2 far out, whatever delta is.
    return (ofTimestep * ofSet) / (objective.loss === 'smooth-l1' ? delta : 1);
  }

  #tensors(
    weights: readonly number[],
    deltas: readonly number[],
    masks: readonly (Uint8Array | null)[],
    sizes: SampleSizes,
  ): Record<string, FloatTensor> {
    const shape = [weights.length];
    return {
      ...(this.#form.weighted ? { [LOSS_INPUTS.weight]: floatTensor(shape, weights) } : {}),
      ...(this.#form.robust ? { [LOSS_INPUTS.delta]: floatTensor(shape, deltas) } : {}),
      ...(this.#form.masked ? { [LOSS_INPUTS.mask]: this.#masks(masks, sizes) } : {}),
    };
  }

  #masks(masks: readonly (Uint8Array | null)[], { picture, input }: SampleSizes): FloatTensor {
    const { unmaskedWeight, normalizeMaskedArea: normalizeArea } = this.#config.data;
    const numPixels = input.height * input.width;
    const factors = floatTensor([masks.length, 1, input.height, input.width]);
    factors.data.fill(1);
    for (const [i, mask] of masks.entries()) {
      if (mask === null) continue;
      factors.data.set(maskFactors(mask, picture, input, { unmaskedWeight, normalizeArea }), i * numPixels);
    }
    return factors;
  }
}
