import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { numElements } from '../../../shared/tensor.ts';
import { Graph } from '../../../worker/engine/graph.ts';
import { parseUNetConfig, readUNetConfig, type UNetConfig } from '../../../worker/model/diffusers-config.ts';
import { buildUNet, unetBlocks, unetInputs, unetParameters } from '../../../worker/model/unet.ts';
import { SD15, SD21, SDXL_BASE } from '../../support/published-configs.ts';
import { saraError } from '../../support/sara-error.ts';

function numParameters(config: UNetConfig): number {
  return [...unetParameters(config).values()].reduce((sum, shape) => sum + numElements(shape), 0);
}

function outputShape(config: UNetConfig, height: number, width: number): readonly number[] {
  const graph = new Graph();
  return buildUNet(graph, config, unetInputs(graph, config, { batch: 2, height, width, numTokens: 7 })).shape;
}

describe('UNet graph', () => {
  for (const name of ['unet-sd1', 'unet-sd2', 'unet-sdxl', 'unet-pixel']) {
    it(`asks for exactly the tensors that the recorded ${name} stores, by name and shape`, async () => {
      const folder = `test/golden/${name}/unet`;
      const file = await SafetensorsFile.open(`${folder}/diffusion_pytorch_model.safetensors`);
      const stored = Object.fromEntries([...file.entries].map(([key, entry]) => [key, [...entry.shape]]));
      await file.close();
      assert.deepEqual(Object.fromEntries(unetParameters(await readUNetConfig(folder))), stored);
    });
  }

  // Counts published with the checkpoints.
  for (const [name, json, count] of [
    ['Stable Diffusion 1.5', SD15, 859_520_964],
    ['Stable Diffusion 2.1', SD21, 865_910_724],
    ['Stable Diffusion XL', SDXL_BASE, 2_567_463_684],
  ] as const) {
    it(`has ${count} parameters as ${name}`, () => {
      assert.equal(numParameters(parseUNetConfig(json, name)), count);
    });
  }

  it('names its blocks in execution order', async () => {
    assert.deepEqual(unetBlocks(await readUNetConfig('test/golden/unet-pixel/unet')), [
      'time_embedding',
      'conv_in',
      'down_blocks.0.resnets.0',
      'down_blocks.0.downsamplers.0',
      'down_blocks.1.resnets.0',
      'down_blocks.1.attentions.0',
      'down_blocks.1.downsamplers.0',
      'down_blocks.2.resnets.0',
      'mid_block.resnets.0',
      'mid_block.attentions.0',
      'mid_block.resnets.1',
      'up_blocks.0.resnets.0',
      'up_blocks.0.resnets.1',
      'up_blocks.0.upsamplers.0',
      'up_blocks.1.resnets.0',
      'up_blocks.1.attentions.0',
      'up_blocks.1.resnets.1',
      'up_blocks.1.attentions.1',
      'up_blocks.1.upsamplers.0',
      'up_blocks.2.resnets.0',
      'up_blocks.2.resnets.1',
      'conv_out',
    ]);
  });

  it('puts every node that computes something into a block, and uses each parameter in one block only', () => {
    const config = parseUNetConfig(SDXL_BASE, 'sdxl');
    const graph = new Graph();
    buildUNet(graph, config, unetInputs(graph, config, { batch: 1, height: 8, width: 8, numTokens: 77 }));
    const blocksOfWeight = new Map<string, Set<string>>();
    for (const node of graph.nodes) {
      if (node.op.kind !== 'input') assert.notEqual(node.block, '', node.op.kind);
      for (const { node: source } of node.inputs) {
        if (source.op.kind !== 'weight') continue;
        const blocks = blocksOfWeight.get(source.op.name) ?? new Set();
        blocksOfWeight.set(source.op.name, blocks.add(node.block));
      }
    }
    for (const [name, blocks] of blocksOfWeight) assert.equal(blocks.size, 1, name);
  });

  it('gives back the size it was given, whatever it is', async () => {
    const symmetric = await readUNetConfig('test/golden/unet-sd1/unet');
    const asymmetric: UNetConfig = { ...symmetric, downsamplePadding: 0 };
    const side = fc.integer({ min: 8, max: 40 });
    fc.assert(
      fc.property(side, side, fc.boolean(), (height, width, padded) => {
        assert.deepEqual(outputShape(padded ? symmetric : asymmetric, height, width), [2, 4, height, width]);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a sample of which nothing would be left at the coarsest level', () => {
    const config = parseUNetConfig({ ...SD15, downsample_padding: 0 }, 'sd1');
    assert.throws(
      () => outputShape(config, 16, 7),
      saraError('CONFIG_INVALID', /down_blocks\.2\.downsamplers\.0/, /4 x 1/),
    );
  });

  it('builds without a middle block, and with a middle block of one resnet', () => {
    const blocks = (mid: string | null): string[] =>
      unetBlocks(parseUNetConfig({ ...SD15, mid_block_type: mid }, 'sd1')).filter((name) =>
        name.startsWith('mid'),
      );
    assert.deepEqual(blocks(null), []);
    assert.deepEqual(blocks('UNetMidBlock2D'), ['mid_block.resnets.0']);
  });

  it('declares the pooled text and the time ids of SDXL, also the five of its refiner', () => {
    const config = parseUNetConfig({ ...SDXL_BASE, projection_class_embeddings_input_dim: 2560 }, 'refiner');
    const graph = new Graph();
    const inputs = unetInputs(graph, config, { batch: 3, height: 8, width: 8, numTokens: 77, numTimeIds: 5 });
    assert.deepEqual(inputs.textEmbeds?.shape, [3, 1280]);
    assert.deepEqual(inputs.timeIds?.shape, [3, 5]);
  });
});
