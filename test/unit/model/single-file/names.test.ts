/** The generated names of single-file checkpoints, against lists recorded elsewhere. */
import assert from 'node:assert/strict';
import { numElements } from '../../../../shared/tensor.ts';
import { parseClipTextConfig } from '../../../../worker/model/clip-text.ts';
import { parseUNetConfig } from '../../../../worker/model/diffusers-config.ts';
import { FAMILIES, type FamilyName } from '../../../../worker/model/single-file/families.ts';
import {
  renamedTensors,
  SAME_STEMS,
  type StoredTensor,
} from '../../../../worker/model/single-file/stored-tensors.ts';
import { storedText } from '../../../../worker/model/single-file/text-names.ts';
import { storedModuleName, storedUNet } from '../../../../worker/model/single-file/unet-names.ts';
import { storedVae } from '../../../../worker/model/single-file/vae-names.ts';
import { parseVaeConfig } from '../../../../worker/model/vae.ts';
import { saraError } from '../../../support/sara-error.ts';
import { recordedNames } from './recorded-names.ts';

function family(name: FamilyName) {
  return FAMILIES.find((each) => each.name === name) ?? assert.fail(name);
}

function unetOf(name: FamilyName): StoredTensor[] {
  return storedUNet(parseUNetConfig(family(name).configs('epsilon', false).unet, name));
}

function textOf(name: FamilyName, i = 0): StoredTensor[] {
  const { textPlaces, configs } = family(name);
  const config = parseClipTextConfig(configs('epsilon', false).textEncoders[i], name);
  return storedText(config, 'text_model.', textPlaces[i]);
}

function namesOf(tensors: readonly StoredTensor[]): Map<string, string[]> {
  return new Map(tensors.map(({ name, parts }) => [name, parts.map((part) => part.name)]));
}

function shapeOf(tensors: readonly StoredTensor[], name: string): readonly number[] | undefined {
  return tensors.find((tensor) => tensor.name === name)?.shape;
}

function count(tensors: readonly StoredTensor[]): number {
  return tensors.reduce((sum, { shape }) => sum + numElements(shape), 0);
}

describe('names in single-file checkpoints', () => {
  for (const [name, list] of [
    ['sd1', 'sd1-unet'],
    // The same blocks; only sizes and the kind of projection differ.
    ['sd2', 'sd1-unet'],
    ['sdxl', 'sdxl-unet'],
  ] as const) {
    it(`are those recorded for the UNet of ${name}, one for one and in both directions`, async () => {
      const recorded = await recordedNames(list);
      const tensors = unetOf(name);
      assert.deepEqual(namesOf(tensors), recorded.parameters);
      assert.equal(tensors.length, recorded.numParameters);
      assert.ok(tensors.every(({ shape, parts }) => shape === parts[0].shape));
    });
  }

  it('are those recorded for the autoencoder, whose attention is stored as convolutions', async () => {
    const recorded = await recordedNames('vae');
    const tensors = storedVae(parseVaeConfig(family('sd1').configs('epsilon', false).vae, 'vae'));
    assert.deepEqual(namesOf(tensors), recorded.parameters);
    const reshaped = tensors.filter(({ shape, parts }) => shape.length !== parts[0].shape.length);
    assert.equal(reshaped.length, 8);
    assert.deepEqual(
      shapeOf(tensors, 'first_stage_model.decoder.mid.attn_1.proj_out.weight'),
      [512, 512, 1, 1],
    );
  });

  it("are transformers' own for CLIP-L, under a prefix by family, whether or not ours have text_model.", async () => {
    const recorded = await recordedNames('clip-l');
    assert.deepEqual(namesOf(textOf('sd1')), recorded.parameters);
    const xl = [...recorded.parameters.keys()].map((name) =>
      name.replace(recorded.prefix, 'conditioner.embedders.0.transformer.'),
    );
    assert.deepEqual(new Set(namesOf(textOf('sdxl', 0)).keys()), new Set(xl));
    const [place] = family('sd1').textPlaces;
    const config = parseClipTextConfig(family('sd1').configs('epsilon', false).textEncoders[0], 'sd1');
    assert.deepEqual(
      storedText(config, '', place).map(({ name }) => name),
      textOf('sd1').map(({ name }) => name),
    );
  });

  it("are OpenCLIP's for bigG: query, key and value fused in this order, the projection transposed", async () => {
    const recorded = await recordedNames('clip-g');
    const tensors = textOf('sdxl', 1);
    assert.deepEqual(namesOf(tensors), recorded.parameters);
    assert.equal(tensors.flatMap(({ parts }) => parts).length, recorded.numParameters);
    const block = 'conditioner.embedders.1.model.transformer.resblocks.31';
    assert.deepEqual(shapeOf(tensors, `${block}.attn.in_proj_weight`), [3840, 1280]);
    assert.deepEqual(shapeOf(tensors, `${block}.attn.in_proj_bias`), [3840]);
    assert.deepEqual(
      tensors.filter(({ parts }) => parts.some(({ transposed }) => transposed)).map(({ name }) => name),
      ['conditioner.embedders.1.model.text_projection'],
    );
  });

  it("are OpenCLIP's for Stable Diffusion 2, of the 23 layers it uses and without a projection", async () => {
    const recorded = await recordedNames('clip-g');
    const expected = [...recorded.parameters]
      .map(
        ([name, parameters]) =>
          [name.replace(recorded.prefix, 'cond_stage_model.model.'), parameters] as const,
      )
      .filter(([name]) => Number(/resblocks\.(\d+)/.exec(name)?.[1] ?? 0) < 23)
      .filter(([name]) => !name.endsWith('text_projection'));
    assert.deepEqual(namesOf(textOf('sd2')), new Map(expected));
  });

  it('come with the published numbers of weights', () => {
    assert.equal(count(unetOf('sd1')), 859_520_964);
    assert.equal(count(unetOf('sd2')), 865_910_724);
    assert.equal(count(unetOf('sdxl')), 2_567_463_684);
    assert.equal(count(textOf('sd1')), 123_060_480);
    assert.equal(count(textOf('sd2')), 340_387_840);
    assert.equal(count(textOf('sdxl', 1)), 694_659_840);
  });

  it('hold every parameter once, whatever the sizes of the config', () => {
    const tiny = parseUNetConfig(
      {
        block_out_channels: [8, 16],
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
        layers_per_block: [1, 3],
        transformer_layers_per_block: [1, 2],
        attention_head_dim: 2,
        norm_num_groups: 4,
        cross_attention_dim: 6,
      },
      'tiny',
    );
    const tensors = storedUNet(tiny);
    const stored = tensors.map(({ name }) => name);
    assert.equal(new Set(stored).size, stored.length);
    assert.ok(
      stored.includes('model.diffusion_model.output_blocks.3.2.conv.weight'),
      'after the fourth resnet',
    );
    assert.ok(stored.includes('model.diffusion_model.input_blocks.2.0.op.weight'), 'after the first resnet');
  });

  it('of one module are found without the rest', () => {
    const { unet } = family('sdxl').configs('epsilon', false);
    const config = parseUNetConfig(unet, 'sdxl');
    assert.equal(storedModuleName(config, 'up_blocks.1.upsamplers.0.conv'), 'output_blocks.5.2.conv');
    assert.equal(storedModuleName(config, 'down_blocks.1.resnets.0.conv1'), 'input_blocks.4.0.in_layers.2');
    assert.equal(storedModuleName(config, 'down_blocks.3.resnets.0.conv1'), null);
  });

  it('are refused for a parameter that no module is known to hold', () => {
    const parameters = new Map([['up_blocks.0.novelty.weight', [1]]]);
    assert.throws(
      () => renamedTensors(parameters, [{ diffusers: 'conv_in', stored: 'in', stems: SAME_STEMS }]),
      saraError('INTERNAL', /known to hold up_blocks\.0\.novelty\.weight/),
    );
  });
});
