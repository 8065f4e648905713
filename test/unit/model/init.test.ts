import assert from 'node:assert/strict';
import { numElements } from '../../../shared/tensor.ts';
import { clipTextParameters, parseClipTextConfig } from '../../../worker/model/clip-text.ts';
import { readUNetConfig } from '../../../worker/model/diffusers-config.ts';
import {
  initialiseClipText,
  initialiseParameters,
  type InitialParameter,
} from '../../../worker/model/init.ts';
import { unetParameters } from '../../../worker/model/unet.ts';

/** Relative error of a standard deviation estimated from n values: 1 / sqrt(2n), times five. */
const spreadTolerance = (n: number): number => 5 / Math.sqrt(2 * n);

function byName(parameters: Iterable<InitialParameter>): Map<string, Float32Array> {
  return new Map(Array.from(parameters, ({ name, tensor }) => [name, tensor.data]));
}

function values(parameters: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const found = parameters.get(name);
  assert.ok(found !== undefined, name);
  return found;
}

function standardDeviation(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
}

describe('initial parameters', () => {
  it("cover a UNet's parameters, with its shapes, in name order", async () => {
    const shapes = unetParameters(await readUNetConfig('test/golden/unet-pixel/unet'));
    const drawn = [...initialiseParameters(shapes, 7)];
    assert.deepEqual(
      drawn.map(({ name }) => name),
      [...shapes.keys()].sort(),
    );
    for (const { name, tensor } of drawn) assert.deepEqual(tensor.shape, shapes.get(name));
  });

  it('follow PyTorch: uniform within 1 / sqrt(fan in), the bias within the bound of its weight, norms 1 and 0', () => {
    const drawn = byName(
      initialiseParameters(
        new Map([
          ['conv.weight', [64, 16, 3, 3]],
          ['conv.bias', [64]],
          ['linear.weight', [128, 25]],
          ['norm.weight', [64]],
          ['norm.bias', [64]],
        ]),
        1,
      ),
    );
    for (const [name, fanIn] of [
      ['conv.weight', 144],
      ['conv.bias', 144],
      ['linear.weight', 25],
    ] as const) {
      const data = values(drawn, name);
      const bound = 1 / Math.sqrt(fanIn);
      const largest = Math.max(...data.map(Math.abs));
      assert.ok(largest <= bound && largest > 0.9 * bound, `${name}: ${largest} of ${bound}`);
      const deviation = standardDeviation(data) * Math.sqrt(3 * fanIn);
      assert.ok(Math.abs(deviation - 1) < spreadTolerance(data.length), `${name}: ${deviation}`);
    }
    assert.ok(values(drawn, 'norm.weight').every((x) => x === 1));
    assert.ok(values(drawn, 'norm.bias').every((x) => x === 0));
  });

  it('are the same for the same seed and others for another, whatever the order of the names', () => {
    const shapes: [string, number[]][] = [
      ['a.weight', [4, 4]],
      ['b.weight', [4, 4]],
    ];
    const drawn = byName(initialiseParameters(new Map(shapes), 1));
    assert.deepEqual(byName(initialiseParameters(new Map(shapes.toReversed()), 1)), drawn);
    assert.notDeepEqual(byName(initialiseParameters(new Map(shapes), 2)), drawn);
    assert.notDeepEqual(drawn.get('a.weight'), drawn.get('b.weight'));
  });

  it('follow transformers in the text encoder: spreads by width and depth, biases 0', () => {
    const config = parseClipTextConfig(
      {
        architectures: ['CLIPTextModelWithProjection'],
        vocab_size: 600,
        hidden_size: 64,
        intermediate_size: 256,
        projection_dim: 64,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        max_position_embeddings: 77,
        eos_token_id: 599,
      },
      'config.json',
    );
    const drawn = byName(initialiseClipText(config, 'text_model.', 5));
    const shapes = clipTextParameters(config, 'text_model.');
    assert.deepEqual([...drawn.keys()], [...shapes.keys()].sort());
    const layer = 'text_model.encoder.layers.1';
    for (const [name, std] of [
      ['text_model.embeddings.token_embedding.weight', 0.02],
      ['text_model.embeddings.position_embedding.weight', 0.02],
      [`${layer}.self_attn.q_proj.weight`, 1 / 16],
      [`${layer}.self_attn.out_proj.weight`, 1 / 8],
      [`${layer}.mlp.fc1.weight`, 128 ** -0.5],
      [`${layer}.mlp.fc2.weight`, 1 / 16],
      ['text_projection.weight', 1 / 8],
    ] as const) {
      const data = values(drawn, name);
      assert.equal(data.length, numElements(shapes.get(name) ?? []));
      const deviation = standardDeviation(data) / std;
      assert.ok(Math.abs(deviation - 1) < spreadTolerance(data.length), `${name}: ${deviation}`);
    }
    assert.ok(values(drawn, `${layer}.mlp.fc1.bias`).every((x) => x === 0));
    assert.ok(values(drawn, `${layer}.layer_norm1.weight`).every((x) => x === 1));
  });
});
