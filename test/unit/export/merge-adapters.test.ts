import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseModelHash } from '../../../shared/digest.ts';
import { SafetensorsFile, WeightFiles } from '../../../shared/safetensors.ts';
import { describeAdapters } from '../../../worker/export/export-metadata.ts';
import { mergeAdapters } from '../../../worker/export/merge-adapters.ts';
import { readAdapter, writeAdapter } from '../../../worker/sara/adapter-file.ts';
import { applyDeltas, type Adapter } from '../../../worker/sara/adapter.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { saraError } from '../../support/sara-error.ts';

const UNET = 'test/golden/unet-pixel/unet';

describe('merged adapters', () => {
  let narrow: Adapter;
  let wide: Adapter;
  before(async () => {
    narrow = await makeAdapterFor(UNET, { threshold: 0.01, seed: 1 });
    wide = await makeAdapterFor(UNET, { threshold: 0.03, seed: 2, metadata: { step: 90, seed: 8n } });
  });

  const change = ({ mask, deltas }: Adapter, name: string, size: number): Float32Array => {
    const dense = new Float32Array(size);
    applyDeltas(name, dense, { mask, vector: deltas });
    return dense;
  };

  it('change the union of the weights, by the sum of the changes times the strengths', () => {
    const merged = mergeAdapters([
      { adapter: narrow, strength: 2 },
      { adapter: wide, strength: 0.25 },
    ]);
    assert.equal(merged.mask.count, wide.mask.count, 'the wider mask holds the narrower');
    let numBoth = 0;
    for (const { name, shape } of merged.mask.entries) {
      const size = shape.reduce((product, length) => product * length, 1);
      const [sum, first, second] = [merged, narrow, wide].map((adapter) => change(adapter, name, size));
      for (let i = 0; i < size; i++) {
        // Powers of two scale exactly; the sum is rounded once.
        assert.equal(sum[i], Math.fround(2 * first[i] + 0.25 * second[i]));
        if (first[i] !== 0 && second[i] !== 0) numBoth++;
      }
    }
    assert.ok(numBoth > 1000);
  });

  it('of one adapter are that adapter, scaled, with all it says of itself', () => {
    const half = mergeAdapters([{ adapter: narrow, strength: 0.5 }]);
    assert.equal(half.mask.digest, narrow.mask.digest);
    assert.deepEqual(
      half.deltas,
      narrow.deltas.map((delta) => 0.5 * delta),
    );
    assert.deepEqual({ ...half.metadata, toolVersion: '' }, { ...narrow.metadata, toolVersion: '' });
  });

  it('say what still holds of all, and nothing of what they differ in', () => {
    const { metadata } = mergeAdapters([
      { adapter: narrow, strength: 1 },
      { adapter: wide, strength: 1 },
    ]);
    assert.equal(metadata.threshold, 0.03);
    assert.equal(metadata.step, 90);
    assert.equal(metadata.learningRate, narrow.metadata.learningRate);
    assert.equal(metadata.seed, 0n);
    assert.equal(metadata.baseModelHash, narrow.metadata.baseModelHash);
  });

  it('are adapters like any other on disk, with a remark on what went in', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sara-merge-'));
    const files = await WeightFiles.open(UNET, 'diffusion_pytorch_model');
    try {
      const weighted = [
        { adapter: narrow, strength: 1 },
        { adapter: wide, strength: 0.5 },
      ];
      const merged = mergeAdapters(weighted);
      const path = join(folder, 'merged.safetensors');
      await writeAdapter(path, merged, 'float32', { merged_from: describeAdapters(weighted) });
      const read = await readAdapter(path, { hash: await baseModelHash(files), entries: files.entries });
      assert.deepEqual(read.deltas, merged.deltas);
      assert.equal(read.mask.digest, merged.mask.digest);
      const file = await SafetensorsFile.open(path);
      const remark = JSON.parse(file.metadata.get('merged_from') ?? '') as { strength: number }[];
      await file.close();
      assert.deepEqual(
        remark.map(({ strength }) => strength),
        [1, 0.5],
      );
    } finally {
      await files.close();
      await rm(folder, { recursive: true });
    }
  });

  it('are refused over two base models, naming both, and at strengths that break pictures', async () => {
    const other = await makeAdapterFor('test/golden/unet-sd1/unet');
    const [own, foreign] = [narrow.metadata.baseModelHash, other.metadata.baseModelHash];
    assert.throws(
      () =>
        mergeAdapters([
          { adapter: narrow, strength: 1 },
          { adapter: other, strength: 1 },
        ]),
      saraError('ADAPTER_MISMATCH', new RegExp(own), new RegExp(foreign)),
    );
    assert.throws(
      () => mergeAdapters([{ adapter: narrow, strength: 2.01 }]),
      saraError('CONFIG_INVALID', /2\.01; it must lie in 0 \.\. 2/),
    );
    assert.throws(() => mergeAdapters([]), saraError('CONFIG_INVALID', /no adapter/));
  });
});
