import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseModelHash } from '../../../shared/digest.ts';
import { SaraError, type ErrorCode } from '../../../shared/errors.ts';
import { WeightFiles, writeSafetensors } from '../../../shared/safetensors.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { saraError } from '../../support/sara-error.ts';

const BASE = 'diffusion_pytorch_model';
const INDEX = `${BASE}.safetensors.index.json`;
const SHARDS = [`${BASE}-00001-of-00002.safetensors`, `${BASE}-00002-of-00002.safetensors`] as const;
const A = { name: 'a', tensor: floatTensor([2], [1, 2]) };
const B = { name: 'b', tensor: floatTensor([1], [3]) };

describe('weight files', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-weights-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function writeShards(weightMap: unknown): Promise<void> {
    await writeSafetensors(join(folder, SHARDS[0]), [A]);
    await writeSafetensors(join(folder, SHARDS[1]), [B]);
    await writeFile(
      join(folder, INDEX),
      JSON.stringify({ metadata: { total_size: 12 }, weight_map: weightMap }),
    );
  }

  async function refused(code: ErrorCode, message: RegExp): Promise<void> {
    await assert.rejects(WeightFiles.open(folder, BASE), (thrown) => {
      assert.ok(thrown instanceof SaraError, `threw ${String(thrown)}`);
      assert.equal(thrown.code, code, thrown.message);
      assert.match(thrown.message, message);
      return true;
    });
  }

  it('read a single file and shards of it as the same table with the same hash', async () => {
    await writeSafetensors(join(folder, `${BASE}.safetensors`), [A, B]);
    const single = await WeightFiles.open(folder, BASE);
    const hash = await baseModelHash(single);
    await single.close();
    await rm(join(folder, `${BASE}.safetensors`));

    await writeShards({ a: SHARDS[0], b: SHARDS[1] });
    const shards = await WeightFiles.open(folder, BASE);
    assert.deepEqual([...shards.entries.keys()], ['a', 'b']);
    assert.deepEqual((await shards.readFloat32('a')).data, A.tensor.data);
    assert.deepEqual((await shards.read('b')).data, B.tensor.data);
    assert.match(shards.entries.get('b')?.file ?? '', /00002-of-00002/);
    assert.equal(await baseModelHash(shards), hash);
    await assert.rejects(async () => shards.read('c'), SaraError);
    await shards.close();
  });

  it('take the fp16 variant when there is no other', async () => {
    await writeSafetensors(join(folder, `${BASE}.fp16.safetensors`), [A]);
    const files = await WeightFiles.open(folder, BASE);
    assert.deepEqual([...files.entries.keys()], ['a']);
    await files.close();
  });

  it('name the real file behind a link, as caches of model hubs lay them', async () => {
    const blob = join(folder, '0a1b2c');
    await writeSafetensors(blob, [A]);
    await symlink(blob, join(folder, `${BASE}.safetensors`));
    const files = await WeightFiles.open(folder, BASE);
    assert.match(files.entries.get('a')?.file ?? '', /0a1b2c$/);
    await files.close();
  });

  it('show the same files as another table: renamed, and by rows', async () => {
    await writeShards({ a: SHARDS[0], b: SHARDS[1] });
    const files = await WeightFiles.open(folder, BASE);
    const a = files.entries.get('a') ?? assert.fail('a is there');
    const second = { ...a, name: 'second', shape: [1], offsetBytes: a.offsetBytes + 4, sizeBytes: 4 };
    const view = files.view([{ ...a, name: 'renamed' }, second]);
    assert.deepEqual([...view.entries.keys()], ['renamed', 'second']);
    assert.deepEqual((await view.read('renamed')).data, A.tensor.data);
    assert.deepEqual(await view.readFloat32('second'), floatTensor([1], [2]));
    const bytes: Uint8Array[] = [];
    for await (const piece of view.chunks('second')) bytes.push(piece);
    assert.deepEqual(Buffer.concat(bytes), Buffer.from(Float32Array.of(2).buffer));
    await assert.rejects(view.read('b'), saraError('FILE_CORRUPT', /holds no tensor "b"/));
    assert.throws(() => files.view([a, a]), saraError('INTERNAL', /"a" comes twice/));
    assert.throws(
      () => files.view([{ ...a, file: '/elsewhere' }]),
      saraError('INTERNAL', /"a" points into \/elsewhere/),
    );
    await files.close();
  });

  it('are refused when index and shards disagree', async () => {
    await writeShards({ a: SHARDS[0], b: SHARDS[0] });
    await refused('FILE_CORRUPT', /lists "b" in .*00001-of-00002.safetensors, which does not hold it/);
    await writeShards({ a: SHARDS[1], b: SHARDS[0] });
    await refused('FILE_CORRUPT', /lists "a" in .*00002.*, but .*00001.* holds it/);
    await writeShards({ b: SHARDS[1], c: SHARDS[0] });
    await refused('FILE_CORRUPT', /lists "a" in no shard, but .*00001.* holds it/);
  });

  it('are refused when the index names a file elsewhere, or is no index', async () => {
    for (const shard of ['../x.safetensors', '/etc/x.safetensors', 'pickle.bin', 7]) {
      await writeShards({ a: shard });
      await refused('FILE_CORRUPT', /"a" is in .*, not in a .safetensors file beside it/);
    }
    await writeShards([]);
    await refused('FILE_CORRUPT', /no object "weight_map"/);
    await writeFile(join(folder, INDEX), '{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}');
    await refused('FILE_CORRUPT', /key "a" twice/);
  });

  it('are refused when a shard is missing', async () => {
    await writeShards({ a: SHARDS[0], b: SHARDS[1] });
    await rename(join(folder, SHARDS[1]), join(folder, 'elsewhere'));
    await refused('FILE_NOT_FOUND', /00002-of-00002.*ENOENT/);
  });

  it('say what is wrong when a folder has no weights, only a pickle, or does not exist', async () => {
    await refused('FILE_NOT_FOUND', /holds no diffusion_pytorch_model.safetensors/);
    await writeFile(join(folder, `${BASE}.bin`), '');
    await refused('MODEL_UNSUPPORTED', /diffusion_pytorch_model.bin is a Python pickle/);
    await rm(folder, { recursive: true });
    await refused('FILE_NOT_FOUND', /cannot list/);
  });
});
