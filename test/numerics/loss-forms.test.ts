/** Every form of the loss, and its gradient, through the compiled engine against the closed form in float64. */
import assert from 'node:assert/strict';
import { floatTensor, type FloatTensor } from '../../shared/tensor.ts';
import { differentiate } from '../../worker/engine/autodiff.ts';
import { Graph } from '../../worker/engine/graph.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import {
  buildLoss,
  DELTA_OF_SQUARE,
  LOSS_INPUTS,
  MEAN_SQUARED_ERROR,
  type LossForm,
} from '../../worker/training-graph.ts';
import { describePerEngine } from '../support/engines.ts';
import { relativeError, someNumbers } from '../support/numbers.ts';

/** Two dozen float32 operations on values of order 1. */
const FLOAT32_TOLERANCE = 1e-5;

const SHAPE = [2, 3, 4, 5];
const [BATCH, , HEIGHT, WIDTH] = SHAPE;
const NUM_VALUES = 120;
const PER_SAMPLE = NUM_VALUES / BATCH;
const NUM_PIXELS = HEIGHT * WIDTH;

const prediction = someNumbers(NUM_VALUES, 1);
const target = someNumbers(NUM_VALUES, 2);
/** Errors from a thousandth of delta to many times it. */
const deltas = Float32Array.of(0.1, 0.9);
const weights = Float32Array.of(0.25, 3);
const mask = someNumbers(BATCH * NUM_PIXELS, 3).map(Math.abs);

describePerEngine('loss', (engine) => {
  async function lossOf(
    form: LossForm,
    inputs: Record<string, FloatTensor>,
  ): Promise<{ loss: number; gradient: Float32Array }> {
    const graph = new Graph();
    const output = graph.input('prediction', SHAPE);
    const loss = buildLoss(graph, output, graph.input('target', SHAPE), form);
    const seed = new Map([[loss, graph.constant([], Float32Array.of(1))]]);
    graph.output('loss', loss);
    graph.output('gradient', differentiate(graph, seed, [output]).get(output)!);
    const program = await engine.compile(graph, new WeightStore());
    try {
      const outputs = await program.run({
        prediction: floatTensor(SHAPE, prediction),
        target: floatTensor(SHAPE, target),
        ...inputs,
      });
      return { loss: outputs.loss.data[0] as number, gradient: outputs.gradient.data as Float32Array };
    } finally {
      await program.dispose();
    }
  }

  /** The mean of factor * error, and its derivative, value by value in float64. */
  function closedForm(
    factor: (i: number) => number,
    error: (d: number, sample: number) => readonly [value: number, derivative: number],
  ): { loss: number; gradient: Float64Array } {
    let loss = 0;
    const gradient = new Float64Array(NUM_VALUES);
    for (let i = 0; i < NUM_VALUES; i++) {
      const [value, derivative] = error(prediction[i] - target[i], Math.floor(i / PER_SAMPLE));
      loss += (factor(i) * value) / NUM_VALUES;
      gradient[i] = (factor(i) * derivative) / NUM_VALUES;
    }
    return { loss, gradient };
  }

  const square = (d: number) => [d * d, 2 * d] as const;
  const pseudoHuber = (d: number, sample: number) => {
    const c = deltas[sample];
    const root = Math.sqrt(d * d + c * c);
    return [2 * c * (root - c), (2 * c * d) / root] as const;
  };
  const weightOf = (i: number) => weights[Math.floor(i / PER_SAMPLE)];
  const maskOf = (i: number) => mask[Math.floor(i / PER_SAMPLE) * NUM_PIXELS + (i % NUM_PIXELS)];

  const inputs = {
    [LOSS_INPUTS.weight]: floatTensor([BATCH], weights),
    [LOSS_INPUTS.delta]: floatTensor([BATCH], deltas),
    [LOSS_INPUTS.mask]: floatTensor([BATCH, 1, HEIGHT, WIDTH], mask),
  };
  const pick = ({ weighted, robust, masked }: LossForm): Record<string, FloatTensor> => ({
    ...(weighted ? { [LOSS_INPUTS.weight]: inputs[LOSS_INPUTS.weight] } : {}),
    ...(robust ? { [LOSS_INPUTS.delta]: inputs[LOSS_INPUTS.delta] } : {}),
    ...(masked ? { [LOSS_INPUTS.mask]: inputs[LOSS_INPUTS.mask] } : {}),
  });

  for (const weighted of [false, true]) {
    for (const robust of [false, true]) {
      for (const masked of [false, true]) {
        const form = { weighted, robust, masked };
        const words = [weighted && 'weighted', robust && 'robust', masked && 'masked'].filter(Boolean);
        it(`${words.join(', ') || 'plain'}: value and gradient agree with the closed form`, async () => {
          const factor = (i: number) => (weighted ? weightOf(i) : 1) * (masked ? maskOf(i) : 1);
          const expected = closedForm(factor, robust ? pseudoHuber : square);
          const found = await lossOf(form, pick(form));
          assert.ok(relativeError([found.loss], [expected.loss]) < FLOAT32_TOLERANCE, 'loss');
          assert.ok(relativeError(found.gradient, expected.gradient, 0) < FLOAT32_TOLERANCE, 'gradient');
        });
      }
    }
  }

  it('is the plain mean squared error to the last bit under weight 1, mask 1 and the delta of the square', async () => {
    const plain = await lossOf(MEAN_SQUARED_ERROR, {});
    const neutral = await lossOf(
      { weighted: true, robust: true, masked: true },
      {
        [LOSS_INPUTS.weight]: floatTensor([BATCH], new Float32Array(BATCH).fill(1)),
        [LOSS_INPUTS.delta]: floatTensor([BATCH], new Float32Array(BATCH).fill(DELTA_OF_SQUARE)),
        [LOSS_INPUTS.mask]: floatTensor([BATCH, 1, HEIGHT, WIDTH], new Float32Array(mask.length).fill(1)),
      },
    );
    assert.equal(neutral.loss, plain.loss);
  });
});
