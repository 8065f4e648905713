import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { UNCHANGED } from '../../../worker/data/augment.ts';
import { bucketSizing, fixedSize } from '../../../worker/data/buckets.ts';
import { wholeFile } from '../../../worker/data/data-file.ts';
import type { Dataset, Example } from '../../../worker/data/dataset.ts';
import { ImageSet } from '../../../worker/data/image-set.ts';
import { valuesToPixels } from '../../../worker/data/image.ts';

const SIDE = 4;
const options = {
  sizing: fixedSize({ height: SIDE, width: SIDE }),
  alphaIsMask: false,
  onBrokenImage: 'refuse',
  cacheBytes: 1e6,
} as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sara-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

const example = (id: string): Example => ({
  id,
  picture: wholeFile(join(folder, id)),
  caption: `caption of ${id}`,
  mask: null,
  repeats: 1,
});
const datasetOf = (examples: readonly Example[]): Dataset => ({
  place: folder,
  examples,
  broken: [],
  remarks: [],
});

/** Grey pictures whose value tells which they are; those listed as broken hold text. */
async function dataset(count: number, broken: readonly number[] = []): Promise<Dataset> {
  const examples: Example[] = [];
  for (let i = 0; i < count; i++) {
    const background = { r: 10 * i, g: 10 * i, b: 10 * i };
    const path = join(folder, `${i}.png`);
    if (broken.includes(i)) await writeFile(path, 'broken');
    else await sharp({ create: { width: 8, height: 8, channels: 3, background } }).toFile(path);
    examples.push(example(`${i}.png`));
  }
  return datasetOf(examples);
}
const greyOf = async (images: ImageSet, index: number) =>
  valuesToPixels((await images.load(index, UNCHANGED)).values)[0];

describe('image set', () => {
  it('hands out pictures by index', async () => {
    const images = await ImageSet.open(await dataset(6), options);
    assert.deepEqual(await Promise.all([0, 3, 5].map((i) => greyOf(images, i))), [0, 30, 50]);
  });

  it('refuses broken pictures, naming each with its reason', async () => {
    await assert.rejects(ImageSet.open(await dataset(4, [1, 3]), options), {
      code: 'DATA_INVALID',
      message:
        /^2 of 4 pictures in .*\n.*1\.png: the file is text\n.*3\.png: .*\n.*data\.onBrokenImage to skip/,
    });
  });

  it('refuses pictures of formats that are not read, counting them', async () => {
    const broken = [{ path: join(folder, 'x.bmp'), reason: 'is of a format that is not read here' }];
    await assert.rejects(ImageSet.open({ ...(await dataset(2)), broken }, options), {
      code: 'DATA_INVALID',
      message: /^1 of 3 pictures in .*\n.*x\.bmp: is of a format/,
    });
  });

  it('skips them when told to, keeps a list, and counts the rest anew', async () => {
    const images = await ImageSet.open(await dataset(4, [1]), { ...options, onBrokenImage: 'skip' });
    assert.deepEqual(
      images.examples.map(({ id }) => id),
      ['0.png', '2.png', '3.png'],
    );
    assert.deepEqual(images.broken, [{ path: join(folder, '1.png'), reason: 'the file is text' }]);
    assert.equal(await greyOf(images, 1), 20);
  });

  it('refuses a set of which nothing is left', async () => {
    const skip = { ...options, onBrokenImage: 'skip' } as const;
    await assert.rejects(ImageSet.open(await dataset(2, [0, 1]), skip), { code: 'DATA_INVALID' });
  });

  it('keeps decoded pictures within its bound and reads the others again', async () => {
    const images = await ImageSet.open(await dataset(4), { ...options, cacheBytes: 2 * SIDE * SIDE * 3 });
    const before = await Promise.all([0, 1, 2, 3].map((i) => greyOf(images, i)));
    for (let i = 0; i < 4; i++) await rm(join(folder, `${i}.png`));
    assert.deepEqual(await Promise.all([0, 1].map((i) => greyOf(images, i))), before.slice(0, 2));
    await assert.rejects(images.load(2, UNCHANGED), { code: 'DATA_INVALID', message: /2\.png/ });
  });

  it('never hands out the cached values themselves', async () => {
    const images = await ImageSet.open(await dataset(1), options);
    (await images.load(0, UNCHANGED)).values.fill(9);
    assert.equal(await greyOf(images, 0), 0);
  });

  it('varies pictures and masks as asked, and its cache not at all', async () => {
    const stripes = Buffer.alloc(SIDE * SIDE * 4, 255);
    for (let i = 0; i < SIDE * SIDE; i++) if (i % SIDE < 2) stripes.fill(0, 4 * i, 4 * i + 4); // left half: clear black
    await sharp(stripes, { raw: { width: SIDE, height: SIDE, channels: 4 } })
      .png()
      .toFile(join(folder, 'half.png'));
    const images = await ImageSet.open(datasetOf([example('half.png')]), { ...options, alphaIsMask: true });
    const maskRow = async (mirrored: boolean) =>
      [...((await images.load(0, { mirrored, transformation: null })).mask ?? [])].slice(0, SIDE);
    assert.deepEqual(await maskRow(true), [255, 255, 0, 0]);
    assert.deepEqual(await maskRow(false), [0, 0, 255, 255]);
    const inverted = await images.load(0, { mirrored: false, transformation: 'inversion' });
    assert.deepEqual(new Set(valuesToPixels(inverted.values)), new Set([0]), 'white on white, inverted');
    assert.equal(await greyOf(images, 0), 255);
  });

  it('brings each picture to its own size where sizes differ', async () => {
    const sizes = { resolution: 64, step: 16, minEdge: 32, maxEdge: 128, allowUpscaling: true };
    await sharp({ create: { width: 200, height: 50, channels: 3, background: '#fff' } }).toFile(
      join(folder, 'w.png'),
    );
    await sharp({ create: { width: 99, height: 100, channels: 3, background: '#fff' } }).toFile(
      join(folder, 's.png'),
    );
    const images = await ImageSet.open(datasetOf([example('w.png'), example('s.png')]), {
      ...options,
      sizing: bucketSizing(sizes),
    });
    assert.deepEqual(images.sizeOf(0), { width: 128, height: 32 });
    assert.deepEqual(images.sizeOf(1), { width: 64, height: 64 });
    assert.deepEqual(images.frameOf(1), {
      original: { width: 99, height: 100 },
      cropTop: 0,
      cropLeft: 0,
      target: { width: 64, height: 64 },
    });
    assert.equal((await images.load(0, UNCHANGED)).values.length, 3 * 128 * 32);
  });

  it('remarks on pictures that are animated, much enlarged or half cut off', async () => {
    const create = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#777' } }).png();
    const frames = await Promise.all([create(8, 8).toBuffer(), create(8, 8).negate().toBuffer()]);
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toFile(join(folder, 'film.gif'));
    await create(1, 1).toFile(join(folder, 'dot.png'));
    await create(80, 8).toFile(join(folder, 'strip.png'));
    await create(8, 8).toFile(join(folder, 'fine.png'));
    const found = ['film.gif', 'dot.png', 'strip.png', 'fine.png'].map(example);
    const images = await ImageSet.open({ ...datasetOf(found), remarks: ['before'] }, options);
    assert.deepEqual(images.remarks, [
      'before',
      `${folder}: 1 picture is animated or has several pages, of which the first is used: film.gif (2)`,
      `${folder}: 1 picture is enlarged more than twofold: dot.png (1x1)`,
      `${folder}: 1 picture loses more than half of itself to the crop: strip.png (80x8)`,
    ]);
  });

  it('counts a mask of another size than its picture among the broken', async () => {
    await sharp({ create: { width: 5, height: 8, channels: 3, background: '#fff' } }).toFile(
      join(folder, 'm.png'),
    );
    const [first] = (await dataset(1)).examples;
    const masked = datasetOf([{ ...first, mask: wholeFile(join(folder, 'm.png')) }]);
    await assert.rejects(ImageSet.open(masked, options), {
      code: 'DATA_INVALID',
      message: /m\.png: is 5x8, its picture 8x8/,
    });
  });
});
