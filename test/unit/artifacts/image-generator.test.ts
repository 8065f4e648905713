import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { SafetensorsFile, writeSafetensors } from '../../../shared/safetensors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import {
  ImageGenerator,
  type GenerationSettings,
  type PictureRequest,
} from '../../../worker/artifacts/image-generator.ts';
import { createOnnxEngine } from '../../../worker/engine/onnx/onnx-engine.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { SparseMask, type MaskedVector } from '../../../worker/sara/mask.ts';
import { relativeError } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';

/** The runtime fuses a weight that is fed otherwise than one in its file. */
const FUSION_TOLERANCE = 1e-5;
const RESOLUTION = 16;
const SETTINGS: GenerationSettings = { sampler: 'ddim', numInferenceSteps: 3, guidanceScale: 3 };
const CAT: PictureRequest = { prompt: 'a red cat', seed: 1 };
const BOAT: PictureRequest = { prompt: 'a blue boat', seed: 2 };

describe('image generator', () => {
  const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
  let tiny: TinyRun;
  let model: DiffusersModel;
  let generator: ImageGenerator;

  const open = (deltas: MaskedVector | null, from = model): Promise<ImageGenerator> =>
    ImageGenerator.open(from, engine, { deltas, resolution: RESOLUTION, numPictures: 2 });

  before(async () => {
    tiny = await makeTinyRun();
    model = await DiffusersModel.open(tiny.modelFolder);
    generator = await open(null);
  });
  after(async () => {
    await generator.dispose();
    await model.close();
    await tiny.remove();
  });

  /** @returns the only picture */
  async function draw(request: PictureRequest, settings = SETTINGS, from = generator): Promise<Float32Array> {
    const [picture] = await from.generate([request], settings);
    return picture;
  }

  it('draws the same picture for the same prompt and seed, whatever is drawn beside it', async () => {
    const [cat, boat] = await generator.generate([CAT, BOAT], SETTINGS);
    assert.equal(cat.length, 3 * RESOLUTION ** 2);
    assert.deepEqual(await generator.generate([BOAT, CAT], SETTINGS), [boat, cat]);
    assert.deepEqual(await draw(CAT), cat);
    assert.deepEqual(await generator.generate([BOAT, BOAT, CAT], SETTINGS), [boat, boat, cat]);
    assert.deepEqual(await generator.generate([], SETTINGS), []);
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
      const adapted = await open({ mask, vector: Float32Array.of(delta, -delta) });
      try {
        return await draw(CAT, SETTINGS, adapted);
      } finally {
        await adapted.dispose();
      }
    };
    const plain = await draw(CAT);
    assert.ok(relativeError(await withDelta(0), plain) < FUSION_TOLERANCE);
    assert.ok(relativeError(await withDelta(0.5), plain) > 1e-2);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(generator.generate([CAT], { ...SETTINGS, signal }), /enough/);
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
    const drawing = await open(null, broken);
    await assert.rejects(draw(CAT, SETTINGS, drawing), saraError('NOT_FINITE', /not-finite/, /a red cat/));
    await drawing.dispose();
    await broken.close();
  });
});
