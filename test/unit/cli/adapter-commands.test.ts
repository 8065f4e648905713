import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { exportCommand } from '../../../worker/cli/export.ts';
import { mergeCommand } from '../../../worker/cli/merge.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { writeAdapter } from '../../../worker/sara/adapter-file.ts';
import { applyDeltas, type Adapter } from '../../../worker/sara/adapter.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';
import { runWorkerCommand } from '../../support/worker-command.ts';

const UNET = 'test/golden/unet-sd1/unet';

describe('commands on adapters', () => {
  let folder: string;
  let path: string;
  let adapter: Adapter;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-adapters-'));
    path = at('adapter.safetensors');
    adapter = await makeAdapterFor(UNET);
    await writeAdapter(path, adapter);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const at = (name: string): string => join(folder, name);
  const exporting = (...args: string[]): Promise<string> =>
    runWorkerCommand(exportCommand, ['export', '--model', UNET, '--adapter', path, ...args]);
  const merging = (...args: string[]): Promise<string> => runWorkerCommand(mergeCommand, ['merge', ...args]);
  const usage = (message: RegExp) => (thrown: unknown) => {
    assert.ok(thrown instanceof CommanderError, String(thrown));
    assert.match(thrown.message, message);
    return true;
  };

  it('export in every format, and say as JSON what they made', async () => {
    for (const format of ['lycoris', 'lora', 'lora-diffusers']) {
      const out = at(`${format}.safetensors`);
      const report = JSON.parse(await exporting('--format', format, '--out', out, '--json')) as {
        numTensors: number;
        family: string;
        kept: object | null;
      };
      const file = await SafetensorsFile.open(out);
      assert.equal(report.numTensors, file.entries.size);
      assert.equal(report.family, 'sd1');
      assert.equal(report.kept === null, format === 'lycoris');
      assert.equal(file.metadata.get('modelspec.title'), format, 'the title is the file’s name');
      await file.close();
    }
  });

  it('merge into an adapter, and into a folder that takes the place of the one before', async () => {
    const merged = at('merged.safetensors');
    const text = await merging(
      '--model',
      UNET,
      '--adapter',
      `${path}@0.5`,
      '--adapter',
      path,
      '--out',
      merged,
    );
    const n = adapter.mask.count.toLocaleString('en-US');
    assert.match(text, new RegExp(`0\\.5 +x .*adapter\\.safetensors +${n} weights\n`));
    assert.match(text, new RegExp(`${n} changes fall on a weight that another adapter changes too`));

    const into = ['--model', UNET, '--adapter', merged, '--out', at('model')];
    assert.match(await merging(...into), /model {2}model folder\n/);
    await assert.rejects(
      merging(...into),
      saraError('CONFIG_INVALID', /holds 2 files; choose a new folder for the model, or --replace it/),
    );
    const report = JSON.parse(await merging(...into, '--replace', '--json')) as { kind: string };
    assert.equal(report.kind, 'folder');
    const left = (await readdir(folder)).filter((name) => name.startsWith('model'));
    assert.deepEqual(left, ['model']);
  });

  it('merge a folder or a single file into a single file that opens as the model with the change', async () => {
    const model = at('latent');
    await makeSmallLatentModel(model, 'sd1', { dtype: 'float32' });
    const own = await makeAdapterFor(join(model, 'unet'), { threshold: 0.05 });
    await writeAdapter(at('own.safetensors'), own);
    const half = ['--adapter', `${at('own.safetensors')}@0.5`, '--as', 'checkpoint'];
    await merging('--model', model, ...half, '--out', at('one.safetensors'));

    const whole = await DiffusersModel.open(model);
    const one = await DiffusersModel.open(at('one.safetensors'));
    for (const name of whole.unetFiles.entries.keys()) {
      const { data } = await whole.unetFiles.readFloat32(name);
      applyDeltas(name, data, { mask: own.mask, vector: own.deltas.map((delta) => 0.5 * delta) });
      assert.deepEqual((await one.unetFiles.readFloat32(name)).data, data, name);
    }
    const said = one.singleFile?.stored.metadata ?? assert.fail('no single file');
    assert.equal(said.get('modelspec.title'), 'one');
    assert.equal(said.get('modelspec.architecture'), 'stable-diffusion-v1');
    assert.match(said.get('sara_merged') ?? '', new RegExp(own.mask.digest));
    await Promise.all([whole.close(), one.close()]);

    // The single file is a base of its own: of the change, not of the folder.
    const changed = await makeAdapterForFile(at('one.safetensors'));
    await writeAdapter(at('changed.safetensors'), changed);
    const again = [
      '--adapter',
      at('changed.safetensors'),
      '--as',
      'checkpoint',
      '--out',
      at('two.safetensors'),
    ];
    await merging('--model', at('one.safetensors'), ...again);
    await assert.rejects(
      merging('--model', at('one.safetensors'), ...half, '--out', at('three.safetensors')),
      saraError('ADAPTER_MISMATCH'),
    );
    await merging('--model', at('one.safetensors'), ...again.slice(0, 2), '--out', at('folder'));
    const [two, asFolder] = [
      await DiffusersModel.open(at('two.safetensors')),
      await DiffusersModel.open(at('folder')),
    ];
    for (const name of two.unetFiles.entries.keys())
      assert.deepEqual(await asFolder.unetFiles.read(name), await two.unetFiles.read(name), name);
    await Promise.all([two.close(), asFolder.close()]);
    await assert.rejects(
      merging('--model', at('one.safetensors'), ...again.slice(0, 4), '--out', at('one.safetensors')),
      saraError('CONFIG_INVALID', /is the base model itself/),
    );
  });

  it('refuse by name what they cannot do, and leave nothing', async () => {
    const x = at('x.safetensors');
    await assert.rejects(exporting('--out', at('x.bin')), saraError('USAGE', /must end in \.safetensors/));
    await assert.rejects(
      exporting('--rank', '4', '--out', x),
      saraError('USAGE', /lycoris keeps every change and has no --rank/),
    );
    await assert.rejects(exporting('--format', 'ckpt', '--out', x), usage(/expected one of lycoris, lora/));
    await assert.rejects(exporting('--format', 'lora', '--rank', '0', '--out', x), usage(/1 or more/));
    const merge = ['--model', UNET, '--adapter', path];
    await assert.rejects(merging('--model', UNET, '--out', x), usage(/'--adapter <file\[@strength\]>'/));
    await assert.rejects(
      merging('--model', UNET, '--adapter', `${path}@3`, '--out', x),
      saraError('CONFIG_INVALID', /strength is 3; it must lie in 0 \.\. 2/),
    );
    await assert.rejects(
      merging('--model', 'test/golden/unet-sd2/unet', '--adapter', path, '--out', x),
      saraError('ADAPTER_MISMATCH', /was trained on the base model [0-9a-f]{64}, this one is [0-9a-f]{64}/),
    );
    await assert.rejects(
      merging(...merge, '--as', 'checkpoint', '--out', at('x')),
      saraError('USAGE', /must end in \.safetensors/),
    );
    await writeFile(at('half.safetensors'), Buffer.alloc(100, 255));
    await assert.rejects(
      merging('--model', UNET, '--adapter', at('half.safetensors'), '--out', x),
      saraError('FILE_CORRUPT', /half\.safetensors is not a sound safetensors file/),
    );
    await assert.rejects(
      merging('--model', UNET, '--adapter', at('lora.safetensors'), '--out', x),
      saraError('FILE_CORRUPT', /is it an adapter of another kind/),
    );
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('x')),
      [],
    );
  });

  async function makeAdapterForFile(file: string): Promise<Adapter> {
    const model = await DiffusersModel.open(file);
    try {
      return await makeAdapterFor(model.unetFiles, { threshold: 0.05 });
    } finally {
      await model.close();
    }
  }
}).timeout(120_000);
