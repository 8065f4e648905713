/**
 * A complete run in small, in a temporary folder: a diffusers model (the recorded pixel-space UNet of 90 thousand
 * parameters, a text encoder and tokenizer made for it), captioned pictures, a held-out set, and the run's YAML.
 *
 * Everything is seeded: two tiny runs have the same bytes.
 */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { stringify } from 'yaml';
import { resolveRunConfig, type ResolvedRunConfig, type RunConfig } from '../../shared/config.ts';
import { writeSafetensors } from '../../shared/safetensors.ts';
import { parseClipTextConfig } from '../../worker/model/clip-text.ts';
import { initialiseClipText } from '../../worker/model/init.ts';
import { trainBpe, writeTokenizer } from '../../worker/model/tokenizer.ts';
import { someNumbers } from './numbers.ts';

const UNET = 'test/golden/unet-pixel/unet';
const SCHEDULER = 'examples/emoji/base/scheduler/scheduler_config.json';

/** What the recorded UNet attends to. */
const HIDDEN_SIZE = 12;
const MAX_TOKENS = 16;
/** The byte symbols, the special tokens and a few merges. */
const VOCAB_SIZE = 560;
const TEXT_SEED = 5;

/** Edge of the pictures, in px; the smallest that the UNet's two halvings leave something of. */
const RESOLUTION = 16;
const NUM_PICTURES = 12;
const NUM_HELD_OUT = 4;

const COLOURS = ['red', 'green', 'blue', 'yellow'];
const THINGS = ['cat', 'leaf', 'boat', 'star', 'hat'];

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

/** Fields that a test sets otherwise; sections are merged, `null` removes a section. */
export type Overrides = DeepPartial<RunConfig>;

export interface TinyRun {
  /** Absolute; everything below lies in it. */
  readonly folder: string;
  readonly modelFolder: string;
  readonly picturesFolder: string;
  readonly heldOutFolder: string;
  /** Receives one folder per run. */
  readonly outputFolder: string;
  /** The run's configuration, with fields set otherwise. */
  config(overrides?: Overrides): ResolvedRunConfig;
  /** Writes it as YAML. @returns its path */
  writeConfig(overrides?: Overrides): Promise<string>;
  remove(): Promise<void>;
}

export async function makeTinyRun(): Promise<TinyRun> {
  const folder = await mkdtemp(join(tmpdir(), 'sara-tiny-'));
  const place = (name: string): string => join(folder, name);
  const captions = await makePictures(place('pictures'), 0, NUM_PICTURES);
  await makePictures(place('held-out'), NUM_PICTURES, NUM_HELD_OUT);
  await makeTinyModel(place('model'), captions);

  const resolved = (overrides: Overrides = {}): RunConfig =>
    merged(baseConfig(place), overrides) as RunConfig;
  let numConfigs = 0;
  return {
    folder,
    modelFolder: place('model'),
    picturesFolder: place('pictures'),
    heldOutFolder: place('held-out'),
    outputFolder: place('runs'),
    config: (overrides) => resolveRunConfig(resolved(overrides), 'the tiny run', folder),
    writeConfig: async (overrides) => {
      const path = place(`run-${numConfigs++}.yaml`);
      await writeFile(path, stringify(resolved(overrides)));
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function baseConfig(place: (name: string) => string): RunConfig {
  return {
    name: 'tiny',
    method: 'sara',
    model: { path: place('model') },
    data: { path: place('pictures'), validationPath: place('held-out'), resolution: RESOLUTION },
    sara: { fraction: 0.3, rank: { minDimension: 8 }, reselectStep: 3 },
    optimizer: { learningRate: 5e-3 },
    train: { steps: 6, batchSize: 4, microBatchSize: 2, seed: 11 },
    pipeline: { stages: 1, replicas: 1 },
    validation: { everySteps: 0, numSamples: 4, timesteps: 2 },
    preview: { prompts: ['a red cat', 'a blue boat'], seeds: [1], numInferenceSteps: 3 },
    checkpoint: { everySteps: 2, keepLast: 2 },
    output: { dir: place('runs') },
  };
}

/** `overrides` over `base`: sections are merged, everything else replaced. */
export function merged(base: unknown, overrides: unknown): unknown {
  if (!isSection(base) || !isSection(overrides)) return overrides;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overrides)) result[key] = merged(base[key], value);
  return result;
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Pictures `first` to `first + count` of an endless series of coloured squares on noise, each with its caption.
 * @returns the captions
 */
export async function makePictures(folder: string, first: number, count: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const captions: string[] = [];
  for (let i = first; i < first + count; i++) {
    const caption = `a ${COLOURS[i % COLOURS.length]} ${THINGS[i % THINGS.length]}`;
    const pixels = Buffer.from(someNumbers(3 * RESOLUTION ** 2, i).map((x) => 128 + 40 * x));
    const square = {
      create: {
        width: 6 + (i % 5),
        height: 8,
        channels: 3 as const,
        background: COLOURS[i % COLOURS.length],
      },
    };
    await sharp(pixels, { raw: { width: RESOLUTION, height: RESOLUTION, channels: 3 } })
      .composite([{ input: square, left: i % 7, top: (3 * i) % 8 }])
      .png()
      .toFile(join(folder, `picture-${String(i).padStart(2, '0')}.png`));
    await writeFile(join(folder, `picture-${String(i).padStart(2, '0')}.txt`), `${caption}\n`);
    captions.push(caption);
  }
  return captions;
}

async function makeTinyModel(folder: string, captions: readonly string[]): Promise<void> {
  for (const part of ['unet', 'text_encoder', 'scheduler'])
    await mkdir(join(folder, part), { recursive: true });
  for (const file of ['config.json', 'diffusion_pytorch_model.safetensors'])
    await copyFile(join(UNET, file), join(folder, 'unet', file));
  await copyFile(SCHEDULER, join(folder, 'scheduler/scheduler_config.json'));

  const bpe = trainBpe(captions, VOCAB_SIZE);
  await writeTokenizer(join(folder, 'tokenizer'), bpe, MAX_TOKENS);
  const textConfig = {
    architectures: ['CLIPTextModel'],
    model_type: 'clip_text_model',
    vocab_size: bpe.vocab.size,
    hidden_size: HIDDEN_SIZE,
    intermediate_size: 2 * HIDDEN_SIZE,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: MAX_TOKENS,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    bos_token_id: bpe.vocab.size - 2,
    eos_token_id: bpe.vocab.size - 1,
    pad_token_id: bpe.vocab.size - 1,
  };
  await writeJson(join(folder, 'text_encoder/config.json'), textConfig);
  const parsed = parseClipTextConfig(textConfig, 'text_encoder/config.json');
  await writeSafetensors(
    join(folder, 'text_encoder/model.safetensors'),
    [...initialiseClipText(parsed, 'text_model.', TEXT_SEED)],
    { format: 'pt' },
  );
  await writeJson(join(folder, 'model_index.json'), {
    _class_name: 'DiffusionPipeline',
    _diffusers_version: '0.31.0',
    scheduler: ['diffusers', 'DDIMScheduler'],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
  });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
