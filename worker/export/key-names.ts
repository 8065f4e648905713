/**
 * What the tensors of an adapter file are called so that other programs find them.
 *
 * kohya's sd-scripts made the names that ComfyUI and A1111 read: `lora_unet_` and the module's name, dots written as
 * underscores. Its name in which program? For SD1 and SD2 in diffusers, for SDXL in single-file checkpoints. Both
 * user interfaces know either for most modules; where one of them knows only the latter, that is used. Which spelling
 * each program reads is recorded in test/golden/key-names.
 */
import { SaraError } from '../../shared/errors.ts';
import type { UNetConfig } from '../model/diffusers-config.ts';
import { storedModuleName } from '../model/single-file/unet-names.ts';
import { modelFamily } from './model-family.ts';

const KOHYA_PREFIX = 'lora_unet_';
const DIFFUSERS_PREFIX = 'unet.';

/** A1111 cannot tell it from its diffusers name. */
const LDM_NAME_EVERYWHERE: ReadonlySet<string> = new Set(['conv_norm_out']);

/**
 * @param module diffusers name
 * @returns e.g. `lora_unet_down_blocks_0_attentions_0_proj_in`
 * @throws SaraError MODEL_UNSUPPORTED when the name is wanted and the module has none in single-file checkpoints
 */
export function kohyaModuleName(config: UNetConfig, module: string): string {
  const family = modelFamily(config);
  const isLdm =
    family === 'sdxl' || family === 'sdxl-refiner' || (family !== 'pixel' && LDM_NAME_EVERYWHERE.has(module));
  return KOHYA_PREFIX + (isLdm ? ldmName(config, module) : module).replaceAll('.', '_');
}

function ldmName(config: UNetConfig, module: string): string {
  const name = storedModuleName(config, module);
  if (name !== null) return name;
  throw new SaraError(
    'MODEL_UNSUPPORTED',
    `the module ${module} has no name in single-file checkpoints; export it as lora-diffusers, which needs none`,
    { module },
  );
}

/** A parameter's module and which of its two tensors it is. */
export interface ParameterPlace {
  /** e.g. `mid_block.attentions.0.proj_in` */
  readonly module: string;
  readonly kind: 'weight' | 'bias';
}

/** @param name of a UNet tensor; each is the weight or the bias of a module */
export function parameterPlace(name: string): ParameterPlace {
  const dot = name.lastIndexOf('.');
  return { module: name.slice(0, dot), kind: name.slice(dot + 1) === 'bias' ? 'bias' : 'weight' };
}

/** LyCORIS' names for changes kept in full. */
export function diffNames(config: UNetConfig, module: string): Readonly<Record<'weight' | 'bias', string>> {
  const name = kohyaModuleName(config, module);
  return { weight: `${name}.diff`, bias: `${name}.diff_b` };
}

/** kohya: what ComfyUI and A1111 read. diffusers: what its load_lora_weights reads and its training scripts write. */
export type LoraLayout = 'kohya' | 'diffusers';

export interface LoraNames {
  readonly up: string;
  readonly down: string;
  /** Of the scalar that divided by the rank scales the product; null where the product always counts in full. */
  readonly alpha: string | null;
}

export function loraNames(config: UNetConfig, module: string, layout: LoraLayout): LoraNames {
  switch (layout) {
    case 'kohya': {
      const name = kohyaModuleName(config, module);
      return { up: `${name}.lora_up.weight`, down: `${name}.lora_down.weight`, alpha: `${name}.alpha` };
    }
    case 'diffusers': {
      const name = DIFFUSERS_PREFIX + module;
      return { up: `${name}.lora.up.weight`, down: `${name}.lora.down.weight`, alpha: null };
    }
  }
}
