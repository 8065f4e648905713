/**
 * Options of the UNet's layers that no recorded checkpoint uses, against their formulas written out in float64:
 * sinusoid order and shift, padding of the down-sampler, scale of a resnet's result.
 */
import assert from 'node:assert/strict';
import { floatTensor, numElements, type FloatTensor } from '../../shared/tensor.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { Graph, type Value } from '../../worker/engine/graph.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { parseUNetConfig, type UNetConfig } from '../../worker/model/diffusers-config.ts';
import { downsampler, resnetBlock } from '../../worker/model/resnet-block.ts';
import { sinusoid } from '../../worker/model/time-embedding.ts';
import { describePerEngine } from '../support/engines.ts';
import { relativeError, someNumbers } from '../support/numbers.ts';

/** Sines of angles up to 1000 radians: one rounding of the angle is 3e-5 of a radian. */
const SINUSOID_TOLERANCE = 1e-4;
const LAYER_TOLERANCE = 1e-5;

async function evaluateOn(
  engine: Engine,
  build: (graph: Graph, inputs: Value[]) => Value,
  inputs: readonly FloatTensor[],
): Promise<FloatTensor> {
  const graph = new Graph();
  const values = inputs.map((tensor, i) => graph.input(`input${i}`, tensor.shape));
  graph.output('result', build(graph, values));
  const weights = new WeightStore();
  for (const [i, [name, { shape }]] of [...graph.weights].entries()) {
    weights.bind(name, { kind: 'in-place', shape, data: someNumbers(numElements(shape), 100 + i) });
  }
  const executable = await engine.compile(graph, weights);
  const { result } = await executable.run(
    Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor])),
  );
  await executable.dispose();
  return result as FloatTensor;
}

function tinyConfig(changes: Record<string, unknown>): UNetConfig {
  return parseUNetConfig({ block_out_channels: [8, 8, 8, 8], norm_num_groups: 4, ...changes }, 'config.json');
}

describePerEngine('UNet layers, against their formulas', (engine) => {
  const evaluate = (
    build: (graph: Graph, inputs: Value[]) => Value,
    inputs: readonly FloatTensor[],
  ): Promise<FloatTensor> => evaluateOn(engine, build, inputs);

  for (const flipSinToCos of [true, false]) {
    for (const freqShift of [0, 1]) {
      it(`sinusoid with flip_sin_to_cos ${flipSinToCos} and freq_shift ${freqShift}`, async () => {
        const steps = [0, 1, 37, 500.5, 981, 999];
        const numChannels = 20;
        const half = numChannels / 2;
        const got = await evaluate(
          (graph, [values]) => sinusoid(graph, values, { numChannels, flipSinToCos, freqShift }),
          [floatTensor([3, 2], steps)],
        );
        const expected = steps.flatMap((step) => {
          const angles = Array.from({ length: half }, (_, i) => step * 10000 ** (-i / (half - freqShift)));
          const [sines, cosines] = [angles.map(Math.sin), angles.map(Math.cos)];
          return flipSinToCos ? [...cosines, ...sines] : [...sines, ...cosines];
        });
        assert.deepEqual(got.shape, [3, 2 * numChannels]);
        const worst = Math.max(...expected.map((value, i) => Math.abs(value - got.data[i])));
        assert.ok(worst < SINUSOID_TOLERANCE, String(worst));
      });
    }
  }

  for (const padding of [0, 1]) {
    it(`down-sampler with downsample_padding ${padding}, of an odd size`, async () => {
      const config = tinyConfig({ downsample_padding: padding });
      const [channels, height, width] = [2, 7, 5];
      const x = floatTensor([1, channels, height, width], someNumbers(channels * height * width, 1));
      const got = await evaluate((graph, [input]) => downsampler(graph, config, 'down', input), [x]);
      const bias = someNumbers(channels, 101);
      const weight = someNumbers(channels * channels * 9, 100);

      const expected: number[] = [];
      const rows = Math.floor((height + padding) / 2);
      const columns = Math.floor((width + padding) / 2);
      for (let o = 0; o < channels; o++) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            let sum = bias[o];
            for (let i = 0; i < channels; i++) {
              for (let tap = 0; tap < 9; tap++) {
                const y = 2 * row + Math.floor(tap / 3) - padding;
                const at = 2 * column + (tap % 3) - padding;
                if (y < 0 || y >= height || at < 0 || at >= width) continue;
                sum += weight[(o * channels + i) * 9 + tap] * x.data[(i * height + y) * width + at];
              }
            }
            expected.push(sum);
          }
        }
      }
      assert.deepEqual(got.shape, [1, channels, rows, columns]);
      const error = relativeError(got.data, expected);
      assert.ok(error < LAYER_TOLERANCE, String(error));
    });
  }

  it("divides a middle block's resnets by mid_block_scale_factor", async () => {
    const config = tinyConfig({});
    const x = floatTensor([1, 8, 4, 4], someNumbers(128, 2));
    const time = floatTensor([1, 32], someNumbers(32, 3));
    const run = (scaleFactor: number): Promise<FloatTensor> =>
      evaluate((graph, [input, t]) => resnetBlock(graph, config, 'mid', input, t, 8, scaleFactor), [x, time]);
    const whole = await run(1);
    const scaled = await run(Math.SQRT2);
    const error = relativeError(
      scaled.data,
      whole.data.map((value) => value / Math.SQRT2),
    );
    assert.ok(error < LAYER_TOLERANCE, String(error));
  });
});
