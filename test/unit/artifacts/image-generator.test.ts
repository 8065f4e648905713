import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { SafetensorsFile, writeSafetensors } from '../../../shared/safetensors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import {
  generatePictures,
  type GenerationSettings,
  type PictureRequest,
} from '../../../worker/artifacts/image-generator.ts';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { createOnnxEngine } from '../../../worker/engine/onnx/onnx-engine.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { SparseMask, type MaskedVector } from '../../../worker/sara/mask.ts';
import { relativeError } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';

/** The runtime fuses a weight that is fed otherwise than one in its file. */
const FUSION_TOLERANCE = 1e-5;
const BATCH_TOLERANCE = 1e-5;
const RESOLUTION = 16;
const SETTINGS: GenerationSettings = {
  size: { height: RESOLUTION, width: RESOLUTION },
  sampler: 'ddim',
  numInferenceSteps: 3,
  guidanceScale: 3,
  clipSkip: 0,
};
const CAT: PictureRequest = { prompt: 'a red cat', seed: 1 };
const BOAT: PictureRequest = { prompt: 'a blue boat', seed: 2 };

describe('image generator', () => {
  const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
  let tiny: TinyRun;
  let model: DiffusersModel;

  before(async () => {
    tiny = await makeTinyRun();
    model = await DiffusersModel.open(tiny.modelFolder);
  });
  after(async () => {
    await model.close();
    await tiny.remove();
  });

  function drawAll(
    requests: readonly PictureRequest[],
    settings = SETTINGS,
    { deltas = null, from = model }: { deltas?: MaskedVector | null; from?: DiffusersModel } = {},
  ): Promise<Float32Array[]> {
    const { json, source } = from.scheduler;
    const schedule = NoiseSchedule.fromConfig(json, source);
    return generatePictures({ model: from, engine, schedule, deltas }, requests, settings);
  }

  /** @returns the only picture */
  async function draw(
    request: PictureRequest,
    ...rest: [GenerationSettings?, object?]
  ): Promise<Float32Array> {
    const [picture] = await drawAll([request], ...rest);
    return picture;
  }

  it('draws the same picture for the same prompt and seed, whatever is drawn beside it', async () => {
    const [cat, boat] = await drawAll([CAT, BOAT]);
    assert.equal(cat.length, 3 * RESOLUTION ** 2);
    const same = async (got: Promise<Float32Array[]>, wanted: readonly Float32Array[]) => {
      // Programs of other batch sizes are other programs, whose kernels may sum in another order.
      for (const [i, picture] of (await got).entries())
        assert.ok(relativeError(picture, wanted[i]) < BATCH_TOLERANCE);
    };
    assert.deepEqual(await drawAll([BOAT, CAT]), [boat, cat]);
    await same(drawAll([CAT]), [cat]);
    await same(drawAll([BOAT, BOAT, CAT]), [boat, boat, cat]);
    assert.equal(
      (await drawAll(Array.from({ length: 9 }, () => CAT))).length,
      9,
      'more than one program holds',
    );
    assert.deepEqual(await drawAll([]), []);
  });

  it('draws another one for another prompt, seed, strength of guidance or sampler', async () => {
    const cat = await draw(CAT);
    const others = [
      await draw({ ...CAT, prompt: BOAT.prompt }),
      await draw({ ...CAT, seed: 9 }),
      await draw(CAT, { ...SETTINGS, guidanceScale: 1 }),
      await draw(CAT, { ...SETTINGS, sampler: 'euler' }),
    ];
    for (const other of others) assert.notDeepEqual(other, cat);
  });

  it('adds deltas to the weights they belong to: of zero they change nothing, others change the picture', async () => {
    const withDelta = async (delta: number): Promise<Float32Array> => {
      const mask = SparseMask.of([{ name: 'conv_in.bias', shape: [8], indices: Int32Array.of(0, 5) }]);
      return draw(CAT, SETTINGS, { deltas: { mask, vector: Float32Array.of(delta, -delta) } });
    };
    const plain = await draw(CAT);
    assert.ok(relativeError(await withDelta(0), plain) < FUSION_TOLERANCE);
    assert.ok(relativeError(await withDelta(0.5), plain) > 1e-2);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(drawAll([CAT], { ...SETTINGS, signal }), /enough/);
  });

  it('refuses to hand out a picture that is not finite, naming model and prompt', async () => {
    const folder = join(tiny.folder, 'not-finite');
    await cp(tiny.modelFolder, folder, { recursive: true });
    const path = join(folder, 'unet/diffusion_pytorch_model.safetensors');
    const file = await SafetensorsFile.open(path);
    const tensors: { name: string; tensor: Tensor }[] = [];
    for (const name of file.entries.keys()) tensors.push({ name, tensor: await file.read(name) });
    await file.close();
    (tensors.find(({ name }) => name === 'conv_out.bias')?.tensor.data as Float32Array).fill(NaN);
    await writeSafetensors(path, tensors);
    const broken = await DiffusersModel.open(folder);
    await assert.rejects(
      draw(CAT, SETTINGS, { from: broken }),
      saraError('NOT_FINITE', /not-finite/, /a red cat/),
    );
    await broken.close();
  });
});
