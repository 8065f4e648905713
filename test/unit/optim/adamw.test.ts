import assert from 'node:assert/strict';
import fc from 'fast-check';
import { adamwStep, DEFAULT_ADAMW, zeroMoments, type Moments } from '../../../worker/optim/adamw.ts';
import { readTrajectory, GOLDEN_SARA, tensorsOf } from '../../support/golden-sara.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { selectByThreshold } from '../../../worker/sara/selection.ts';

/** State is float32; one update may differ by its rounding. */
const FLOAT32_ROUNDING = 3e-7;

/** torch.optim.AdamW's documentation, line by line, in float64 for one parameter. */
function referenceTrajectory(value: number, gradients: readonly number[], lr: number): number {
  const [beta1, beta2] = DEFAULT_ADAMW.betas;
  let m = 0;
  let v = 0;
  gradients.forEach((g, i) => {
    value -= lr * DEFAULT_ADAMW.weightDecay * value;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    const mHat = m / (1 - beta1 ** (i + 1));
    const vHat = v / (1 - beta2 ** (i + 1));
    value -= (lr * mHat) / (Math.sqrt(vHat) + DEFAULT_ADAMW.epsilon);
  });
  return value;
}

function apply(
  values: Float32Array,
  gradient: Float32Array,
  step: number,
  moments: Moments,
  learningRate = 1e-2,
): void {
  adamwStep(
    { values, positions: null, gradient, gradientScale: 1, moments, step, learningRate },
    DEFAULT_ADAMW,
  );
}

describe('AdamW', () => {
  it("follows the algorithm of PyTorch's documentation over many steps", () => {
    const numSteps = 20;
    const gradients = Array.from({ length: numSteps }, (_, i) => someNumbers(3, i + 1));
    const values = Float32Array.of(0.5, -2, 1e-3);
    const start = values.slice();
    const moments = zeroMoments(3);
    gradients.forEach((gradient, i) => {
      apply(values, gradient, i + 1, moments);
    });
    const expected = [0, 1, 2].map((j) =>
      referenceTrajectory(
        start[j],
        gradients.map((g) => g[j]),
        1e-2,
      ),
    );
    assert.ok(relativeError(values, expected) < FLOAT32_ROUNDING);
  });

  it('gives the same as 1 - lr * decay and lr / (1 + eps / |g|) on the first step', () => {
    const values = Float32Array.of(1, -1, 0);
    apply(values, Float32Array.of(0.25, -3, 0), 1, zeroMoments(3), 0.1);
    assert.ok(relativeError(values, [0.999 - 0.1, -0.999 + 0.1, 0]) < FLOAT32_ROUNDING);
  });

  it('moves the values of the recorded PyTorch run as far as its first step did', async () => {
    const recorded = await readTrajectory();
    const { values } = await selectByThreshold(tensorsOf(`${GOLDEN_SARA}/unet`), recorded.threshold);
    const io = await SafetensorsFile.open(`${GOLDEN_SARA}/io.safetensors`);
    const after = (await io.readFloat32('1.values')).data;
    await io.close();
    // At the first step only the gradient's sign matters, unless it is as small as epsilon; the sign shows in the
    // recording.
    const gradient = values.map((value, i) => (after[i] < value ? 1 : -1));
    const options = { betas: recorded.betas, epsilon: recorded.eps, weightDecay: recorded.weight_decay };
    const moments = zeroMoments(values.length);
    adamwStep(
      { values, positions: null, gradient, gradientScale: 1, moments, step: 1, learningRate: recorded.lr },
      options,
    );
    const differences = values.map((value, i) => Math.abs(value - after[i]));
    differences.sort();
    const median = differences[differences.length >> 1];
    assert.ok(median < 1e-3 * recorded.lr, `median difference ${median} of a step of ${recorded.lr}`);
  });

  it('touches only the entries the gradient belongs to, and decays no other', () => {
    const values = Float32Array.of(1, 2, 3, 4);
    const compact = Float32Array.of(2, 4);
    const moments = zeroMoments(2);
    const gradient = Float32Array.of(0.5, -0.5);
    const options = { gradient, gradientScale: 1, step: 1, learningRate: 0.1 };
    adamwStep({ ...options, values, positions: Int32Array.of(1, 3), moments }, DEFAULT_ADAMW);
    adamwStep({ ...options, values: compact, positions: null, moments: zeroMoments(2) }, DEFAULT_ADAMW);
    assert.deepEqual([...values], [1, compact[0], 3, compact[1]]);
  });

  it('takes a scaled gradient as the gradient it stands for', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 10 }), (exponent) => {
        const scale = 2 ** exponent;
        const gradient = someNumbers(8, 1);
        const plain = someNumbers(8, 2);
        const scaled = plain.slice();
        apply(plain, gradient, 1, zeroMoments(8));
        const update = {
          positions: null,
          gradientScale: scale,
          moments: zeroMoments(8),
          step: 1,
          learningRate: 1e-2,
        };
        adamwStep({ ...update, values: scaled, gradient: gradient.map((g) => g / scale) }, DEFAULT_ADAMW);
        assert.deepEqual(scaled, plain);
      }),
    );
  });

  it('refuses vectors of different lengths', () => {
    assert.throws(
      () => {
        apply(new Float32Array(2), new Float32Array(3), 1, zeroMoments(3));
      },
      {
        code: 'INTERNAL',
      },
    );
    assert.throws(
      () => {
        apply(new Float32Array(3), new Float32Array(3), 0, zeroMoments(3));
      },
      {
        code: 'INTERNAL',
      },
    );
  });
});
