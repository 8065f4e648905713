/** How gradients become updates. */
import { z } from 'zod';
import { field, section } from '../field.ts';

const decayRate = z.number().min(0).lt(1);

export const optimizerSection = section({
  learningRate: field(z.number().gt(0).nullable(), {
    doc: 'Peak rate of AdamW. null: 1e-3 * exp(-350 * threshold) (Eq. 12), with the threshold that sara.fraction comes to.',
    default: null,
  }),
  betas: field(z.tuple([decayRate, decayRate]), {
    doc: 'Decay rates of the first and second moment.',
    default: [0.9, 0.999],
  }),
  epsilon: field(z.number().gt(0), { doc: 'Added to the root of the second moment.', default: 1e-8 }),
  weightDecay: field(z.number().min(0), {
    doc: 'Decoupled weight decay, on the trained weights only.',
    default: 1e-2,
  }),
  maxGradNorm: field(z.number().gt(0), {
    doc: 'Scale the gradient of all trained weights down to this norm when it is longer.',
    default: 1,
  }),
  ema: section({
    decay: field(z.number().gt(0).lt(1).nullable(), {
      doc: 'Decay per step of the exponential moving average of the trained weights, which is then what is validated and saved. null: none.',
      default: null,
    }),
  }),
});

/** Ways a learning rate can fall, by name; worker/optim/lr-schedule.ts computes them. */
export const LR_SCHEDULES = ['cosine', 'cosine-restarts', 'linear', 'polynomial', 'constant'] as const;

export const scheduleSection = section({
  type: field(z.enum(LR_SCHEDULES), {
    doc: 'How the learning rate falls over the run, or that it does not.',
    default: 'cosine',
  }),
  endRatio: field(z.number().min(0).max(1), {
    doc: 'Share of the peak rate that is left at the end.',
    default: 0,
  }),
  cycles: field(z.int().min(1).max(1000), {
    doc: 'How often cosine-restarts falls, starting at the peak each time.',
    default: 1,
  }),
  power: field(z.number().gt(0), { doc: 'Exponent of polynomial; 1 is linear.', default: 1 }),
  warmupSteps: field(z.int().min(0), {
    doc: 'Steps over which the rate first rises to its peak.',
    unit: 'steps',
    default: 0,
  }),
});
