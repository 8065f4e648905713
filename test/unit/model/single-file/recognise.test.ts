/** Published checkpoints, by name, size and shape: recognised, or refused by what they are. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClipTextConfig } from '../../../../worker/model/clip-text.ts';
import { parseUNetConfig } from '../../../../worker/model/diffusers-config.ts';
import { DiffusersModel } from '../../../../worker/model/diffusers-model.ts';
import { FAMILIES, type FamilyName } from '../../../../worker/model/single-file/families.ts';
import { openSingleFile } from '../../../../worker/model/single-file/open.ts';
import { storedText } from '../../../../worker/model/single-file/text-names.ts';
import { storedUNet } from '../../../../worker/model/single-file/unet-names.ts';
import { storedVae } from '../../../../worker/model/single-file/vae-names.ts';
import { parseVaeConfig } from '../../../../worker/model/vae.ts';
import { parseSchedulerConfig } from '../../../../worker/diffusion/scheduler-config.ts';
import { someNumbers } from '../../../support/numbers.ts';
import { saraError } from '../../../support/sara-error.ts';
import { writeSparseCheckpoint, type SparseTensor } from '../../../support/sparse-checkpoint.ts';

const UNET = 'model.diffusion_model.';
const TELLING_BIAS = `${UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias`;

/** Every tensor of a published checkpoint of this family, in its published size. */
function published(name: FamilyName): SparseTensor[] {
  const family = FAMILIES.find((each) => each.name === name) ?? assert.fail(name);
  const configs = family.configs('epsilon', false);
  return [
    ...storedUNet(parseUNetConfig(configs.unet, name)),
    ...storedVae(parseVaeConfig(configs.vae, name)),
    ...family.textPlaces.flatMap((place, i) =>
      storedText(parseClipTextConfig(configs.textEncoders[i], name), 'text_model.', place),
    ),
  ].map((tensor) => ({ ...tensor, dtype: 'float16' }));
}

/** What such files hold beside the model. */
const BESIDE: readonly SparseTensor[] = [
  { name: 'cond_stage_model.transformer.text_model.embeddings.position_ids', shape: [1, 77], dtype: 'int64' },
  { name: 'model_ema.diffusion_modelout2bias', shape: [4], dtype: 'float32' },
  { name: 'alphas_cumprod', shape: [1000], dtype: 'float32' },
];

describe('recognising single-file checkpoints', () => {
  let path: string;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-recognise-'));
    path = join(folder, 'model.safetensors');
  });
  afterEach(() => rm(path, { force: true }));
  after(() => rm(folder, { recursive: true }));

  for (const { name, dimension, latent } of [
    { name: 'sd1', dimension: 768, latent: 64 },
    { name: 'sd2', dimension: 1024, latent: 64 },
    { name: 'sdxl', dimension: 2048, latent: 128 },
  ] as const) {
    it(`takes ${name} at its published size for what it is, whatever else the file holds`, async () => {
      await writeSparseCheckpoint(path, [...published(name), ...BESIDE]);
      const model = await DiffusersModel.open(path);
      try {
        assert.equal(model.singleFile?.family.name, name);
        assert.equal(model.unetConfig.crossAttentionDim, dimension);
        assert.deepEqual(model.unetConfig.sampleSize, { height: latent, width: latent });
        assert.equal(model.vae?.config.scalingFactor, name === 'sdxl' ? 0.13025 : 0.18215);
        assert.deepEqual(
          model.textEncoders.map(({ tokenizer }) => tokenizer.padTokenId),
          { sd1: [49407], sd2: [0], sdxl: [49407, 0] }[name],
        );
        const scheduler = parseSchedulerConfig(model.singleFile.configs.scheduler, 'scheduler');
        assert.equal(scheduler.predictionType, 'epsilon');
        assert.ok(!scheduler.rescaleBetasZeroSnr);
      } finally {
        await model.close();
      }
    });
  }

  const openedConfigs = async (tensors: readonly SparseTensor[], metadata: Record<string, string> = {}) => {
    await writeSparseCheckpoint(path, tensors, metadata);
    const { configs, stored } = await openSingleFile(path);
    await stored.close();
    return configs;
  };

  for (const { spread, prediction, latent } of [
    // Uniform values in [-a, a) have a standard deviation of a / sqrt(3).
    { spread: 0.2, prediction: 'v_prediction', latent: 96 },
    { spread: 0.1, prediction: 'epsilon', latent: 64 },
  ]) {
    it(`tells ${prediction} of sd2 by a bias of spread ${spread}, against which metadata win`, async () => {
      const tensors = published('sd2').map((tensor): SparseTensor =>
        tensor.name === TELLING_BIAS
          ? { ...tensor, dtype: 'float32', values: someNumbers(320, 3).map((x) => spread * x) }
          : tensor,
      );
      const { unet, scheduler } = await openedConfigs(tensors);
      assert.equal(scheduler.prediction_type, prediction);
      assert.equal(unet.sample_size, latent);
      const said = prediction === 'epsilon' ? 'v' : 'epsilon';
      const { scheduler: other } = await openedConfigs(tensors, { 'modelspec.prediction_type': said });
      assert.notEqual(other.prediction_type, prediction);
    });
  }

  it('tells v-prediction and zero terminal SNR of sdxl by the marker tensors', async () => {
    const marker = (name: string): SparseTensor => ({ name, shape: [0], dtype: 'float32' });
    const velocity = await openedConfigs([...published('sdxl'), marker('v_pred')]);
    assert.equal(velocity.scheduler.prediction_type, 'v_prediction');
    assert.equal(velocity.scheduler.rescale_betas_zero_snr, undefined);
    const zeroSnr = await openedConfigs([...published('sdxl'), marker('v_pred'), marker('ztsnr')]);
    const scheduler = parseSchedulerConfig(zeroSnr.scheduler, 'scheduler');
    assert.ok(scheduler.rescaleBetasZeroSnr);
    assert.equal(scheduler.timestepSpacing, 'trailing');
  });

  const conv = (channels: number): SparseTensor => ({
    name: `${UNET}input_blocks.0.0.weight`,
    shape: [320, channels, 3, 3],
    dtype: 'float16',
  });
  const named = (name: string): SparseTensor => ({ name, shape: [1], dtype: 'float16' });

  for (const [what, tensors, message] of [
    ['a LoRA', [named('lora_unet_mid_block_attentions_0_proj_in.lora_down.weight')], /a LoRA, not a model/],
    ['an adapter of ours', [named('conv_in.weight.indices')], /an adapter of this program/],
    ['Stable Diffusion 3', [named(`${UNET}joint_blocks.0.x_block.attn.qkv.weight`)], /Stable Diffusion 3/],
    ['Flux', [named('double_blocks.0.img_attn.qkv.weight')], /Flux/],
    ['a ControlNet', [named('control_model.time_embed.0.weight'), conv(4)], /a ControlNet/],
    ['Playground 2.5', [named('edm_mean'), conv(4)], /EDM formulation/],
    [
      'a diffusers UNet',
      [named('conv_in.weight'), named('down_blocks.0.resnets.0.norm1.bias')],
      /diffusers UNet alone.*unet\/ folder/,
    ],
    ['an autoencoder', [named('decoder.conv_in.weight')], /an autoencoder alone/],
    ['a text encoder', [named('text_model.final_layer_norm.bias')], /a text encoder alone/],
    ['an inpainting model', [conv(9)], /takes 9 channels instead of 4, so it is an inpainting model/],
    ['an upscaler', [conv(7)], /x4 upscaler/],
    ['something with 12 channels', [conv(12)], /takes 12 channels.*unknown kind/],
    ['nothing of the kind', [named('weights')], /it holds no UNet/],
    [
      'a checkpoint without autoencoder',
      [conv(4), named('cond_stage_model.transformer.x')],
      /no autoencoder \(first_stage_model\.\*\)/,
    ],
    ['a checkpoint without text encoder', [conv(4), named('first_stage_model.x')], /no text encoder/],
    [
      'the SDXL refiner',
      [conv(4), named('first_stage_model.x'), named('conditioner.embedders.0.model.ln_final.bias')],
      /text encoders of Stable Diffusion XL alone, as its refiner/,
    ],
  ] as const) {
    it(`refuses ${what} by what it is`, async () => {
      await writeSparseCheckpoint(path, tensors);
      await assert.rejects(
        DiffusersModel.open(path),
        saraError('MODEL_UNSUPPORTED', message, /single-file checkpoints can be of Stable Diffusion XL, /),
      );
    });
  }

  it('refuses a pickle by name, whatever is in it, and says what to do', async () => {
    const pickle = join(folder, 'model.ckpt');
    await writeFile(pickle, 'PK');
    await assert.rejects(
      DiffusersModel.open(pickle),
      saraError('MODEL_UNSUPPORTED', /model\.ckpt is a Python pickle.*convert it to \.safetensors/),
    );
  });

  it('refuses a family member of other sizes by the first tensor that differs', async () => {
    const pruned = published('sdxl').filter(
      ({ name }) => !name.includes('middle_block.1.transformer_blocks.9.'),
    );
    await writeSparseCheckpoint(path, pruned);
    await assert.rejects(
      DiffusersModel.open(path),
      saraError(
        'FILE_CORRUPT',
        /lack 20 of the 1680 tensors unet of Stable Diffusion XL asks for.*middle_block\.1\.transformer_blocks\.9\./,
      ),
    );
    const reshaped = published('sd1').map((tensor) =>
      tensor.name === 'first_stage_model.quant_conv.bias' ? { ...tensor, shape: [16] } : tensor,
    );
    await writeSparseCheckpoint(path, reshaped);
    await assert.rejects(
      DiffusersModel.open(path),
      saraError(
        'FILE_CORRUPT',
        /quant_conv\.bias is stored as \[16\], but vae of Stable Diffusion 1 asks for \[8\]/,
      ),
    );
  });
});
