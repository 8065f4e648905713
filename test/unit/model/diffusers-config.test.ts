import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUNetConfig, readUNetConfig, type UNetConfig } from '../../../worker/model/diffusers-config.ts';
import { SD15, SD21, SDXL_BASE } from '../../support/published-configs.ts';
import { saraError } from '../../support/sara-error.ts';

const SOURCE = 'unet/config.json';

function parse(changes: Record<string, unknown>, base: Record<string, unknown> = SD15): UNetConfig {
  return parseUNetConfig({ ...base, ...changes }, SOURCE);
}

describe('UNet config', () => {
  it('resolves attention_head_dim as a number of heads, per block and mirrored on the way up', () => {
    const { downBlocks, midBlock, upBlocks } = parse({}, SD21);
    assert.deepEqual(
      downBlocks.map((block) => block.attention?.numHeads),
      [5, 10, 20, undefined],
    );
    assert.equal(midBlock?.attention?.numHeads, 20);
    assert.deepEqual(
      upBlocks.map((block) => block.attention?.numHeads),
      [undefined, 20, 10, 5],
    );
  });

  it('mirrors transformer_layers_per_block, and gives each up block one transformer more', () => {
    const { downBlocks, midBlock, upBlocks } = parse({}, { ...SDXL_BASE, upcast_attention: false });
    assert.deepEqual(
      downBlocks.map((block) => block.attention?.numLayers),
      [undefined, [2, 2], [10, 10]],
    );
    assert.equal(midBlock?.attention?.numLayers, 10);
    assert.deepEqual(
      upBlocks.map((block) => block.attention?.numLayers),
      [[10, 10, 10], [2, 2, 2], undefined],
    );
  });

  it('takes layers per resnet when the config says how to mirror them', () => {
    const config = parse({
      transformer_layers_per_block: [[1, 2], 1, [2, 1], 1],
      reverse_transformer_layers_per_block: [1, [3, 2, 1], 1, [1, 1, 2]],
    });
    assert.deepEqual(
      config.downBlocks.map((block) => block.attention?.numLayers),
      [[1, 2], [1, 1], [2, 1], undefined],
    );
    assert.deepEqual(
      config.upBlocks.map((block) => block.attention?.numLayers),
      [undefined, [3, 2, 1], [1, 1, 1], [1, 1, 2]],
    );
    assert.throws(
      () => parse({ transformer_layers_per_block: [[1, 2], 1, 1, 1] }),
      saraError('MODEL_UNSUPPORTED', /reverse_transformer_layers_per_block = null/),
    );
  });

  it('takes layers_per_block as a list', () => {
    const config = parse({ layers_per_block: [1, 2, 3, 4] });
    assert.deepEqual(
      config.downBlocks.map((block) => block.numResnets),
      [1, 2, 3, 4],
    );
    assert.deepEqual(
      config.upBlocks.map((block) => block.numResnets),
      [5, 4, 3, 2],
    );
  });

  it('falls back to the defaults of diffusers', () => {
    const config = parseUNetConfig({}, SOURCE);
    assert.deepEqual(
      {
        ...config,
        downBlocks: config.downBlocks.map((block) => block.outChannels),
        upBlocks: config.upBlocks.length,
      },
      {
        inChannels: 4,
        outChannels: 4,
        sampleSize: null,
        centerInputSample: false,
        flipSinToCos: true,
        freqShift: 0,
        baseChannels: 320,
        timeEmbedDim: 1280,
        crossAttentionDim: 1280,
        normNumGroups: 32,
        normEpsilon: 1e-5,
        downsamplePadding: 1,
        useLinearProjection: false,
        convInKernel: 3,
        convOutKernel: 3,
        textTime: null,
        downBlocks: [320, 640, 1280, 1280],
        midBlock: { channels: 1280, attention: { numHeads: 8, numLayers: 1 }, scaleFactor: 1 },
        upBlocks: 4,
      },
    );
  });

  it('takes null where a published config says null for a default', () => {
    assert.equal(parse({}, SDXL_BASE).textTime?.numInputChannels, 2816);
  });

  const refusals: readonly [changes: Record<string, unknown>, ...message: RegExp[]][] = [
    [
      { _class_name: 'FluxTransformer2DModel' },
      /_class_name = "FluxTransformer2DModel"/,
      /"UNet2DConditionModel"/,
    ],
    [{ act_fn: 'mish' }, /act_fn = "mish"/, /accepted: "silu"/],
    [{ attention_type: 'gated' }, /attention_type = "gated"/],
    [{ class_embed_type: 'timestep' }, /class_embed_type = "timestep"/],
    [{ num_class_embeds: 1000 }, /num_class_embeds = 1000/],
    [{ addition_embed_type: 'text' }, /addition_embed_type = "text"/, /null, "text_time"/],
    [{ addition_embed_type: 'text_time' }, /addition_time_embed_dim = null/],
    [
      { addition_embed_type: 'text_time', addition_time_embed_dim: 8 },
      /projection_class_embeddings_input_dim = null/,
    ],
    [{ encoder_hid_dim_type: 'image_proj' }, /encoder_hid_dim_type = "image_proj"/],
    [{ dual_cross_attention: true }, /dual_cross_attention = true/],
    [
      { only_cross_attention: [true, true, false, false] },
      /only_cross_attention = \[true,true,false,false\]/,
    ],
    [{ resnet_time_scale_shift: 'scale_shift' }, /resnet_time_scale_shift = "scale_shift"/],
    [{ time_embedding_type: 'fourier' }, /time_embedding_type = "fourier"/],
    [{ time_cond_proj_dim: 256 }, /time_cond_proj_dim = 256/],
    [{ dropout: 0.1 }, /dropout = 0.1/],
    [{ mid_block_type: 'UNetMidBlock2DSimpleCrossAttn' }, /mid_block_type = "UNetMidBlock2DSimpleCrossAttn"/],
    [
      { down_block_types: ['AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D', 'DownBlock2D'] },
      /down_block_types = "AttnDownBlock2D"/,
      /DownBlock2D, CrossAttnDownBlock2D/,
    ],
    [{ down_block_types: ['DownBlock2D'] }, /a list of 4 block types/],
    [{ num_attention_heads: 8 }, /num_attention_heads = 8/, /attention_head_dim holds the number of heads/],
    [{ attention_head_dim: 7 }, /attention_head_dim = 7/, /block_out_channels\[0\] = 320/],
    [{ attention_head_dim: [5, 10] }, /attention_head_dim = \[5,10\]/, /a list of 4 items/],
    [{ block_out_channels: [320, 640, 1280, 100] }, /multiples of norm_num_groups = 32/],
    [{ cross_attention_dim: [768, 768, 768, 1024] }, /cross_attention_dim = \[768,768,768,1024\]/],
    [{ downsample_padding: 2 }, /downsample_padding = 2/, /accepted: 0, 1/],
    [{ norm_num_groups: null }, /norm_num_groups = null/],
    [{ conv_in_kernel: 4 }, /conv_in_kernel = 4/],
    [{ in_channels: '4' }, /in_channels = "4"/, /an integer >= 1/],
    [{ sample_size: [64] }, /sample_size = \[64\]/],
    [{ flip_sin_to_cos: 'yes' }, /flip_sin_to_cos = "yes"/],
    [{ freq_shift: 160 }, /freq_shift = 160/],
    [{ reference_attention: true }, /reference_attention = true/, /not known/],
    [{ constructor: 1 }, /constructor = 1/],
  ];
  for (const [changes, ...messages] of refusals) {
    it(`refuses ${JSON.stringify(changes)} by name, with the file`, () => {
      assert.throws(
        () => parse(changes),
        saraError('MODEL_UNSUPPORTED', /^unet\/config\.json: /, ...messages),
      );
    });
  }

  it('accepts unknown keys that ask for nothing', () => {
    assert.deepEqual(
      parse({ future_option: null, other_option: false, _name_or_path: 'somewhere' }),
      parse({}),
    );
  });

  it('refuses a document that is no object', () => {
    for (const json of [null, [], 'text', 3]) {
      assert.throws(
        () => parseUNetConfig(json, SOURCE),
        saraError('FILE_CORRUPT', /a JSON object is wanted/),
      );
    }
  });

  describe('read from a folder', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sara-unet-config-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it('says which file is missing', async () => {
      await assert.rejects(
        readUNetConfig(folder),
        saraError('FILE_NOT_FOUND', /config\.json cannot be read/),
      );
    });

    it('says which file is not JSON', async () => {
      await writeFile(join(folder, 'config.json'), '{"in_channels": ');
      await assert.rejects(readUNetConfig(folder), saraError('FILE_CORRUPT', /config\.json is not JSON/));
    });
  });
});
