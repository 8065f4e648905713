import assert from 'node:assert/strict';
import { pixelsToValues, valuesToPixels } from '../../../worker/data/image.ts';

describe('pixels and values', () => {
  it('are channels first, black -1, white 1', () => {
    const pixels = Uint8Array.of(0, 0, 255, 255, 0, 255); // two pixels: blue, magenta
    assert.deepEqual([...pixelsToValues(pixels)], [-1, 1, -1, -1, 1, 1]);
  });

  it('round trip exactly, values beyond the range clamped', () => {
    const pixels = Uint8Array.from({ length: 768 }, (_, i) => i % 256);
    assert.deepEqual(valuesToPixels(pixelsToValues(pixels)), pixels);
    assert.deepEqual([...valuesToPixels(Float32Array.of(-7, 0.001, 9))], [0, 128, 255]);
  });
});
