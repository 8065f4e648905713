import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { wholeFile } from '../../../worker/data/data-file.ts';
import { decodeMask, decodePicture } from '../../../worker/data/decode.ts';

/** JPEG and colour conversion move a channel by a few steps of 255. */
const LOSSY_STEPS = 6;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sara-decode-'));
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
const decode = (path: string, width: number, height = width) =>
  decodePicture(wholeFile(path), () => ({ width, height }));
const pixelsOf = async (path: string, width: number, height = width) =>
  (await decode(path, width, height)).pixels;

describe('decoding a picture', () => {
  it('gives rows of red, green and blue', async () => {
    const { path, canvas } = await halves('a.png', 'side by side', ['#f00', '#00f']);
    await canvas.png().toFile(path);
    const pixels = await pixelsOf(path, 16);
    assert.equal(pixels.length, 3 * 16 * 16);
    assert.deepEqual(pixel(pixels, 16, 7, 3), [255, 0, 0]);
    assert.deepEqual(pixel(pixels, 16, 8, 3), [0, 0, 255]);
  });

  it('puts transparency on white, and hands out the opacity where asked to', async () => {
    const { path, canvas } = await halves('a.png', 'side by side', ['#f000', '#f008']);
    await canvas.png().toFile(path);
    const { pixels, alpha, facts } = await decodePicture(
      wholeFile(path),
      () => ({ width: 16, height: 16 }),
      true,
    );
    assert.deepEqual(pixel(pixels, 16, 0, 0), [255, 255, 255]);
    // Red at opacity 0x88 / 255: 255 red, the rest 255 * (1 - 0x88 / 255).
    const [red, green, blue] = pixel(pixels, 16, 15, 15);
    assert.equal(red, 255);
    assert.ok(Math.abs(green - 119) <= 1 && Math.abs(blue - 119) <= 1, `${green}, ${blue}`);
    assert.equal(facts.hasAlpha, true);
    assert.deepEqual([alpha?.[0], alpha?.[255]], [0, 0x88]);
    assert.equal((await decode(path, 16)).alpha, null, 'not asked for');
  });

  it('turns a picture the way the camera was held, and asks for its size upright', async () => {
    // Orientation 6: the stored left side is the top.
    const { path, canvas } = await halves('a.jpg', 'side by side', ['#f00', '#00f']);
    const stored = await canvas.flatten().extend({ right: 16, background: '#00f' }).png().toBuffer();
    await sharp(stored).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toFile(path);
    const asked: unknown[] = [];
    const { pixels, facts } = await decodePicture(wholeFile(path), (picture) => {
      asked.push([picture.width, picture.height]);
      return { width: 16, height: 32 };
    });
    assert.deepEqual(asked, [[16, 32]]);
    assert.deepEqual([facts.width, facts.height], [16, 32]);
    assert.ok(pixel(pixels, 16, 8, 1)[0] > 200, 'red on top');
    assert.ok(pixel(pixels, 16, 8, 30)[2] > 200, 'blue at the bottom');
  });

  it('covers the target and cuts what sticks out on both sides', async () => {
    const path = join(folder, 'wide.png');
    const stripes = Buffer.alloc(30 * 10 * 3, 0);
    for (let i = 0; i < 300; i++) stripes[i * 3 + Math.floor((i % 30) / 10)] = 255; // red, green, blue thirds
    await sharp(stripes, { raw: { width: 30, height: 10, channels: 3 } })
      .png()
      .toFile(path);
    const pixels = await pixelsOf(path, 10);
    for (let i = 0; i < 100; i++)
      assert.deepEqual(pixel(pixels, 10, i % 10, Math.floor(i / 10)), [0, 255, 0]);
  });

  it('scales by lanczos3, as the reference of a step edge shows', async () => {
    const { path, canvas } = await halves('a.png', 'side by side', ['#404040', '#c0c0c0']);
    await canvas.png().toFile(path);
    const pixels = await pixelsOf(path, 32);
    const row = Array.from({ length: 32 }, (_, x) => pixel(pixels, 32, x, 16)[0]);
    assert.deepEqual([row[0], row[31]], [0x40, 0xc0]);
    assert.ok(Math.min(...row) < 0x40 && Math.max(...row) > 0xc0, 'undershoot and overshoot beside the edge');
  });

  it('brings CMYK, grey and 16 bits to sRGB', async () => {
    const red = sharp({ create: { width: 4, height: 4, channels: 3, background: '#d02020' } });
    const grey = sharp({ create: { width: 4, height: 4, channels: 3, background: '#808080' } });
    await grey.clone().toColourspace('b-w').png().toFile(join(folder, 'grey.png'));
    await grey.clone().toColourspace('rgb16').png().toFile(join(folder, 'deep.png'));
    await red.clone().toColourspace('cmyk').jpeg({ quality: 100 }).toFile(join(folder, 'print.jpg'));
    assert.equal((await sharp(join(folder, 'print.jpg')).metadata()).space, 'cmyk');
    for (const name of ['grey.png', 'deep.png']) {
      const found = pixel(await pixelsOf(join(folder, name), 4), 4, 1, 1);
      for (const value of found)
        assert.ok(Math.abs(value - 0x80) <= LOSSY_STEPS, `${name}: ${found.join(', ')}`);
    }
    const [r, g, b] = pixel(await pixelsOf(join(folder, 'print.jpg'), 4), 4, 1, 1);
    assert.ok(r > 150 && g < 90 && b < 90, `CMYK red came out as ${r}, ${g}, ${b}`);
  });

  it('takes the first frame of an animation and says how many there are', async () => {
    const path = join(folder, 'a.gif');
    const frame = (background: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer();
    const frames = await Promise.all(['#f00', '#0f0', '#00f'].map(frame));
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toFile(path);
    const { pixels, facts } = await decode(path, 8);
    assert.equal(facts.numFrames, 3);
    assert.deepEqual(pixel(pixels, 8, 4, 4), [255, 0, 0]);
    assert.deepEqual([facts.width, facts.height], [8, 8]);
  });

  it('takes pictures of one pixel, and of 30,000 pixels in a row', async () => {
    const dot = join(folder, 'dot.png');
    await sharp({ create: { width: 1, height: 1, channels: 3, background: '#123456' } }).toFile(dot);
    assert.deepEqual(pixel(await pixelsOf(dot, 16), 16, 9, 9), [0x12, 0x34, 0x56]);
    const strip = join(folder, 'strip.png');
    await sharp({ create: { width: 30_000, height: 2, channels: 3, background: '#123456' } }).toFile(strip);
    assert.deepEqual(pixel(await pixelsOf(strip, 16), 16, 9, 9), [0x12, 0x34, 0x56]);
  });

  it('refuses a picture that claims 30,000 by 30,000 pixels, before decoding any', async () => {
    const path = join(folder, 'bomb.png');
    await writeFile(path, pngHeader(30_000, 30_000));
    await assert.rejects(decode(path, 4), {
      code: 'DATA_INVALID',
      message: /bomb\.png cannot be decoded: .*exceeds pixel limit/,
    });
  });

  it('refuses by name what is no picture, whatever it is called', async () => {
    const path = join(folder, 'a.png');
    for (const [bytes, what] of [
      ['', 'the file is empty'],
      ['\x80\x04\x95\x0a\0\0\0\0\0\0\0', 'the file is a Python pickle'],
      [
        '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
        'the file is an SVG drawing or other XML',
      ],
      ['<html>404</html>', 'the file is an HTML page'],
      ['no picture', 'the file is text'],
      ['\x89PNG\r\n\x1a\nnothing more', ''],
    ] as const) {
      await writeFile(path, bytes, 'latin1');
      await assert.rejects(
        decode(path, 4),
        (error: { code?: string; message: string; context?: { reason?: string } }) => {
          assert.equal(error.code, 'DATA_INVALID');
          assert.ok(error.message.startsWith(`${path} cannot be decoded: ${what}`), error.message);
          assert.ok(error.context?.reason?.startsWith(what));
          return true;
        },
      );
    }
    await rm(path);
    await assert.rejects(decode(path, 4), {
      code: 'DATA_INVALID',
      message: /a\.png cannot be read: .*ENOENT/,
    });
  });

  it('notices half a file of every format', async () => {
    for (const name of ['a.jpg', 'a.png', 'a.webp', 'a.gif', 'a.tiff', 'a.avif']) {
      const path = join(folder, name);
      const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000', noise } }).toFile(path);
      const whole = await readFile(path);
      await decode(path, 64);
      await writeFile(path, whole.subarray(0, whole.length / 2));
      await assert.rejects(decode(path, 64), { code: 'DATA_INVALID' }, name);
    }
  });
});

describe('decoding a mask', () => {
  it('gives white as 255, cropped and scaled as its picture is', async () => {
    const path = join(folder, 'm.png');
    const stripes = Buffer.alloc(30 * 10, 0);
    for (let i = 0; i < 300; i++) if (i % 30 >= 15) stripes[i] = 255; // black left, white right
    await sharp(stripes, { raw: { width: 30, height: 10, channels: 1 } })
      .png()
      .toFile(path);
    const picture = { width: 30, height: 10 };
    const mask = await decodeMask(wholeFile(path), picture, { width: 10, height: 10 });
    assert.equal(mask.length, 100);
    assert.deepEqual([...mask.subarray(0, 10)], [0, 0, 0, 0, 0, 255, 255, 255, 255, 255]);
  });

  it('of another size than its picture is refused', async () => {
    const path = join(folder, 'm.png');
    await sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } }).toFile(path);
    await assert.rejects(decodeMask(wholeFile(path), { width: 8, height: 9 }, { width: 4, height: 4 }), {
      code: 'DATA_INVALID',
      message: /m\.png cannot be decoded: is 8x8, its picture 8x9/,
    });
  });
});

/** A PNG that ends after the chunk that states its size. */
function pngHeader(width: number, height: number): Buffer {
  const chunk = Buffer.alloc(25);
  chunk.writeUInt32BE(13, 0);
  chunk.write('IHDR', 4);
  chunk.writeUInt32BE(width, 8);
  chunk.writeUInt32BE(height, 12);
  chunk[16] = 8; // bits
  chunk[17] = 2; // red, green, blue
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 21)), 21);
  const data = Buffer.alloc(12 + 8);
  data.writeUInt32BE(8, 0);
  data.write('IDAT', 4);
  data.writeUInt32BE(crc32(data.subarray(4, 16)), 16);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk, data]);
}
