/** The method: which weights SaRA trains and what pulls them. Defaults are the paper's (arXiv 2409.06633). */
import { z } from 'zod';
import { field, section } from '../field.ts';

const namePatterns = z.array(z.string().min(1));

export const saraSection = z
  .strictObject({
    threshold: field(z.number().gt(0).nullable(), {
      doc: 'Train the weights below this magnitude (Eq. 2). null: see sara.fraction; exactly one of the two is given.',
      unit: 'weight magnitude',
      default: null,
    }),
    fraction: field(z.number().gt(0).max(1).nullable(), {
      doc: 'Train this share of the weights, the smallest ones. null: see sara.threshold.',
      default: null,
    }),
    include: field(namePatterns, {
      doc: 'Choose only among tensors whose whole name matches one of these patterns; * stands for any characters. Empty: all.',
      default: [],
    }),
    exclude: field(namePatterns, {
      doc: 'Never choose in tensors that match one of these patterns.',
      default: [],
    }),
    rank: section({
      weight: field(z.number().min(0), {
        doc: "Weight of the nuclear-norm term (Eq. 4); the paper's appendix K has 5e-3, its authors' script 5e-4. 0: no term.",
        default: 5e-3,
      }),
      minDimension: field(z.int().min(0), {
        doc: 'The term acts on matrices whose smaller side is above this.',
        unit: 'rows or columns',
        default: 64,
      }),
      every: field(z.enum(['one', 'all']), {
        doc: 'Matrices the term acts on at each step: one drawn from seed and step, or all (slower).',
        default: 'one',
      }),
      reshapeConvs: field(z.boolean(), {
        doc: 'Also treat convolutions as matrices of shape [out, in * height * width].',
        default: false,
      }),
    }),
    reselectStep: field(z.int().min(0).nullable(), {
      doc: 'After this step, keep training only the weights still below the threshold (section 4.3). null: half of train.steps. 0: never.',
      unit: 'steps',
      default: null,
    }),
    reselectMoments: field(z.enum(['keep', 'reset']), {
      doc: "What becomes of the optimizer's moments of the weights that go on.",
      default: 'keep',
    }),
  })
  .nullable()
  .default(null);
