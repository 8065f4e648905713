import assert from 'node:assert/strict';
import sharp from 'sharp';
import { encodePng } from '../../../worker/pictures/png.ts';

describe('PNG of one picture', () => {
  it('holds every value rounded to its pixel, channels and rows in place', async () => {
    // [3, 1, 2]: red row, green row, blue row; 2 lies outside and is clamped.
    const png = await encodePng(Float32Array.of(1, -1, 0, -1, 2, -1), { height: 1, width: 2 });
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [2, 1, 3]);
    assert.deepEqual([...data], [255, 128, 255, 0, 0, 0]);
  });
});
