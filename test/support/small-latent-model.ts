/**
 * Latent models of each family in small: a diffusers folder with UNet, autoencoder, one or two text encoders, CLIP's
 * tokenizers and scheduler, all sizes scaled down but the vocabulary. Seeded: the same call gives the same bytes.
 * Encoders can also be had at their published sizes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeBfloat16, encodeFloat16 } from '../../shared/half.ts';
import { writeSafetensors, type TensorSource } from '../../shared/safetensors.ts';
import { numElements } from '../../shared/tensor.ts';
import {
  clipTextParameters,
  parseClipTextConfig,
  type ClipTextPrefix,
} from '../../worker/model/clip-text.ts';
import { clipTokenizerDefinition } from '../../worker/model/clip-vocabulary.ts';
import { initialiseClipText, initialiseParameters } from '../../worker/model/init.ts';
import { parseUNetConfig } from '../../worker/model/diffusers-config.ts';
import { FAMILIES, type FamilyName } from '../../worker/model/single-file/families.ts';
import { writeTokenizer } from '../../worker/model/tokenizer.ts';
import { unetParameters } from '../../worker/model/unet.ts';
import { parseVaeConfig, vaeParameters } from '../../worker/model/vae.ts';
import { someNumbers } from './numbers.ts';

export interface SmallModelOptions {
  readonly dtype: 'float32' | 'float16' | 'bfloat16';
  /** The UNet in two files with an index. */
  readonly sharded: boolean;
  /** What the text encoders' names begin with. */
  readonly textPrefix: ClipTextPrefix;
  /** Fields of `scheduler_config.json` set otherwise. */
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** Autoencoder and text encoders as large as they are published, float32, and a UNet of a fifth of its width. */
  readonly largeEncoders: boolean;
}

const DEFAULTS: SmallModelOptions = {
  dtype: 'float32',
  sharded: false,
  textPrefix: 'text_model.',
  scheduler: {},
  largeEncoders: false,
};

/** Weights of about this size keep activations near one. */
const WEIGHT_SCALE = 0.2;

/** @param folder is made */
export async function makeSmallLatentModel(
  folder: string,
  name: FamilyName,
  options: Partial<SmallModelOptions> = {},
): Promise<void> {
  const { dtype, sharded, textPrefix, scheduler, largeEncoders } = { ...DEFAULTS, ...options };
  const family = FAMILIES.find((each) => each.name === name);
  if (family === undefined) throw new Error(name);
  const configs = family.configs('epsilon', false);
  const tensorsOf = (parameters: ReadonlyMap<string, readonly number[]>, seed: number): TensorSource[] =>
    Array.from(parameters, ([key, shape], i) => {
      const values = someNumbers(numElements(shape), 1000 * seed + i).map((x) => WEIGHT_SCALE * x);
      const data =
        dtype === 'float16' ? encodeFloat16(values) : dtype === 'bfloat16' ? encodeBfloat16(values) : values;
      return { name: key, tensor: { dtype, shape, data } };
    });

  const unet = { ...configs.unet, ...(largeEncoders ? NARROW_UNET : SMALL_UNETS[name]) };
  await writeJson(join(folder, 'unet/config.json'), unet);
  const unetTensors = tensorsOf(unetParameters(parseUNetConfig(unet, 'unet')), 1);
  await writeWeights(join(folder, 'unet'), 'diffusion_pytorch_model', unetTensors, sharded ? 2 : 1);

  const vae = { ...configs.vae, ...(largeEncoders ? {} : SMALL_VAE) };
  await writeJson(join(folder, 'vae/config.json'), vae);
  const vaeShapes = vaeParameters(parseVaeConfig(vae, 'vae'));
  const vaeTensors = largeEncoders ? [...initialiseParameters(vaeShapes, 2)] : tensorsOf(vaeShapes, 2);
  await writeWeights(join(folder, 'vae'), 'diffusion_pytorch_model', vaeTensors, 1);

  for (const [i, published] of configs.textEncoders.entries()) {
    const suffix = i === 0 ? '' : `_${i + 1}`;
    const config = { ...published, ...(largeEncoders ? {} : SMALL_TEXTS[i]) };
    await writeJson(join(folder, `text_encoder${suffix}/config.json`), config);
    const parsed = parseClipTextConfig(config, 'text_encoder');
    const tensors = largeEncoders
      ? [...initialiseClipText(parsed, textPrefix, 3 + i)]
      : tensorsOf(clipTextParameters(parsed, textPrefix), 3 + i);
    await writeWeights(join(folder, `text_encoder${suffix}`), 'model', tensors, 1);
    const tokenizer = await clipTokenizerDefinition(family.paddings[i]);
    await writeTokenizer(
      join(folder, `tokenizer${suffix}`),
      tokenizer,
      tokenizer.modelMaxLength,
      tokenizer.special,
    );
  }
  await writeJson(join(folder, 'scheduler/scheduler_config.json'), { ...configs.scheduler, ...scheduler });
}

/** SD1's UNet at a fifth of its width, which two cores can train. */
const NARROW_UNET = { block_out_channels: [64, 128, 256, 256] };

const SMALL_UNETS: Readonly<Record<FamilyName, Readonly<Record<string, unknown>>>> = {
  sd1: {
    block_out_channels: [8, 8, 16, 16],
    attention_head_dim: 2,
    norm_num_groups: 4,
    cross_attention_dim: 8,
  },
  sd2: {
    block_out_channels: [8, 8, 16, 16],
    attention_head_dim: [1, 1, 2, 2],
    norm_num_groups: 4,
    cross_attention_dim: 8,
  },
  sdxl: {
    block_out_channels: [8, 8, 16],
    attention_head_dim: [1, 1, 2],
    norm_num_groups: 4,
    transformer_layers_per_block: [1, 1, 2],
    cross_attention_dim: 8 + 12,
    addition_time_embed_dim: 4,
    projection_class_embeddings_input_dim: 10 + 6 * 4,
  },
};

const SMALL_VAE = { block_out_channels: [4, 8, 8, 8], norm_num_groups: 2, layers_per_block: 1 };

const SMALL_TEXTS = [
  { hidden_size: 8, intermediate_size: 16, num_attention_heads: 2, num_hidden_layers: 3 },
  {
    hidden_size: 12,
    intermediate_size: 24,
    num_attention_heads: 3,
    num_hidden_layers: 3,
    projection_dim: 10,
  },
] as const;

async function writeWeights(
  folder: string,
  baseName: string,
  tensors: readonly TensorSource[],
  numShards: number,
): Promise<void> {
  if (numShards === 1)
    return writeSafetensors(join(folder, `${baseName}.safetensors`), tensors, { format: 'pt' });
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < numShards; shard++) {
    const file = `${baseName}-0000${shard + 1}-of-0000${numShards}.safetensors`;
    const held = tensors.filter((_, i) => i % numShards === shard);
    for (const { name } of held) weightMap[name] = file;
    await writeSafetensors(join(folder, file), held, { format: 'pt' });
  }
  return writeJson(join(folder, `${baseName}.safetensors.index.json`), {
    metadata: {},
    weight_map: weightMap,
  });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
