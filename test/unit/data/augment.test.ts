import assert from 'node:assert/strict';
import {
  applyVariant,
  applyVariantToMask,
  captionAddition,
  drawVariant,
  TRANSFORMATIONS,
  UNCHANGED,
  type Transformation,
} from '../../../worker/data/augment.ts';

const SIZE = { width: 3, height: 2 };
/** Red counts the pixels, green is flat, blue the reverse. */
const PICTURE = Uint8Array.from([
  0, 50, 250, 40, 50, 200, 80, 50, 150, 120, 50, 100, 160, 50, 50, 200, 50, 0,
]);

const changed = (transformation: Transformation, pixels = PICTURE, size = SIZE) =>
  applyVariant(pixels, size, { mirrored: false, transformation });
const channel = (pixels: Uint8Array, index: number) => [...pixels].filter((_, i) => i % 3 === index);

describe('augmentation', () => {
  it('without any is the picture itself', () => {
    assert.equal(applyVariant(PICTURE, SIZE, UNCHANGED), PICTURE);
    assert.equal(captionAddition(UNCHANGED), '');
  });

  it('never changes the picture it is given', () => {
    const before = PICTURE.slice();
    for (const transformation of TRANSFORMATIONS)
      applyVariant(PICTURE, SIZE, { mirrored: true, transformation });
    assert.deepEqual(PICTURE, before);
  });

  it('mirrors, turns, and does both where both are drawn', () => {
    const red = (mirrored: boolean, transformation: Transformation | null) =>
      channel(applyVariant(PICTURE, SIZE, { mirrored, transformation }), 0);
    assert.deepEqual(red(true, null), [80, 40, 0, 200, 160, 120]);
    assert.deepEqual(red(false, 'horizontal flip'), [80, 40, 0, 200, 160, 120]);
    assert.deepEqual(red(true, 'horizontal flip'), channel(PICTURE, 0));
    assert.deepEqual(red(false, 'vertical flip'), [120, 160, 200, 0, 40, 80]);
    assert.deepEqual(red(true, 'vertical flip'), [200, 160, 120, 80, 40, 0]);
  });

  it('moves a mask with its picture and recolours it never', () => {
    const mask = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const variantOf = (mirrored: boolean, transformation: Transformation | null) => ({
      mirrored,
      transformation,
    });
    assert.deepEqual([...applyVariantToMask(mask, SIZE, variantOf(true, 'inversion'))], [3, 2, 1, 6, 5, 4]);
    assert.deepEqual(
      [...applyVariantToMask(mask, SIZE, variantOf(false, 'vertical flip'))],
      [4, 5, 6, 1, 2, 3],
    );
    for (const recolouring of ['inversion', 'equalization', 'sharpening'] as const)
      assert.equal(applyVariantToMask(mask, SIZE, variantOf(false, recolouring)), mask);
  });

  it('recolours value by value', () => {
    assert.deepEqual(channel(changed('inversion'), 0), [255, 215, 175, 135, 95, 55]);
    assert.deepEqual(channel(changed('posterization'), 0), [0, 0, 64, 64, 128, 192]);
    assert.deepEqual(channel(changed('solarization'), 0), [0, 40, 80, 135, 95, 55]);
  });

  it('stretches and equalizes each channel on its own, and leaves a flat one alone', () => {
    const stretched = changed('autocontrast');
    assert.deepEqual(channel(stretched, 0), [0, 51, 102, 153, 204, 255]);
    assert.deepEqual(channel(stretched, 2), [255, 204, 153, 102, 51, 0]);
    assert.deepEqual(channel(stretched, 1), channel(PICTURE, 1));
    // Red 0, 0, 0, 9, 9, 10: of the five below the brightest, three are darker than 9.
    const skewed = PICTURE.slice();
    [0, 0, 0, 9, 9, 10].forEach((value, i) => (skewed[3 * i] = value));
    assert.deepEqual(channel(changed('equalization', skewed), 0), [0, 0, 0, 153, 153, 255]);
    assert.deepEqual(channel(changed('equalization', skewed), 1), channel(PICTURE, 1));
  });

  it('sharpens away from the neighbours, up to the border', () => {
    const size = { width: 3, height: 3 };
    const flat = new Uint8Array(27).fill(100);
    assert.deepEqual(changed('sharpening', flat, size), flat);
    const spot = flat.slice();
    spot[12] = 126; // the middle pixel's red
    const sharp = changed('sharpening', spot, size);
    // Smoothed (8 * 100 + 5 * 126) / 13 = 110; 110 + 3 * (126 - 110) = 158.
    assert.equal(sharp[12], 158);
    assert.deepEqual(
      [...sharp].filter((_, i) => i !== 12),
      [...flat].filter((_, i) => i !== 12),
    );
  });

  it('says in the caption what was done, but not that it was mirrored', () => {
    assert.equal(
      captionAddition({ mirrored: true, transformation: 'vertical flip' }),
      ' with the vertical flip transformation',
    );
    assert.equal(captionAddition({ mirrored: true, transformation: null }), '');
  });

  it('is drawn at its rates, the same at the same visit, mirroring apart from transformations', () => {
    const visits = Array.from({ length: 1000 }, (_, step) => ({ seed: 3, step, sample: 1 }));
    const both = visits.map((visit) => drawVariant({ flip: true, paired: 0.25 }, visit));
    assert.deepEqual(
      visits.map((visit) => drawVariant({ flip: true, paired: 0.25 }, visit)),
      both,
    );
    // 1000 draws: standard deviations 0.016 and 0.014.
    const share = (holds: (variant: (typeof both)[number]) => boolean) => both.filter(holds).length / 1000;
    assert.ok(Math.abs(share(({ mirrored }) => mirrored) - 0.5) < 0.07);
    assert.ok(Math.abs(share(({ transformation }) => transformation !== null) - 0.25) < 0.06);
    const drawn = new Set(both.map(({ transformation }) => transformation));
    assert.equal(drawn.size, TRANSFORMATIONS.length + 1);
    const flipOnly = visits.map((visit) => drawVariant({ flip: true, paired: 0 }, visit));
    assert.deepEqual(
      flipOnly.map(({ mirrored }) => mirrored),
      both.map(({ mirrored }) => mirrored),
    );
    assert.ok(flipOnly.every(({ transformation }) => transformation === null));
    assert.deepEqual(drawVariant({ flip: false, paired: 0 }, visits[0]), UNCHANGED);
  });
});
