import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copyModelFolder, requireOutside, writeFolder } from '../../../worker/export/model-folder.ts';
import { saraError } from '../../support/sara-error.ts';

describe('model folder', () => {
  let place: string;
  let out: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'sara-folder-'));
    out = join(place, 'model');
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  async function put(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), text);
  }

  /** Every file below `folder`, by path, with its text. */
  async function contents(folder: string): Promise<Record<string, string>> {
    const files: Record<string, string> = {};
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path, 'utf8');
      else assert.ok(entry.isDirectory(), `${path} is a link`);
    }
    return files;
  }

  const fill =
    (text: string) =>
    (staging: string): Promise<void> =>
      writeFile(join(staging, 'weights'), text);

  it('keeps the old model in place until the new one is complete, then leaves only the new one', async () => {
    await writeFolder(out, 'refuse', fill('old'));
    await put('model/notes.txt', 'of the old one');
    await writeFolder(out, 'replace', async (staging) => {
      await fill('new')(staging);
      assert.deepEqual(await contents(out), { weights: 'old', 'notes.txt': 'of the old one' });
    });
    assert.deepEqual(await contents(place), { 'model/weights': 'new' });
  });

  it('leaves the old model as it was when the new one cannot be made', async () => {
    await writeFolder(out, 'refuse', fill('old'));
    await assert.rejects(
      writeFolder(out, 'replace', async (staging) => {
        await fill('half of it')(staging);
        throw new Error('no space left on device');
      }),
      saraError('DISK_WRITE_FAILED', /no space left on device/, /free space/),
    );
    assert.deepEqual(await contents(place), { 'model/weights': 'old' });
  });

  it('puts back a model that a process left aside when it died between the two renames', async () => {
    await writeFolder(out, 'refuse', fill('old'));
    await rename(out, `${out}.replaced`);
    await put('model.partial/weights', 'new, of the process that died');
    await assert.rejects(
      writeFolder(out, 'replace', () => Promise.reject(new Error('it fails again'))),
      saraError('DISK_WRITE_FAILED'),
    );
    assert.deepEqual(await contents(place), { 'model/weights': 'old' });
    await writeFolder(out, 'replace', fill('new'));
    assert.deepEqual(await contents(place), { 'model/weights': 'new' });
  });

  it('is not written over files unless it may replace them; an empty folder is free', async () => {
    await mkdir(out);
    await writeFolder(out, 'refuse', fill('first'));
    await assert.rejects(
      writeFolder(out, 'refuse', fill('second')),
      saraError('CONFIG_INVALID', /already holds 1 files/),
    );
    assert.deepEqual(await contents(place), { 'model/weights': 'first' });
  });

  it('names a path that cannot be a folder', async () => {
    await put('model', 'a file');
    await assert.rejects(writeFolder(out, 'replace', fill('new')), saraError('DISK_WRITE_FAILED', /model/));
    assert.deepEqual(await contents(place), { model: 'a file' });
  });

  it('is outside its base, though its name may begin like it', () => {
    requireOutside('/models/base', '/models/base-2');
    requireOutside('/models/base', '/models');
    for (const inside of ['/models/base', '/models/base/unet', '/models/base/..new'])
      assert.throws(
        () => {
          requireOutside('/models/base', inside);
        },
        saraError('CONFIG_INVALID', /inside its base/),
      );
  });

  it('takes everything but the weights that will be new, whole models in one file, and hidden files', async () => {
    const files = {
      'model_index.json': '{}',
      'README.md': 'a model',
      'unet/config.json': '{}',
      'text_encoder/model.safetensors': 'kept',
      'text_encoder/model.safetensors.index.json': 'kept',
      'vae/deep/diffusion_pytorch_model.bin': 'kept',
    };
    for (const [path, text] of Object.entries(files)) await put(`base/${path}`, text);
    for (const path of [
      'all-in-one.safetensors',
      'v1.ckpt',
      '.gitattributes',
      'vae/.cache/lock',
      'unet/diffusion_pytorch_model.bin',
      'unet/diffusion_pytorch_model.safetensors.index.json',
      'unet/diffusion_pytorch_model.safetensors.index.fp16.json',
      'unet/onnx/model.onnx',
    ])
      await put(`base/${path}`, 'left behind');
    await mkdir(out);
    await copyModelFolder(join(place, 'base'), out, ['unet']);
    assert.deepEqual(await contents(out), files);
  });

  it('makes files of the links a download cache holds', async () => {
    await put('blobs/1234', 'text');
    await mkdir(join(place, 'base', 'tokenizer'), { recursive: true });
    await symlink(join('..', '..', 'blobs', '1234'), join(place, 'base', 'tokenizer', 'vocab.json'));
    await mkdir(out);
    await copyModelFolder(join(place, 'base'), out, []);
    assert.deepEqual(await contents(out), { 'tokenizer/vocab.json': 'text' });
  });
});
