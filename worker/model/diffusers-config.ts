/**
 * A `UNet2DConditionModel` config as diffusers writes it, checked and resolved into what each block is made of.
 *
 * Responsible for every default, quirk and per-block rule of the format, so that unet.ts only builds what it is
 * told. Whatever is not implemented is refused here by name. Defaults and rules follow
 * diffusers/models/unets/unet_2d_condition.py and unet_2d_blocks.py.
 */
import { join } from 'node:path';
import { JsonFields, readJsonFile } from './json-fields.ts';

/** The attention of a block: one transformer after each resnet. */
export interface AttentionConfig {
  readonly numHeads: number;
  /** Number of transformer blocks in the transformer after each resnet. */
  readonly numLayers: readonly number[];
}

export interface DownBlockConfig {
  readonly outChannels: number;
  readonly numResnets: number;
  /** Null for DownBlock2D. */
  readonly attention: AttentionConfig | null;
  readonly hasDownsampler: boolean;
}

export interface UpBlockConfig {
  readonly outChannels: number;
  /** One more than the matching down block: each takes one skip. */
  readonly numResnets: number;
  /** Null for UpBlock2D. */
  readonly attention: AttentionConfig | null;
  readonly hasUpsampler: boolean;
}

export interface MidBlockConfig {
  readonly channels: number;
  /** Null for UNetMidBlock2D, which is then a single resnet. */
  readonly attention: { readonly numHeads: number; readonly numLayers: number } | null;
  /** Each resnet's result is divided by this. */
  readonly scaleFactor: number;
}

/** SDXL's second condition: pooled text and image sizes, added to the time embedding. */
export interface TextTimeConfig {
  /** Channels of the sinusoid of each time id. */
  readonly numTimeIdChannels: number;
  /** Pooled text channels + (number of time ids) x numTimeIdChannels. */
  readonly numInputChannels: number;
}

export interface UNetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width the model was trained at, in latent pixels; null when the config does not say. */
  readonly sampleSize: { readonly height: number; readonly width: number } | null;
  /** The input is mapped from [0, 1] to [-1, 1] first. */
  readonly centerInputSample: boolean;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  /** Channels of the sinusoid and of conv_in's output. */
  readonly baseChannels: number;
  readonly timeEmbedDim: number;
  readonly crossAttentionDim: number;
  readonly normNumGroups: number;
  readonly normEpsilon: number;
  /** 1: symmetric; 0: one row and one column after, as older autoencoders do. */
  readonly downsamplePadding: 0 | 1;
  /** The projections around each transformer are linears (SD2, SDXL) instead of 1x1 convolutions. */
  readonly useLinearProjection: boolean;
  readonly convInKernel: number;
  readonly convOutKernel: number;
  readonly downBlocks: readonly DownBlockConfig[];
  readonly midBlock: MidBlockConfig | null;
  readonly upBlocks: readonly UpBlockConfig[];
  readonly textTime: TextTimeConfig | null;
}

const DOWN_BLOCK_TYPES = ['DownBlock2D', 'CrossAttnDownBlock2D'] as const;
const UP_BLOCK_TYPES = ['UpBlock2D', 'CrossAttnUpBlock2D'] as const;

/**
 * Fields whose only implemented value is the one given: diffusers' default, which every SD1, SD2 and SDXL
 * checkpoint has.
 */
const FIXED_FIELDS: ReadonlyMap<string, string | number | boolean | null> = new Map<
  string,
  string | number | boolean | null
>([
  ['act_fn', 'silu'],
  ['attention_type', 'default'],
  ['class_embed_type', null],
  ['class_embeddings_concat', false],
  ['cross_attention_norm', null],
  ['dropout', 0],
  ['dual_cross_attention', false],
  ['encoder_hid_dim', null],
  ['encoder_hid_dim_type', null],
  ['num_class_embeds', null],
  ['resnet_out_scale_factor', 1],
  ['resnet_skip_time_act', false],
  ['resnet_time_scale_shift', 'default'],
  ['time_cond_proj_dim', null],
  ['time_embedding_act_fn', null],
  ['time_embedding_type', 'positional'],
  ['timestep_post_act', null],
]);

/**
 * @param json the parsed `config.json` of a `unet/` folder
 * @param source its path, for messages
 * @throws SaraError MODEL_UNSUPPORTED naming file, field, value and accepted values; FILE_CORRUPT when `json` is no object
 */
export function parseUNetConfig(json: unknown, source: string): UNetConfig {
  const fields = new JsonFields(json, source);
  fields.oneOf('_class_name', ['UNet2DConditionModel'], 'UNet2DConditionModel');
  for (const [name, only] of FIXED_FIELDS) fields.oneOf(name, [only], only);
  refuseCrossAttentionOnly(fields);
  // Attention in higher precision: already so, the whole graph is float32.
  fields.oneOf('upcast_attention', [true, false, null], false);
  // Read by no implemented embedding type.
  fields.raw('addition_embed_type_num_heads', 64);

  const blockOutChannels = fields.integerList('block_out_channels', [320, 640, 1280, 1280]);
  const normNumGroups = fields.integer('norm_num_groups', 32);
  for (const channels of blockOutChannels) {
    if (channels % normNumGroups !== 0) {
      throw fields.refusal(
        'block_out_channels',
        blockOutChannels,
        `multiples of norm_num_groups = ${normNumGroups}`,
      );
    }
  }
  const blocks = parseBlocks(fields, blockOutChannels);
  const config: UNetConfig = {
    inChannels: fields.integer('in_channels', 4),
    outChannels: fields.integer('out_channels', 4),
    sampleSize: parseSampleSize(fields),
    centerInputSample: fields.boolean('center_input_sample', false),
    flipSinToCos: fields.boolean('flip_sin_to_cos', true),
    freqShift: fields.integer('freq_shift', 0, 0),
    baseChannels: blockOutChannels[0],
    timeEmbedDim: fields.integerOrNull('time_embedding_dim', null) ?? blockOutChannels[0] * 4,
    crossAttentionDim: parseCrossAttentionDim(fields, blockOutChannels.length),
    normNumGroups,
    normEpsilon: fields.positive('norm_eps', 1e-5),
    downsamplePadding: fields.oneOf('downsample_padding', [0, 1], 1),
    useLinearProjection: fields.boolean('use_linear_projection', false),
    convInKernel: parseOddKernel(fields, 'conv_in_kernel'),
    convOutKernel: parseOddKernel(fields, 'conv_out_kernel'),
    textTime: parseTextTime(fields),
    ...blocks,
  };
  if (config.baseChannels % 2 !== 0) {
    throw fields.refusal(
      'block_out_channels',
      blockOutChannels,
      'an even first entry: half sines, half cosines',
    );
  }
  if (config.freqShift >= config.baseChannels / 2) {
    throw fields.refusal(
      'freq_shift',
      config.freqShift,
      `an integer below half of block_out_channels[0] = ${config.baseChannels}`,
    );
  }
  fields.refuseUnknown();
  return config;
}

/**
 * Reads `<folder>/config.json`.
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT, or what {@link parseUNetConfig} throws
 */
export async function readUNetConfig(folder: string): Promise<UNetConfig> {
  const path = join(folder, 'config.json');
  return parseUNetConfig(await readJsonFile(path), path);
}

type Blocks = Pick<UNetConfig, 'downBlocks' | 'midBlock' | 'upBlocks'>;

function parseBlocks(fields: JsonFields, blockOutChannels: readonly number[]): Blocks {
  const numBlocks = blockOutChannels.length;
  const defaultDown = blockOutChannels.map((_, i) => DOWN_BLOCK_TYPES[i < numBlocks - 1 ? 1 : 0]);
  const defaultUp = blockOutChannels.map((_, i) => UP_BLOCK_TYPES[i > 0 ? 1 : 0]);
  const downTypes = parseBlockTypes(fields, 'down_block_types', DOWN_BLOCK_TYPES, defaultDown);
  const upTypes = parseBlockTypes(fields, 'up_block_types', UP_BLOCK_TYPES, defaultUp);
  const numResnets = fields.integerPerBlock('layers_per_block', 2, numBlocks);
  const numHeads = parseNumHeads(fields, blockOutChannels);
  const layers = parseTransformerLayers(fields, numBlocks);

  const downBlocks = downTypes.map((type, i): DownBlockConfig => ({
    outChannels: blockOutChannels[i],
    numResnets: numResnets[i],
    attention:
      type === 'CrossAttnDownBlock2D'
        ? {
            numHeads: numHeads[i],
            numLayers: layersPerResnet(fields, layers.downName, layers.down[i], numResnets[i]),
          }
        : null,
    hasDownsampler: i < numBlocks - 1,
  }));
  const upBlocks = upTypes.map((type, i): UpBlockConfig => {
    const mirror = numBlocks - 1 - i;
    const count = numResnets[mirror] + 1;
    return {
      outChannels: blockOutChannels[mirror],
      numResnets: count,
      attention:
        type === 'CrossAttnUpBlock2D'
          ? {
              numHeads: numHeads[mirror],
              numLayers: layersPerResnet(fields, layers.upName, layers.up[i], count),
            }
          : null,
      hasUpsampler: i < numBlocks - 1,
    };
  });
  const midType = fields.oneOf(
    'mid_block_type',
    ['UNetMidBlock2DCrossAttn', 'UNetMidBlock2D', null],
    'UNetMidBlock2DCrossAttn',
  );
  const scaleFactor = fields.positive('mid_block_scale_factor', 1);
  const [midLayers] = [layers.down[numBlocks - 1]].flat();
  const midBlock: MidBlockConfig = {
    channels: blockOutChannels[numBlocks - 1],
    attention:
      midType === 'UNetMidBlock2DCrossAttn'
        ? { numHeads: numHeads[numBlocks - 1], numLayers: fields.asInteger(layers.downName, midLayers, 1) }
        : null,
    scaleFactor,
  };
  return { downBlocks, midBlock: midType === null ? null : midBlock, upBlocks };
}

function parseBlockTypes<T extends string>(
  fields: JsonFields,
  name: string,
  accepted: readonly T[],
  fallback: readonly T[],
): readonly T[] {
  const value = fields.raw(name, fallback);
  if (!Array.isArray(value) || value.length !== fallback.length) {
    throw fields.refusal(
      name,
      value,
      `a list of ${fallback.length} block types, one per entry of block_out_channels`,
    );
  }
  return value.map((type: unknown) => {
    const found = accepted.find((candidate) => candidate === type);
    if (found === undefined) throw fields.refusal(name, type, accepted.join(', '));
    return found;
  });
}

/**
 * Heads per down block. The field is called `attention_head_dim` but holds the *number of heads*: a name diffusers
 * got wrong once and kept for the sake of published checkpoints; it refuses `num_attention_heads` itself.
 */
function parseNumHeads(fields: JsonFields, blockOutChannels: readonly number[]): readonly number[] {
  const override = fields.raw('num_attention_heads', null);
  if (override !== null) {
    throw fields.refusal(
      'num_attention_heads',
      override,
      'null: as in diffusers, attention_head_dim holds the number of heads',
    );
  }
  const numHeads = fields.integerPerBlock('attention_head_dim', 8, blockOutChannels.length);
  for (const [i, heads] of numHeads.entries()) {
    if (blockOutChannels[i] % heads !== 0) {
      throw fields.refusal(
        'attention_head_dim',
        heads,
        `a number of heads that divides block_out_channels[${i}] = ${blockOutChannels[i]}`,
      );
    }
  }
  return numHeads;
}

/** Per block an integer, or a list with one per resnet of that block, not yet checked. */
interface TransformerLayers {
  readonly down: readonly unknown[];
  readonly downName: string;
  readonly up: readonly unknown[];
  readonly upName: string;
}

function parseTransformerLayers(fields: JsonFields, numBlocks: number): TransformerLayers {
  const downName = 'transformer_layers_per_block';
  const reverseName = 'reverse_transformer_layers_per_block';
  const down = fields.perBlock(downName, fields.raw(downName, 1), numBlocks);
  const reverse = fields.raw(reverseName, null);
  if (reverse !== null) {
    return { down, downName, up: fields.perBlock(reverseName, reverse, numBlocks), upName: reverseName };
  }
  // An up block has one transformer more than its down block: a list per resnet cannot simply be mirrored.
  if (down.some((item) => Array.isArray(item))) {
    throw fields.refusal(reverseName, null, `a list, since ${downName} holds a list per resnet`);
  }
  return { down, downName, up: down.toReversed(), upName: downName };
}

function layersPerResnet(fields: JsonFields, name: string, value: unknown, numResnets: number): number[] {
  if (!Array.isArray(value))
    return Array.from({ length: numResnets }, () => fields.asInteger(name, value, 1));
  if (value.length !== numResnets)
    throw fields.refusal(name, value, `an integer or a list of ${numResnets}, one per resnet of the block`);
  return value.map((item: unknown) => fields.asInteger(name, item, 1));
}

function refuseCrossAttentionOnly(fields: JsonFields): void {
  const value = fields.raw('only_cross_attention', false);
  if (![value].flat().every((item) => item === false))
    throw fields.refusal('only_cross_attention', value, 'false');
  fields.oneOf('mid_block_only_cross_attention', [null, false], null);
}

/** One number, or a list of equal ones: there is one text condition, so all blocks read the same width. */
function parseCrossAttentionDim(fields: JsonFields, numBlocks: number): number {
  const name = 'cross_attention_dim';
  const dims = fields.integerPerBlock(name, 1280, numBlocks);
  if (dims.some((dim) => dim !== dims[0]))
    throw fields.refusal(name, dims, 'an integer or a list of equal integers');
  return dims[0];
}

function parseSampleSize(fields: JsonFields): UNetConfig['sampleSize'] {
  const name = 'sample_size';
  const value = fields.raw(name, null);
  if (value === null) return null;
  const sizes: unknown[] = Array.isArray(value) ? value : [value, value];
  if (sizes.length !== 2) throw fields.refusal(name, value, 'null, an integer or [height, width]');
  return { height: fields.asInteger(name, sizes[0], 1), width: fields.asInteger(name, sizes[1], 1) };
}

function parseOddKernel(fields: JsonFields, name: string): number {
  const size = fields.integer(name, 3);
  if (size % 2 === 0)
    throw fields.refusal(name, size, 'an odd integer: an even kernel would change the size of the picture');
  return size;
}

function parseTextTime(fields: JsonFields): TextTimeConfig | null {
  const type = fields.oneOf('addition_embed_type', [null, 'text_time'], null);
  const numTimeIdChannels = fields.integerOrNull('addition_time_embed_dim', null);
  const numInputChannels = fields.integerOrNull('projection_class_embeddings_input_dim', null);
  if (type === null) return null;
  if (numTimeIdChannels === null || numTimeIdChannels % 2 !== 0) {
    throw fields.refusal(
      'addition_time_embed_dim',
      numTimeIdChannels,
      'an even integer, since addition_embed_type is text_time',
    );
  }
  if (numInputChannels === null) {
    throw fields.refusal(
      'projection_class_embeddings_input_dim',
      null,
      'an integer, since addition_embed_type is text_time',
    );
  }
  return { numTimeIdChannels, numInputChannels };
}
