/**
 * Fine-tunes a tfjs model with SaRA: an autoencoder that knows Google's emoji learns Twitter's style by re-training the
 * fifth of its weights that are smallest.
 *
 *   npx tsx examples/tfjs/fine-tune.ts [folder for the pictures, default .cache/emoji]
 *
 * The loss is measured on Twitter drawings that neither the base nor the fine-tuning has seen. All of it runs on tfjs'
 * wasm backend, with every order and initial weight fixed: the numbers are the same each time.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { initializers, layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import { sara, thresholdForFraction } from '../../worker/tfjs-optimizer/sara.ts'; // as a package: 'sara/tfjs'
import { prepareEmoji } from '../emoji/prepare.ts';

/** Edge of a picture, in pixels. */
const SIZE = 16;
const BATCH_SIZE = 32;
const BASE_EPOCHS = 16;
const EPOCHS = 8;

await tf.setBackend('wasm');
const { folder } = await prepareEmoji(process.argv[2] ?? '.cache/emoji');
const google = await loadPictures(join(folder, 'google'));
const twitter = await loadPictures(join(folder, 'twitter-train'));
const heldOut = await loadPictures(join(folder, 'twitter-validation'));

// A base model. Yours comes from tf.loadLayersModel.
const model = autoencoder();
await train(model, tf.train.adam(3e-3), google, BASE_EPOCHS);
const before = lossOf(model, heldOut);

// Its fine-tuning: the optimizer is all that is different.
const threshold = await thresholdForFraction(model, 0.2);
const steps = EPOCHS * Math.ceil(twitter.shape[0] / BATCH_SIZE);
const optimizer = sara(model, {
  threshold,
  steps,
  learningRate: 4e-3,
  rank: { weight: 5e-5 }, // the loss is a mean over pixels, its gradient small: so is the term's weight
});
const selected = `${optimizer.trainableCount} of ${optimizer.parameterCount}`;
await train(model, optimizer, twitter, EPOCHS);
const after = lossOf(model, heldOut);

console.log(`trained ${selected} weights, those below ${threshold.toFixed(4)}`);
console.log(`${optimizer.iterations} updates, the second half on ${optimizer.trainableCount} weights`);
console.log(
  `loss on ${heldOut.shape[0]} held-out pictures: ${before.toFixed(4)} before, ${after.toFixed(4)} after`,
);

function autoencoder(): LayersModel {
  const kernelInitializer = initializers.glorotUniform({ seed: 1 });
  return sequential({
    layers: [
      layers.flatten({ inputShape: [SIZE, SIZE, 3] }),
      layers.dense({ units: 96, activation: 'relu', kernelInitializer }),
      layers.dense({ units: SIZE * SIZE * 3, activation: 'sigmoid', kernelInitializer }),
      layers.reshape({ targetShape: [SIZE, SIZE, 3] }),
    ],
  });
}

async function train(
  model: LayersModel,
  optimizer: tf.Optimizer,
  pictures: tf.Tensor,
  epochs: number,
): Promise<void> {
  model.compile({ optimizer, loss: 'meanSquaredError' });
  await model.fit(pictures, pictures, { epochs, batchSize: BATCH_SIZE, shuffle: false, verbose: 0 });
}

function lossOf(model: LayersModel, pictures: tf.Tensor): number {
  return tf.tidy(() => (model.evaluate(pictures, pictures) as tf.Scalar).dataSync()[0]);
}

/** @returns float32 [count, SIZE, SIZE, 3] in 0 .. 1 */
async function loadPictures(folder: string): Promise<tf.Tensor> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.png')).sort();
  const pixels = await Promise.all(
    names.map((name) =>
      sharp(join(folder, name)).resize(SIZE, SIZE).flatten({ background: 'white' }).raw().toBuffer(),
    ),
  );
  const values = Float32Array.from(Buffer.concat(pixels), (level) => level / 255);
  return tf.tensor(values, [names.length, SIZE, SIZE, 3]);
}
