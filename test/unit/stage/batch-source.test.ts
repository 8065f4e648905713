/** The data of a step is the same however the batch is cut; only whose turn it is differs. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import sharp from 'sharp';
import { minSnrWeight } from '../../../worker/diffusion/loss-weight.ts';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { readSchedulerConfig } from '../../../worker/diffusion/scheduler-config.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { createOnnxEngine } from '../../../worker/engine/onnx/onnx-engine.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { ImageBatchSource } from '../../../worker/stage/batch-source.ts';
import { DELTA_OF_SQUARE } from '../../../worker/training-graph.ts';
import { makePictures, makeTinyRun, type Overrides, type TinyRun } from '../../support/tiny-run.ts';

const BATCH_SIZE = 4;
const STEPS = [0, 1, 7];

type Data = Readonly<Record<string, readonly number[]>>;

interface Cut {
  readonly microBatchSize: number;
  readonly numReplicas: number;
}

describe('batch source', () => {
  let tiny: TinyRun;
  let model: DiffusersModel;
  let engine: Engine;
  before(async () => {
    tiny = await makeTinyRun();
    model = await DiffusersModel.open(tiny.modelFolder);
    engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
  });
  after(async () => {
    await model.close();
    await tiny.remove();
  });

  /** Everything that replica `replica` reads of one purpose and step, its micro-batches one after the other. */
  async function dataOf(
    { microBatchSize, numReplicas }: Cut,
    replica: number,
    overrides: Overrides,
    purpose: 'training' | 'validation',
    step: number,
    numSamples: number,
  ): Promise<Data> {
    const config = tiny.config(overrides);
    const source = await ImageBatchSource.open({
      config,
      model,
      engine,
      hashes: null,
      onDamaged: (message) => assert.fail(message),
      replica,
      numReplicas,
      microBatchSize,
    });
    try {
      const data: Record<string, number[]> = {};
      for (let microBatch = 0; microBatch < numSamples / microBatchSize; microBatch++) {
        const { tensors, size } = await source.prepare({ purpose, step, microBatch });
        assert.deepEqual(size, { height: 16, width: 16 });
        for (const [name, tensor] of Object.entries(tensors)) {
          assert.equal(tensor.shape[0], microBatchSize, name);
          (data[name] ??= []).push(...(tensor.data as Float32Array | Int32Array));
        }
      }
      return data;
    } finally {
      await source.dispose();
    }
  }

  /** A step's data of all replicas. */
  async function stepData(cut: Cut, step: number, overrides: Overrides = {}): Promise<Data> {
    const share = BATCH_SIZE / cut.numReplicas;
    const parts: Data[] = [];
    for (let replica = 0; replica < cut.numReplicas; replica++)
      parts.push(await dataOf(cut, replica, overrides, 'training', step, share));
    return Object.fromEntries(
      Object.keys(parts[0]).map((name) => [name, parts.flatMap((part) => part[name])]),
    );
  }

  it('has in every cut of a step the same noise, timesteps, pictures and captions', async () => {
    for (const step of STEPS) {
      const whole = await stepData({ microBatchSize: BATCH_SIZE, numReplicas: 1 }, step);
      assert.deepEqual(Object.keys(whole).sort(), ['encoder_hidden_states', 'sample', 'target', 'timesteps']);
      for (const cut of [
        { microBatchSize: 1, numReplicas: 1 },
        { microBatchSize: 2, numReplicas: 2 },
        { microBatchSize: 1, numReplicas: 4 },
      ])
        assert.deepEqual(await stepData(cut, step), whole, JSON.stringify(cut));
    }
  });

  it('has other data at every step and seed, and the same at the same', async () => {
    const cut = { microBatchSize: BATCH_SIZE, numReplicas: 1 };
    const first = await stepData(cut, 0);
    assert.deepEqual(await stepData(cut, 0), first);
    for (const other of [await stepData(cut, 1), await stepData(cut, 0, { train: { seed: 12 } })]) {
      for (const name of ['sample', 'target', 'timesteps'])
        assert.notDeepEqual(other[name], first[name], name);
    }
  });

  it('validates with draws that follow neither step nor seed, and fills the last micro-batch from the start', async () => {
    const cut = { microBatchSize: 3, numReplicas: 1 };
    // 4 held-out pictures at 2 timesteps each.
    const numSamples = 9;
    const data = await dataOf(cut, 0, {}, 'validation', 0, numSamples);
    const later = await dataOf(cut, 0, { train: { seed: 12 } }, 'validation', 5, numSamples);
    assert.deepEqual(later, data);
    for (const values of Object.values(data)) {
      const size = values.length / numSamples;
      assert.deepEqual(values.slice(-size), values.slice(0, size), 'the ninth sample is the first');
    }
    assert.equal(new Set(data.timesteps).size, 2);
  });

  it('tells the loss what the objective weighs, and the validation loss nothing', async () => {
    const objective = {
      loss: 'smooth-l1',
      huberSchedule: 'constant',
      huberDelta: 0.5,
      minSnrGamma: 5,
    } as const;
    const cut = { microBatchSize: 2, numReplicas: 1 };
    const schedule = new NoiseSchedule(await readSchedulerConfig(join(tiny.modelFolder, 'scheduler')));
    const training = await stepData(cut, 3, { objective });
    assert.deepEqual(training.loss_delta, [0.5, 0.5, 0.5, 0.5]);
    assert.deepEqual(
      training.loss_weight,
      training.timesteps.map((t) => Math.fround(minSnrWeight(schedule, t, 5) / 0.5)),
    );
    const plain = await stepData(cut, 3);
    assert.deepEqual(plain.sample, training.sample);
    const validation = await dataOf(cut, 0, { objective }, 'validation', 3, 8);
    assert.deepEqual(new Set(validation.loss_weight), new Set([1]));
    assert.deepEqual(new Set(validation.loss_delta), new Set([DELTA_OF_SQUARE]));
    const { sample } = await dataOf(cut, 0, {}, 'validation', 3, 8);
    assert.deepEqual(validation.sample, sample);
  });

  it('weighs prior pictures and pixels as configured, and neither in validation', async () => {
    const folder = join(tiny.folder, 'weighed');
    await makePictures(folder, 0, 4);
    for (const i of [0, 1, 2, 3]) {
      // Left half white.
      const half = Buffer.from({ length: 256 }).map((_, at) => (at % 16 < 8 ? 255 : 0));
      await sharp(half, { raw: { width: 16, height: 16, channels: 1 } })
        .png()
        .toFile(join(folder, `picture-0${i}-masklabel.png`));
    }
    const overrides: Overrides = {
      data: {
        path: folder,
        mask: 'file',
        unmaskedWeight: 0.25,
        prior: { path: tiny.heldOutFolder, weight: 0.5 },
      },
      train: { batchSize: 8 },
    };
    // One epoch: 4 own pictures and 4 of the prior.
    const data = await dataOf({ microBatchSize: 2, numReplicas: 1 }, 0, overrides, 'training', 0, 8);
    assert.deepEqual(data.loss_weight.toSorted(), [0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1]);
    for (const [i, weight] of data.loss_weight.entries()) {
      const row = data.loss_mask.slice(i * 256, i * 256 + 16);
      const expected = weight === 1 ? [1, 0.25] : [1, 1];
      assert.deepEqual([row[0], row[15]], expected, 'prior pictures have no masks and count whole');
    }
    const validation = await dataOf({ microBatchSize: 2, numReplicas: 1 }, 0, overrides, 'validation', 0, 8);
    assert.deepEqual(new Set(validation.loss_mask), new Set([1]));
    assert.deepEqual(new Set(validation.loss_weight), new Set([1]));
  });

  it('has in every cut the same variations of pictures and captions', async () => {
    const overrides: Overrides = {
      data: {
        flip: true,
        pairedAugmentation: 0.5,
        shuffleTags: true,
        captionSuffix: ', a, b, c',
        captionDropout: 0.3,
      },
    };
    const whole = await stepData({ microBatchSize: BATCH_SIZE, numReplicas: 1 }, 2, overrides);
    assert.deepEqual(await stepData({ microBatchSize: 1, numReplicas: 2 }, 2, overrides), whole);
    assert.notDeepEqual(
      whole.sample,
      (await stepData({ microBatchSize: BATCH_SIZE, numReplicas: 1 }, 2)).sample,
    );
  });

  it('trains and validates under a schedule without signal at its end where asked to', async () => {
    const cut = { microBatchSize: 4, numReplicas: 1 };
    const objective = { zeroTerminalSnr: true, minTimestep: 999 };
    const { sample } = await stepData(cut, 0, { objective });
    const { sample: otherPictures } = await stepData(cut, 0, {
      objective,
      data: { path: tiny.heldOutFolder },
    });
    assert.deepEqual(sample, otherPictures, 'nothing of a picture is left');
  });

  it('hands out token ids where the text encoder trains too', async () => {
    const overrides: Overrides = {
      method: 'full',
      sara: null,
      optimizer: { learningRate: 1e-3 },
      train: { textEncoder: true },
    };
    const data = await stepData({ microBatchSize: 2, numReplicas: 1 }, 0, overrides);
    assert.deepEqual(Object.keys(data).sort(), ['input_ids', 'sample', 'target', 'timesteps']);
    assert.equal(data.input_ids.length, BATCH_SIZE * model.text.numTokens);
    const { sample } = await stepData({ microBatchSize: 2, numReplicas: 1 }, 0);
    assert.deepEqual(data.sample, sample, 'the pictures are the same');
  });
});
