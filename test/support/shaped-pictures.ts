/** Captioned pictures of several shapes, for buckets: made from the coloured squares of the tiny run. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { makePictures } from './tiny-run.ts';

export interface Shape {
  readonly width: number;
  readonly height: number;
}

/** Picture i has shape i modulo their number. @param folder is made */
export async function makeShapedPictures(
  folder: string,
  count: number,
  shapes: readonly Shape[],
): Promise<void> {
  await makePictures(folder, 0, count);
  for (let i = 0; i < count; i++) {
    const path = join(folder, `picture-${String(i).padStart(2, '0')}.png`);
    const { width, height } = shapes[i % shapes.length];
    await sharp(path).resize(width, height, { fit: 'fill' }).toFile(`${path}.shaped`);
    await rename(`${path}.shaped`, path);
  }
}
