/**
 * Every way to compute an operator gives the same, on the one backend that has the kernels for all of them. So what
 * runs on TensorFlow only is checked where there is no TensorFlow.
 */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { numElements } from '../../../../shared/tensor.ts';
import type { ConvGeometry } from '../../../../worker/engine/op.ts';
import { Backend } from '../../../../worker/engine/tfjs/backend.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from '../../../../worker/engine/tfjs/conv.ts';
import { FORMULATIONS, type Formulation } from '../../../../worker/engine/tfjs/formulation.ts';
import { matMul } from '../../../../worker/engine/tfjs/mat-mul.ts';
import { relativeError, someNumbers } from '../../../support/numbers.ts';

/** The same float32 sums in another order. */
const ROUNDING_TOLERANCE = 1e-6;

const formulations = Object.entries(FORMULATIONS);

function tensor(shape: readonly number[], seed: number): tf.Tensor {
  return tf.tensor(someNumbers(numElements(shape), seed), [...shape]);
}

/** Compares what `compute` gives under every formulation with what it gives under the first. */
function assertAgree(compute: (formulation: Formulation) => tf.Tensor): void {
  tf.tidy(() => {
    const [[, first], ...others] = formulations;
    const expected = compute(first);
    for (const [name, formulation] of others) {
      const got = compute(formulation);
      assert.deepEqual(got.shape, expected.shape, name);
      const error = relativeError(got.dataSync(), expected.dataSync());
      assert.ok(error < ROUNDING_TOLERANCE, `${name}: ${error}`);
    }
  });
}

describe('formulations', () => {
  before(async () => {
    (await Backend.load('cpu', 1)).activate();
  });

  const even = (size: number) => ({ top: size, left: size, bottom: size, right: size });
  const convolutions: readonly [string, number, ConvGeometry, readonly [number, number]][] = [
    ['3x3 padded', 3, { stride: 1, pads: even(1) }, [5, 6]],
    ['3x3 without padding', 3, { stride: 1, pads: even(0) }, [5, 6]],
    ['3x3 padded on one side', 3, { stride: 1, pads: { top: 0, left: 2, bottom: 1, right: 0 } }, [5, 6]],
    ['3x3 stride 2, even size', 3, { stride: 2, pads: even(1) }, [6, 4]],
    ['3x3 stride 2, odd size', 3, { stride: 2, pads: even(1) }, [5, 7]],
    [
      '3x3 stride 2, padded right and below',
      3,
      { stride: 2, pads: { top: 0, left: 0, bottom: 1, right: 1 } },
      [6, 6],
    ],
    ['1x1', 1, { stride: 1, pads: even(0) }, [4, 3]],
    ['1x1 padded, which no convolution undoes', 1, { stride: 1, pads: even(1) }, [4, 3]],
  ];
  for (const [title, kernel, geometry, [height, width]] of convolutions) {
    it(`of the gradients of a convolution agree: ${title}`, () => {
      const [batch, inChannels, outChannels] = [2, 3, 4];
      tf.tidy(() => {
        const x = tensor([batch, height, width, inChannels], 1);
        const w = tensor([kernel, kernel, inChannels, outChannels], 2);
        const dy = tensor(conv2d(x, w, undefined, geometry).shape, 3);
        assertAgree((formulation) => conv2dInputGrad(dy, w, x.shape, geometry, formulation));
        assertAgree((formulation) => conv2dWeightGrad(x, dy, w.shape, geometry, formulation));
      });
    });
  }

  for (const [a, b] of [
    [
      [3, 4],
      [4, 5],
    ],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [
      [3, 4],
      [2, 4, 5],
    ],
    [
      [2, 1, 3, 4],
      [6, 4, 5],
    ],
  ]) {
    it(`of the product of [${a.join(', ')}] and [${b.join(', ')}] agree, however they are transposed`, () => {
      for (const transA of [false, true]) {
        for (const transB of [false, true]) {
          const flipped = (shape: number[], is: boolean): number[] =>
            is ? [...shape.slice(0, -2), shape[shape.length - 1], shape[shape.length - 2]] : shape;
          const left = tensor(flipped(a, transA), 1);
          const right = tensor(flipped(b, transB), 2);
          assertAgree((formulation) => matMul(left, right, { transA, transB, alpha: 0.5 }, formulation));
          tf.dispose([left, right]);
        }
      }
    });
  }
});
