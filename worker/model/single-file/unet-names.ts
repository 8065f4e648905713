/**
 * A UNet's names in a single-file checkpoint, from its config.
 *
 * There its blocks are numbered through: `input_blocks.0` is the first convolution, then each resnet (with its
 * transformer as `.1`) and each downsampler is one; `output_blocks` likewise from the coarsest resolution, the upsampler
 * being the last part of the last block of its resolution.
 */
import type { UNetConfig } from '../diffusers-config.ts';
import { unetParameters } from '../unet.ts';
import {
  modulesByName,
  renamedTensors,
  SAME_STEMS,
  storedName,
  type RenamedModule,
  type StoredTensor,
} from './stored-tensors.ts';

export const UNET_PREFIX = 'model.diffusion_model.';

const RESNET_STEMS = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
};

export function storedUNet(config: UNetConfig): StoredTensor[] {
  return renamedTensors(unetParameters(config), unetModules(config));
}

/**
 * What one module of a UNet is called in a single-file checkpoint, without {@link UNET_PREFIX}.
 * @param module diffusers name, e.g. `down_blocks.1.resnets.0.conv1`
 * @returns e.g. `input_blocks.4.0.in_layers.2`; null when the UNet has no such module
 */
export function storedModuleName(config: UNetConfig, module: string): string | null {
  const stored = storedName(`${module}.weight`, modulesByName(unetModules(config)));
  return stored?.slice(UNET_PREFIX.length, -'.weight'.length) ?? null;
}

function unetModules(config: UNetConfig): RenamedModule[] {
  const modules: RenamedModule[] = [];
  const add = (diffusers: string, stored: string, stems = SAME_STEMS): number =>
    modules.push({ diffusers, stored: UNET_PREFIX + stored, stems });
  const addResnet = (diffusers: string, stored: string): number => add(diffusers, stored, RESNET_STEMS);

  add('time_embedding.linear_1', 'time_embed.0');
  add('time_embedding.linear_2', 'time_embed.2');
  add('add_embedding.linear_1', 'label_emb.0.0');
  add('add_embedding.linear_2', 'label_emb.0.2');

  let block = 0;
  add('conv_in', `input_blocks.${block++}.0`);
  for (const [i, { numResnets, attention, hasDownsampler }] of config.downBlocks.entries()) {
    for (let j = 0; j < numResnets; j++, block++) {
      addResnet(`down_blocks.${i}.resnets.${j}`, `input_blocks.${block}.0`);
      if (attention !== null) add(`down_blocks.${i}.attentions.${j}`, `input_blocks.${block}.1`);
    }
    if (hasDownsampler) add(`down_blocks.${i}.downsamplers.0.conv`, `input_blocks.${block++}.0.op`);
  }

  addResnet('mid_block.resnets.0', 'middle_block.0');
  add('mid_block.attentions.0', 'middle_block.1');
  addResnet('mid_block.resnets.1', 'middle_block.2');

  block = 0;
  for (const [i, { numResnets, attention, hasUpsampler }] of config.upBlocks.entries()) {
    for (let j = 0; j < numResnets; j++, block++) {
      addResnet(`up_blocks.${i}.resnets.${j}`, `output_blocks.${block}.0`);
      if (attention !== null) add(`up_blocks.${i}.attentions.${j}`, `output_blocks.${block}.1`);
    }
    if (hasUpsampler)
      add(
        `up_blocks.${i}.upsamplers.0.conv`,
        `output_blocks.${block - 1}.${attention === null ? 1 : 2}.conv`,
      );
  }
  add('conv_norm_out', 'out.0');
  add('conv_out', 'out.2');
  return modules;
}
