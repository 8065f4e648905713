/**
 * What the modules of a UNet are called in single-file checkpoints, which keep the names of CompVis' and Stability's
 * original code (LDM): one list each for the way down and up, numbered through, where diffusers has nested blocks.
 *
 *   input_blocks   0 conv_in; then per down block its resnets, each with its transformer, and the downsampler
 *   middle_block   0 resnet, 1 transformer, 2 resnet
 *   output_blocks  per up block its resnets, each with its transformer, the last with the upsampler
 */
import { SaraError } from '../../shared/errors.ts';
import type { UNetConfig } from '../model/diffusers-config.ts';

const OUTER_MODULES: ReadonlyMap<string, string> = new Map([
  ['conv_in', 'input_blocks.0.0'],
  ['time_embedding.linear_1', 'time_embed.0'],
  ['time_embedding.linear_2', 'time_embed.2'],
  ['add_embedding.linear_1', 'label_emb.0.0'],
  ['add_embedding.linear_2', 'label_emb.0.2'],
  ['conv_norm_out', 'out.0'],
  ['conv_out', 'out.2'],
]);

const MIDDLE_PLACES: ReadonlyMap<string, string> = new Map([
  ['resnets.0', 'middle_block.0'],
  ['attentions.0', 'middle_block.1'],
  ['resnets.1', 'middle_block.2'],
]);

const RESNET_MODULES: ReadonlyMap<string, string> = new Map([
  ['norm1', 'in_layers.0'],
  ['conv1', 'in_layers.2'],
  ['time_emb_proj', 'emb_layers.1'],
  ['norm2', 'out_layers.0'],
  ['conv2', 'out_layers.3'],
  ['conv_shortcut', 'skip_connection'],
]);

/** Inside an entry of a list: the resnet, then the transformer. Transformers have equal names in both. */
const RESNET = '0';
const TRANSFORMER = '1';

/**
 * @param config tells how many resnets each block has
 * @param module diffusers name, e.g. `down_blocks.1.resnets.0.conv1`
 * @returns e.g. `input_blocks.4.0.in_layers.2`
 * @throws SaraError MODEL_UNSUPPORTED when the module has no place in that layout
 */
export function ldmName(config: UNetConfig, module: string): string {
  const name = OUTER_MODULES.get(module) ?? blockName(config, module);
  if (name !== null) return name;
  throw new SaraError(
    'MODEL_UNSUPPORTED',
    `the module ${module} has no name in single-file checkpoints; export in a layout with diffusers' names`,
    { module },
  );
}

function blockName(config: UNetConfig, module: string): string | null {
  const [part, ...path] = module.split('.');
  switch (part) {
    case 'down_blocks':
      return inputName(config, path);
    case 'mid_block':
      return middleName(path);
    case 'up_blocks':
      return outputName(config, path);
    default:
      return null;
  }
}

function inputName({ downBlocks }: UNetConfig, [number, kind, index, ...rest]: string[]): string | null {
  const block = downBlocks.at(Number(number));
  if (block === undefined) return null;
  // The first entry is conv_in; every block before has its resnets and a downsampler.
  const before = downBlocks.slice(0, Number(number));
  const start = 1 + before.reduce((sum, { numResnets }) => sum + numResnets + 1, 0);
  if (kind === 'downsamplers') return `input_blocks.${start + block.numResnets}.0.op`;
  return layerName(`input_blocks.${start + Number(index)}`, kind, rest);
}

function middleName([kind, index, ...rest]: string[]): string | null {
  const place = MIDDLE_PLACES.get(`${kind}.${index}`);
  if (place === undefined) return null;
  return kind === 'resnets' ? resnetName(place, rest) : [place, ...rest].join('.');
}

function outputName({ upBlocks }: UNetConfig, [number, kind, index, ...rest]: string[]): string | null {
  const block = upBlocks.at(Number(number));
  if (block === undefined) return null;
  const before = upBlocks.slice(0, Number(number));
  const start = before.reduce((sum, { numResnets }) => sum + numResnets, 0);
  if (kind === 'upsamplers')
    return `output_blocks.${start + block.numResnets - 1}.${block.attention === null ? '1' : '2'}.conv`;
  return layerName(`output_blocks.${start + Number(index)}`, kind, rest);
}

function layerName(place: string, kind: string, rest: readonly string[]): string | null {
  if (kind === 'resnets') return resnetName(`${place}.${RESNET}`, rest);
  return kind === 'attentions' ? [place, TRANSFORMER, ...rest].join('.') : null;
}

function resnetName(place: string, rest: readonly string[]): string | null {
  const name = RESNET_MODULES.get(rest.join('.'));
  return name === undefined ? null : `${place}.${name}`;
}
