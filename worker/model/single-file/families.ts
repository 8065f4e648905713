/**
 * The model families a single-file checkpoint can be of, with the configs their diffusers folders are published with:
 * a checkpoint holds tensors and no configs.
 *
 * Values are those of stable-diffusion-v1-5, stable-diffusion-2-1-base and -2-1, and stable-diffusion-xl-base-1.0;
 * fields that repeat a default of diffusers or transformers are left out.
 */
import { END_OF_TEXT } from '../bpe-training.ts';
import type { ClipPadding } from '../clip-vocabulary.ts';
import type { ComponentConfigs, ConfigJson } from '../component-configs.ts';
import type { TextPlace } from './text-names.ts';

export type FamilyName = 'sd1' | 'sd2' | 'sdxl';

/** What a UNet's output estimates. */
export type Prediction = 'epsilon' | 'v_prediction';

/** Of a latent model. */
export type FamilyConfigs = ComponentConfigs & { readonly vae: ConfigJson };

export interface Family {
  readonly name: FamilyName;
  /** As its users call it. */
  readonly title: string;
  /** Where each text encoder is. */
  readonly textPlaces: readonly TextPlace[];
  /** Padding of each tokenizer; all else is CLIP's. */
  readonly paddings: readonly ClipPadding[];
  readonly configs: (prediction: Prediction, zeroTerminalSnr: boolean) => FamilyConfigs;
}

const UNET = {
  _class_name: 'UNet2DConditionModel',
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
  block_out_channels: [320, 640, 1280, 1280],
  layers_per_block: 2,
};

const VAE = {
  _class_name: 'AutoencoderKL',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: Array.from({ length: 4 }, () => 'DownEncoderBlock2D'),
  up_block_types: Array.from({ length: 4 }, () => 'UpDecoderBlock2D'),
  layers_per_block: 2,
  sample_size: 512,
  scaling_factor: 0.18215,
};

const CLIP = {
  architectures: ['CLIPTextModel'],
  model_type: 'clip_text_model',
  // As published, though it is not the end token's id; the encoder knows (see eosPositions).
  eos_token_id: 2,
  bos_token_id: 0,
  pad_token_id: 1,
  vocab_size: 49408,
  max_position_embeddings: 77,
  layer_norm_eps: 1e-5,
};

const CLIP_L = {
  ...CLIP,
  hidden_act: 'quick_gelu',
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  projection_dim: 768,
};

/** OpenCLIP ViT-H without its last layer, which Stable Diffusion 2 does not use. */
const CLIP_H = {
  ...CLIP,
  hidden_act: 'gelu',
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 23,
  projection_dim: 512,
};

const CLIP_BIG_G = {
  ...CLIP,
  architectures: ['CLIPTextModelWithProjection'],
  hidden_act: 'gelu',
  hidden_size: 1280,
  intermediate_size: 5120,
  num_attention_heads: 20,
  num_hidden_layers: 32,
  projection_dim: 1280,
};

/** How all of them were trained; scheduler classes differ. */
const schedule = (className: string, prediction: Prediction, zeroTerminalSnr: boolean): ConfigJson => ({
  _class_name: className,
  num_train_timesteps: 1000,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  clip_sample: false,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  timestep_spacing: zeroTerminalSnr ? 'trailing' : 'leading',
  prediction_type: prediction,
  ...(zeroTerminalSnr && { rescale_betas_zero_snr: true }),
});

export const FAMILIES: readonly Family[] = [
  {
    name: 'sdxl',
    title: 'Stable Diffusion XL',
    textPlaces: [
      { form: 'transformers', prefix: 'conditioner.embedders.0.transformer.' },
      { form: 'openclip', prefix: 'conditioner.embedders.1.model.' },
    ],
    paddings: [END_OF_TEXT, '!'],
    configs: (prediction, zeroTerminalSnr) => ({
      unet: {
        ...UNET,
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
        block_out_channels: [320, 640, 1280],
        attention_head_dim: [5, 10, 20],
        transformer_layers_per_block: [1, 2, 10],
        cross_attention_dim: 2048,
        use_linear_projection: true,
        addition_embed_type: 'text_time',
        addition_time_embed_dim: 256,
        projection_class_embeddings_input_dim: 2816,
        sample_size: 128,
      },
      vae: { ...VAE, sample_size: 1024, scaling_factor: 0.13025 },
      textEncoders: [CLIP_L, CLIP_BIG_G],
      scheduler: schedule('EulerDiscreteScheduler', prediction, zeroTerminalSnr),
    }),
  },
  {
    name: 'sd2',
    title: 'Stable Diffusion 2',
    textPlaces: [{ form: 'openclip', prefix: 'cond_stage_model.model.' }],
    paddings: ['!'],
    configs: (prediction, zeroTerminalSnr) => ({
      unet: {
        ...UNET,
        attention_head_dim: [5, 10, 20, 20],
        cross_attention_dim: 1024,
        use_linear_projection: true,
        upcast_attention: prediction === 'v_prediction',
        sample_size: prediction === 'v_prediction' ? 96 : 64,
      },
      vae: { ...VAE, sample_size: prediction === 'v_prediction' ? 768 : 512 },
      textEncoders: [CLIP_H],
      scheduler: schedule(
        prediction === 'v_prediction' ? 'DDIMScheduler' : 'PNDMScheduler',
        prediction,
        zeroTerminalSnr,
      ),
    }),
  },
  {
    name: 'sd1',
    title: 'Stable Diffusion 1',
    textPlaces: [{ form: 'transformers', prefix: 'cond_stage_model.transformer.' }],
    paddings: [END_OF_TEXT],
    configs: (prediction, zeroTerminalSnr) => ({
      unet: { ...UNET, attention_head_dim: 8, cross_attention_dim: 768, sample_size: 64 },
      vae: VAE,
      textEncoders: [CLIP_L],
      scheduler: schedule('PNDMScheduler', prediction, zeroTerminalSnr),
    }),
  },
];
