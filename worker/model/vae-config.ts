/**
 * An `AutoencoderKL` config as diffusers writes it into `vae/config.json`, checked. Whatever is not implemented is
 * refused by name. Defaults follow diffusers/models/autoencoders/autoencoder_kl.py.
 */
import { join } from 'node:path';
import { JsonFields, readJsonFile } from './json-fields.ts';

export interface VaeConfig {
  /** Of the pictures. */
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Per resolution, the finest first; each but the last is halved. */
  readonly blockOutChannels: readonly number[];
  /** Resnets of each resolution in the encoder; the decoder has one more. */
  readonly numResnets: number;
  readonly normNumGroups: number;
  readonly midBlockAttention: boolean;
  readonly useQuantConv: boolean;
  readonly usePostQuantConv: boolean;
  /** A UNet's latents are (z - shift) * scaling. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/**
 * @param json the parsed `config.json` of a `vae/` folder
 * @param source its path, for messages
 * @throws SaraError MODEL_UNSUPPORTED naming file, field, value and accepted values; FILE_CORRUPT when `json` is no object
 */
export function parseVaeConfig(json: unknown, source: string): VaeConfig {
  const fields = new JsonFields(json, source);
  fields.oneOf('_class_name', ['AutoencoderKL'], 'AutoencoderKL');
  fields.oneOf('act_fn', ['silu'], 'silu');
  // Statistics per latent channel, of which only the scalar kind is implemented.
  fields.oneOf('latents_mean', [null], null);
  fields.oneOf('latents_std', [null], null);
  // float32 where other parts run in less: always so here, every graph is float32.
  fields.boolean('force_upcast', true);
  // The size at which diffusers begins to cut pictures into tiles; here they are encoded whole.
  fields.raw('sample_size', 32);

  const blockOutChannels = fields.integerList('block_out_channels', [64]);
  const normNumGroups = fields.integer('norm_num_groups', 32);
  if (blockOutChannels.some((channels) => channels % normNumGroups !== 0)) {
    throw fields.refusal(
      'block_out_channels',
      blockOutChannels,
      `multiples of norm_num_groups = ${normNumGroups}`,
    );
  }
  requireBlockTypes(fields, 'down_block_types', 'DownEncoderBlock2D', blockOutChannels.length);
  requireBlockTypes(fields, 'up_block_types', 'UpDecoderBlock2D', blockOutChannels.length);
  const config: VaeConfig = {
    inChannels: fields.integer('in_channels', 3),
    outChannels: fields.integer('out_channels', 3),
    latentChannels: fields.integer('latent_channels', 4),
    blockOutChannels,
    numResnets: fields.integer('layers_per_block', 1),
    normNumGroups,
    midBlockAttention: fields.boolean('mid_block_add_attention', true),
    useQuantConv: fields.boolean('use_quant_conv', true),
    usePostQuantConv: fields.boolean('use_post_quant_conv', true),
    scalingFactor: fields.positive('scaling_factor', 0.18215),
    shiftFactor: parseShift(fields),
  };
  fields.refuseUnknown();
  return config;
}

/**
 * Reads `<folder>/config.json`.
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT, or what {@link parseVaeConfig} throws
 */
export async function readVaeConfig(folder: string): Promise<VaeConfig> {
  const path = join(folder, 'config.json');
  return parseVaeConfig(await readJsonFile(path), path);
}

/** Pixels per latent pixel along one edge. */
export function latentStride({ blockOutChannels }: VaeConfig): number {
  return 2 ** (blockOutChannels.length - 1);
}

function requireBlockTypes(fields: JsonFields, name: string, type: string, numBlocks: number): void {
  const value = fields.raw(name, [type]);
  if (Array.isArray(value) && value.length === numBlocks && value.every((item) => item === type)) return;
  throw fields.refusal(name, value, `${type}, once per entry of block_out_channels (${numBlocks})`);
}

/** Any sign, and null for none. */
function parseShift(fields: JsonFields): number {
  const value = fields.raw('shift_factor', null);
  if (value === null) return 0;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw fields.refusal('shift_factor', value, 'a number or null');
  return value;
}
