import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bucketReport, formatBucketReport } from '../../../worker/data/bucket-report.ts';
import {
  bucketFor,
  bucketSizes,
  bucketSizing,
  fixedSize,
  type BucketSettings,
} from '../../../worker/data/buckets.ts';
import { coverFit } from '../../../worker/data/image.ts';

const SD: BucketSettings = { resolution: 512, step: 64, minEdge: 256, maxEdge: 1024, allowUpscaling: true };
const NO_UPSCALING = { ...SD, allowUpscaling: false };

const settings = fc
  .record({
    resolution: fc.integer({ min: 64, max: 1024 }),
    step: fc.constantFrom(8, 16, 64),
    minEdge: fc.integer({ min: 32, max: 64 }),
    maxEdge: fc.integer({ min: 1024, max: 2048 }),
    allowUpscaling: fc.boolean(),
  })
  .filter(({ step, minEdge, resolution }) => Math.ceil(minEdge / step) * step <= resolution);
const picture = fc.record({
  width: fc.integer({ min: 64, max: 5000 }),
  height: fc.integer({ min: 64, max: 5000 }),
});

describe('covering a size', () => {
  it('scales by the side that needs it and crops the other', () => {
    assert.deepEqual(coverFit({ width: 200, height: 100 }, { width: 50, height: 50 }), {
      scale: 0.5,
      croppedShare: 0.5,
    });
    assert.deepEqual(coverFit({ width: 10, height: 10 }, { width: 40, height: 40 }), {
      scale: 4,
      croppedShare: 0,
    });
  });
});

describe('bucket sizes', () => {
  it('run from the narrowest to the widest, mirrored about the square', () => {
    const sizes = bucketSizes(SD).map(({ width, height }) => `${width}x${height}`);
    const tall = ['256x1024', '256x960', '256x896', '256x832', '320x768', '320x704', '384x640', '448x576'];
    const wide = tall.map((size) => size.split('x').reverse().join('x')).reverse();
    assert.deepEqual(sizes, [...tall, '512x512', ...wide]);
  });

  it('are multiples of the step within the edges and the area, none of which can grow, and come in pairs', () => {
    fc.assert(
      fc.property(settings, (own) => {
        const sizes = bucketSizes(own);
        assert.ok(sizes.length > 0);
        const names = new Set(sizes.map(({ width, height }) => `${width}x${height}`));
        assert.equal(names.size, sizes.length);
        for (const { width, height } of sizes) {
          assert.ok(width % own.step === 0 && height % own.step === 0);
          assert.ok(Math.min(width, height) >= own.minEdge && Math.max(width, height) <= own.maxEdge);
          assert.ok(width * height <= own.resolution ** 2);
          assert.ok(names.has(`${height}x${width}`));
          // One of the edges cannot grow: the area or the longest edge is reached.
          const isFull = (edge: number, other: number) =>
            edge + own.step > own.maxEdge || (edge + own.step) * other > own.resolution ** 2;
          assert.ok(isFull(width, height) || isFull(height, width), `${width}x${height}`);
        }
      }),
    );
  });

  it('are refused where there is none', () => {
    assert.throws(() => bucketSizes({ ...SD, resolution: 128 }), {
      code: 'CONFIG_INVALID',
      message: /data\.buckets: no multiples of 64 in \[256, 1024\] make an area of at most 128\^2/,
    });
  });
});

describe('the bucket of a picture', () => {
  it('is the one that crops least of it', () => {
    fc.assert(
      fc.property(settings, picture, (own, size) => {
        const sizes = bucketSizes(own);
        const fit = bucketFor(size, sizes, own);
        const open = sizes
          .map((other) => coverFit(size, other))
          .filter(({ scale }) => own.allowUpscaling || scale <= 1);
        for (const other of open) assert.ok(fit.croppedShare <= other.croppedShare + 1e-6);
      }),
    );
  });

  it('of its own shape is met without any crop, the largest of equals', () => {
    const sizes = bucketSizes(SD);
    const sizeFor = (width: number, height: number) => bucketFor({ width, height }, sizes, SD);
    assert.deepEqual(sizeFor(3000, 3000).size, { width: 512, height: 512 });
    assert.deepEqual(sizeFor(1024, 256), { size: { width: 1024, height: 256 }, scale: 1, croppedShare: 0 });
    // 3:2 lies between 5:3, which crops a tenth of its height, and 9:7, which crops a seventh of its width.
    assert.deepEqual(sizeFor(3000, 2000).size, { width: 640, height: 384 });
  });

  it('is never enlarged into where that is not wanted, and else gets a bucket of its own', () => {
    const sizes = bucketSizes(NO_UPSCALING);
    assert.deepEqual(bucketFor({ width: 300, height: 200 }, sizes, NO_UPSCALING).size, {
      width: 256,
      height: 192,
    });
    fc.assert(
      fc.property(settings, picture, (own, size) => {
        const { scale } = bucketFor(size, bucketSizes(own), { ...own, allowUpscaling: false });
        assert.ok(scale <= 1);
      }),
    );
    assert.throws(() => bucketFor({ width: 30, height: 500 }, sizes, NO_UPSCALING), {
      code: 'DATA_INVALID',
      message: /30x500 is smaller than data\.buckets\.step 64 and not to be enlarged/,
    });
  });

  it('fits the memory that sizes are said to need', () => {
    const sizing = bucketSizing(SD);
    fc.assert(
      fc.property(picture, (size) => {
        const { width, height } = sizing.sizeFor(size);
        assert.ok(width * height <= sizing.maxPixels);
      }),
    );
    const one = fixedSize({ width: 32, height: 16 });
    assert.deepEqual([one.sizeFor({ width: 5, height: 5 }), one.maxPixels], [{ width: 32, height: 16 }, 512]);
  });
});

describe('bucket report', () => {
  const rows = bucketReport(
    [
      {
        id: 'a.png',
        picture: { width: 1000, height: 1000 },
        size: { width: 512, height: 512 },
        numEntries: 3,
      },
      {
        id: 'b.png',
        picture: { width: 512, height: 1024 },
        size: { width: 512, height: 512 },
        numEntries: 1,
      },
      {
        id: 'c.png',
        picture: { width: 100, height: 400 },
        size: { width: 256, height: 1024 },
        numEntries: 1,
      },
    ],
    2,
  );

  it('says per bucket how many pictures and visits it has, what is cropped, and what is enlarged', () => {
    assert.deepEqual(rows, [
      {
        size: { width: 256, height: 1024 },
        numPictures: 1,
        numEntries: 1,
        batchesPerEpoch: 0.5,
        meanCroppedShare: 0,
        worst: { id: 'c.png', croppedShare: 0 },
        numUpscaled: 1,
      },
      {
        size: { width: 512, height: 512 },
        numPictures: 2,
        numEntries: 4,
        batchesPerEpoch: 2,
        meanCroppedShare: 0.25,
        worst: { id: 'b.png', croppedShare: 0.5 },
        numUpscaled: 0,
      },
    ]);
  });

  it('is a table that warns of buckets smaller than a batch', () => {
    const lines = formatBucketReport(rows).split('\n');
    assert.equal(lines.length, 4);
    assert.match(lines[0], /^ *size +pictures +visits +batches +cropped +at most +enlarged +which$/);
    assert.match(lines[2], /^ *512x512 +2 +4 +2\.0 +25\.0 % +50\.0 % +0 +b\.png$/);
    assert.match(lines[3], /^256x1024: fewer visits than a batch holds/);
  });
});
