/** A model fine-tuned under zero terminal SNR is to be sampled under it: whatever is made of the adapter says so. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { mergeAdapters } from '../../../worker/export/merge-adapters.ts';
import { mergeCheckpoint, mergeModel } from '../../../worker/export/merge-model.ts';
import { openBaseUNet } from '../../../worker/export/base-unet.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { readAdapter, writeAdapter } from '../../../worker/sara/adapter-file.ts';
import type { Adapter } from '../../../worker/sara/adapter.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';

describe('an adapter trained under zero terminal SNR', () => {
  let folder: string;
  let plain: Adapter;
  let rescaled: Adapter;
  const place = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-zero-snr-'));
    await makeSmallLatentModel(place('base'), 'sd2', { scheduler: { prediction_type: 'v_prediction' } });
    plain = await makeAdapterFor(place('base/unet'));
    rescaled = { ...plain, metadata: { ...plain.metadata, zeroTerminalSnr: true } };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const scheduleOf = async (path: string): Promise<NoiseSchedule> => {
    const model = await DiffusersModel.open(path);
    await model.close();
    return NoiseSchedule.fromConfig(model.scheduler.json, path);
  };

  it('remembers it in its file and through merges', async () => {
    const { hash, files } = await openBaseUNet(place('base'));
    for (const adapter of [plain, rescaled]) {
      await writeAdapter(place('adapter.safetensors'), adapter);
      const read = await readAdapter(place('adapter.safetensors'), { hash, entries: files.entries });
      assert.deepEqual(read.metadata, adapter.metadata);
    }
    await files.close();
    const both = mergeAdapters([plain, rescaled].map((adapter) => ({ adapter, strength: 0.5 })));
    assert.equal(both.metadata.zeroTerminalSnr, true);
  });

  it('is merged into folder and single file with the schedule it needs; another leaves that of the base', async () => {
    for (const { adapter, last } of [
      { adapter: plain, last: (await scheduleOf(place('base'))).alphasCumprod[999] },
      { adapter: rescaled, last: 0 },
    ]) {
      const weighted = [{ adapter, strength: 1 }];
      await mergeModel(place('base'), weighted, place('merged'), 'replace');
      await mergeCheckpoint(place('base'), weighted, place('merged.safetensors'), 'merged', new Date(0));
      await mergeModel(place('merged.safetensors'), weighted, place('unpacked'), 'replace');
      for (const name of ['merged', 'merged.safetensors', 'unpacked']) {
        const schedule = await scheduleOf(place(name));
        assert.equal(schedule.alphasCumprod[999], last, name);
        assert.equal(schedule.config.timestepSpacing, last === 0 ? 'trailing' : 'leading', name);
      }
    }
  });

  it('leaves every other field of the scheduler as it was', async () => {
    const read = async (model: string): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(join(model, 'scheduler/scheduler_config.json'), 'utf8')) as Record<
        string,
        unknown
      >;
    await mergeModel(place('base'), [{ adapter: rescaled, strength: 1 }], place('merged'), 'replace');
    assert.deepEqual(await read(place('merged')), {
      ...(await read(place('base'))),
      rescale_betas_zero_snr: true,
      timestep_spacing: 'trailing',
    });
  });
});
