/** What a run starts from: the base model and the pictures. */
import { z } from 'zod';
import { field, section } from '../field.ts';

export const modelSection = section({
  path: field(z.string().min(1), {
    doc: 'Base model: a diffusers folder (unet/, text_encoder/, tokenizer/, scheduler/ and, for latent models, vae/), or a single-file checkpoint (.safetensors).',
    isPath: true,
  }),
  clipSkip: field(z.int().min(0).max(31), {
    doc: 'Last layers of the text encoders left off, as diffusers counts: 0 none. A1111 and kohya call that 1, and 1 here 2.',
    unit: 'layers',
    default: 0,
  }),
});

const share = z.number().min(0).max(1);

/** More repeats of a picture are a number that was not meant so, such as a date in a folder's name. */
export const MAX_REPEATS = 10_000;

/** Encodings of captions without a byte order mark; worker/data/text.ts reads them. */
export const TEXT_ENCODINGS = ['utf-8', 'latin-1'] as const;

/** Where a picture's mask is; worker/data/ reads it. */
export const MASK_SOURCES = ['none', 'file', 'alpha'] as const;

export const dataSection = section({
  path: field(z.string().min(1), {
    doc: 'Training pictures: a folder, captioned by text files of the same stem or by metadata.jsonl, or WebDataset .tar shards.',
    isPath: true,
  }),
  validationPath: field(z.string().min(1).nullable(), {
    doc: 'Held-out pictures for the validation loss, of the same form. null: no validation.',
    isPath: true,
    default: null,
  }),
  resolution: field(z.int().min(8).max(4096), {
    doc: 'Edge of the square that pictures are resized and cropped to.',
    unit: 'px',
  }),
  cache: field(z.boolean(), {
    doc: 'For latent models: encode pictures and captions once, before training, and keep the results in cache/ under output.dir, for later runs too. false: encode at every visit.',
    default: true,
  }),
  onBrokenImage: field(z.enum(['skip', 'refuse']), {
    doc: 'What to do with a picture that cannot be decoded. refuse: stop before training. skip: name it in the log and go on.',
    default: 'refuse',
  }),
  repeats: field(z.record(z.string().min(1), z.int().min(1).max(MAX_REPEATS)), {
    doc: 'How often pictures are seen per epoch, by folder inside data.path, e.g. {cats: 10}. Others: once.',
    default: {},
  }),
  folderRepeats: field(z.boolean(), {
    doc: "Also read repeats from folder names, as kohya's trainers do: 10_cats is seen ten times.",
    default: false,
  }),
  captionExtension: field(z.string().regex(/^\.[^./\\]+$/), {
    doc: 'Ends the name of a caption file.',
    default: '.txt',
  }),
  captionEncoding: field(z.enum(TEXT_ENCODINGS), {
    doc: 'Of captions without a byte order mark; with one they may be UTF-16 too. Others are refused by name.',
    default: 'utf-8',
  }),
  captionDropout: field(share, {
    doc: 'Share of captions replaced by the empty one, so that classifier-free guidance keeps working.',
    default: 0.1,
  }),
  captionPrefix: field(z.string(), { doc: 'Put before every caption, as it stands.', default: '' }),
  captionSuffix: field(z.string(), { doc: 'Put after every caption, as it stands.', default: '' }),
  shuffleTags: field(z.boolean(), {
    doc: 'Shuffle the parts of a caption between commas at every visit.',
    default: false,
  }),
  keepTags: field(z.int().min(0).max(1000), {
    doc: 'First parts of a caption that are neither shuffled nor dropped.',
    default: 0,
  }),
  tagDropout: field(share, { doc: 'Share of the parts of a caption left out at a visit.', default: 0 }),
  flip: field(z.boolean(), {
    doc: 'Mirror half of the pictures, drawn anew at every visit; not for text, nor captions with left and right.',
    default: false,
  }),
  pairedAugmentation: field(share, {
    doc: 'Share of visits at which the picture is transformed (inverted, posterized, sharpened, ...) and the caption says so (Lu et al. 2023).',
    default: 0,
  }),
  mask: field(z.enum(MASK_SOURCES), {
    doc: "Where the loss counts. file: where cat-masklabel.png is white, as OneTrainer names it (in shards: NAME.mask.png). alpha: the picture's opacity.",
    default: 'none',
  }),
  unmaskedWeight: field(share, { doc: 'Factor on the loss where the mask is black.', default: 0.1 }),
  normalizeMaskedArea: field(z.boolean(), {
    doc: "Divide a picture's loss by the mean of its mask, so that small subjects are learnt as fast as large ones.",
    default: false,
  }),
  prior: z
    .strictObject({
      path: field(z.string().min(1), {
        doc: 'Pictures of what the model is to keep knowing (prior preservation), of the same form; seen as often as the others together.',
        isPath: true,
      }),
      weight: field(z.number().min(0).max(1000), { doc: 'Factor on their loss.', default: 1 }),
    })
    .nullable()
    .default(null),
  buckets: z
    .strictObject({
      step: field(z.int().min(8).max(512), {
        doc: 'Sizes of aspect-ratio buckets are multiples of it; their area is at most that of data.resolution squared.',
        unit: 'px',
        default: 64,
      }),
      minEdge: field(z.int().min(8).max(4096), {
        doc: 'Shortest edge of a bucket.',
        unit: 'px',
        default: 256,
      }),
      maxEdge: field(z.int().min(8).max(8192), {
        doc: 'Longest edge of a bucket.',
        unit: 'px',
        default: 1024,
      }),
      allowUpscaling: field(z.boolean(), {
        doc: 'Enlarge small pictures to a bucket. false: give them buckets of their own size.',
        default: true,
      }),
    })
    .nullable()
    .default(null),
});
