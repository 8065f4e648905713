/**
 * Which family of published models a UNet belongs to, and what other programs call it.
 *
 * @see https://github.com/Stability-AI/ModelSpec for architecture ids; adapters append `/lora`, as kohya's sd-scripts do
 */
import type { PredictionType } from '../diffusion/scheduler-config.ts';
import type { UNetConfig } from '../model/diffusers-config.ts';

export type ModelFamily = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner' | 'pixel';

/** Every Stable Diffusion autoencoder has as many; a UNet that makes other channels draws pixels. */
const LATENT_CHANNELS = 4;
/** Pixels to a latent, along an edge. */
const LATENT_SCALE = 8;
/** The refiner reads OpenCLIP bigG alone, the base model CLIP-L beside it (2048). */
const REFINER_TEXT_CHANNELS = 1280;

export function modelFamily(config: UNetConfig): ModelFamily {
  if (config.outChannels !== LATENT_CHANNELS) return 'pixel';
  if (config.textTime !== null)
    return config.crossAttentionDim === REFINER_TEXT_CHANNELS ? 'sdxl-refiner' : 'sdxl';
  return config.useLinearProjection ? 'sd2' : 'sd1';
}

/** How the metadata of adapter files names a base model. */
export interface FamilyNames {
  /** modelspec.architecture of the model itself. */
  readonly architecture: string;
  /** modelspec.implementation: whose parameter names an adapter's keys follow. */
  readonly implementation: string;
  /** ss_base_model_version. */
  readonly baseVersion: string;
  /** ss_v2: of the Stable Diffusion 2 line. */
  readonly isV2: boolean;
}

const STABILITY = 'https://github.com/Stability-AI/generative-models';

/** Whose names single-file checkpoints keep, whatever the family. */
export const CHECKPOINT_IMPLEMENTATION = STABILITY;

/** @param prediction decides between the two lines of Stable Diffusion 2 */
export function familyNames(family: ModelFamily, prediction: PredictionType): FamilyNames {
  const isVelocity = prediction === 'v_prediction';
  switch (family) {
    case 'sd1':
      return {
        architecture: 'stable-diffusion-v1',
        implementation: 'diffusers',
        baseVersion: isVelocity ? 'sd_v1_v' : 'sd_v1',
        isV2: false,
      };
    case 'sd2':
      return {
        architecture: isVelocity ? 'stable-diffusion-v2-768-v' : 'stable-diffusion-v2-512',
        implementation: 'diffusers',
        baseVersion: isVelocity ? 'sd_v2_v' : 'sd_v2',
        isV2: true,
      };
    case 'sdxl':
      return {
        architecture: 'stable-diffusion-xl-v1-base',
        implementation: STABILITY,
        baseVersion: 'sdxl_base_v1-0',
        isV2: false,
      };
    case 'sdxl-refiner':
      return {
        architecture: 'stable-diffusion-xl-v1-refiner',
        implementation: STABILITY,
        baseVersion: 'sdxl_refiner_v1-0',
        isV2: false,
      };
    case 'pixel':
      // No published id: no user interface knows these models.
      return {
        architecture: 'diffusers-unet2d-condition',
        implementation: 'diffusers',
        baseVersion: 'diffusers_unet2d_condition',
        isV2: false,
      };
  }
}

/** Size of the pictures the model was made for, in px; null when its config does not say. */
export function pictureSize(config: UNetConfig): { readonly width: number; readonly height: number } | null {
  if (config.sampleSize === null) return null;
  const scale = modelFamily(config) === 'pixel' ? 1 : LATENT_SCALE;
  return { width: scale * config.sampleSize.width, height: scale * config.sampleSize.height };
}
