/**
 * Which family a single-file checkpoint is of, told from its tensors' names and a few shapes; what cannot be read is
 * refused by its own name, with what to do instead.
 */
import { SaraError } from '../../../shared/errors.ts';
import type { TensorEntry, WeightFiles } from '../../../shared/safetensors.ts';
import { FAMILIES, type Family, type Prediction } from './families.ts';
import { UNET_PREFIX } from './unet-names.ts';
import { VAE_PREFIX } from './vae-names.ts';

type Entries = ReadonlyMap<string, TensorEntry>;

type Telling = readonly (readonly [pattern: RegExp, what: string])[];

/** What a `.safetensors` without a UNet of ours can be, by a name that only it holds. First match. */
const WITHOUT_UNET: Telling = [
  [
    /^lora_|\.lora_(up|down|A|B)\.|\.lora\.(up|down)\.|\.(lokr|hada)_w1/,
    'a LoRA, not a model; give the model it belongs to',
  ],
  [/\.indices$/, 'an adapter of this program, not a model; give the model it belongs to'],
  [/(^|\.)joint_blocks\./, 'Stable Diffusion 3'],
  [/(^|\.)(double_blocks|single_stream_modulation)\./, 'Flux'],
  [/^control_model\.|^controlnet_|(^|\.)input_hint_block\./, 'a ControlNet'],
  [/(^|\.)motion_modules\./, 'a motion module for videos'],
  [
    /^(down_blocks|mid_block|up_blocks)\./,
    'a diffusers UNet alone; give the folder that holds its unet/ folder',
  ],
  [/^(encoder|decoder)\.(conv_in|down|up|mid)/, 'an autoencoder alone; give a whole model'],
  [/^text_model\./, 'a text encoder alone; give a whole model'],
];

/** What a checkpoint with a UNet like ours can be all the same. */
const WITH_UNET: Telling = [
  [/^control_model\./, 'a ControlNet'],
  [/\.time_stack\./, 'a video model'],
  [/^edm_(mean|std)$|^edm_vpred\./, 'a model of the EDM formulation (Playground 2.5, CosXL)'],
  [/^depth_model\./, 'Stable Diffusion 2 for depth maps'],
  [/^embedder\.model\.visual\./, 'Stable Diffusion 2 for image prompts (unCLIP)'],
];

/** The first convolution's input channels tell what a UNet is shown beside the noisy latents. */
const SPECIAL_INPUTS: ReadonlyMap<number, string> = new Map([
  [5, 'a depth-guided model'],
  [7, 'the x4 upscaler'],
  [8, 'a model for editing by instruction (InstructPix2Pix)'],
  [9, 'an inpainting model'],
]);
const LATENT_CHANNELS = 4;

/** @throws SaraError MODEL_UNSUPPORTED naming what the file is, or what it lacks */
export function recogniseFamily(entries: Entries, path: string): Family {
  const names = [...entries.keys()];
  const holds = (prefix: string): boolean => names.some((name) => name.startsWith(prefix));
  const inputChannels = entries.get(`${UNET_PREFIX}input_blocks.0.0.weight`)?.shape[1];
  for (const [pattern, what] of inputChannels === undefined ? WITHOUT_UNET : WITH_UNET) {
    const telling = names.find((name) => pattern.test(name));
    if (telling !== undefined) throw refusal(path, `it holds ${telling}, so it is ${what}`);
  }
  if (inputChannels === undefined)
    throw refusal(path, `it holds no UNet (${UNET_PREFIX}input_blocks.0.0.weight)`);
  if (inputChannels !== LATENT_CHANNELS) {
    const what = SPECIAL_INPUTS.get(inputChannels) ?? 'a model of an unknown kind';
    throw refusal(
      path,
      `its UNet takes ${inputChannels} channels instead of ${LATENT_CHANNELS}, so it is ${what}`,
    );
  }
  if (!holds(VAE_PREFIX)) throw refusal(path, `it holds no autoencoder (${VAE_PREFIX}*)`);
  const family = FAMILIES.find(({ textPlaces }) => textPlaces.every(({ prefix }) => holds(prefix)));
  if (family !== undefined) return family;
  throw holds('conditioner.')
    ? refusal(path, 'it holds one of the text encoders of Stable Diffusion XL alone, as its refiner does')
    : refusal(path, 'it holds no text encoder (cond_stage_model.* or conditioner.embedders.*)');
}

/**
 * What the UNet estimates: as the file's metadata say, or the marker tensor `v_pred`; for Stable Diffusion 2, of which
 * both kinds were published, as its weights tell.
 * @param stored the whole file under its own names
 */
export async function recognisePrediction({ name }: Family, stored: WeightFiles): Promise<Prediction> {
  const said = stored.metadata.get('modelspec.prediction_type');
  if (said === 'v' || said === 'v_prediction' || stored.entries.has('v_pred')) return 'v_prediction';
  if (said === 'epsilon' || name !== 'sd2' || !stored.entries.has(TELLING_BIAS)) return 'epsilon';
  const { data } = await stored.readFloat32(TELLING_BIAS);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  return Math.sqrt(variance) > VELOCITY_BIAS_SPREAD ? 'v_prediction' : 'epsilon';
}

/**
 * Whether a v-prediction model was trained down to pure noise (zero terminal signal-to-noise ratio): the marker tensor
 * `ztsnr`, written beside `v_pred` by the SDXL fine-tunes that are.
 */
export function hasZeroTerminalSnr(entries: Entries, prediction: Prediction): boolean {
  return prediction === 'v_prediction' && entries.has('ztsnr');
}

/**
 * The two published kinds of Stable Diffusion 2 differ in no name and no shape; in the 768-v models this bias spreads
 * wider. The bound is the one ComfyUI tells them apart by, so that both programs read a file the same way.
 */
const TELLING_BIAS = `${UNET_PREFIX}output_blocks.11.1.transformer_blocks.0.norm1.bias`;
const VELOCITY_BIAS_SPREAD = 0.09;

function refusal(path: string, why: string): SaraError {
  const known = FAMILIES.map(({ title }) => title).join(', ');
  return new SaraError(
    'MODEL_UNSUPPORTED',
    `${path}: ${why}; single-file checkpoints can be of ${known}, each with UNet, autoencoder and text encoders`,
    { file: path },
  );
}
