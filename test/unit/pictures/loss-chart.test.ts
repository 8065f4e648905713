import assert from 'node:assert/strict';
import fc from 'fast-check';
import sharp from 'sharp';
import {
  drawLossChart,
  renderLossChart,
  smoothed,
  type LossPoint,
} from '../../../worker/pictures/loss-chart.ts';
import { escapeXml, wrapText } from '../../../worker/pictures/svg.ts';
import { linearTicks, logarithmicTicks } from '../../../worker/pictures/ticks.ts';

const falling: LossPoint[] = Array.from({ length: 200 }, (_, i) => ({ step: i + 1, loss: 0.5 * 0.99 ** i }));

/** Points of the n-th curve in the order drawn: training, smoothed, validation. */
const curve = (svg: string, n: number): number[][] =>
  [...svg.matchAll(/<polyline points="([^"]*)"/g)][n][1]
    .split(' ')
    .filter((pair) => pair !== '')
    .map((pair) => pair.split(',').map(Number));

describe('loss chart', () => {
  it('draws a geometric fall as a straight line: the axis is logarithmic', () => {
    const points = curve(drawLossChart({ title: 'loss', training: falling, validation: [] }), 0);
    assert.equal(points.length, 200);
    const [[x0, y0], [x1, y1]] = [points[0], points[199]];
    for (const [x, y] of points) {
      assert.ok(Math.abs(y - (y0 + ((y1 - y0) * (x - x0)) / (x1 - x0))) < 0.02);
    }
    assert.ok(y1 > y0, 'a lower loss is lower on the page');
  });

  it('marks the validation points and says where they began and ended', () => {
    const validation = [
      { step: 0, loss: 0.4 },
      { step: 200, loss: 0.1234 },
    ];
    const svg = drawLossChart({ title: 'loss', training: falling, validation });
    assert.match(svg, /validation, 0\.4000 → 0\.1234/);
    const [first, last] = curve(svg, 2);
    for (const [x, y] of [first, last]) assert.ok(svg.includes(`<circle cx="${x}" cy="${y}" r="4"`));
    // Step 0 stands on the left edge, the last step on the right edge of the plot.
    assert.deepEqual([first[0], last[0]], [76, 832]);
  });

  it('leaves out what cannot be drawn and says so when nothing is left', () => {
    const holes = [
      { step: 1, loss: NaN },
      { step: 2, loss: 0.5 },
      { step: 3, loss: -1 },
      { step: 4, loss: 0.4 },
    ];
    assert.equal(curve(drawLossChart({ title: 'loss', training: holes, validation: [] }), 0).length, 2);
    assert.match(
      drawLossChart({ title: 'loss', training: [], validation: [] }),
      /no finite loss was recorded/,
    );
  });

  it('keeps one outlier from flattening the rest', () => {
    const withSpike = falling.map((point, i) => (i === 100 ? { ...point, loss: 1e6 } : point));
    const heights = curve(drawLossChart({ title: 'loss', training: withSpike, validation: [] }), 0).map(
      ([, y]) => y,
    );
    assert.ok(Math.max(...heights) - heights[0] > 100);
  });

  it('thins a long run to what a picture can show, and keeps its last step', () => {
    const long = Array.from({ length: 100_000 }, (_, i) => ({ step: i + 1, loss: 1 + (i % 7) }));
    const points = curve(drawLossChart({ title: 'loss', training: long, validation: [] }), 0);
    assert.ok(points.length <= 1501);
    assert.equal(points[points.length - 1][0], 832);
  });

  it('is a single point, a constant and a chart with marks without complaint', async () => {
    for (const training of [[{ step: 1, loss: 0.3 }], falling.map(({ step }) => ({ step, loss: 2 }))]) {
      const marks = [{ step: 1, label: 're-selection <1>' }];
      const svg = drawLossChart({ title: 'a & b', training, validation: [], marks });
      assert.ok(!/NaN|Infinity|undefined/.test(svg), svg);
      assert.match(svg, /re-selection &#60;1&#62;/);
    }
    const { png } = await renderLossChart({ title: 'loss', training: falling, validation: [] });
    const { width, height, format } = await sharp(png).metadata();
    assert.deepEqual([width, height, format], [1720, 880, 'png']);
  });
});

describe('smoothing', () => {
  it('begins at the first loss and leaves a constant alone', () => {
    assert.ok(Math.abs(smoothed(falling)[0].loss - falling[0].loss) < 1e-12);
    const constant = falling.map(({ step }) => ({ step, loss: 3 }));
    for (const { loss } of smoothed(constant)) assert.ok(Math.abs(loss - 3) < 1e-12);
  });

  it('stays between the least and the greatest loss', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1 }), (losses) => {
        const points = smoothed(losses.map((loss, step) => ({ step, loss })));
        const [low, high] = [Math.min(...losses), Math.max(...losses)];
        for (const { loss } of points) assert.ok(loss >= low * (1 - 1e-9) && loss <= high * (1 + 1e-9));
      }),
    );
  });
});

describe('ticks', () => {
  it('are round numbers with as many decimals as needed', () => {
    assert.deepEqual(linearTicks(0, 800, 8).labels, [
      '0',
      '100',
      '200',
      '300',
      '400',
      '500',
      '600',
      '700',
      '800',
    ]);
    assert.deepEqual(linearTicks(0, 12_000, 6).labels, [
      '0',
      '2,000',
      '4,000',
      '6,000',
      '8,000',
      '10,000',
      '12,000',
    ]);
    assert.deepEqual(linearTicks(0.11, 0.13, 4).labels, ['0.110', '0.115', '0.120', '0.125', '0.130']);
    assert.deepEqual(logarithmicTicks(0.009, 1.2).labels, ['0.01', '0.02', '0.05', '0.1', '0.2', '0.5', '1']);
    assert.deepEqual(logarithmicTicks(1e-6, 1).labels, [
      '1e-6',
      '1e-5',
      '0.0001',
      '0.001',
      '0.01',
      '0.1',
      '1',
    ]);
  });

  it('lie inside the range, rise, and are neither too few nor too many', () => {
    const bounds = fc.tuple(
      fc.double({ min: 1e-5, max: 1e5, noNaN: true }),
      fc.double({ min: 1.1, max: 1e6, noNaN: true }),
    );
    fc.assert(
      fc.property(bounds, ([low, factor]) => {
        for (const { values } of [linearTicks(low, low * factor, 6), logarithmicTicks(low, low * factor)]) {
          assert.ok(
            values.length >= 2 && values.length <= 16,
            `${values.length} ticks in [${low}, ${low * factor}]`,
          );
          assert.ok(values.every((v, i) => i === 0 || v > values[i - 1]));
          assert.ok(values[0] >= low * (1 - 1e-6) && values[values.length - 1] <= low * factor * (1 + 1e-6));
        }
      }),
    );
  });
});

describe('text in pictures', () => {
  it('means only itself', () => {
    assert.equal(escapeXml('<a href="x">&\'\u0007'), '&#60;a href=&#34;x&#34;&#62;&#38;&#39;');
  });

  it('wraps at words and ends in an ellipsis when there is more', () => {
    assert.deepEqual(wrapText('smiling face, with tears of joy', 13, 2), ['smiling face,', 'with tears o…']);
    assert.deepEqual(wrapText('supercalifragilistic', 8, 2), ['superca…']);
    assert.deepEqual(wrapText('', 8, 2), []);
  });
});
