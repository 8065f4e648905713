import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafetensorsFile, WeightFiles, writeSafetensors } from '../../../shared/safetensors.ts';
import { floatTensor, type FloatTensor } from '../../../shared/tensor.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { Graph } from '../../../worker/engine/graph.ts';
import {
  latentShape,
  latentsOf,
  VaeDecoder,
  VaeEncoder,
  type VaePart,
} from '../../../worker/model/latent-codec.ts';
import {
  buildVaeEncoder,
  latentStride,
  parseVaeConfig,
  readVaeConfig,
  vaeParameters,
  withCurrentVaeNames,
} from '../../../worker/model/vae.ts';
import { saraError } from '../../support/sara-error.ts';

const GOLDEN = 'test/golden/vae/vae';

/** `vae/config.json` of Stable Diffusion 1.5, which says no more than this. */
const SD15_VAE = {
  _class_name: 'AutoencoderKL',
  _diffusers_version: '0.6.0',
  act_fn: 'silu',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  sample_size: 512,
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
};

/** An engine whose programs answer what a test says, whatever the graph. */
function answering(outputs: Record<string, FloatTensor>, seen: Record<string, FloatTensor>[] = []): Engine {
  return {
    name: 'onnx',
    device: 'none',
    readsHostMemory: true,
    compile: () =>
      Promise.resolve({
        run: (inputs) => {
          seen.push(inputs as Record<string, FloatTensor>);
          return Promise.resolve(outputs);
        },
        dispose: () => Promise.resolve(),
      }),
  };
}

describe('autoencoder', () => {
  let folder: string;
  let part: VaePart;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-vae-'));
    part = {
      config: await readVaeConfig(GOLDEN),
      files: await WeightFiles.open(GOLDEN, 'diffusion_pytorch_model'),
    };
  });
  after(async () => {
    await part.files.close();
    await rm(folder, { recursive: true });
  });

  it('asks for exactly the tensors that the recorded one stores', () => {
    const stored = Object.fromEntries([...part.files.entries].map(([name, { shape }]) => [name, [...shape]]));
    assert.deepEqual(Object.fromEntries(vaeParameters(part.config)), stored);
  });

  it('reads the config of Stable Diffusion 1.5, defaults left out there', () => {
    const config = parseVaeConfig(SD15_VAE, 'config.json');
    assert.deepEqual(config, {
      inChannels: 3,
      outChannels: 3,
      latentChannels: 4,
      blockOutChannels: [128, 256, 512, 512],
      numResnets: 2,
      normNumGroups: 32,
      midBlockAttention: true,
      useQuantConv: true,
      usePostQuantConv: true,
      scalingFactor: 0.18215,
      shiftFactor: 0,
    });
    assert.equal(latentStride(config), 8);
    assert.deepEqual(latentShape(config, { batch: 2, height: 512, width: 640 }), [2, 4, 64, 80]);
    // 83,653,863 is what diffusers counts.
    const counts = [...vaeParameters(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
    assert.equal(
      counts.reduce((a, b) => a + b, 0),
      83_653_863,
    );
  });

  it('leaves out the convolutions and the attention that a config leaves out', () => {
    const bare = parseVaeConfig(
      { ...SD15_VAE, use_quant_conv: false, use_post_quant_conv: false, mid_block_add_attention: false },
      'config.json',
    );
    const names = [...vaeParameters(bare).keys()];
    assert.deepEqual(
      names.filter((name) => /quant_conv|attentions/.test(name)),
      [],
    );
    assert.ok(names.includes('encoder.mid_block.resnets.1.conv2.weight'));
  });

  for (const [changes, message] of [
    [{ _class_name: 'AutoencoderTiny' }, /_class_name = "AutoencoderTiny"/],
    [{ act_fn: 'mish' }, /act_fn = "mish"/],
    [{ latents_mean: [0, 0, 0, 0] }, /latents_mean = \[0,0,0,0\]/],
    [{ latents_std: [1, 1, 1, 1] }, /latents_std/],
    [{ down_block_types: ['DownEncoderBlock2D'] }, /down_block_types.*DownEncoderBlock2D, once per entry.*4/],
    [{ up_block_types: Array(4).fill('AttnUpDecoderBlock2D') }, /up_block_types.*AttnUpDecoderBlock2D/],
    [{ norm_num_groups: 48 }, /block_out_channels.*multiples of norm_num_groups = 48/],
    [{ scaling_factor: 0 }, /scaling_factor = 0.*a number > 0/],
    [{ shift_factor: 'none' }, /shift_factor = "none"/],
    [{ layers_per_block: [2, 2, 2, 2] }, /layers_per_block/],
    [{ patch_size: 2 }, /patch_size = 2/],
  ] as const) {
    it(`refuses ${JSON.stringify(changes)} by name`, () => {
      assert.throws(
        () => parseVaeConfig({ ...SD15_VAE, ...changes }, 'vae/config.json'),
        saraError('MODEL_UNSUPPORTED', /^vae\/config\.json: /, message),
      );
    });
  }

  it('reads the attention of older files under its present names, in place', async () => {
    const old: Record<string, string> = {
      to_q: 'query',
      to_k: 'key',
      to_v: 'value',
      'to_out.0': 'proj_attn',
    };
    const file = await SafetensorsFile.open(join(GOLDEN, 'diffusion_pytorch_model.safetensors'));
    const sources = await Promise.all(
      [...file.entries.keys()].map(async (name) => ({
        name: name.replace(/to_q|to_k|to_v|to_out\.0/, (role) => old[role]),
        tensor: await file.read(name),
      })),
    );
    await file.close();
    await writeSafetensors(join(folder, 'diffusion_pytorch_model.safetensors'), sources);
    const stored = await WeightFiles.open(folder, 'diffusion_pytorch_model');
    try {
      assert.ok(stored.entries.has('decoder.mid_block.attentions.0.proj_attn.bias'));
      const renamed = stored.view(withCurrentVaeNames(stored.entries.values()));
      assert.deepEqual([...renamed.entries.keys()].sort(), [...part.files.entries.keys()].sort());
      for (const name of part.files.entries.keys())
        assert.deepEqual(await renamed.read(name), await part.files.read(name), name);
    } finally {
      await stored.close();
    }
  });

  it('keeps the log-variance within -30 and 20, as diffusers does', async () => {
    const shape = [1, 4, 1, 1];
    const mean = floatTensor(shape, [1, 2, 3, 4]);
    const engine = answering({ mean, logvar: floatTensor(shape, [-31, -30, 20, 21]) });
    const encoder = await VaeEncoder.open(part, engine, { batch: 1, height: 2, width: 2 });
    const posterior = await encoder.encode(floatTensor([1, 3, 2, 2]));
    assert.deepEqual(posterior.mean, mean);
    assert.deepEqual([...posterior.logvar.data], [-30, -30, 20, 20]);
  });

  it('draws latents by reparameterisation, shifted and scaled; without noise, the mean', () => {
    const config = { ...part.config, scalingFactor: 0.5, shiftFactor: 1 };
    const posterior = {
      mean: floatTensor([1, 1, 1, 3], [1, 3, -1]),
      logvar: floatTensor([1, 1, 1, 3], [0, 2 * Math.log(4), 2 * Math.log(2)]),
    };
    assert.deepEqual([...latentsOf(config, posterior, null).data], [0, 1, -1]);
    // mean + exp(logvar / 2) * noise is 3, 7, -5.
    const drawn = latentsOf(config, posterior, Float32Array.of(2, 1, -2));
    assert.deepEqual(
      [...drawn.data].map((value) => Math.round(value * 1e6) / 1e6),
      [1, 3, -3],
    );
  });

  it('refuses pictures that do not divide into whole latents', async () => {
    const engine = answering({});
    const message = /17 x 32 pixels.*multiples of 2/;
    await assert.rejects(
      VaeEncoder.open(part, engine, { batch: 1, height: 17, width: 32 }),
      saraError('CONFIG_INVALID', message),
    );
    await assert.rejects(
      VaeDecoder.open(part, engine, { batch: 1, height: 17, width: 32 }),
      saraError('CONFIG_INVALID', message),
    );
    const graph = new Graph();
    const tiny = graph.input('pictures', [1, 3, 1, 1]);
    assert.throws(
      () => buildVaeEncoder(graph, part.config, tiny),
      saraError('CONFIG_INVALID', /encoder\.down_blocks\.0\.downsamplers\.0 would halve 1 x 1/),
    );
  });
});
