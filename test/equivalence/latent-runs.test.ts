/**
 * Runs on latents, one per family in small: cut, cached or not, from a folder or a single file, they train the same.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { NoiseSchedule } from '../../worker/diffusion/noise-schedule.ts';
import { DiffusersModel } from '../../worker/model/diffusers-model.ts';
import { profileRun } from '../../worker/model-actor.ts';
import type { FamilyName } from '../../worker/model/single-file/families.ts';
import { writeSingleFile } from '../../worker/model/single-file/write.ts';
import { generatePictures } from '../../worker/artifacts/image-generator.ts';
import type { MaskedVector } from '../../worker/sara/mask.ts';
import { Encoders, encodingItems } from '../../worker/stage/encoders.ts';
import { openRunData } from '../../worker/stage/run-data.ts';
import { withRun } from '../support/in-process-run.ts';
import { LATENT_RESOLUTION, makeLatentRun, type LatentRun } from '../support/latent-run.ts';
import { relativeError } from '../support/numbers.ts';
import { saraError } from '../support/sara-error.ts';
import type { Overrides } from '../support/tiny-run.ts';

/** The same float32 operations in another order: programs of one segment and of three are fused differently. */
const CUT_TOLERANCE = 1e-4;

const FAMILIES: readonly {
  readonly name: FamilyName;
  readonly scheduler: Readonly<Record<string, unknown>>;
}[] = [
  { name: 'sd1', scheduler: {} },
  { name: 'sd2', scheduler: { prediction_type: 'v_prediction' } },
  { name: 'sdxl', scheduler: {} },
];

interface Outcome {
  readonly losses: readonly number[];
  readonly validation: readonly number[];
  readonly values: MaskedVector;
}

async function train(run: LatentRun, overrides: Overrides = {}, numStages = 1): Promise<Outcome> {
  const config = run.config(overrides);
  return withRun(config, { numStages, numReplicas: 1 }, async (inProcess) => {
    await inProcess.select();
    const before = await inProcess.validate();
    const losses = await inProcess.trainTo(config.train.steps);
    const validation = [before, await inProcess.validate()];
    return { losses, validation, values: await inProcess.values() };
  });
}

for (const { name, scheduler } of FAMILIES) {
  describe(`a run on the latents of ${name}`, () => {
    let run: LatentRun;
    let straight: Outcome;
    before(async () => {
      run = await makeLatentRun(name, { scheduler });
      straight = await train(run, { data: { cache: false } });
    });
    after(() => run.remove());

    it('trains: losses are finite and of the size of the noise, values move, validation changes', () => {
      for (const loss of [...straight.losses, ...straight.validation])
        assert.ok(loss > 0.1 && loss < 100, `loss ${loss}`);
      assert.notEqual(straight.validation[0], straight.validation[1]);
    });

    it('gives on two stages the losses and values of one', async () => {
      const cut = await train(run, { data: { cache: false } }, 2);
      for (const [i, loss] of cut.losses.entries())
        assert.ok(Math.abs(loss / straight.losses[i] - 1) < CUT_TOLERANCE, `step ${i}: ${loss}`);
      assert.equal(cut.values.mask.digest, straight.values.mask.digest);
      assert.ok(relativeError(cut.values.vector, straight.values.vector) < CUT_TOLERANCE);
    });

    it('is bit for bit the same with its encodings kept on disk, made on the way or before, and read again', async () => {
      assert.deepEqual(await train(run), straight, 'made on the way');
      const files = await cacheFiles(run);
      assert.deepEqual(await train(run), straight, 'read again');
      assert.deepEqual(await cacheFiles(run), files, 'nothing was made anew');
    });

    it('is bit for bit the same from a single file', async () => {
      const file = join(run.folder, 'model.safetensors');
      const model = await DiffusersModel.open(run.modelFolder);
      await writeSingleFile(model, file, {
        readUNet: (tensor) => model.unetFiles.read(tensor),
        metadata: {},
      });
      await model.close();
      const single = await train(run, { model: { path: file } });
      assert.deepEqual(single.losses, straight.losses);
      assert.deepEqual(single.values, straight.values);
    });

    it('draws pictures through the decoder, the same for the same seed, others for another', async () => {
      const model = await DiffusersModel.open(run.modelFolder);
      const draw = (seed: number) =>
        generatePictures(
          {
            model,
            engine: createOnnxEngine({ provider: 'cpu', numThreads: 1 }),
            schedule: NoiseSchedule.fromConfig(model.scheduler.json, model.scheduler.source),
            deltas: null,
          },
          [{ prompt: 'a red cat', seed }],
          {
            size: { height: LATENT_RESOLUTION, width: 2 * LATENT_RESOLUTION },
            sampler: 'ddim',
            numInferenceSteps: 2,
            guidanceScale: 3,
            clipSkip: 0,
          },
        );
      const [picture] = await draw(1);
      assert.equal(picture.length, 3 * LATENT_RESOLUTION * 2 * LATENT_RESOLUTION);
      assert.deepEqual(await draw(1), [picture]);
      assert.notDeepEqual(await draw(2), [picture]);
      await model.close();
    });
  });
}

describe('encodings kept on disk', () => {
  let run: LatentRun;
  before(async () => {
    run = await makeLatentRun('sdxl');
  });
  after(() => run.remove());

  it('are listed once each, made beforehand, and enough for the run: nothing is encoded after', async () => {
    const overrides: Overrides = { data: { flip: true } };
    const { encoding, residentEncoderBytes } = await profileRun(run.config(overrides));
    // 6 pictures mirrored and not, 2 held out; 6 and 2 captions, of them 8 distinct, and the empty one.
    assert.equal(encoding?.numItems, 6 * 2 + 2 + 8 + 1);
    assert.equal(residentEncoderBytes, 0);
    const damaged = await encodeAll(run, overrides);
    assert.deepEqual(damaged, []);
    const files = await cacheFiles(run);
    // SDXL's empty text is zeros, which need no file.
    assert.equal(files.length, 6 * 2 + 2 + 8);
    await train(run, overrides);
    assert.deepEqual(await cacheFiles(run), files);
  });

  it('are named and made again when they were damaged, to the same bits', async () => {
    const [cut, flipped, ...whole] = await cacheFiles(run);
    const before = new Map(
      await Promise.all([cut, flipped].map(async (file) => [file, await readFile(file)] as const)),
    );
    await writeFile(cut, before.get(cut)!.subarray(0, -5));
    const bytes = Uint8Array.from(before.get(flipped)!);
    bytes[bytes.length - 2] ^= 1;
    await writeFile(flipped, bytes);
    const damaged = await encodeAll(run, { data: { flip: true } });
    assert.equal(damaged.length, 2);
    for (const file of [cut, flipped]) {
      assert.ok(
        damaged.some((message) => message.includes(file) && message.endsWith('it is made again')),
        file,
      );
      assert.deepEqual(await readFile(file), before.get(file));
    }
    assert.ok(whole.length > 10);
  });

  it('are others for another size, clip skip or picture, and shared by what is alike', async () => {
    const known = new Set(await cacheFiles(run));
    const added = async (overrides: Overrides): Promise<number> => {
      await encodeAll(run, overrides);
      const files = await cacheFiles(run);
      const count = files.filter((file) => !known.has(file)).length;
      for (const file of files) known.add(file);
      return count;
    };
    assert.equal(await added({}), 0);
    assert.equal(await added({ data: { resolution: 72 } }), 6 + 2);
    assert.equal(await added({ model: { clipSkip: 1 } }), 8);
    assert.equal(await added({ data: { captionPrefix: 'a drawing of ' } }), 8);
  });

  it('leave the text encoders with the run where captions are drawn anew at every visit', async () => {
    const config = run.config({ data: { shuffleTags: true } });
    const { encoding, residentEncoderBytes } = await profileRun(config);
    assert.equal(encoding?.numItems, 6 + 2);
    const model = await DiffusersModel.open(run.modelFolder);
    const weights = model.textEncoders.flatMap(({ files }) => [...files.entries.values()]);
    assert.equal(
      residentEncoderBytes,
      weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    );
    await model.close();
  });

  it('are not listed where the configuration turns them off: the encoders stay', async () => {
    const { encoding, residentEncoderBytes } = await profileRun(run.config({ data: { cache: false } }));
    assert.equal(encoding, null);
    assert.ok(residentEncoderBytes > 0);
  });
});

describe('a run on latents', () => {
  let run: LatentRun;
  before(async () => {
    run = await makeLatentRun('sd1');
  });
  after(() => run.remove());

  it('is refused with a picture size that does not divide into latents', async () => {
    await assert.rejects(
      profileRun(run.config({ data: { resolution: 60 } })),
      saraError('CONFIG_INVALID', /60x60 do not divide .* 8 pixels wide/),
    );
  });

  it('is refused with method full on a single file, before anything is trained', async () => {
    const file = join(run.folder, 'model.safetensors');
    const model = await DiffusersModel.open(run.modelFolder);
    await writeSingleFile(model, file, { readUNet: (tensor) => model.unetFiles.read(tensor), metadata: {} });
    await model.close();
    const full: Overrides = { method: 'full', sara: null, model: { path: file } };
    await assert.rejects(
      profileRun(run.config(full)),
      saraError('MODEL_UNSUPPORTED', /method full .* is a single file/),
    );
  });

  it('trains with the text encoder, and on the same latents', async () => {
    const full: Overrides = { method: 'full', sara: null, train: { textEncoder: true } };
    const { losses } = await train(run, { ...full, optimizer: { learningRate: 1e-4 } });
    const [withoutText] = (
      await train(run, { method: 'full', sara: null, optimizer: { learningRate: 1e-4 } })
    ).losses;
    assert.ok(Math.abs(losses[0] / withoutText - 1) < CUT_TOLERANCE, `${losses[0]} and ${withoutText}`);
  });
});

/** What the encoder actors of a run do. @returns sentences on what was damaged */
async function encodeAll(run: LatentRun, overrides: Overrides): Promise<string[]> {
  const config = run.config(overrides);
  const { encoding } = await profileRun(config);
  const model = await DiffusersModel.open(config.model.path);
  const damaged: string[] = [];
  const encoders = new Encoders({
    config,
    model,
    engine: createOnnxEngine({ provider: 'cpu', numThreads: 1 }),
    hashes: encoding?.hashes ?? null,
    onDamaged: (message) => damaged.push(message),
  });
  for (const item of encodingItems(await openRunData(config, model), config)) await encoders.encode(item);
  await encoders.dispose();
  await model.close();
  return damaged;
}

async function cacheFiles({ outputFolder }: LatentRun): Promise<string[]> {
  const folder = join(outputFolder, 'cache');
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => join(folder, name))
    .sort();
}
