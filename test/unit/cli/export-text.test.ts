import assert from 'node:assert/strict';
import { exportText } from '../../../worker/cli/export.ts';
import type { ExportReport } from '../../../worker/export/export-adapter.ts';
import { parameterKind, type ParameterKind } from '../../../worker/export/parameter-kind.ts';
import { parseUNetConfig } from '../../../worker/model/diffusers-config.ts';
import { unetParameters } from '../../../worker/model/unet.ts';
import { SD15, SDXL_BASE } from '../../support/published-configs.ts';

const REPORT: ExportReport = {
  path: 'style.safetensors',
  format: 'lora',
  dtype: 'float16',
  family: 'sd1',
  baseModelHash: 'ab'.repeat(32),
  numChanged: 1234567,
  sizeBytes: 12_300_000,
  numTensors: 6,
  dataHash: 'cd'.repeat(32),
  kept: {
    energy: 10,
    capturedEnergy: 4,
    layers: [
      { module: 'conv_in', rank: 4, energy: 2, capturedEnergy: 2 },
      {
        module: 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q',
        rank: 8,
        energy: 4,
        capturedEnergy: 1,
      },
      {
        module: 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k',
        rank: 8,
        energy: 3,
        capturedEnergy: 1,
      },
    ],
  },
  notes: ['a word'],
};

describe('text of an export', () => {
  it('tells what a LoRA keeps in all, of each kind of layer, and what it cannot hold', () => {
    assert.deepEqual(exportText(REPORT, false), [
      'style.safetensors',
      '  LoRA, for ComfyUI, A1111 and diffusers; float16, 6 tensors, 12.3 MB',
      '  1,234,567 weights changed',
      '  keeps 40.0 % of the change, by the sum of squares:',
      '                                kept    of all change',
      '    self-attention    2 layers  28.6 %  70.0 %',
      '    convolution       1 layers  100 %   20.0 %',
      '    biases and norms            0 %     10.0 %',
      '  note: a word',
    ]);
  });

  it('lists every layer when asked, and says no share where nothing is lost', () => {
    assert.match(exportText(REPORT, true).join('\n'), /conv_in +rank 4 +100 %\n/);
    const full = exportText({ ...REPORT, format: 'lycoris', kept: null, notes: [] }, true);
    assert.deepEqual(full.slice(1), [
      '  LyCORIS full, for ComfyUI and A1111; float16, 6 tensors, 12.3 MB',
      '  1,234,567 weights changed',
    ]);
  });
});

describe('kind of a parameter', () => {
  it('is told from its name for every parameter of SD 1.5 and SDXL', () => {
    const counts = (config: object): Record<string, number> => {
      const found: Partial<Record<ParameterKind, number>> = {};
      for (const name of unetParameters(parseUNetConfig(config, 'config')).keys()) {
        const kind = parameterKind(name);
        found[kind] = (found[kind] ?? 0) + 1;
      }
      return found;
    };
    // 22 resnets with two convolutions each, 14 of them with a shortcut; 6 resamplers; conv_in and conv_out. 686 in all.
    assert.deepEqual(counts(SD15), {
      embedding: 24,
      bias: 186,
      convolution: 66,
      norm: 218,
      projection: 32,
      'self-attention': 64,
      'cross-attention': 64,
      'feed-forward': 32,
    });
    assert.equal(counts(SDXL_BASE)['cross-attention'], 70 * 4);
  });

  it('tells norms and biases from the layers they stand in', () => {
    for (const [name, kind] of [
      ['conv_norm_out.weight', 'norm'],
      ['down_blocks.0.resnets.0.norm1.bias', 'norm'],
      ['mid_block.attentions.0.norm.weight', 'norm'],
      ['mid_block.attentions.0.transformer_blocks.0.norm3.bias', 'norm'],
      ['mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.bias', 'bias'],
      ['mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj.weight', 'feed-forward'],
      ['up_blocks.0.upsamplers.0.conv.weight', 'convolution'],
      ['up_blocks.0.resnets.0.time_emb_proj.weight', 'embedding'],
      ['time_embedding.linear_1.bias', 'bias'],
    ] as const)
      assert.equal(parameterKind(name), kind, name);
  });
});
