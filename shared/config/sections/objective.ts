/** What the UNet is asked to answer, at which noise levels, and how its error is weighed. */
import { z } from 'zod';
import { field, section } from '../field.ts';

const timestep = z.int().min(0).max(99_999);

/** How the Huber loss's turning point follows the timestep; worker/diffusion/loss-weight.ts computes it. */
export const HUBER_SCHEDULES = ['constant', 'snr', 'exponential'] as const;

export const objectiveSection = section({
  loss: field(z.enum(['mse', 'huber', 'smooth-l1']), {
    doc: 'Of an error d. mse: d^2. huber: 2 c (sqrt(d^2 + c^2) - c), kinder to outliers. smooth-l1: the same over c. Validation is always mse.',
    default: 'mse',
  }),
  huberDelta: field(z.number().gt(0).max(1), {
    doc: 'Error c from which huber and smooth-l1 turn from square to absolute; where it is scheduled, its lowest value.',
    default: 0.1,
  }),
  huberSchedule: field(z.enum(HUBER_SCHEDULES), {
    doc: 'c over the timesteps. constant: huberDelta. snr: (1 - huberDelta) / (1 + sigma)^2 + huberDelta. exponential: huberDelta^(t / T).',
    default: 'snr',
  }),
  minSnrGamma: field(z.number().gt(0).nullable(), {
    doc: 'Cap on the signal-to-noise ratio in the min-SNR weighting of timesteps (Hang et al. 2023, who take 5). null: all weigh the same.',
    default: null,
  }),
  noiseOffset: field(z.number().min(0).max(1), {
    doc: "Size of a draw per channel, added to all of a picture's noise so that dark and bright ones can be learnt. 0: none.",
    default: 0,
  }),
  inputPerturbation: field(z.number().min(0).max(1), {
    doc: "Size of further noise in the UNet's input that is not part of its target (Ning et al. 2023, who take 0.1). 0: none.",
    default: 0,
  }),
  zeroTerminalSnr: field(z.boolean(), {
    doc: 'Rescale the noise schedule so that its last timestep is pure noise (Lin et al. 2023); for v_prediction models only.',
    default: false,
  }),
  minTimestep: field(timestep, { doc: 'Train at no lower noise level.', unit: 'timesteps', default: 0 }),
  maxTimestep: field(timestep.nullable(), {
    doc: "Train at no higher noise level. null: up to the model's last.",
    unit: 'timesteps',
    default: null,
  }),
  timestepGrid: field(z.int().min(1).max(1000).nullable(), {
    doc: 'Train only at this many evenly laid timesteps, which a sampler of as many steps visits (Lu et al. 2023). null: at all.',
    unit: 'timesteps',
    default: null,
  }),
});
