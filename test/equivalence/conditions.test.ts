/**
 * A UNet with SDXL's second condition (pooled text and sizes) in pixel space: the frozen text encoder beside the
 * training graph and the trained one inside it tell the UNet the same.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '../../shared/safetensors.ts';
import { floatTensor, numElements, type Tensor } from '../../shared/tensor.ts';
import { wholeFrame } from '../../worker/data/image.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { DiffusersModel } from '../../worker/model/diffusers-model.ts';
import { parseUNetConfig } from '../../worker/model/diffusers-config.ts';
import { initialiseParameters } from '../../worker/model/init.ts';
import { unetParameters } from '../../worker/model/unet.ts';
import { Conditions, trainedTextInputs } from '../../worker/stage/conditions.ts';
import { buildTrainingGraph, TEXT_ENCODER_PREFIX } from '../../worker/training-graph.ts';
import { someNumbers } from '../support/numbers.ts';
import { saraError } from '../support/sara-error.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';

/** The same float32 operations in two programs; the runtime may fuse them differently. */
const LOSS_TOLERANCE = 1e-6;
const RESOLUTION = 16;
const CAPTIONS = ['a red square', 'a blue circle'];
const FRAMES = CAPTIONS.map(() => wholeFrame({ height: RESOLUTION, width: RESOLUTION }));

describe('pooled text and sizes as a second condition', () => {
  const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
  let run: TinyRun;
  before(async () => {
    run = await makeTinyRun();
    await addTextTime(run.modelFolder, 12 + 6 * 4);
  });
  after(() => run.remove());

  it('gives the same loss with the text encoder frozen beside the graph and trained inside it', async () => {
    const model = await DiffusersModel.open(run.modelFolder);
    const conditions = new Conditions(model, engine, { clipSkip: 0, kept: null });
    const frozen = await lossOf(model, false, await conditions.encode(CAPTIONS, FRAMES));
    const trained = await lossOf(model, true, trainedTextInputs(model, CAPTIONS, FRAMES));
    assert.ok(Math.abs(frozen - trained) < LOSS_TOLERANCE * frozen, `${frozen} frozen, ${trained} trained`);
    await conditions.release();
    await model.close();
  });

  it('reaches the UNet: other pooled text or another size gives another loss', async () => {
    const model = await DiffusersModel.open(run.modelFolder);
    const conditions = new Conditions(model, engine, { clipSkip: 0, kept: null });
    const inputs = await conditions.encode(CAPTIONS, FRAMES);
    const loss = await lossOf(model, false, inputs);
    for (const name of ['text_embeds', 'time_ids']) {
      const changed = {
        ...inputs,
        [name]: floatTensor(
          inputs[name].shape,
          inputs[name].data.map((x) => 2 * x + 1),
        ),
      };
      assert.notEqual(await lossOf(model, false, changed), loss, name);
    }
    await conditions.release();
    await model.close();
  });

  it('is refused with the sum that does not come out when the UNet expects another size of it', async () => {
    await addTextTime(run.modelFolder, 99);
    await assert.rejects(
      DiffusersModel.open(run.modelFolder),
      saraError('FILE_CORRUPT', /input_dim 99/, /make 36/),
    );
  });

  async function lossOf(
    model: DiffusersModel,
    trainsText: boolean,
    conditions: Record<string, Tensor>,
  ): Promise<number> {
    const batch = CAPTIONS.length;
    const graph = buildTrainingGraph({
      unet: model.unetConfig,
      textEncoder: trainsText ? model.text : null,
      batch,
      height: RESOLUTION,
      width: RESOLUTION,
      numTokens: model.text.numTokens,
    });
    const text = [...model.text.files.entries.values()].map((entry) => ({
      ...entry,
      name: TEXT_ENCODER_PREFIX + entry.name,
    }));
    const executable = await engine.compile(
      graph,
      WeightStore.frozen([...model.unetFiles.entries.values(), ...text]),
    );
    const shape = [batch, 3, RESOLUTION, RESOLUTION];
    const { loss } = await executable.run({
      ...conditions,
      sample: floatTensor(shape, someNumbers(numElements(shape), 1)),
      target: floatTensor(shape, someNumbers(numElements(shape), 2)),
      timesteps: floatTensor([batch], [10, 700]),
    });
    await executable.dispose();
    return loss.data[0] as number;
  }
});

/** Makes the tiny model's UNet one with `addition_embed_type: text_time`, with weights of its own. */
async function addTextTime(modelFolder: string, inputDim: number): Promise<void> {
  const path = join(modelFolder, 'unet/config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  Object.assign(config, {
    addition_embed_type: 'text_time',
    addition_time_embed_dim: 4,
    projection_class_embeddings_input_dim: inputDim,
  });
  await writeFile(path, JSON.stringify(config));
  const shapes = unetParameters(parseUNetConfig(config, path));
  await writeSafetensors(
    join(modelFolder, 'unet/diffusion_pytorch_model.safetensors'),
    initialiseParameters(shapes, 3),
  );
}
