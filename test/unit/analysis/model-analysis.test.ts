import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { encodeFloat16 } from '../../../shared/half.ts';
import { WeightFiles, writeSafetensors } from '../../../shared/safetensors.ts';
import { analyseModel, DEFAULT_THRESHOLDS, WITHOUT_CONFIG } from '../../../worker/analysis/model-analysis.ts';
import { MagnitudeHistogram, weightStatistics } from '../../../worker/analysis/weight-statistics.ts';
import { learningRateForThreshold } from '../../../worker/optim/lr-schedule.ts';
import { writeAdapter } from '../../../worker/sara/adapter-file.ts';
import { selectByThreshold, type NamedTensor } from '../../../worker/sara/selection.ts';
import { EVERY_TENSOR } from '../../../worker/sara/tensor-filter.ts';
import { tensorsOf } from '../../support/golden-sara.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { someNumbers } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';

const UNET = 'test/golden/unet-sd1/unet';

/** A histogram's bin is a 128th of an octave wide. */
const BIN = 2 ** (1 / 128) - 1;

const tensor = (name: string, data: readonly number[] | Float32Array): NamedTensor => ({
  name,
  shape: [data.length],
  data: Float32Array.from(data),
});

describe('weight statistics', () => {
  it('count what selection would select, at any thresholds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.double({ min: 1e-4, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 5 }),
        async (thresholds) => {
          const ascending = thresholds.map(Math.fround).sort((a, b) => a - b);
          const { tensors } = await weightStatistics(tensorsOf(UNET), ascending);
          for (const [t, threshold] of ascending.entries()) {
            const { mask } = await selectByThreshold(tensorsOf(UNET), threshold);
            for (const { name, numBelow } of tensors)
              assert.equal(numBelow[t], mask.get(name)?.count ?? 0, `${name} below ${threshold}`);
          }
        },
      ),
      { numRuns: 8 },
    );
  }).timeout(120_000);

  it('draw the line exactly: a weight at the threshold is not below it, its neighbours tell', async () => {
    const theta = Math.fround(2e-3);
    const next = new Float32Array(
      Int32Array.of(new Int32Array(Float32Array.of(theta).buffer)[0] - 1).buffer,
    )[0];
    const { tensors } = await weightStatistics(
      [tensor('conv_in.weight', [theta, -theta, next, -next, 0, 1])],
      [next, theta],
    );
    assert.deepEqual(tensors[0].numBelow, [1, 3]);
  });

  it('take one tensor at a time and let it go before the next is read', async () => {
    let numAlive = 0;
    async function* oneByOne(): AsyncGenerator<NamedTensor> {
      for (let i = 0; i < 3; i++) {
        assert.equal(numAlive, 0);
        numAlive++;
        yield await Promise.resolve(tensor(`t${i}.weight`, [0.1]));
        numAlive--;
      }
    }
    assert.equal((await weightStatistics(oneByOne(), [1])).tensors.length, 3);
  });

  it('leave out of the counts what a pattern leaves out of the training, not out of the histogram', async () => {
    const filter = { include: [], exclude: ['*.bias'] };
    const parts = [tensor('conv_in.weight', [0.1]), tensor('conv_in.bias', [0.1])];
    const { tensors, histograms } = await weightStatistics(parts, [1], filter);
    assert.deepEqual(
      tensors.map(({ takesPart, numBelow }) => [takesPart, numBelow[0]]),
      [
        [true, 1],
        [false, 0],
      ],
    );
    assert.equal(histograms.get('bias')?.total, 1);
  });

  it('name the tensor of a model that holds NaN', async () => {
    await assert.rejects(
      weightStatistics([tensor('conv_in.weight', [0, NaN])], [1]),
      saraError('NOT_FINITE', /conv_in\.weight holds NaN/),
    );
  });
});

describe('magnitude histogram', () => {
  const values = someNumbers(10_000, 5);
  const sorted = Float32Array.from(values, Math.abs).sort();
  const histogram = new MagnitudeHistogram();
  histogram.add(values.subarray(0, 3000), new Float32Array(0));
  histogram.add(values.subarray(3000), new Float32Array(0));

  it('knows quantiles to a bin', () => {
    for (const share of [0.01, 0.25, 0.5, 0.99]) {
      const exact = sorted[Math.floor(share * sorted.length)];
      const found = histogram.quantile(share);
      assert.ok(found <= exact && found >= exact / (1 + 2 * BIN), `${found} for ${exact}`);
    }
    assert.equal(new MagnitudeHistogram().quantile(0.5), 0);
  });

  it('counts between powers of two exactly', () => {
    const edges = [2 ** -6, 2 ** -3, 2 ** -1];
    const within = (low: number, high: number): number => sorted.filter((x) => x >= low && x < high).length;
    assert.deepEqual(histogram.between(edges), [within(edges[0], edges[1]), within(edges[1], edges[2])]);
  });
});

describe('model analysis', () => {
  let files: WeightFiles;
  before(async () => {
    files = await WeightFiles.open(UNET, 'diffusion_pytorch_model');
  });
  after(() => files.close());

  it('adds up: kinds and blocks partition the weights, and so what each threshold trains', async () => {
    const analysis = await analyseModel(files, WITHOUT_CONFIG);
    assert.deepEqual(
      analysis.thresholds.map(({ threshold }) => threshold),
      [...DEFAULT_THRESHOLDS],
    );
    const sum = (counts: readonly number[]): number => counts.reduce((total, n) => total + n, 0);
    for (const rows of [analysis.kinds, analysis.blocks, analysis.tensors])
      assert.equal(sum(rows.map(({ numWeights }) => numWeights)), analysis.numWeights);
    for (const [t, { numTrained }] of analysis.thresholds.entries()) {
      assert.equal(sum(analysis.kinds.map((row) => row.numTrained[t])), numTrained);
      assert.equal(sum(analysis.blocks.map((row) => row.numTrained[t])), numTrained);
      for (const block of analysis.blocks)
        assert.equal(sum(block.kinds.map((row) => row.numTrained[t])), block.numTrained[t], block.block);
    }
    for (const { numWeights, histogram } of analysis.kinds)
      assert.ok(
        sum(histogram.counts) <= numWeights && histogram.counts.length === histogram.edges.length - 1,
      );
    assert.equal(analysis.weightBytes, 4 * analysis.numWeights);
  });

  it('lists blocks in the order of the forward pass', async () => {
    const { blocks } = await analyseModel(files, WITHOUT_CONFIG);
    const names = blocks.map(({ block }) => block);
    assert.deepEqual(names.slice(0, 3), ['time_embedding', 'conv_in', 'down_blocks.0']);
    assert.ok(names.indexOf('mid_block') > names.indexOf('down_blocks.1'));
    assert.ok(names.indexOf('up_blocks.0') > names.indexOf('mid_block'));
    assert.equal(names.at(-1), 'conv_out');
  });

  it('gives the paper’s learning rate, and none beyond the thresholds it holds for', async () => {
    const { thresholds } = await analyseModel(files, { ...WITHOUT_CONFIG, thresholds: [2e-3, 1e-2, 2e-2] });
    assert.deepEqual(
      thresholds.map(({ learningRate }) => learningRate),
      [learningRateForThreshold(2e-3), learningRateForThreshold(1e-2), null],
    );
  });

  it('foresees the size of the adapter file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sara-analysis-'));
    try {
      const path = join(folder, 'adapter.safetensors');
      const { thresholds } = await analyseModel(files, { ...WITHOUT_CONFIG, thresholds: [0.05] });
      for (const dtype of ['float32', 'float16'] as const) {
        await writeAdapter(path, await makeAdapterFor(UNET, { threshold: 0.05 }), dtype);
        const { size } = await stat(path);
        const foreseen = thresholds[0].adapterBytes[dtype];
        // The digits of offsets and shapes in the header are reckoned at their mean.
        assert.ok(Math.abs(foreseen - size) < 0.05 * size, `${foreseen} for ${size} bytes`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('shows the run’s own choice, of a threshold or a fraction, else the one near a twentieth', async () => {
    const own = await analyseModel(files, { ...WITHOUT_CONFIG, chosen: { threshold: 0.037 } });
    assert.equal(own.thresholds[own.shown].threshold, 0.037);
    assert.ok(own.isChosen);
    const share = await analyseModel(files, { ...WITHOUT_CONFIG, chosen: { fraction: 0.25 } });
    assert.equal(share.thresholds[share.shown].numTrained, Math.round(0.25 * share.numWeights));
    const none = await analyseModel(files, { ...WITHOUT_CONFIG, thresholds: [1e-6, 0.01, 1] });
    assert.equal(none.isChosen, false);
    assert.equal(none.thresholds[none.shown].threshold, 0.01);
    const same = await analyseModel(files, { ...WITHOUT_CONFIG, chosen: { threshold: 2e-3 } });
    assert.equal(same.thresholds.length, DEFAULT_THRESHOLDS.length, 'listed once');
  });

  it('refuses thresholds that are none, fractions of nothing, and patterns without a match', async () => {
    for (const thresholds of [[0], [-1], [NaN], [Infinity]])
      await assert.rejects(
        analyseModel(files, { ...WITHOUT_CONFIG, thresholds }),
        saraError('CONFIG_INVALID', /must be a positive number/),
      );
    await assert.rejects(
      analyseModel(files, { ...WITHOUT_CONFIG, chosen: { fraction: 0 } }),
      saraError('CONFIG_INVALID', /fraction 0/),
    );
    await assert.rejects(
      analyseModel(files, { ...WITHOUT_CONFIG, filter: { ...EVERY_TENSOR, include: ['*.lora'] } }),
      saraError('CONFIG_INVALID', /"\*\.lora" matches none/),
    );
  });

  it('reads weights as they are stored, in half precision too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sara-analysis-'));
    const path = join(folder, 'half.safetensors');
    const data = encodeFloat16(Float32Array.of(1e-3, -1e-3, 0.5, 0));
    await writeSafetensors(path, [
      { name: 'conv_in.weight', tensor: { dtype: 'float16', shape: [4], data } },
    ]);
    const half = await WeightFiles.openFile(path);
    try {
      const analysis = await analyseModel(half, { ...WITHOUT_CONFIG, thresholds: [2e-3] });
      assert.equal(analysis.weightBytes, 8);
      assert.equal(analysis.thresholds[0].numTrained, 3);
    } finally {
      await half.close();
      await rm(folder, { recursive: true });
    }
  });
});
