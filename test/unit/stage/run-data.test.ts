/** From a run's configuration to its data: each field where it has its effect, each refusal by its name. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { UNCHANGED } from '../../../worker/data/augment.ts';
import {
  dataRemarks,
  brokenImages,
  noiseScheduleOf,
  openRunData,
  pictureSizes,
} from '../../../worker/stage/run-data.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { makePictures, makeTinyRun, type Overrides, type TinyRun } from '../../support/tiny-run.ts';

describe('run data', () => {
  let tiny: TinyRun;
  before(async () => {
    tiny = await makeTinyRun();
  });
  after(() => tiny.remove());

  const open = (overrides: Overrides = {}) => openRunData(tiny.config(overrides), { vae: null });

  it('is the pictures of the folders, at the square of the resolution', async () => {
    const { training, validation } = await open();
    assert.equal(training.examples.length, 12);
    assert.equal(validation?.examples.length, 4);
    assert.deepEqual(
      training.buckets.map(({ size, entries }) => [size.width, size.height, entries.length]),
      [[16, 16, 12]],
    );
    assert.deepEqual(brokenImages(await open()), []);
    assert.deepEqual(dataRemarks(await open(), tiny.config()), []);
  });

  it('repeats pictures by folder and by folder name, those held out never', async () => {
    const folder = join(tiny.folder, 'repeated');
    await makePictures(join(folder, '3_a'), 0, 2);
    await makePictures(join(folder, 'b'), 2, 1);
    const { training, validation } = await open({
      data: { path: folder, validationPath: folder, folderRepeats: true, repeats: { b: 2 } },
    });
    assert.deepEqual([...training.buckets[0].entries], [0, 0, 0, 1, 1, 1, 2, 2]);
    assert.equal(validation?.examples.length, 3);
  });

  it('mixes in the prior pictures, as often as the others', async () => {
    const prior = join(tiny.folder, 'prior');
    await makePictures(prior, 20, 5);
    const { training } = await open({ data: { prior: { path: prior, weight: 0.5 } } });
    assert.equal(training.examples.length, 17);
    const [{ entries }] = training.buckets;
    const isPrior = Array.from(entries, (index) => training.isPrior(index));
    assert.equal(isPrior.filter(Boolean).length, 12);
  });

  it('reads masks from files or from opacity', async () => {
    const folder = join(tiny.folder, 'masked');
    await makePictures(folder, 0, 2);
    const halfWhite = Buffer.alloc(256);
    for (let y = 0; y < 16; y++) halfWhite.fill(255, 16 * y, 16 * y + 8);
    await sharp(halfWhite, { raw: { width: 16, height: 16, channels: 1 } })
      .png()
      .toFile(join(folder, 'picture-00-masklabel.png'));
    const firstRow = async (overrides: Overrides, index: number) => {
      const { training } = await open(overrides);
      const { mask: found } = await training.load(index, UNCHANGED);
      return found === null ? null : [...found.subarray(0, 16)];
    };
    const half = [...new Array<number>(8).fill(255), ...new Array<number>(8).fill(0)];
    assert.deepEqual(await firstRow({ data: { path: folder, mask: 'file' } }, 0), half);
    assert.equal(await firstRow({ data: { path: folder, mask: 'file' } }, 1), null);
    assert.equal(await firstRow({ data: { path: folder } }, 0), null);
    const { training } = await open({ data: { path: folder, mask: 'file' } });
    assert.equal(dataRemarks({ training, validation: null }, tiny.config()).length, 1);

    const opaque = await sharp(join(folder, 'picture-01.png')).removeAlpha().png().toBuffer();
    await sharp(opaque)
      .joinChannel(halfWhite, { raw: { width: 16, height: 16, channels: 1 } })
      .png()
      .toFile(join(folder, 'picture-01.png'));
    assert.deepEqual(await firstRow({ data: { path: folder, mask: 'alpha' } }, 1), half);
  });

  it('may have captions of another extension and encoding', async () => {
    const folder = join(tiny.folder, 'latin1');
    await makePictures(folder, 0, 1);
    await rename(join(folder, 'picture-00.txt'), join(folder, 'picture-00.caption'));
    await writeFile(join(folder, 'picture-00.caption'), Buffer.from('ein K\xe4fer', 'latin1'));
    const data = { path: folder, validationPath: null, captionExtension: '.caption' } as const;
    await assert.rejects(open({ data }), {
      code: 'DATA_INVALID',
      message: /picture-00\.caption is not UTF-8/,
    });
    const { training } = await open({ data: { ...data, captionEncoding: 'latin-1' } });
    assert.equal(training.examples[0].caption, 'ein Käfer');
  });

  it('has one bucket per shape, which the remarks show as a table, and the square for what is held out', async () => {
    const folder = join(tiny.folder, 'shapes');
    await makePictures(folder, 0, 3);
    await sharp(join(folder, 'picture-00.png'))
      .resize(64, 16, { fit: 'fill' })
      .toFile(join(folder, 'wide.png'));
    await copyFile(join(folder, 'picture-00.txt'), join(folder, 'wide.txt'));
    const config = tiny.config({ data: { path: folder, buckets: { step: 8, minEdge: 8, maxEdge: 64 } } });
    const data = await openRunData(config, { vae: null });
    const sizes = pictureSizes(data, config).map(({ width, height }) => `${width}x${height}`);
    assert.deepEqual(sizes, ['16x16', '32x8', '16x16']);
    const [report, ...others] = dataRemarks(data, config);
    assert.deepEqual(others, []);
    assert.match(report, /pictures by bucket\n *size +pictures[^]*16x16 +3 +3[^]*32x8 +1 +1/);
  });

  it('names what lies beside the pictures', async () => {
    const folder = join(tiny.folder, 'beside');
    await makePictures(folder, 0, 1);
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'sub/cache.npz'), '');
    assert.deepEqual(dataRemarks(await open({ data: { path: folder } }), tiny.config()), [
      `${folder}: 1 file is neither picture nor caption: sub/cache.npz`,
    ]);
  });
});

describe('noise schedule of a run', () => {
  let tiny: TinyRun;
  let model: DiffusersModel;
  before(async () => {
    tiny = await makeTinyRun();
    model = await DiffusersModel.open(tiny.modelFolder);
  });
  after(async () => {
    await model.close();
    await tiny.remove();
  });

  it("is the model's, rescaled and narrowed as the objective says", async () => {
    const plain = noiseScheduleOf(model, tiny.config());
    assert.equal(plain.timesteps.length, 1000);
    assert.ok(plain.schedule.alphasCumprod[999] > 0);
    const objective = { zeroTerminalSnr: true, minTimestep: 500, timestepGrid: 10 };
    const changed = noiseScheduleOf(model, tiny.config({ objective }));
    assert.equal(changed.schedule.alphasCumprod[999], 0);
    assert.deepEqual([...changed.timesteps], [500, 600, 700, 800, 900]);
  });

  it('is refused by field where the model does not have it', async () => {
    const config = tiny.config({ objective: { maxTimestep: 1000 } });
    assert.throws(() => noiseScheduleOf(model, config), {
      code: 'CONFIG_INVALID',
      message: /maxTimestep: 1000/,
    });
  });
});
