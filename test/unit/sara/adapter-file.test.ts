import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafetensorsFile, writeSafetensors } from '../../../shared/safetensors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { makeAdapter, type Adapter } from '../../../worker/sara/adapter.ts';
import {
  readAdapter,
  readAdapterMetadata,
  writeAdapter,
  type BaseModel,
} from '../../../worker/sara/adapter-file.ts';
import { SparseMask } from '../../../worker/sara/mask.ts';
import { relativeError } from '../../support/numbers.ts';

/** Half precision keeps 11 bits. */
const HALF_TOLERANCE = 2 ** -11;

const base: BaseModel = {
  hash: '0123456789abcdef'.repeat(4),
  entries: new Map([
    ['a.weight', { shape: [2, 3] }],
    ['b.bias', { shape: [4] }],
    ['untouched', { shape: [9] }],
  ]),
};

const mask = SparseMask.of([
  { name: 'b.bias', shape: [4], indices: Int32Array.of(0, 3) },
  { name: 'a.weight', shape: [2, 3], indices: Int32Array.of(1, 4, 5) },
]);

const adapter: Adapter = makeAdapter(mask, Float32Array.of(0.1, -0.2, 0.3, 1e-4, 5), new Float32Array(5), {
  baseModelHash: base.hash,
  threshold: 0.0012345,
  fraction: 0.05,
  stage: 1,
  step: 2500,
  rankWeight: 0,
  learningRate: 6.5e-7,
  seed: 18446744073709551615n,
  zeroTerminalSnr: false,
  toolVersion: '0.1.0',
});

describe('adapter file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-adapter-'));
    path = join(folder, 'adapter.safetensors');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Rewrites the file after changing its tensors or metadata. */
  async function tamper(
    change: (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void,
  ): Promise<void> {
    await writeAdapter(path, adapter);
    const file = await SafetensorsFile.open(path);
    const tensors = new Map<string, Tensor>();
    for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
    const metadata = Object.fromEntries(file.metadata);
    await file.close();
    change(tensors, metadata);
    await writeSafetensors(
      path,
      Array.from(tensors, ([name, tensor]) => ({ name, tensor })),
      metadata,
    );
  }

  it('gives back exactly what was written, every field of the metadata included', async () => {
    await writeAdapter(path, adapter);
    const read = await readAdapter(path, base);
    assert.deepEqual(read.deltas, adapter.deltas);
    assert.equal(read.mask.digest, adapter.mask.digest);
    assert.deepEqual(read.metadata, adapter.metadata);
    assert.deepEqual(await readAdapterMetadata(path), adapter.metadata);
  });

  it('is laid out as documented: U32 indices and F32 deltas per tensor', async () => {
    await writeAdapter(path, adapter);
    const file = await SafetensorsFile.open(path);
    assert.deepEqual([...file.entries.keys()].sort(), [
      'a.weight.delta',
      'a.weight.indices',
      'b.bias.delta',
      'b.bias.indices',
    ]);
    assert.deepEqual((await file.read('a.weight.indices')).data, Uint32Array.of(1, 4, 5));
    assert.deepEqual((await file.read('b.bias.delta')).data, Float32Array.of(1e-4, 5));
    assert.equal(file.metadata.get('mask_digest'), mask.digest);
    assert.equal(file.metadata.get('base_model_hash'), base.hash);
    await file.close();
  });

  it('in half precision is smaller and keeps 11 bits of every delta', async () => {
    await writeAdapter(path, adapter);
    const { size } = await stat(path);
    await writeAdapter(path, adapter, 'float16');
    assert.ok((await stat(path)).size < size);
    const { deltas } = await readAdapter(path, base);
    assert.ok(relativeError(deltas, adapter.deltas) < HALF_TOLERANCE);
  });

  it('keeps a selection by threshold apart from one by fraction', async () => {
    await writeAdapter(path, { ...adapter, metadata: { ...adapter.metadata, fraction: null } });
    assert.equal((await readAdapter(path, base)).metadata.fraction, null);
  });

  it('is refused on another base model, with both hashes', async () => {
    await writeAdapter(path, adapter);
    const other = { ...base, hash: 'f'.repeat(64) };
    await assert.rejects(readAdapter(path, other), (error: Error) => {
      assert.ok(error.message.includes(base.hash) && error.message.includes(other.hash), error.message);
      return (error as { code?: string }).code === 'ADAPTER_MISMATCH';
    });
  });

  it('is refused when it changes a tensor the base model does not have', async () => {
    await writeAdapter(path, adapter);
    const entries = new Map([['a.weight', { shape: [2, 3] }]]);
    await assert.rejects(readAdapter(path, { ...base, entries }), {
      code: 'ADAPTER_MISMATCH',
      message: /b\.bias/,
    });
  });

  it('is refused when the base model has the tensor in another shape of the same size', async () => {
    await writeAdapter(path, adapter);
    const entries = new Map([...base.entries, ['a.weight', { shape: [3, 2] }] as const]);
    await assert.rejects(readAdapter(path, { ...base, entries }), {
      code: 'FILE_CORRUPT',
      message: /mask_digest/,
    });
  });

  it('is refused when it is missing or cut off anywhere', async () => {
    await assert.rejects(readAdapter(path, base), { code: 'FILE_NOT_FOUND' });
    await writeAdapter(path, adapter);
    const whole = await readFile(path);
    for (const length of [0, 7, 8, 200, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(readAdapter(path, base), { code: 'FILE_CORRUPT' }, `cut to ${length} bytes`);
    }
  });

  it('is refused when any index was changed, by its digest', async () => {
    await tamper((tensors) => ((tensors.get('a.weight.indices') as Tensor<Uint32Array>).data[0] = 0));
    await assert.rejects(readAdapter(path, base), { code: 'FILE_CORRUPT', message: /mask_digest/ });
  });

  it('is refused when indices repeat, fall or leave the tensor', async () => {
    for (const bad of [
      [1, 1, 5],
      [4, 1, 5],
      [1, 4, 6],
      [1, 4, 4294967295],
    ]) {
      await tamper((tensors) => {
        (tensors.get('a.weight.indices') as Tensor<Uint32Array>).data.set(bad);
      });
      await assert.rejects(
        readAdapter(path, base),
        { code: 'FILE_CORRUPT', message: /a\.weight\.indices.*ascend and stay below 6/s },
        String(bad),
      );
    }
  });

  it('is refused when a delta is no number', async () => {
    for (const bad of [Number.NaN, Infinity]) {
      await tamper((tensors) => ((tensors.get('b.bias.delta') as Tensor<Float32Array>).data[1] = bad));
      await assert.rejects(readAdapter(path, base), {
        code: 'FILE_CORRUPT',
        message: /b\.bias\.delta" holds (NaN|Infinity) at 1/,
      });
    }
  });

  it('is refused when a list has no partner, another length, another type or another name', async () => {
    const changes: ((tensors: Map<string, Tensor>) => void)[] = [
      (tensors) => tensors.delete('b.bias.delta'),
      (tensors) => tensors.delete('b.bias.indices'),
      (tensors) => tensors.set('b.bias.delta', { dtype: 'float32', shape: [3], data: new Float32Array(3) }),
      (tensors) =>
        tensors.set('b.bias.delta', { dtype: 'float32', shape: [2, 1], data: new Float32Array(2) }),
      (tensors) => tensors.set('b.bias.delta', { dtype: 'int32', shape: [2], data: new Int32Array(2) }),
      (tensors) => tensors.set('b.bias.indices', { dtype: 'int32', shape: [2], data: Int32Array.of(0, 3) }),
      (tensors) => tensors.set('b.bias', { dtype: 'float32', shape: [4], data: new Float32Array(4) }),
      (tensors) => {
        tensors.clear();
      },
    ];
    for (const change of changes) {
      await tamper(change);
      await assert.rejects(
        readAdapter(path, base),
        { code: 'FILE_CORRUPT', message: /is no sound adapter/ },
        String(change),
      );
    }
  });

  it('is refused when metadata is missing or senseless, by the name of the field', async () => {
    const fields = [
      'format',
      'format_version',
      'base_model_hash',
      'threshold',
      'stage',
      'step',
      'lambda_rank',
      'learning_rate',
      'seed',
      'tool_version',
      'mask_digest',
    ];
    for (const field of fields) {
      await tamper((_, metadata) => Reflect.deleteProperty(metadata, field));
      await assert.rejects(
        readAdapter(path, base),
        { code: 'FILE_CORRUPT', message: new RegExp(`"${field}"`) },
        `without ${field}`,
      );
    }
    for (const [field, bad] of [
      ['format', 'pt'],
      ['format_version', '2'],
      ['base_model_hash', 'xyz'],
      ['step', '-1'],
      ['threshold', 'NaN'],
      ['fraction', ''],
    ]) {
      await tamper((_, metadata) => (metadata[field] = bad));
      await assert.rejects(
        readAdapter(path, base),
        { code: 'FILE_CORRUPT', message: new RegExp(`"${field}"`) },
        `${field} = ${bad}`,
      );
    }
  });

  it('leaves the file that stood there when it cannot be written whole', async () => {
    await writeAdapter(path, adapter);
    const before = await readFile(path);
    const broken = { ...adapter, deltas: adapter.deltas.subarray(0, 2) };
    await assert.rejects(writeAdapter(path, broken), { code: 'INTERNAL' });
    assert.deepEqual(await readFile(path), before);
    await assert.rejects(open(`${path}.tmp`));
  });
});
