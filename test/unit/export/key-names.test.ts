import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { diffNames, kohyaModuleName, loraNames, parameterPlace } from '../../../worker/export/key-names.ts';
import { familyNames, modelFamily, pictureSize } from '../../../worker/export/model-family.ts';
import { parseUNetConfig, type UNetConfig } from '../../../worker/model/diffusers-config.ts';
import { storedModuleName } from '../../../worker/model/single-file/unet-names.ts';
import { unetParameters } from '../../../worker/model/unet.ts';
import { readKeyNames, spelled } from '../../support/golden-key-names.ts';
import { SD15, SD21, SDXL_BASE } from '../../support/published-configs.ts';
import { saraError } from '../../support/sara-error.ts';

const MODELS = [
  { name: 'SD 1.5', config: SD15, recorded: 'sd' },
  { name: 'SD 2.1', config: SD21, recorded: 'sd' },
  { name: 'SDXL base', config: SDXL_BASE, recorded: 'sdxl' },
] as const;

async function goldenConfig(name: string): Promise<UNetConfig> {
  return parseUNetConfig(
    JSON.parse(await readFile(`test/golden/${name}/unet/config.json`, 'utf8')) as unknown,
    name,
  );
}

describe('key names', () => {
  for (const { name, config: json, recorded } of MODELS) {
    const config = parseUNetConfig(json, name);
    const modules = readKeyNames(recorded);

    it(`of ${name} in single-file checkpoints are the recorded ones, for every module`, () => {
      const weights = [...unetParameters(config).keys()].filter((key) => key.endsWith('.weight'));
      assert.deepEqual(
        modules.map(({ module }) => `${module}.weight`),
        weights,
      );
      for (const { module, ldm } of modules) assert.equal(storedModuleName(config, module), ldm);
    });

    it(`of ${name} are found by ComfyUI and A1111, and by diffusers where it reads such layers at all`, () => {
      const parameters = unetParameters(config);
      let numLayers = 0;
      for (const row of modules) {
        const key = kohyaModuleName(config, row.module);
        const spelling = key === spelled(row, 'ldm') ? 'ldm' : 'diffusers';
        assert.equal(key, spelled(row, spelling));
        assert.ok(row.comfyui.has(spelling), `ComfyUI does not find ${key}`);
        assert.ok(row.webui.has(spelling), `A1111 does not find ${key}`);
        const isLayer = (parameters.get(`${row.module}.weight`)?.length ?? 0) > 1; // norms have no LoRA
        if (!isLayer) continue;
        assert.ok(row.diffusers.has(spelling), `diffusers does not find ${key}`);
        numLayers++;
      }
      assert.ok(numLayers > 250);
    });
  }

  it('follow kohya: diffusers names for SD1 and SD2, single-file names for SDXL', () => {
    const module = 'down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q';
    const written = MODELS.map(({ name, config }) => kohyaModuleName(parseUNetConfig(config, name), module));
    assert.deepEqual(written, [
      'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q',
      'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q',
      'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q',
    ]);
  });

  it('of LyCORIS tell weight and bias apart', () => {
    const config = parseUNetConfig(SD15, 'SD 1.5');
    assert.deepEqual(parameterPlace('mid_block.resnets.1.conv1.bias'), {
      module: 'mid_block.resnets.1.conv1',
      kind: 'bias',
    });
    assert.deepEqual(diffNames(config, 'mid_block.resnets.1.conv1'), {
      weight: 'lora_unet_mid_block_resnets_1_conv1.diff',
      bias: 'lora_unet_mid_block_resnets_1_conv1.diff_b',
    });
  });

  it("in diffusers' layout are those of the recorded LoRA file", async () => {
    const config = await goldenConfig('lora');
    const file = await SafetensorsFile.open('test/golden/lora/pytorch_lora_weights.safetensors');
    const recorded = [...file.entries.keys()].sort();
    await file.close();
    const attention = [...unetParameters(config).keys()]
      .filter((key) => /\.(to_[qkv]|to_out\.0)\.weight$/.test(key))
      .flatMap((key) => {
        const { up, down, alpha } = loraNames(config, parameterPlace(key).module, 'diffusers');
        assert.equal(alpha, null);
        return [up, down];
      });
    assert.deepEqual(attention.sort(), recorded);
  });

  it('refuse a module that single-file checkpoints have no place for', () => {
    const config = parseUNetConfig(SDXL_BASE, 'SDXL');
    for (const module of ['encoder_hid_proj', 'down_blocks.0.motion_modules.0'])
      assert.throws(
        () => kohyaModuleName(config, module),
        saraError('MODEL_UNSUPPORTED', new RegExp(module)),
      );
  });
});

describe('model family', () => {
  it('is told from the config of published models and of the recorded small ones', async () => {
    const families = MODELS.map(({ name, config }) => modelFamily(parseUNetConfig(config, name)));
    assert.deepEqual(families, ['sd1', 'sd2', 'sdxl']);
    const refiner = { ...SDXL_BASE, cross_attention_dim: 1280, projection_class_embeddings_input_dim: 2560 };
    assert.equal(modelFamily(parseUNetConfig(refiner, 'refiner')), 'sdxl-refiner');
    for (const [name, family] of [
      ['unet-sd1', 'sd1'],
      ['unet-sd2', 'sd2'],
      ['unet-sdxl', 'sdxl'],
      ['unet-pixel', 'pixel'],
    ] as const)
      assert.equal(modelFamily(await goldenConfig(name)), family);
  });

  it('tells the two lines of Stable Diffusion 2 apart by what they predict', () => {
    assert.equal(familyNames('sd2', 'v_prediction').architecture, 'stable-diffusion-v2-768-v');
    assert.equal(familyNames('sd2', 'epsilon').architecture, 'stable-diffusion-v2-512');
    assert.equal(familyNames('sd2', 'v_prediction').baseVersion, 'sd_v2_v');
  });

  it('gives the size of pictures in pixels, not latents', async () => {
    const sizes = MODELS.map(({ name, config }) => pictureSize(parseUNetConfig(config, name)));
    assert.deepEqual(
      sizes.map((size) => size?.width),
      [512, 768, 1024],
    );
    const pixel = await goldenConfig('unet-pixel');
    assert.deepEqual(pictureSize(pixel), pixel.sampleSize);
  });
});
