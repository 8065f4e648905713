import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Example } from '../../../worker/data/dataset.ts';
import { ImageSet } from '../../../worker/data/image-set.ts';
import { decodeImage, decodePixels, pixelsToValues, valuesToPixels } from '../../../worker/data/image.ts';

/** JPEG and colour conversion move a channel by a few steps of 255. */
const LOSSY_STEPS = 6;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sara-image-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A picture of two flat halves, the left or upper one first. */
async function halves(name: string, direction: 'side by side' | 'stacked', colours: [string, string]) {
  const [width, height] = direction === 'side by side' ? [8, 16] : [16, 8];
  const half = (background: string) =>
    sharp({ create: { width, height, channels: 4, background } })
      .png()
      .toBuffer();
  const second = direction === 'side by side' ? { left: 8, top: 0 } : { left: 0, top: 8 };
  const path = join(folder, name);
  const canvas = sharp({ create: { width: 16, height: 16, channels: 4, background: '#0000' } }).composite([
    { input: await half(colours[0]), left: 0, top: 0 },
    { input: await half(colours[1]), ...second },
  ]);
  return { path, canvas };
}

const pixel = (pixels: Uint8Array, width: number, x: number, y: number) => [
  ...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe('image decoding', () => {
  it('gives channels first, black -1, white 1', async () => {
    const { path, canvas } = await halves('a.png', 'side by side', ['#000', '#fff']);
    await canvas.png().toFile(path);
    const values = await decodeImage(path, { height: 16, width: 16 });
    assert.equal(values.length, 3 * 16 * 16);
    for (let channel = 0; channel < 3; channel++) {
      const row = values.subarray(channel * 256, channel * 256 + 16);
      assert.deepEqual([...row], [...Array<number>(8).fill(-1), ...Array<number>(8).fill(1)]);
    }
  });

  it('puts transparency on white', async () => {
    const { path, canvas } = await halves('a.png', 'side by side', ['#f000', '#f008']);
    await canvas.png().toFile(path);
    const pixels = await decodePixels(path, { height: 16, width: 16 });
    assert.deepEqual(pixel(pixels, 16, 0, 0), [255, 255, 255]);
    // Red at opacity 0x88 / 255: 255 red, the rest 255 * (1 - 0x88 / 255).
    const [red, green, blue] = pixel(pixels, 16, 15, 15);
    assert.equal(red, 255);
    assert.ok(Math.abs(green - 119) <= 1 && Math.abs(blue - 119) <= 1, `${green}, ${blue}`);
  });

  it('turns a picture the way the camera was held', async () => {
    // Orientation 6: the stored left side is the top.
    const { path, canvas } = await halves('a.jpg', 'side by side', ['#f00', '#00f']);
    await canvas.flatten().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toFile(path);
    const pixels = await decodePixels(path, { height: 16, width: 16 });
    assert.ok(pixel(pixels, 16, 8, 1)[0] > 200, 'red on top');
    assert.ok(pixel(pixels, 16, 8, 14)[2] > 200, 'blue at the bottom');
  });

  it('covers the target and cuts what sticks out on both sides', async () => {
    const path = join(folder, 'wide.png');
    const stripes = Buffer.alloc(30 * 10 * 3, 0);
    for (let i = 0; i < 300; i++) stripes[i * 3 + Math.floor((i % 30) / 10)] = 255; // red, green, blue thirds
    await sharp(stripes, { raw: { width: 30, height: 10, channels: 3 } })
      .png()
      .toFile(path);
    const pixels = await decodePixels(path, { height: 10, width: 10 });
    for (let i = 0; i < 100; i++)
      assert.deepEqual(pixel(pixels, 10, i % 10, Math.floor(i / 10)), [0, 255, 0]);
  });

  it('scales by lanczos3, as the reference of a step edge shows', async () => {
    const { path, canvas } = await halves('a.png', 'side by side', ['#404040', '#c0c0c0']);
    await canvas.png().toFile(path);
    const pixels = await decodePixels(path, { height: 32, width: 32 });
    const row = Array.from({ length: 32 }, (_, x) => pixel(pixels, 32, x, 16)[0]);
    assert.deepEqual([row[0], row[31]], [0x40, 0xc0]);
    assert.ok(Math.min(...row) < 0x40 && Math.max(...row) > 0xc0, 'undershoot and overshoot beside the edge');
  });

  it('brings CMYK, grey and 16 bits to sRGB', async () => {
    const red = sharp({ create: { width: 4, height: 4, channels: 3, background: '#d02020' } });
    const grey = sharp({ create: { width: 4, height: 4, channels: 3, background: '#808080' } });
    const size = { height: 4, width: 4 };
    await grey.clone().toColourspace('b-w').png().toFile(join(folder, 'grey.png'));
    await grey.clone().toColourspace('rgb16').png().toFile(join(folder, 'deep.png'));
    await red.clone().toColourspace('cmyk').jpeg({ quality: 100 }).toFile(join(folder, 'print.jpg'));
    assert.equal((await sharp(join(folder, 'print.jpg')).metadata()).space, 'cmyk');
    for (const [name, expected] of [
      ['grey.png', [0x80, 0x80, 0x80]],
      ['deep.png', [0x80, 0x80, 0x80]],
    ] as const) {
      const found = pixel(await decodePixels(join(folder, name), size), 4, 1, 1);
      for (const [i, value] of found.entries()) {
        assert.ok(Math.abs(value - expected[i]) <= LOSSY_STEPS, `${name}: ${found.join(', ')}`);
      }
    }
    const [r, g, b] = pixel(await decodePixels(join(folder, 'print.jpg'), size), 4, 1, 1);
    assert.ok(r > 150 && g < 90 && b < 90, `CMYK red came out as ${r}, ${g}, ${b}`);
  });

  it('names the file it cannot decode', async () => {
    const path = join(folder, 'a.png');
    await writeFile(path, 'no picture');
    await assert.rejects(decodeImage(path, { height: 4, width: 4 }), {
      code: 'DATA_INVALID',
      message: /a\.png cannot be decoded: .*unsupported image format/,
    });
  });

  it('notices a truncated file', async () => {
    for (const name of ['a.jpg', 'a.png']) {
      const path = join(folder, name);
      const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000', noise } }).toFile(path);
      const whole = await readFile(path);
      await writeFile(path, whole.subarray(0, whole.length / 2));
      await assert.rejects(decodeImage(path, { height: 64, width: 64 }), { code: 'DATA_INVALID' }, name);
    }
  });

  it('refuses a picture that claims to be enormous', async () => {
    const path = join(folder, 'bomb.svg');
    await writeFile(path, '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>');
    await assert.rejects(decodeImage(path, { height: 4, width: 4 }), {
      code: 'DATA_INVALID',
      message: /exceeds pixel limit/,
    });
  });

  it('rounds trip pixels exactly and clamps beyond the range', () => {
    const pixels = Uint8Array.from({ length: 768 }, (_, i) => i % 256);
    assert.deepEqual(valuesToPixels(pixelsToValues(pixels)), pixels);
    assert.deepEqual([...valuesToPixels(Float32Array.of(-7, 0.001, 9))], [0, 128, 255]);
  });
});

describe('image set', () => {
  const resolution = { height: 4, width: 4 };
  const options = { resolution, onBrokenImage: 'refuse', cacheBytes: 1e6 } as const;

  /** Grey pictures whose value tells which they are; those listed as broken hold text. */
  const dataset = async (count: number, broken: readonly number[] = []) => {
    const examples: Example[] = [];
    for (let i = 0; i < count; i++) {
      const imagePath = join(folder, `${i}.png`);
      const background = { r: 10 * i, g: 10 * i, b: 10 * i };
      if (broken.includes(i)) await writeFile(imagePath, 'broken');
      else await sharp({ create: { width: 8, height: 8, channels: 3, background } }).toFile(imagePath);
      examples.push({ id: `${i}.png`, imagePath, caption: `number ${i}` });
    }
    return { folder, examples };
  };
  const greyOf = async (images: ImageSet, index: number) => valuesToPixels(await images.load(index))[0];

  it('hands out pictures by index', async () => {
    const images = await ImageSet.open(await dataset(6), options);
    assert.deepEqual(await Promise.all([0, 3, 5].map((i) => greyOf(images, i))), [0, 30, 50]);
  });

  it('refuses broken pictures, naming each with its reason', async () => {
    await assert.rejects(ImageSet.open(await dataset(4, [1, 3]), options), {
      code: 'DATA_INVALID',
      message: /^2 of 4 pictures in .*\n.*1\.png: .*\n.*3\.png: .*\n.*data\.onBrokenImage to skip/,
    });
  });

  it('skips them when told to, keeps a list, and counts the rest anew', async () => {
    const images = await ImageSet.open(await dataset(4, [1]), { ...options, onBrokenImage: 'skip' });
    assert.deepEqual(
      images.examples.map(({ caption }) => caption),
      ['number 0', 'number 2', 'number 3'],
    );
    assert.equal(images.broken.length, 1);
    assert.equal(images.broken[0].path, join(folder, '1.png'));
    assert.match(images.broken[0].reason, /unsupported image format/);
    assert.equal(await greyOf(images, 1), 20);
  });

  it('refuses a set of which nothing is left', async () => {
    const skip = { ...options, onBrokenImage: 'skip' } as const;
    await assert.rejects(ImageSet.open(await dataset(2, [0, 1]), skip), { code: 'DATA_INVALID' });
  });

  it('keeps decoded pictures within its bound and reads the others again', async () => {
    const images = await ImageSet.open(await dataset(4), { ...options, cacheBytes: 2 * 4 * 4 * 3 });
    const before = await Promise.all([0, 1, 2, 3].map((i) => greyOf(images, i)));
    for (let i = 0; i < 4; i++) await rm(join(folder, `${i}.png`));
    assert.deepEqual(await Promise.all([0, 1].map((i) => greyOf(images, i))), before.slice(0, 2));
    await assert.rejects(images.load(2), { code: 'DATA_INVALID', message: /2\.png/ });
  });

  it('never hands out the cached values themselves', async () => {
    const images = await ImageSet.open(await dataset(1), options);
    (await images.load(0)).fill(9);
    assert.equal(await greyOf(images, 0), 0);
  });
});
