import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from '../../../shared/half.ts';
import {
  exportAdapter,
  type ExportReport,
  type ExportRequest,
} from '../../../worker/export/export-adapter.ts';
import { EXPORT_DTYPES, type ExportDType } from '../../../worker/export/export-file.ts';
import { readUNetConfig, type UNetConfig } from '../../../worker/model/diffusers-config.ts';
import { unetParameters } from '../../../worker/model/unet.ts';
import { writeAdapter } from '../../../worker/sara/adapter-file.ts';
import { applyDeltas, type Adapter } from '../../../worker/sara/adapter.ts';
import { numElements } from '../../../shared/tensor.ts';
import { readAdapterAsUiDoes } from '../../support/adapter-reader.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { saraError } from '../../support/sara-error.ts';

const CASES = ['unet-sd1', 'unet-sd2', 'unet-sdxl', 'unet-pixel'] as const;

/** Factors are stored in float32: two roundings per term of a product, of energies a few times that. */
const FLOAT32_FACTORS = 1e-6;

const ROUNDED: Readonly<Record<ExportDType, (values: Float32Array) => Float32Array>> = {
  float32: (values) => values,
  float16: (values) => decodeFloat16(encodeFloat16(values)),
  bfloat16: (values) => decodeBfloat16(encodeBfloat16(values)),
};

const energyOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value ** 2, 0);

describe('exported adapters', () => {
  let folder: string;
  let out: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-export-'));
    out = join(folder, 'out.safetensors');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function prepare(name: string): Promise<{ unet: string; adapter: Adapter; config: UNetConfig }> {
    const unet = join('test/golden', name, 'unet');
    const adapter = await makeAdapterFor(unet);
    await writeAdapter(join(folder, 'adapter.safetensors'), adapter);
    return { unet, adapter, config: await readUNetConfig(unet) };
  }

  function run(model: string, request: Partial<ExportRequest> = {}): Promise<ExportReport> {
    return exportAdapter({
      model,
      adapters: [{ path: join(folder, 'adapter.safetensors'), strength: 1 }],
      format: 'lycoris',
      rank: null,
      dtype: 'float16',
      out,
      description: { title: 'my style', author: null, description: null, license: null, trigger: null },
      date: new Date('2026-11-24T10:20:30.456Z'),
      ...request,
    });
  }

  /** The adapter's change of every tensor it touches, dense. */
  function denseChanges(config: UNetConfig, { mask, deltas }: Adapter): Map<string, Float32Array> {
    const shapes = unetParameters(config);
    return new Map(
      mask.entries.map(({ name }) => {
        const dense = new Float32Array(numElements(shapes.get(name) ?? []));
        applyDeltas(name, dense, { mask, vector: deltas });
        return [name, dense] as const;
      }),
    );
  }

  for (const name of CASES) {
    for (const dtype of name === 'unet-sd1' ? EXPORT_DTYPES : (['float16'] as const)) {
      it(`of ${name} in full hold every change, bit for bit in ${dtype}, and no other`, async () => {
        const { unet, adapter, config } = await prepare(name);
        const report = await run(unet, { dtype });
        const { changes } = await readAdapterAsUiDoes(out, config);
        const expected = denseChanges(config, adapter);
        for (const [tensor, dense] of expected)
          assert.deepEqual(changes.get(tensor), ROUNDED[dtype](dense), tensor);
        for (const [tensor, change] of changes) {
          // A weight beside a changed bias is there for A1111, and zero.
          if (expected.has(tensor)) continue;
          assert.ok(tensor.endsWith('.weight') && expected.has(tensor.replace(/weight$/, 'bias')), tensor);
          assert.ok(change.every((value) => value === 0));
        }
        assert.equal(report.numChanged, adapter.mask.count);
        assert.equal(report.numTensors, changes.size);
        assert.equal(report.kept, null);
      });
    }

    it(`of ${name} as LoRA of full rank hold every change of a layer, exactly`, async () => {
      const { unet, adapter, config } = await prepare(name);
      await run(unet, { format: 'lora', rank: 4096, dtype: 'float32' });
      const { changes } = await readAdapterAsUiDoes(out, config);
      let numLayers = 0;
      for (const [tensor, dense] of denseChanges(config, adapter)) {
        const change = changes.get(tensor);
        if ((unetParameters(config).get(tensor)?.length ?? 0) === 1) {
          assert.equal(change, undefined, `${tensor} is no layer`);
          continue;
        }
        assert.deepEqual(Float32Array.from(change ?? []), dense, tensor);
        numLayers++;
      }
      assert.equal(changes.size, numLayers);
    });

    for (const format of ['lora', 'lora-diffusers'] as const) {
      it(`of ${name} as ${format} of rank 3 lose exactly the energy they say, layer by layer`, async () => {
        const { unet, adapter, config } = await prepare(name);
        const { kept } = await run(unet, { format, rank: 3, dtype: 'float32' });
        const { changes, ranks } = await readAdapterAsUiDoes(out, config);
        const dense = denseChanges(config, adapter);
        assert.ok(kept !== null && kept.layers.length > 0);
        for (const { module, rank, energy, capturedEnergy } of kept.layers) {
          const wanted = dense.get(`${module}.weight`) ?? assert.fail(module);
          const got = changes.get(`${module}.weight`) ?? assert.fail(module);
          assert.ok(Math.abs(energyOf(wanted) - energy) <= 1e-9 * energy);
          const lost = energyOf(wanted.map((value, i) => value - got[i]));
          assert.ok(Math.abs(energy - capturedEnergy - lost) <= FLOAT32_FACTORS * energy, module);
          assert.ok(rank <= 3);
          // diffusers is given one rank everywhere.
          assert.equal(ranks.get(module), format === 'lora' ? rank : 3);
        }
        const total = [...dense.values()].reduce((sum, values) => sum + energyOf(values), 0);
        assert.ok(Math.abs(kept.energy - total) <= 1e-9 * total);
        const captured = kept.layers.reduce((sum, layer) => sum + layer.capturedEnergy, 0);
        assert.equal(kept.capturedEnergy, captured);
        assert.ok(captured > 0.1 * total && captured < total);
      });
    }
  }

  it('are scaled by the strength of each adapter and added up', async () => {
    const { unet, adapter, config } = await prepare('unet-sd1');
    const other = await makeAdapterFor(unet, { threshold: 0.05, seed: 9 });
    await writeAdapter(join(folder, 'other.safetensors'), other);
    const adapters = [
      { path: join(folder, 'adapter.safetensors'), strength: 0.5 },
      { path: join(folder, 'other.safetensors'), strength: 2 },
    ];
    await run(unet, { adapters, dtype: 'float32' });
    const { changes, metadata } = await readAdapterAsUiDoes(out, config);
    const [first, second] = [denseChanges(config, adapter), denseChanges(config, other)];
    for (const [tensor, change] of changes)
      for (const [i, value] of change.entries()) {
        const parts = [first.get(tensor)?.[i] ?? 0, second.get(tensor)?.[i] ?? 0];
        assert.equal(value, Math.fround(Math.fround(0.5 * parts[0]) + Math.fround(2 * parts[1])));
      }
    assert.match(metadata.get('sara_adapters') ?? '', new RegExp(`${other.mask.digest}.*"strength":2`));
    assert.equal(metadata.has('ss_seed'), false, 'two runs have no common seed');
  });

  it('say in their metadata what they are, in the terms of ModelSpec, kohya and ours', async () => {
    const { unet, adapter } = await prepare('unet-sd1');
    const pipeline = join(folder, 'a model');
    await mkdir(join(pipeline, 'scheduler'), { recursive: true });
    await cp(unet, join(pipeline, 'unet'), { recursive: true });
    const scheduler = { _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' };
    await writeFile(join(pipeline, 'scheduler', 'scheduler_config.json'), JSON.stringify(scheduler));
    const description = {
      title: 'my style',
      author: 'me',
      description: 'what it draws',
      license: 'CC0',
      trigger: 'mystyle',
    };
    const report = await run(pipeline, { format: 'lora', rank: 2, description });
    const { metadata } = await readAdapterAsUiDoes(out, await readUNetConfig(unet));
    const { sample_size: side } = JSON.parse(await readFile(join(unet, 'config.json'), 'utf8')) as {
      sample_size: number;
    };
    assert.deepEqual(Object.fromEntries(metadata), {
      format: 'pt',
      'modelspec.sai_model_spec': '1.0.0',
      'modelspec.architecture': 'stable-diffusion-v1/lora',
      'modelspec.implementation': 'diffusers',
      'modelspec.title': 'my style',
      'modelspec.author': 'me',
      'modelspec.description': 'what it draws',
      'modelspec.license': 'CC0',
      'modelspec.trigger_phrase': 'mystyle',
      'modelspec.date': '2026-11-24T10:20:30Z',
      'modelspec.resolution': `${8 * side}x${8 * side}`,
      'modelspec.prediction_type': 'v',
      'modelspec.hash_sha256': `0x${report.dataHash}`,
      sshs_model_hash: report.dataHash,
      ss_v2: 'False',
      ss_base_model_version: 'sd_v1_v',
      ss_network_module: 'networks.lora',
      ss_network_dim: '2',
      ss_network_alpha: '2',
      ss_network_args: '{"conv_dim":"2","conv_alpha":"2"}',
      ss_output_name: 'my style',
      ss_sd_model_name: 'a model',
      ss_learning_rate: '0.0002',
      ss_seed: '7',
      ss_steps: '40',
      sara_tool_version: metadata.get('sara_tool_version'),
      sara_base_model_hash: adapter.metadata.baseModelHash,
      sara_adapters: JSON.stringify([
        {
          mask_digest: adapter.mask.digest,
          base_model_hash: adapter.metadata.baseModelHash,
          step: 40,
          strength: 1,
        },
      ]),
    });
    const bytes = await readFile(out);
    const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
    assert.equal(createHash('sha256').update(data).digest('hex'), report.dataHash);
    assert.equal(bytes.length, report.sizeBytes);
    assert.deepEqual(report.notes, []);
  });

  it('are the same bytes every time', async () => {
    const { unet } = await prepare('unet-sd1');
    await run(unet, { format: 'lora', rank: 2 });
    const first = await readFile(out);
    await run(unet, { format: 'lora', rank: 2 });
    assert.ok(first.equals(await readFile(out)));
  });

  it('come with a word where no program will read them, or a fact had to be assumed', async () => {
    const { unet } = await prepare('unet-pixel');
    const { notes, family } = await run(unet);
    assert.equal(family, 'pixel');
    assert.match(notes.join('\n'), /draws pixels/);
    assert.match(notes.join('\n'), /no scheduler\//);
  });

  it('are refused for another base model, for what no number can hold, and for nothing', async () => {
    const { unet } = await prepare('unet-sd1');
    await assert.rejects(
      run('test/golden/unet-sd2/unet'),
      saraError('ADAPTER_MISMATCH', /adapter\.safetensors was trained on the base model/),
    );
    const path = join(folder, 'adapter.safetensors');
    await assert.rejects(
      run(unet, { adapters: [{ path, strength: 2.5 }] }),
      saraError('CONFIG_INVALID', /strength is 2.5/),
    );
    await assert.rejects(run(unet, { adapters: [] }), saraError('CONFIG_INVALID', /no adapter/));
    await assert.rejects(
      run(unet, { adapters: [{ path, strength: 0 }], format: 'lora', rank: 4 }),
      saraError('CONFIG_INVALID', /change nothing/),
    );
    await writeAdapter(path, await makeAdapterFor(unet, { size: 1e6 }));
    await assert.rejects(run(unet), saraError('NOT_FINITE', /leave the range of float16; choose float32/));
    await assert.rejects(run(join(folder, 'nowhere')), saraError('FILE_NOT_FOUND'));
  });

  it('leave what stood there when they cannot be made', async () => {
    const { unet } = await prepare('unet-sd1');
    await writeFile(out, 'mine');
    await writeAdapter(join(folder, 'adapter.safetensors'), await makeAdapterFor(unet, { size: 1e6 }));
    await assert.rejects(run(unet), saraError('NOT_FINITE'));
    assert.equal(await readFile(out, 'utf8'), 'mine');
  });

  it('stop between layers when asked to', async () => {
    const { unet } = await prepare('unet-sd1');
    const stop = new AbortController();
    const done: number[] = [];
    const stopped = run(unet, {
      format: 'lora',
      rank: 2,
      signal: stop.signal,
      onLayer: (numDone) => {
        done.push(numDone);
        if (numDone === 3) stop.abort(new Error('stopped by the user'));
      },
    });
    await assert.rejects(stopped, /stopped by the user/);
    assert.deepEqual(done, [1, 2, 3]);
  });
}).timeout(60_000);
