import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { baseModelHash } from '../../../shared/digest.ts';
import { encodeFloat16, halfToFloat } from '../../../shared/half.ts';
import {
  SafetensorsFile,
  WeightFiles,
  writeSafetensors,
  type TensorSource,
} from '../../../shared/safetensors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { makeAdapter, type Adapter } from '../../../worker/sara/adapter.ts';
import { mergeModel } from '../../../worker/export/merge-model.ts';
import { selectByThreshold } from '../../../worker/sara/selection.ts';
import { GOLDEN_SARA, readTrajectory, tensorsOf } from '../../support/golden-sara.ts';

const WEIGHTS = 'diffusion_pytorch_model.safetensors';

/** Value minus base, rounded to float32, added again: two roundings of the larger of both. */
const FLOAT32_ROUNDING = 2 ** -23 * 2e-3;

async function adapterFor(unet: string, change: (value: number, i: number) => number): Promise<Adapter> {
  const files = await WeightFiles.open(unet, 'diffusion_pytorch_model');
  const hash = await baseModelHash(files);
  await files.close();
  const { mask, values } = await selectByThreshold(tensorsOf(unet), 2e-3);
  return makeAdapter(mask, values.map(change), values, {
    baseModelHash: hash,
    threshold: 2e-3,
    fraction: null,
    stage: 0,
    step: 1,
    rankWeight: 0,
    learningRate: 1e-4,
    seed: 0n,
    zeroTerminalSnr: false,
    toolVersion: 'test',
  });
}

async function readAll(unet: string): Promise<Map<string, Tensor>> {
  const files = await WeightFiles.open(unet, 'diffusion_pytorch_model');
  const tensors = new Map<string, Tensor>();
  for (const name of files.entries.keys()) tensors.set(name, await files.read(name));
  await files.close();
  return tensors;
}

describe('merged model', () => {
  let folder: string;
  let pipeline: string;
  let out: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-merge-'));
    pipeline = join(folder, 'base');
    out = join(folder, 'merged');
    await mkdir(join(pipeline, 'scheduler'), { recursive: true });
    await cp(join(GOLDEN_SARA, 'unet'), join(pipeline, 'unet'), { recursive: true });
    await writeFile(join(pipeline, 'model_index.json'), '{"unet":["diffusers","UNet2DConditionModel"]}');
    await writeFile(join(pipeline, 'scheduler', 'scheduler_config.json'), '{}');
    await writeFile(join(pipeline, 'all-in-one.safetensors'), 'stale weights');
    await writeFile(join(pipeline, 'unet', 'diffusion_pytorch_model.bin'), 'stale weights');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('holds the trained values of the recorded run at full strength and the base everywhere else', async () => {
    const { threshold } = await readTrajectory();
    const trained = new Map<string, Float32Array>();
    const final = await SafetensorsFile.open(join(GOLDEN_SARA, 'final_weights.safetensors'));
    for (const name of final.entries.keys()) trained.set(name, (await final.readFloat32(name)).data);
    await final.close();
    const { mask } = await selectByThreshold(tensorsOf(join(pipeline, 'unet')), threshold);
    const values = mask.entries.flatMap(({ name, indices }) =>
      [...(indices ?? [])].map((i) => trained.get(name)?.[i] ?? Number.NaN),
    );
    const adapter = await adapterFor(join(pipeline, 'unet'), (_, i) => values[i]);
    await mergeModel(pipeline, [{ adapter, strength: 1 }], out);
    let numChecked = 0;
    for (const [name, { data }] of await readAll(join(out, 'unet'))) {
      const expected = trained.get(name) ?? assert.fail(name);
      for (let i = 0; i < expected.length; i++, numChecked++) {
        assert.ok(Math.abs((data as Float32Array)[i] - expected[i]) <= FLOAT32_ROUNDING, `${name} at ${i}`);
      }
    }
    assert.ok(numChecked > 200_000);
  });

  it('has the base model’s other components and configs, and no weights that were not merged', async () => {
    const adapter = await adapterFor(join(pipeline, 'unet'), (value) => value + 1);
    await mergeModel(pipeline, [{ adapter, strength: 1 }], out);
    assert.deepEqual((await readdir(out)).sort(), ['model_index.json', 'scheduler', 'unet']);
    assert.deepEqual((await readdir(join(out, 'unet'))).sort(), ['config.json', WEIGHTS]);
    assert.deepEqual(await readFile(join(out, 'scheduler', 'scheduler_config.json'), 'utf8'), '{}');
    assert.deepEqual(await readdir(folder).then((names) => names.sort()), ['base', 'merged']);
    const file = await SafetensorsFile.open(join(out, 'unet', WEIGHTS));
    assert.equal(file.metadata.get('format'), 'pt');
    assert.match(file.metadata.get('sara_merged') ?? '', new RegExp(adapter.mask.digest));
    await file.close();
  });

  it('is made of a UNet folder alone as well', async () => {
    const adapter = await adapterFor(join(pipeline, 'unet'), (value) => value + 1);
    await mergeModel(join(pipeline, 'unet'), [{ adapter, strength: 0.5 }], out);
    assert.deepEqual((await readdir(out)).sort(), ['config.json', WEIGHTS]);
    const before = (await readAll(join(pipeline, 'unet'))).get('conv_in.bias')?.data as Float32Array;
    const after = (await readAll(out)).get('conv_in.bias')?.data as Float32Array;
    const changed = [...after.keys()].filter((i) => after[i] !== before[i]);
    assert.deepEqual(
      changed,
      [...before.keys()].filter((i) => Math.abs(before[i]) < Math.fround(2e-3)),
    );
  });

  it('keeps the stored element type, shards, their index, and names that are links into a cache', async () => {
    const tensors: TensorSource[] = [
      { name: 'a', tensor: { dtype: 'float16', shape: [2], data: encodeFloat16(Float32Array.of(1e-3, 1)) } },
      { name: 'b', tensor: { dtype: 'float16', shape: [1], data: encodeFloat16(Float32Array.of(2)) } },
    ];
    const unet = join(folder, 'sharded');
    await mkdir(unet);
    const names = [1, 2].map((i) => `diffusion_pytorch_model-0000${i}-of-00002.safetensors`);
    for (const [i, tensor] of tensors.entries()) {
      await writeSafetensors(join(folder, 'blobs', `hash${i}`), [tensor]);
      await symlink(resolve(folder, 'blobs', `hash${i}`), join(unet, names[i]));
    }
    const index = JSON.stringify({ weight_map: { a: names[0], b: names[1] } });
    await writeFile(join(unet, 'diffusion_pytorch_model.safetensors.index.json'), index);
    const adapter = await adapterFor(unet, (value) => value + 0.5);
    await mergeModel(unet, [{ adapter, strength: 1 }], out);
    assert.deepEqual((await readdir(out)).sort(), [
      ...names,
      'diffusion_pytorch_model.safetensors.index.json',
    ]);
    const merged = await readAll(out);
    assert.equal(merged.get('a')?.dtype, 'float16');
    const [first, second] = [...(merged.get('a')?.data as Uint16Array)].map(halfToFloat);
    assert.ok(Math.abs(first - 0.501) < 2 ** -11);
    assert.equal(second, 1);
    assert.equal(halfToFloat((merged.get('b')?.data as Uint16Array)[0]), 2);
  });

  it('is refused when a merged weight leaves the stored type’s range, and leaves nothing behind', async () => {
    const unet = join(folder, 'half');
    await writeSafetensors(join(unet, WEIGHTS), [
      { name: 'a', tensor: { dtype: 'float16', shape: [1], data: encodeFloat16(Float32Array.of(0)) } },
    ]);
    const adapter = await adapterFor(unet, () => 60000);
    await assert.rejects(mergeModel(unet, [{ adapter, strength: 2 }], out), {
      code: 'NOT_FINITE',
      message: /of a leave the range of float16/,
    });
    assert.deepEqual((await readdir(folder)).sort(), ['base', 'half']);
  });

  it('is not written over another model or into its base', async () => {
    const adapter = await adapterFor(join(pipeline, 'unet'), (value) => value + 1);
    const weighted = [{ adapter, strength: 1 }];
    for (const inside of [pipeline, join(pipeline, 'merged')]) {
      await assert.rejects(mergeModel(pipeline, weighted, inside), {
        code: 'CONFIG_INVALID',
        message: /inside its base/,
      });
    }
    await mkdir(out);
    await writeFile(join(out, 'mine.txt'), '');
    await assert.rejects(mergeModel(pipeline, weighted, out), {
      code: 'CONFIG_INVALID',
      message: /already holds 1 files/,
    });
    assert.deepEqual(await readdir(out), ['mine.txt']);
  });
});
