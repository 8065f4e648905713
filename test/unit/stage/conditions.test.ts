/** What SDXL is told beside its states: where the picture was cut from, and zeros for no text. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameOf, wholeFrame } from '../../../worker/data/image.ts';
import { createOnnxEngine } from '../../../worker/engine/onnx/onnx-engine.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { Conditions } from '../../../worker/stage/conditions.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';

const FRAME = wholeFrame({ height: 64, width: 64 });

describe('conditions', () => {
  const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-conditions-'));
    for (const family of ['sd1', 'sdxl'] as const) await makeSmallLatentModel(join(folder, family), family);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Of one caption and frame, by input name. */
  async function told(family: string, caption: string, frame = FRAME, clipSkip = 0) {
    const model = await DiffusersModel.open(join(folder, family));
    const conditions = new Conditions(model, engine, { clipSkip, kept: null });
    try {
      const encoded = await conditions.encode([caption], [frame]);
      return new Map(Object.entries(encoded).map(([name, { data }]) => [name, [...data]]));
    } finally {
      await conditions.release();
      await model.close();
    }
  }

  const isZero = (values: readonly number[] | undefined): boolean | undefined =>
    values?.every((value) => value === 0);

  it('have for SDXL zeros in place of an empty text, unless the model says otherwise, and for SD1 its states', async () => {
    const empty = await told('sdxl', '');
    assert.deepEqual([...empty.keys()], ['encoder_hidden_states', 'text_embeds', 'time_ids']);
    assert.ok(isZero(empty.get('encoder_hidden_states')) && isZero(empty.get('text_embeds')));
    const cat = await told('sdxl', 'a cat');
    assert.ok(!isZero(cat.get('encoder_hidden_states')) && !isZero(cat.get('text_embeds')));
    assert.ok(!isZero((await told('sd1', '')).get('encoder_hidden_states')));

    const index = join(folder, 'sdxl/model_index.json');
    await writeFile(index, '{"force_zeros_for_empty_prompt": false}');
    assert.ok(!isZero((await told('sdxl', '')).get('encoder_hidden_states')));
    await writeFile(index, '{"force_zeros_for_empty_prompt": "no"}');
    await assert.rejects(told('sdxl', ''), saraError('MODEL_UNSUPPORTED', /force_zeros_for_empty_prompt/));
    await rm(index);
  });

  it('tell SDXL original size, crop corner and size, height before width', async () => {
    const frame = frameOf({ height: 100, width: 200 }, { height: 64, width: 64 });
    // Scaled to 64 x 128, of which the middle 64 are kept.
    assert.deepEqual((await told('sdxl', 'a cat', frame)).get('time_ids'), [100, 200, 0, 32, 64, 64]);
    assert.deepEqual((await told('sdxl', 'a cat')).get('time_ids'), [64, 64, 0, 0, 64, 64]);
  });

  it('leave off the layers that are to be skipped', async () => {
    const states = async (clipSkip: number) =>
      (await told('sd1', 'a cat', FRAME, clipSkip)).get('encoder_hidden_states');
    assert.notDeepEqual(await states(1), await states(0));
    // The small text encoder has three layers.
    await assert.rejects(states(3), saraError('CONFIG_INVALID', /clipSkip = 3 .* 3 layers/));
  });
});
