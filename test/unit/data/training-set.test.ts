import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { UNCHANGED } from '../../../worker/data/augment.ts';
import { bucketSizing } from '../../../worker/data/buckets.ts';
import { wholeFile } from '../../../worker/data/data-file.ts';
import { ImageSet } from '../../../worker/data/image-set.ts';
import { TrainingSet } from '../../../worker/data/training-set.ts';

describe('training set', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-training-set-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Pictures by name: width, height, repeats, and a grey level that tells which it is. */
  async function images(
    pictures: Record<string, readonly [number, number, number, number]>,
  ): Promise<ImageSet> {
    const examples = [];
    for (const [id, [width, height, repeats, level]] of Object.entries(pictures)) {
      const path = join(folder, `${id}.png`);
      await sharp({
        create: { width, height, channels: 3, background: { r: level, g: level, b: level } },
      }).toFile(path);
      examples.push({ id, picture: wholeFile(path), caption: `caption of ${id}`, mask: null, repeats });
    }
    return ImageSet.open(
      { place: folder, examples, broken: [], remarks: [] },
      {
        sizing: bucketSizing({ resolution: 64, step: 16, minEdge: 32, maxEdge: 128, allowUpscaling: true }),
        alphaIsMask: false,
        onBrokenImage: 'refuse',
        cacheBytes: 1e6,
      },
    );
  }

  it('puts own and prior pictures of one shape into one bucket, each as often as it is visited', async () => {
    const own = await images({ square: [64, 64, 2, 0], wide: [128, 32, 1, 255] });
    const prior = await images({ p: [100, 100, 1, 128], q: [32, 128, 1, 0] });
    const set = new TrainingSet(own, prior);
    assert.deepEqual(
      set.buckets.map(({ size, entries }) => [`${size.width}x${size.height}`, [...entries]]),
      [
        ['32x128', [3]],
        // Three own visits, and three of the prior's two pictures in turn.
        ['64x64', [0, 0, 2, 2]],
        ['128x32', [1]],
      ],
    );
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => set.isPrior(index)),
      [false, false, true, true],
    );
    assert.deepEqual(
      set.examples.map(({ caption }) => caption),
      ['square', 'wide', 'p', 'q'].map((id) => `caption of ${id}`),
    );
    const { values } = await set.load(2, UNCHANGED);
    assert.ok(Math.abs(values[0] - (128 / 127.5 - 1)) < 1e-6, "the prior's first picture");
  });

  it('reports where each lands', async () => {
    const own = await images({ square: [64, 64, 2, 0], tall: [64, 512, 1, 255] });
    const report = new TrainingSet(own, null).report(2);
    assert.deepEqual(
      report.map(({ size, numPictures, numEntries, worst }) => [size, numPictures, numEntries, worst]),
      [
        [{ width: 32, height: 128 }, 1, 1, { id: 'tall', croppedShare: 0.5 }],
        [{ width: 64, height: 64 }, 1, 2, { id: 'square', croppedShare: 0 }],
      ],
    );
  });
});
