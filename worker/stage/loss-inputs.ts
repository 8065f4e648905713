/**
 * What a batch tells the loss besides prediction and target: a weight and a Huber delta per sample, as the run's
 * objective says. Validation is told what makes of the same program the plain mean squared error.
 */
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import { floatTensor, type FloatTensor } from '../../shared/tensor.ts';
import { huberDelta, minSnrWeight } from '../diffusion/loss-weight.ts';
import type { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import { DELTA_OF_SQUARE, LOSS_INPUTS, type LossForm } from '../training-graph.ts';

/** The inputs the run's training graph has. */
export function lossFormOf({ objective }: ResolvedRunConfig): LossForm {
  return {
    weighted: objective.minSnrGamma !== null || objective.loss === 'smooth-l1',
    robust: objective.loss !== 'mse',
    masked: false,
  };
}

/** Makes them, per micro-batch; inputs the graph does not have are left out. */
export class LossInputs {
  readonly #objective: ResolvedRunConfig['objective'];
  readonly #form: LossForm;
  readonly #schedule: NoiseSchedule;

  constructor(config: ResolvedRunConfig, schedule: NoiseSchedule) {
    this.#objective = config.objective;
    this.#form = lossFormOf(config);
    this.#schedule = schedule;
  }

  /** @param timesteps [B] */
  training(timesteps: Int32Array): Record<string, FloatTensor> {
    const { loss, huberDelta: lowest, huberSchedule, minSnrGamma } = this.#objective;
    const deltas = Float32Array.from(timesteps, (t) => huberDelta(this.#schedule, t, lowest, huberSchedule));
    const weights = Float32Array.from(timesteps, (t, i) => {
      const weight = minSnrGamma === null ? 1 : minSnrWeight(this.#schedule, t, minSnrGamma);
      // Smooth L1 is the same curve with slope 2 far out, whatever delta is.
      return loss === 'smooth-l1' ? weight / deltas[i] : weight;
    });
    return this.#tensors(weights, deltas);
  }

  /** Every sample weighs the same, every error is squared. */
  plain(numSamples: number): Record<string, FloatTensor> {
    return this.#tensors(
      new Float32Array(numSamples).fill(1),
      new Float32Array(numSamples).fill(DELTA_OF_SQUARE),
    );
  }

  #tensors(weights: Float32Array, deltas: Float32Array): Record<string, FloatTensor> {
    const shape = [weights.length];
    return {
      ...(this.#form.weighted ? { [LOSS_INPUTS.weight]: floatTensor(shape, weights) } : {}),
      ...(this.#form.robust ? { [LOSS_INPUTS.delta]: floatTensor(shape, deltas) } : {}),
    };
  }
}
