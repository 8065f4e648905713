/**
 * Models and variables small enough for tfjs' plain-JS backend, the same at every call. What a test leaves in tfjs'
 * memory is its own to free: `withTfjs` makes sure that it does.
 */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { layers, models, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { namedVariables } from '../../../worker/tfjs-optimizer/variables.ts';
import { someNumbers } from '../../support/numbers.ts';

/** Runs `test` on a backend and checks that it leaves no tensor behind. */
export async function withTfjs(test: () => Promise<void> | void, backend = 'cpu'): Promise<void> {
  assert.ok(await tf.setBackend(backend), `tfjs has no backend ${backend}`);
  const before = tf.memory().numTensors;
  try {
    await test();
    assert.equal(tf.memory().numTensors, before, 'tensors left behind');
  } finally {
    tf.disposeVariables(); // of a test that failed: their names would be taken in the next
    await tf.setBackend('cpu');
  }
}

export function someTensor(shape: readonly number[], seed: number, scale = 1): tf.Tensor {
  const data = someNumbers(tf.util.sizeFromShape([...shape]), seed).map((x) => scale * x);
  return tf.tensor(data, [...shape]);
}

/** A named variable of some numbers in [-scale, scale). */
export function someVariable(name: string, shape: readonly number[], seed: number, scale = 1): tf.Variable {
  return tf.tidy(() => tf.variable(someTensor(shape, seed, scale), true, name));
}

/** Two matrices above the rank term's size and a bias: x [n, 70] -> [n, 66]. */
export interface TwoMatrices {
  readonly variables: tf.Variable[];
  readonly loss: () => tf.Scalar;
  dispose(): void;
}

/** @param prefix of the variables' names, which tfjs wants unique */
export function twoMatrices(prefix = ''): TwoMatrices {
  const first = someVariable(`${prefix}first`, [70, 68], 1, 0.2);
  const bias = someVariable(`${prefix}bias`, [68], 2, 0.2);
  const second = someVariable(`${prefix}second`, [68, 66], 3, 0.2);
  const input = someTensor([8, 70], 4) as tf.Tensor2D;
  const target = someTensor([8, 66], 5) as tf.Tensor2D;
  return {
    variables: [first, bias, second],
    loss: () => {
      const hidden = tf.tanh(tf.add(tf.matMul(input, first as tf.Tensor2D), bias));
      return tf.losses.meanSquaredError(target, tf.matMul(hidden as tf.Tensor2D, second as tf.Tensor2D));
    },
    dispose: () => tf.dispose([first, bias, second, input, target]),
  };
}

/** Convolution, batch normalisation, dense: pictures [8, 8, 2] to one of three classes. */
export function convModel(): LayersModel {
  const model = sequential({
    layers: [
      layers.conv2d({ filters: 6, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 2], name: 'conv' }),
      layers.batchNormalization({ name: 'norm' }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ units: 3, activation: 'softmax', name: 'dense' }),
    ],
  });
  tf.tidy(() => {
    const weights = model.getWeights();
    // As initialised, gamma and variance are ones, beta and mean zeros: those stay.
    const values = weights.map((w, i) => (w.rank > 1 ? someTensor(w.shape, 10 + i, 0.3) : w));
    model.setWeights(values);
  });
  return model;
}

/** The same layers, names and weights as objects of their own: a model loaded twice. */
export async function loadedAgain(model: LayersModel): Promise<LayersModel> {
  const copy = await models.modelFromJSON(JSON.parse(model.toJSON() as string) as never);
  copy.setWeights(model.getWeights());
  return copy;
}

export interface Pictures {
  /** [24, 8, 8, 2] */
  readonly xs: tf.Tensor;
  /** One-hot, [24, 3]. */
  readonly ys: tf.Tensor;
  dispose(): void;
}

/** Pictures of three kinds, which differ in where they are bright. */
export function pictures(): Pictures {
  const ys = tf.tidy(() => {
    const kinds = Array.from({ length: 24 }, (_, i) => i % 3);
    return tf.cast(tf.oneHot(tf.tensor1d(kinds, 'int32'), 3), 'float32');
  });
  const xs = tf.tidy(() => {
    const bright = tf.reshape(
      tf.pad(ys, [
        [0, 0],
        [2, 3],
      ]),
      [24, 8, 1, 1],
    );
    return tf.add(someTensor([24, 8, 8, 2], 99, 0.5), bright);
  });
  return { xs, ys, dispose: () => tf.dispose([xs, ys]) };
}

/** Current values as their bits, by name. */
export function bitsOf(variables: readonly tf.Variable[]): Uint32Array[] {
  return variables.map((variable) => new Uint32Array(variable.dataSync<'float32'>().slice().buffer));
}

export function variablesOf(model: LayersModel): tf.Variable[] {
  return [...namedVariables(model).values()];
}
