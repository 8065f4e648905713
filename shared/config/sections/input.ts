/** What a run starts from: the base model and the pictures. */
import { z } from 'zod';
import { field, section } from '../field.ts';

export const modelSection = section({
  path: field(z.string().min(1), {
    doc: 'Base model in diffusers format: a folder with unet/, text_encoder/, tokenizer/, scheduler/ and, for latent models, vae/.',
    isPath: true,
  }),
});

export const dataSection = section({
  path: field(z.string().min(1), {
    doc: 'Folder of training pictures, captioned by text files of the same stem or by metadata.jsonl.',
    isPath: true,
  }),
  validationPath: field(z.string().min(1).nullable(), {
    doc: 'Folder of held-out pictures for the validation loss, of the same form. null: no validation.',
    isPath: true,
    default: null,
  }),
  resolution: field(z.int().min(8).max(4096), {
    doc: 'Edge of the square that pictures are resized and cropped to.',
    unit: 'px',
  }),
  onBrokenImage: field(z.enum(['skip', 'refuse']), {
    doc: 'What to do with a picture that cannot be decoded. refuse: stop before training. skip: name it in the log and go on.',
    default: 'refuse',
  }),
  captionDropout: field(z.number().min(0).max(1), {
    doc: 'Share of captions replaced by the empty one, so that classifier-free guidance keeps working.',
    default: 0.1,
  }),
  captionPrefix: field(z.string(), { doc: 'Put before every caption, as it stands.', default: '' }),
});
