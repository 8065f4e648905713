/** What a run shows and leaves behind: validation loss, preview pictures, checkpoints, results. */
import { z } from 'zod';
import { field, section } from '../field.ts';

const timestep = z.int().min(0).max(99_999);

export const validationSection = section({
  everySteps: field(z.int().min(0), {
    doc: 'How often the validation loss is computed, besides before the first and after the last step. 0: only then.',
    unit: 'steps',
    default: 500,
  }),
  numSamples: field(z.int().min(1), {
    doc: 'Held-out pictures used, at most; the first ones in name order.',
    unit: 'samples',
    default: 64,
  }),
  timesteps: field(z.union([z.int().min(1).max(1000), z.array(timestep).min(1)]), {
    doc: 'Noise levels of the validation loss, the same every time: a list of timesteps, or how many to spread evenly.',
    unit: 'timesteps',
    default: 8,
  }),
});

/** Samplers there are, by name; worker/diffusion/samplers/ holds one for each. */
export const SAMPLER_NAMES = ['ddim', 'euler', 'dpmpp-2m', 'dpmpp-2m-karras', 'pndm'] as const;

export const previewSection = section({
  prompts: field(z.array(z.string()), {
    doc: 'Prompts to draw before and after training, each with every seed. Empty: no pictures.',
    default: [],
  }),
  everySteps: field(z.int().min(0), {
    doc: "How often the prompts are also drawn while training goes on, the first time before it: previews/ in the run's folder, and TensorBoard. 0: not.",
    unit: 'steps',
    default: 0,
  }),
  seeds: field(z.array(z.int().min(0)).min(1), { doc: 'Seeds of the starting noise.', default: [0] }),
  numInferenceSteps: field(z.int().min(1).max(1000), {
    doc: 'Steps of the sampler.',
    unit: 'steps',
    default: 25,
  }),
  guidanceScale: field(z.number().min(0).max(100), {
    doc: 'Strength of classifier-free guidance. 1: none.',
    default: 3,
  }),
  sampler: field(z.enum(SAMPLER_NAMES), {
    doc: 'Method that turns noise into pictures.',
    default: 'ddim',
  }),
});

export const checkpointSection = section({
  everySteps: field(z.int().min(0), {
    doc: 'How often the state needed to resume is saved. 0: only at the end.',
    unit: 'steps',
    default: 500,
  }),
  everyMinutes: field(z.number().gt(0).nullable(), {
    doc: 'Also save it after the first step that ends this long after the last time. null: by steps only.',
    unit: 'minutes',
    default: null,
  }),
  keepLast: field(z.int().min(1), {
    doc: 'Checkpoints kept; older ones are deleted.',
    unit: 'checkpoints',
    default: 3,
  }),
});

export const outputSection = section({
  dir: field(z.string().min(1), {
    doc: 'Folder that receives one folder per run; the default lies in the current folder.',
    isPath: true,
    default: 'runs',
  }),
  dtype: field(z.enum(['float32', 'float16']), {
    doc: 'Element type of what the run writes: the changes in adapter.safetensors or, for method full, the new model.',
    default: 'float32',
  }),
  mergedModel: field(z.boolean(), {
    doc: 'Also write the whole fine-tuned model in diffusers format.',
    default: true,
  }),
});
