import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeFloat16, encodeFloat16 } from '../../../shared/half.ts';
import type { WeightFiles } from '../../../shared/safetensors.ts';
import { writeFullModel } from '../../../worker/export/full-model.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { writeSingleFile } from '../../../worker/model/single-file/write.ts';
import { SparseMask, type MaskedVector } from '../../../worker/sara/mask.ts';
import { TEXT_ENCODER_PREFIX } from '../../../worker/training-graph.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';

/** One parameter of each part; the rest stays as it is in the base. */
const UNET_NAME = 'conv_in.weight';
const TEXT_NAME = 'text_model.final_layer_norm.weight';

describe('full model', () => {
  let tiny: TinyRun;
  let model: DiffusersModel;
  let out: string;
  beforeEach(async () => {
    tiny = await makeTinyRun();
    // What hubs put beside the weights, and what must not be taken along.
    await writeFile(join(tiny.modelFolder, 'README.md'), 'a model\n');
    await writeFile(join(tiny.modelFolder, 'unet/diffusion_pytorch_model.bin'), 'old weights');
    model = await DiffusersModel.open(tiny.modelFolder);
    out = join(tiny.folder, 'out');
  });
  afterEach(async () => {
    await model.close();
    await tiny.remove();
  });

  /** Both parameters at `value`. */
  function trainedTo(value: number): MaskedVector {
    const unet = model.unetFiles.entries.get(UNET_NAME) ?? assert.fail(UNET_NAME);
    const text = model.text.files.entries.get(TEXT_NAME) ?? assert.fail(TEXT_NAME);
    const mask = SparseMask.of([
      { name: UNET_NAME, shape: unet.shape, indices: null },
      { name: TEXT_ENCODER_PREFIX + TEXT_NAME, shape: text.shape, indices: null },
    ]);
    return { mask, vector: new Float32Array(mask.count).fill(value) };
  }

  async function requireWeights(
    files: WeightFiles,
    base: WeightFiles,
    trained: string,
    value: number,
    isHalf: boolean,
  ) {
    assert.deepEqual([...files.entries.keys()].sort(), [...base.entries.keys()].sort());
    for (const [name, { dtype, shape }] of files.entries) {
      assert.equal(dtype, isHalf ? 'float16' : 'float32', name);
      assert.deepEqual(shape, base.entries.get(name)?.shape, name);
      const { data } = await base.readFloat32(name);
      if (name === trained) data.fill(value);
      assert.deepEqual(
        (await files.readFloat32(name)).data,
        isHalf ? decodeFloat16(encodeFloat16(data)) : data,
        name,
      );
    }
  }

  for (const dtype of ['float32', 'float16'] as const) {
    it(`is in ${dtype} the base with the trained weights in place, and opens as a model`, async () => {
      await writeFullModel(model, trainedTo(0.25), out, { dtype, zeroTerminalSnr: false });
      const written = await DiffusersModel.open(out);
      const isHalf = dtype === 'float16';
      await requireWeights(written.unetFiles, model.unetFiles, UNET_NAME, 0.25, isHalf);
      await requireWeights(written.text.files, model.text.files, TEXT_NAME, 0.25, isHalf);
      await written.close();
    });
  }

  it('takes along every other file of the base and no other weights', async () => {
    await writeFullModel(model, trainedTo(0.25), out, { dtype: 'float32', zeroTerminalSnr: false });
    for (const file of [
      'README.md',
      'model_index.json',
      'scheduler/scheduler_config.json',
      'tokenizer/merges.txt',
    ])
      assert.deepEqual(await readFile(join(out, file)), await readFile(join(tiny.modelFolder, file)), file);
    assert.deepEqual((await readdir(join(out, 'unet'))).sort(), [
      'config.json',
      'diffusion_pytorch_model.safetensors',
    ]);
  });

  it('takes the place of what stood there, as a whole', async () => {
    await mkdir(out);
    await writeFile(join(out, 'stale.txt'), 'of an earlier run');
    await writeFullModel(model, trainedTo(0.25), out, { dtype: 'float32', zeroTerminalSnr: false });
    assert.equal((await readdir(out)).includes('stale.txt'), false);
    assert.deepEqual(
      (await readdir(tiny.folder)).filter((name) => name.startsWith('out')),
      ['out'],
    );
  });

  it('is refused when a weight is not finite or leaves the range of float16, and what stood there stays', async () => {
    await writeFullModel(model, trainedTo(0.25), out, { dtype: 'float32', zeroTerminalSnr: false });
    await assert.rejects(
      writeFullModel(model, trainedTo(NaN), out, { dtype: 'float32', zeroTerminalSnr: false }),
      saraError('NOT_FINITE', /conv_in\.weight/),
    );
    await assert.rejects(
      writeFullModel(model, trainedTo(7e4), out, { dtype: 'float16', zeroTerminalSnr: false }),
      saraError('NOT_FINITE', /float16/),
    );
    const kept = await DiffusersModel.open(out);
    await requireWeights(kept.unetFiles, model.unetFiles, UNET_NAME, 0.25, false);
    await kept.close();
  });

  it('is refused for a base that is a single file, whose text encoders have no place in the result', async () => {
    await makeSmallLatentModel(join(tiny.folder, 'latent'), 'sd1');
    const folder = await DiffusersModel.open(join(tiny.folder, 'latent'));
    const file = join(tiny.folder, 'one.safetensors');
    await writeSingleFile(folder, file, { readUNet: (name) => folder.unetFiles.read(name), metadata: {} });
    await folder.close();
    const single = await DiffusersModel.open(file);
    await assert.rejects(
      writeFullModel(single, trainedTo(0.25), out, { dtype: 'float32', zeroTerminalSnr: false }),
      saraError('MODEL_UNSUPPORTED', /one\.safetensors is a single file/),
    );
    await single.close();
  });
});
