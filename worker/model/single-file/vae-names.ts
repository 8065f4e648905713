/**
 * An autoencoder's names in a single-file checkpoint, from its config.
 *
 * There the decoder's resolutions are numbered as the encoder's, finest first, though they are built coarsest first;
 * and the attention's linears are stored as 1x1 convolutions.
 */
import { vaeParameters, type VaeConfig } from '../vae.ts';
import { renamedTensors, SAME_STEMS, type RenamedModule, type StoredTensor } from './stored-tensors.ts';

export const VAE_PREFIX = 'first_stage_model.';

const RESNET_STEMS = { conv_shortcut: 'nin_shortcut' };
const ATTENTION_STEMS = { group_norm: 'norm', to_q: 'q', to_k: 'k', to_v: 'v', 'to_out.0': 'proj_out' };
const ATTENTION_LINEAR = /\.mid_block\.attentions\.0\.to_\w+(\.0)?\.weight$/;

export function storedVae(config: VaeConfig): StoredTensor[] {
  return renamedTensors(vaeParameters(config), vaeModules(config)).map((stored) =>
    ATTENTION_LINEAR.test(stored.parts[0].name) ? { ...stored, shape: [...stored.shape, 1, 1] } : stored,
  );
}

function vaeModules({ blockOutChannels, numResnets }: VaeConfig): RenamedModule[] {
  const modules: RenamedModule[] = [];
  const add = (diffusers: string, stored: string, stems = SAME_STEMS): number =>
    modules.push({ diffusers, stored: VAE_PREFIX + stored, stems });
  const last = blockOutChannels.length - 1;

  for (let i = 0; i <= last; i++) {
    for (let j = 0; j < numResnets; j++)
      add(`encoder.down_blocks.${i}.resnets.${j}`, `encoder.down.${i}.block.${j}`, RESNET_STEMS);
    add(`encoder.down_blocks.${i}.downsamplers.0`, `encoder.down.${i}.downsample`);
    for (let j = 0; j < numResnets + 1; j++)
      add(`decoder.up_blocks.${i}.resnets.${j}`, `decoder.up.${last - i}.block.${j}`, RESNET_STEMS);
    add(`decoder.up_blocks.${i}.upsamplers.0`, `decoder.up.${last - i}.upsample`);
  }
  for (const half of ['encoder', 'decoder']) {
    add(`${half}.conv_in`, `${half}.conv_in`);
    add(`${half}.mid_block.resnets.0`, `${half}.mid.block_1`, RESNET_STEMS);
    add(`${half}.mid_block.attentions.0`, `${half}.mid.attn_1`, ATTENTION_STEMS);
    add(`${half}.mid_block.resnets.1`, `${half}.mid.block_2`, RESNET_STEMS);
    add(`${half}.conv_norm_out`, `${half}.norm_out`);
    add(`${half}.conv_out`, `${half}.conv_out`);
  }
  add('quant_conv', 'quant_conv');
  add('post_quant_conv', 'post_quant_conv');
  return modules;
}
