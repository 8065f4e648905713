import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseModelHash } from '../../../shared/digest.ts';
import { WeightFiles, writeSafetensors } from '../../../shared/safetensors.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { inspectFile, type Inspection } from '../../../worker/analysis/inspection.ts';
import { writeCheckpoint } from '../../../worker/checkpoint/stage-checkpoint.ts';
import { inspectCommand } from '../../../worker/cli/inspect.ts';
import { exportAdapter, type ExportFormat } from '../../../worker/export/export-adapter.ts';
import { mergeCheckpoint } from '../../../worker/export/merge-model.ts';
import { writeAdapter } from '../../../worker/sara/adapter-file.ts';
import type { Adapter } from '../../../worker/sara/adapter.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';
import { runWorkerCommand } from '../../support/worker-command.ts';

const UNET = 'test/golden/unet-pixel/unet';
const WEIGHTS = join(UNET, 'diffusion_pytorch_model.safetensors');

describe('inspection', () => {
  let folder: string;
  let adapter: Adapter;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-inspect-'));
    adapter = await makeAdapterFor(UNET);
    await writeAdapter(at('adapter.safetensors'), adapter, 'float16');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const at = (name: string): string => join(folder, name);
  const inspecting = (...args: string[]): Promise<string> =>
    runWorkerCommand(inspectCommand, ['inspect', ...args]);
  const found = ({ findings }: Inspection, what: string): Inspection['findings'][number] =>
    findings.find((finding) => finding.what === what) ?? assert.fail(what);

  async function exported(format: ExportFormat): Promise<string> {
    const out = at(`${format}.safetensors`);
    await exportAdapter({
      model: UNET,
      adapters: [{ path: at('adapter.safetensors'), strength: 1 }],
      format,
      rank: format === 'lycoris' ? null : 3,
      dtype: 'float16',
      out,
      description: { title: 'x', author: null, description: null, license: null, trigger: null },
      date: new Date(0),
    });
    return out;
  }

  it('counts tensors, elements and bytes, and hashes the file and its data apart', async () => {
    const inspection = await inspectFile(WEIGHTS, null);
    const bytes = await readFile(WEIGHTS);
    const files = await WeightFiles.openFile(WEIGHTS);
    const headerBytes = 8 + Number(bytes.readBigUInt64LE(0));
    const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
    assert.equal(inspection.kind, 'UNet');
    assert.equal(inspection.sizeBytes, bytes.length);
    assert.equal(inspection.headerBytes, headerBytes);
    assert.equal(inspection.fileHash, sha256(bytes));
    assert.equal(inspection.dataHash, sha256(bytes.subarray(headerBytes)));
    assert.equal(inspection.numTensors, files.entries.size);
    assert.equal(inspection.numElements, (bytes.length - headerBytes) / 4);
    assert.deepEqual(
      inspection.dtypes.map(({ dtype, sizeBytes }) => [dtype, sizeBytes]),
      [['float32', bytes.length - headerBytes]],
    );
    assert.equal(inspection.largest.length, 5);
    const sizes = inspection.largest.map(({ sizeBytes }) => sizeBytes);
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => b - a),
    );
    const hash = found(inspection, 'base hash of adapters for it, unless it is a shard').value;
    assert.equal(hash, await baseModelHash(files));
    await files.close();
  });

  it('tells an adapter, and checks it against its model when given', async () => {
    const alone = await inspectFile(at('adapter.safetensors'), null);
    assert.equal(alone.kind, 'adapter');
    assert.deepEqual(found(alone, 'base hash'), {
      what: 'base hash',
      value: adapter.metadata.baseModelHash,
      isSound: null,
    });
    assert.equal(found(alone, 'weights changed').value, adapter.mask.count);
    const checked = await inspectFile(at('adapter.safetensors'), UNET);
    assert.equal(found(checked, 'base hash').isSound, true);
    await assert.rejects(
      inspectFile(at('adapter.safetensors'), 'test/golden/unet-sd1/unet'),
      saraError('ADAPTER_MISMATCH'),
    );
  });

  it('tells exports apart, with their ranks, and checks the hashes they state', async () => {
    for (const [format, kind, what, value] of [
      ['lora', 'LoRA', 'rank', 3],
      ['lora-diffusers', 'LoRA in diffusers layout', 'rank', 3],
      ['lycoris', 'LyCORIS full', 'modules', null],
    ] as const) {
      const inspection = await inspectFile(await exported(format), null);
      assert.equal(inspection.kind, kind);
      if (value !== null) assert.equal(found(inspection, what).value, value);
      assert.equal(found(inspection, 'modelspec.hash_sha256').isSound, true);
      assert.equal(found(inspection, 'sshs_model_hash').isSound, true);
    }
  });

  it('finds a file whose bytes were changed after it was written, and ends with an error', async () => {
    const path = await exported('lora');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(at('changed.safetensors'), bytes);
    const inspection = await inspectFile(at('changed.safetensors'), null);
    assert.equal(found(inspection, 'modelspec.hash_sha256').isSound, false);
    await assert.rejects(
      inspecting(at('changed.safetensors')),
      saraError('FILE_CORRUPT', /modelspec\.hash_sha256, sshs_model_hash do not match its bytes/),
    );
  });

  it('tells a checkpoint of training, with its mask checked', async () => {
    const { mask, deltas } = adapter;
    const state = TrainableState.initial({ mask, values: deltas });
    const base = { baseHash: adapter.metadata.baseModelHash };
    await writeCheckpoint(at('stage-0.safetensors'), { state, average: null, step: 12 }, base);
    const inspection = await inspectFile(at('stage-0.safetensors'), null);
    assert.equal(inspection.kind, 'stage checkpoint');
    assert.equal(found(inspection, 'step').value, 12);
    assert.deepEqual(found(inspection, 'mask digest'), {
      what: 'mask digest',
      value: mask.digest,
      isSound: true,
    });
  });

  it('tells a single-file checkpoint, the parts of a folder, and the folder', async () => {
    const model = at('latent');
    await makeSmallLatentModel(model, 'sd1', { dtype: 'float16' });
    await writeAdapter(at('own.safetensors'), await makeAdapterFor(join(model, 'unet')));
    const own = await makeAdapterFor(join(model, 'unet'));
    await mergeCheckpoint(model, [{ adapter: own, strength: 0 }], at('one.safetensors'), 'one', new Date(0));
    const one = await inspectFile(at('one.safetensors'), null);
    assert.equal(one.kind, 'single-file checkpoint');
    assert.equal(found(one, 'base hash of adapters for it').value, own.metadata.baseModelHash);
    for (const [file, kind] of [
      ['vae/diffusion_pytorch_model.safetensors', 'autoencoder'],
      ['unet/diffusion_pytorch_model.safetensors', 'UNet'],
      ['text_encoder/model.safetensors', 'text encoder'],
    ] as const)
      assert.equal((await inspectFile(join(model, file), null)).kind, kind);
    const text = await inspecting(model);
    assert.match(text, /kind +model folder\nfamily +sd1\n/);
    assert.match(text, new RegExp(own.metadata.baseModelHash));
  }).timeout(60_000);

  it('shows what strangers wrote without letting it steer the terminal, and in full as JSON', async () => {
    const title = '\u001b[2J\u001b]0;owned\u0007 a title';
    const path = at('hostile.safetensors');
    const name = 'weird\u001b[31m';
    await writeSafetensors(path, [{ name, tensor: floatTensor([1]) }], { title, notes: 'n'.repeat(5000) });
    const text = await inspecting(path);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
    assert.match(text, /\\u001b\[2J/);
    assert.match(text, /n… \(5,000 characters\)/);
    const json = JSON.parse(await inspecting(path, '--json')) as Inspection;
    assert.equal(json.metadata.title, title);
    assert.equal(json.kind, 'tensors');
  });

  it('takes a file without tensors', async () => {
    await writeSafetensors(at('empty.safetensors'), [], { a: 'b' });
    const inspection = await inspectFile(at('empty.safetensors'), null);
    assert.equal(inspection.headerBytes, inspection.sizeBytes);
    assert.equal(inspection.dataHash, createHash('sha256').digest('hex'));
    assert.match(await inspecting(at('empty.safetensors')), /tensors +0, 0 elements/);
  });

  it('refuses half a download, a pickle, no file, and masks that are not what their digest says', async () => {
    const whole = await readFile(WEIGHTS);
    await writeFile(at('half.safetensors'), whole.subarray(0, whole.length / 2));
    await assert.rejects(inspecting(at('half.safetensors')), saraError('FILE_CORRUPT', /it is truncated/));
    await writeFile(at('model.ckpt'), 'pickle');
    await assert.rejects(inspecting(at('model.ckpt')), saraError('MODEL_UNSUPPORTED', /can run any code/));
    await assert.rejects(inspecting(at('nowhere')), saraError('FILE_NOT_FOUND'));
    await cp(at('adapter.safetensors'), at('lying.safetensors'));
    const bytes = await readFile(at('lying.safetensors'));
    const last = bytes.indexOf('mask_digest');
    bytes.write('0000', last + 'mask_digest":"'.length);
    await writeFile(at('lying.safetensors'), bytes);
    await assert.rejects(
      inspecting(at('lying.safetensors'), '--model', UNET),
      saraError('FILE_CORRUPT', /mask_digest is 0000/),
    );
  });
}).timeout(60_000);
