import assert from 'node:assert/strict';
import sharp from 'sharp';
import { WeightFiles } from '../../../shared/safetensors.ts';
import { drawAnalysis, renderAnalysis } from '../../../worker/analysis/analysis-picture.ts';
import { analyseModel, WITHOUT_CONFIG, type ModelAnalysis } from '../../../worker/analysis/model-analysis.ts';

describe('picture of a model analysis', () => {
  let analysis: ModelAnalysis;
  before(async () => {
    const files = await WeightFiles.open('test/golden/unet-sdxl/unet', 'diffusion_pytorch_model');
    analysis = await analyseModel(files, { ...WITHOUT_CONFIG, chosen: { threshold: 0.03 } });
    await files.close();
  });

  it('maps every block with every kind of layer it has, and names the share in each cell', () => {
    const svg = drawAnalysis(analysis, 'a model');
    const cells = [...svg.matchAll(/<rect [^>]*fill-opacity="([\d.]+)"/g)].map(([, opacity]) =>
      Number(opacity),
    );
    assert.equal(
      cells.length,
      analysis.blocks.reduce((sum, { kinds }) => sum + 1 + kinds.length, 0),
    );
    assert.equal(Math.max(...cells), 0.9, 'the largest share has the full colour');
    for (const { block, numWeights, numTrained } of analysis.blocks) {
      assert.ok(svg.includes(`>${block}</text>`), block);
      const share = ((100 * numTrained[analysis.shown]) / numWeights).toFixed(1);
      assert.ok(svg.includes(`>${share} %</text>`), `${block} ${share}`);
    }
  });

  it('draws a curve for each kind that rises to all weights on the right', () => {
    const svg = drawAnalysis(analysis, 'a model');
    const curves = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) =>
      points.split(' ').map((pair) => pair.split(',').map(Number)),
    );
    assert.equal(curves.length, analysis.kinds.length + 1);
    const shares = curves.at(-1) ?? [];
    for (let i = 1; i < shares.length; i++)
      assert.ok(shares[i][1] <= shares[i - 1][1], 'a share never falls');
    assert.equal(shares.at(-1)?.[1], 92, 'all of the weights, at the top of the plot');
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });

  it('escapes the name of the model', () => {
    assert.match(drawAnalysis(analysis, '<b>&'), /&#60;b&#62;&#38;/);
  });

  it('is the same as SVG and PNG, the latter at twice the size', async () => {
    const { svg, png } = await renderAnalysis(analysis, 'a model');
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? assert.fail('no size');
    const metadata = await sharp(png).metadata();
    assert.deepEqual([metadata.width, metadata.height], [2 * Number(width), 2 * Number(height)]);
  });
});
