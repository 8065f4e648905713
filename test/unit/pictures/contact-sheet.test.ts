import assert from 'node:assert/strict';
import sharp from 'sharp';
import { renderContactSheet, type ContactSheet } from '../../../worker/pictures/contact-sheet.ts';

const SIZE = { height: 2, width: 2 };

/** A 2x2 picture of one colour, channels in [-1, 1]. */
const flat = (red: number, green: number, blue: number) =>
  Float32Array.from([red, green, blue].flatMap((value) => Array<number>(4).fill(value)));

const RED = flat(1, -1, -1);
const BLUE = flat(-1, -1, 1);

interface Raster {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): string;
  /** Pixels of this colour: their number and first position in reading order. */
  find(colour: string): { count: number; x: number; y: number };
}

async function read(png: Buffer): Promise<Raster> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) =>
    data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3).toString('hex');
  return {
    width: info.width,
    height: info.height,
    at,
    find(colour) {
      let [count, first] = [0, -1];
      for (let i = 0; i < info.width * info.height; i++) {
        if (at(i % info.width, Math.floor(i / info.width)) !== colour) continue;
        count++;
        if (first < 0) first = i;
      }
      return { count, x: first % info.width, y: Math.floor(first / info.width) };
    },
  };
}

const sheet = (changes: Partial<ContactSheet> = {}): ContactSheet => ({
  rows: [
    { label: '', images: [RED, BLUE] },
    { label: '', images: [null, RED] },
  ],
  imageSize: SIZE,
  scale: 5,
  ...changes,
});

describe('contact sheet', () => {
  it('sets every picture in its cell, enlarged by the factor, and leaves empty cells white', async () => {
    const raster = await read(await renderContactSheet(sheet()));
    const red = raster.find('ff0000');
    const blue = raster.find('0000ff');
    assert.deepEqual([red.count, blue.count], [2 * 100, 100]);
    assert.equal(blue.y, red.y);
    assert.equal(blue.x - red.x, 10 + 6);
    assert.equal(raster.at(red.x + 3, red.y + 16), 'ffffff');
    assert.equal(raster.at(blue.x, red.y + 16), 'ff0000');
  });

  it('keeps hard pixels with nearest and softens them with lanczos3', async () => {
    // Left column black, right column white.
    const steps = Float32Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? -1 : 1));
    const rows = [{ label: '', images: [steps] }];
    const greys = async (kernel: 'nearest' | 'lanczos3') => {
      const raster = await read(await renderContactSheet(sheet({ rows, kernel, scale: 8 })));
      const colours = Array.from({ length: raster.width }, (_, x) =>
        raster.at(x, Math.floor(raster.height / 2)),
      );
      return new Set(colours).size;
    };
    assert.equal(await greys('nearest'), 2);
    assert.ok((await greys('lanczos3')) > 4);
  });

  it('makes room for title and labels, whatever they contain', async () => {
    const plain = await read(await renderContactSheet(sheet()));
    const labelled = await read(
      await renderContactSheet(
        sheet({
          title: 'Base <above> & "fine-tuned"',
          subtitle: 'seed 1\u0000',
          columnLabels: ['a', 'a much longer label that wraps'],
          rows: [
            { label: 'base', images: [RED, BLUE] },
            { label: '<script>', images: [RED, RED] },
          ],
        }),
      ),
    );
    assert.ok(labelled.width > plain.width && labelled.height > plain.height);
    assert.equal(labelled.find('ff0000').count, 3 * 100);
  });

  it('gives the same bytes for the same pictures', async () => {
    assert.deepEqual(await renderContactSheet(sheet()), await renderContactSheet(sheet()));
  });

  it('refuses pictures of another size and a sheet without any', async () => {
    const rows = [{ label: '', images: [new Float32Array(3)] }];
    await assert.rejects(renderContactSheet(sheet({ rows })), {
      code: 'INTERNAL',
      message: /not \[3, 2, 2\]/,
    });
    await assert.rejects(renderContactSheet(sheet({ rows: [] })), { code: 'INTERNAL' });
  });
});
