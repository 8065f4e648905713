import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { SaraError, type ErrorCode } from '../../../shared/errors.ts';
import { SafetensorsFile, writeSafetensors } from '../../../shared/safetensors.ts';
import { floatTensor, intTensor, numElements, type Tensor } from '../../../shared/tensor.ts';

/** Files of the fuzz and round-trip tests are this small, so one more file per case costs little. */
const NUM_FUZZ_RUNS = 400;

/** A safetensors file from its header (bytes, JSON text or object) and the number of data bytes after it. */
function fileOf(header: unknown, dataBytes = 0, options: { headerLength?: bigint } = {}): Buffer {
  const isRaw = typeof header === 'string' || Buffer.isBuffer(header);
  const json = Buffer.from(isRaw ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(options.headerLength ?? BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes, 7)]);
}

function saraError(code: ErrorCode, message: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof SaraError, `threw ${String(thrown)}`);
    assert.equal(thrown.code, code, thrown.message);
    assert.match(thrown.message, message);
    return true;
  };
}

describe('safetensors', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-safetensors-'));
    path = join(folder, 'weights.safetensors');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function openBytes(bytes: Uint8Array): Promise<SafetensorsFile> {
    await writeFile(path, bytes);
    return SafetensorsFile.open(path);
  }

  /** Opens, reads every tensor, closes. */
  async function readAll(file: string): Promise<Map<string, Tensor>> {
    const opened = await SafetensorsFile.open(file);
    try {
      const tensors = new Map<string, Tensor>();
      for (const name of opened.entries.keys()) tensors.set(name, await opened.read(name));
      return tensors;
    } finally {
      await opened.close();
    }
  }

  const tensorArbitrary: fc.Arbitrary<Tensor> = fc
    .tuple(
      fc.constantFrom('float32', 'float16', 'bfloat16', 'int32', 'int64', 'uint32', 'uint8', 'bool' as const),
      fc.array(fc.nat(4), { maxLength: 4 }),
      fc.infiniteStream(fc.nat(0xff)),
    )
    .map(([dtype, shape, bytes]) => {
      const n = numElements(shape);
      const fill = (sizeBytes: number) =>
        Uint8Array.from({ length: n * sizeBytes }, () => Number(bytes.next().value)).buffer;
      switch (dtype) {
        case 'float32':
          return { dtype, shape, data: new Float32Array(fill(4)) };
        case 'float16':
        case 'bfloat16':
          return { dtype, shape, data: new Uint16Array(fill(2)) };
        case 'int32':
          return { dtype, shape, data: new Int32Array(fill(4)) };
        case 'uint32':
          return { dtype, shape, data: new Uint32Array(fill(4)) };
        case 'int64':
          return { dtype, shape, data: new BigInt64Array(fill(8)) };
        default:
          return { dtype, shape, data: new Uint8Array(fill(1)) };
      }
    });

  describe('writing and reading back', () => {
    it('returns every tensor bit for bit, whatever its name, type and shape', async () => {
      const tensorsArbitrary = fc.dictionary(fc.string({ unit: 'grapheme' }), tensorArbitrary, {
        maxKeys: 6,
      });
      const metadataArbitrary = fc.dictionary(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
      );
      await fc.assert(
        fc.asyncProperty(tensorsArbitrary, metadataArbitrary, async (tensors, metadata) => {
          await writeSafetensors(
            path,
            Object.entries(tensors).map(([name, tensor]) => ({ name, tensor })),
            metadata,
          );
          const file = await SafetensorsFile.open(path);
          assert.deepEqual(new Map(file.metadata), new Map(Object.entries(metadata)));
          assert.deepEqual([...file.entries.keys()].sort(), Object.keys(tensors).sort());
          for (const [name, tensor] of Object.entries(tensors)) {
            const read = await file.read(name);
            assert.equal(read.dtype, tensor.dtype);
            assert.deepEqual(read.shape, tensor.shape);
            assert.deepEqual(Buffer.from(read.data.buffer), Buffer.from(tensor.data.buffer));
          }
          await file.close();
        }),
        { numRuns: 100 },
      );
    });

    it('lays a file out as the reference writer does: wide types first, header padded with spaces to 8 bytes', async () => {
      const tensors = [
        { name: 'b', tensor: { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) } as const },
        { name: 'c', tensor: floatTensor([1], [1]) },
        { name: 'a', tensor: floatTensor([2], [2, 3]) },
      ];
      await writeSafetensors(path, tensors, { format: 'pt' });
      const bytes = await readFile(path);
      const headerBytes = Number(bytes.readBigUInt64LE(0));
      const json =
        '{"__metadata__":{"format":"pt"},' +
        '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
        '"c":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
        '"b":{"dtype":"F16","shape":[1],"data_offsets":[12,14]}}';
      assert.equal(headerBytes % 8, 0);
      assert.equal(bytes.toString('utf8', 8, 8 + headerBytes), json.padEnd(headerBytes, ' '));
      assert.deepEqual(
        new Uint8Array(bytes.subarray(8 + headerBytes, 8 + headerBytes + 4)),
        Uint8Array.of(0, 0, 0, 0x40),
      );
      assert.equal(bytes.length, 8 + headerBytes + 14);
    });

    it('writes a recorded file of the reference writer again to the same bytes', async () => {
      const golden = 'test/golden/unet-pixel/unet/diffusion_pytorch_model.safetensors';
      const tensors = await readAll(golden);
      await writeSafetensors(
        path,
        Array.from(tensors, ([name, tensor]) => ({ name, tensor })),
        { format: 'pt' },
      );
      assert.ok((await readFile(path)).equals(await readFile(golden)));
    });

    it('loads a tensor only when its turn comes, so a model need not be held whole', async () => {
      const loaded: string[] = [];
      const source = (name: string, value: number) => ({
        name,
        dtype: 'float32' as const,
        shape: [1],
        load: () => {
          loaded.push(name);
          return Promise.resolve(floatTensor([1], [value]));
        },
      });
      await writeSafetensors(path, [source('z', 26), source('a', 1)]);
      assert.deepEqual(loaded, ['a', 'z']);
      assert.deepEqual((await readAll(path)).get('z')?.data, Float32Array.of(26));
    });

    it('refuses a repeated name and data that do not fit their shape', async () => {
      const one = { name: 'w', tensor: floatTensor([1], [1]) };
      await assert.rejects(writeSafetensors(path, [one, one]), saraError('INTERNAL', /"w" is taken/));
      const misfit = {
        name: 'w',
        tensor: { dtype: 'float32', shape: [2], data: Float32Array.of(1) } as const,
      };
      await assert.rejects(writeSafetensors(path, [misfit]), saraError('INTERNAL', /needs 8 bytes.* have 4/));
      assert.deepEqual(await readdir(folder), []);
    });

    it('widens half floats exactly and refuses to call integers floats', async () => {
      await writeSafetensors(path, [
        { name: 'half', tensor: { dtype: 'float16', shape: [2], data: Uint16Array.of(0x3555, 0x0001) } },
        { name: 'brain', tensor: { dtype: 'bfloat16', shape: [2], data: Uint16Array.of(0x3eab, 0xc2f7) } },
        { name: 'ids', tensor: intTensor([1], [5]) },
      ]);
      const file = await SafetensorsFile.open(path);
      assert.deepEqual((await file.readFloat32('half')).data, Float32Array.of(0.333251953125, 2 ** -24));
      assert.deepEqual((await file.readFloat32('brain')).data, Float32Array.of(0.333984375, -123.5));
      await assert.rejects(
        file.readFloat32('ids'),
        saraError('FILE_CORRUPT', /"ids" should hold floats.*int32/),
      );
      await assert.rejects(file.read('absent'), saraError('FILE_CORRUPT', /no tensor "absent"/));
      await file.close();
    });
  });

  describe('a write that fails', () => {
    it('leaves the file that stood there before and no temporary one', async () => {
      await writeSafetensors(path, [{ name: 'w', tensor: floatTensor([1], [1]) }]);
      const before = await readFile(path);
      const failing = {
        name: 'w',
        dtype: 'float32' as const,
        shape: [1],
        load: () => Promise.reject(new SaraError('NOT_FINITE', 'the value is NaN')),
      };
      await assert.rejects(writeSafetensors(path, [failing]), saraError('NOT_FINITE', /NaN/));
      assert.deepEqual(await readFile(path), before);
      assert.deepEqual(await readdir(folder), [basename(path)]);
    });

    it('says DISK_WRITE_FAILED when the disk is full', async function () {
      if (!existsSync('/dev/full')) this.skip();
      await symlink('/dev/full', `${path}.tmp`);
      const write = writeSafetensors(path, [{ name: 'w', tensor: floatTensor([1], [1]) }]);
      await assert.rejects(write, saraError('DISK_WRITE_FAILED', /cannot write .*ENOSPC.*free space/));
      assert.deepEqual(await readdir(folder), []);
    });

    it('says DISK_WRITE_FAILED when a folder of the path is a file', async () => {
      await writeFile(path, '');
      const write = writeSafetensors(join(path, 'below.safetensors'), []);
      await assert.rejects(write, saraError('DISK_WRITE_FAILED', /cannot write/));
    });
  });

  describe('a file that is not what it claims', () => {
    const F32 = (shape: unknown, data_offsets: unknown) => ({ dtype: 'F32', shape, data_offsets });

    const CORRUPT: [title: string, bytes: Uint8Array, message: RegExp][] = [
      ['is empty', Buffer.alloc(0), /0 bytes are too few/],
      ['ends inside the length field', Buffer.alloc(7), /7 bytes are too few/],
      ['claims a header beyond its end', fileOf({}, 0, { headerLength: 3n }), /length 3 exceeds the 2 bytes/],
      [
        'claims a header beyond the limit',
        fileOf({}, 0, { headerLength: 2n ** 63n }),
        /exceeds the limit of 100000000/,
      ],
      ['has a header that is no JSON', fileOf('{"w":'), /cannot be read as JSON/],
      ['has a header that is no UTF-8', fileOf(Buffer.of(0xff)), /read as JSON/],
      ['has a header that is a list', fileOf([]), /no object/],
      ['has a header nested without end', fileOf('['.repeat(100_000)), /nested deeper than 3/],
      ['has an entry that is no object', fileOf({ w: 1 }), /entry of "w" is no object/],
      [
        'has an entry with a foreign field',
        fileOf({ w: { ...F32([], [0, 4]), strides: [] } }, 4),
        /unknown field "strides"/,
      ],
      ['has metadata that are no object', fileOf({ __metadata__: 'x' }), /__metadata__ is no object/],
      [
        'has metadata that are no text',
        fileOf({ __metadata__: { a: 1 } }),
        /__metadata__.a is number, not text/,
      ],
      [
        'has an unknown dtype',
        fileOf({ w: { ...F32([1], [0, 4]), dtype: 'F31' } }, 4),
        /unknown dtype "F31"/,
      ],
      ['has no dtype', fileOf({ w: { shape: [1], data_offsets: [0, 4] } }, 4), /unknown dtype undefined/],
      ['has a negative dimension', fileOf({ w: F32([-1], [0, 4]) }, 4), /shape \[-1\], not a list of sizes/],
      ['has a fractional dimension', fileOf({ w: F32([0.5], [0, 2]) }, 2), /shape \[0.5\]/],
      ['has a shape that is no list', fileOf({ w: F32('1', [0, 4]) }, 4), /shape "1"/],
      ['has offsets that run backwards', fileOf({ w: F32([1], [4, 0]) }, 4), /data_offsets \[4,0\]/],
      ['has three offsets', fileOf({ w: F32([1], [0, 4, 8]) }, 8), /data_offsets \[0,4,8\]/],
      [
        'claims a shape larger than its bytes',
        fileOf({ w: F32([1000, 1000], [0, 4]) }, 4),
        /needs 4000000 bytes.*hold 4/,
      ],
      [
        'claims a shape whose product overflows',
        fileOf({ w: F32([2 ** 32, 2 ** 32], [0, 0]) }),
        /needs 73786976294838206464/,
      ],
      ['claims data beyond its end', fileOf({ w: F32([2], [0, 8]) }, 4), /it is truncated/],
      [
        'claims a terabyte it does not have',
        fileOf({ w: F32([2 ** 38], [0, 2 ** 40]) }, 4),
        /it is truncated/,
      ],
      ['has bytes after the last tensor', fileOf({ w: F32([1], [0, 4]) }, 5), /bytes follow the last tensor/],
      [
        'has a hole before a tensor',
        fileOf({ w: F32([1], [4, 8]) }, 8),
        /"w" begins at byte \d+ and leaves a hole/,
      ],
      [
        'has overlapping tensors',
        fileOf({ v: F32([2], [0, 8]), w: F32([2], [4, 12]) }, 12),
        /"w" .*overlaps/,
      ],
      [
        'has two tensors on the same bytes',
        fileOf({ v: F32([1], [0, 4]), w: F32([1], [0, 4]) }, 4),
        /overlaps/,
      ],
      [
        'has one name twice',
        fileOf(
          '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0077":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}',
          4,
        ),
        /twice in one object/,
      ],
      [
        'has one field twice',
        fileOf('{"w":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4),
        /"dtype" twice/,
      ],
    ];

    for (const [title, bytes, message] of CORRUPT) {
      it(`is refused as corrupt when it ${title}`, async () => {
        await assert.rejects(openBytes(bytes), saraError('FILE_CORRUPT', message));
      });
    }

    it('is accepted with tensors of no bytes, scalars and quotes, braces and colons inside names', async () => {
      const name = '{"}:[\\';
      const file = await openBytes(
        fileOf({ [name]: F32([], [0, 4]), none: F32([0, 3], [0, 0]), end: F32([0], [4, 4]) }, 4),
      );
      assert.deepEqual((await file.read(name)).shape, []);
      assert.equal((await file.read('none')).data.length, 0);
      await file.close();
    });

    it('is refused by the name of an element type that is not supported', async () => {
      const bytes = fileOf({ w: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, 4);
      await assert.rejects(openBytes(bytes), saraError('MODEL_UNSUPPORTED', /"w" has element type F8_E4M3/));
    });

    it('is refused when it is missing, a folder or a pickle', async () => {
      await assert.rejects(
        SafetensorsFile.open(path),
        saraError('FILE_NOT_FOUND', /weights\.safetensors.*ENOENT/),
      );
      await assert.rejects(SafetensorsFile.open(folder), saraError('FILE_NOT_FOUND', /no regular file/));
      for (const extension of ['ckpt', 'bin', 'pt']) {
        const pickle = join(folder, `model.${extension}`);
        await assert.rejects(
          SafetensorsFile.open(pickle),
          saraError('MODEL_UNSUPPORTED', /pickle.*any code/),
        );
      }
    });

    it('is refused while reading when it shrank since it was opened', async () => {
      await writeSafetensors(path, [{ name: 'w', tensor: floatTensor([4], [1, 2, 3, 4]) }]);
      const file = await SafetensorsFile.open(path);
      const entry = file.entries.get('w');
      assert.ok(entry);
      await truncate(path, entry.offsetBytes + 8);
      await assert.rejects(file.read('w'), saraError('FILE_CORRUPT', /has 16 bytes, only 8 could be read/));
      await assert.rejects(file.chunks('w').next(), saraError('FILE_CORRUPT', /only 8/));
      await file.close();
    });

    it('never fails with anything but a typed error nor gets a byte beyond its size, however it is mutated', async () => {
      await writeSafetensors(
        path,
        [
          { name: 'conv.weight', tensor: floatTensor([2, 3], [1, 2, 3, 4, 5, 6]) },
          { name: 'conv.bias', tensor: { dtype: 'float16', shape: [2], data: Uint16Array.of(1, 2) } },
        ],
        { format: 'pt' },
      );
      const sound = new Uint8Array(await readFile(path));
      const position = fc.nat(sound.length - 1);
      const edit = fc.oneof(
        fc.record({ kind: fc.constant('set' as const), at: position, byte: fc.nat(255) }),
        fc.record({ kind: fc.constant('insert' as const), at: position, byte: fc.nat(255) }),
        fc.record({ kind: fc.constant('delete' as const), at: position, byte: fc.constant(0) }),
        // Digits and brackets hit sizes, shapes and offsets far more often than random bytes do.
        fc.record({
          kind: fc.constant('set' as const),
          at: fc.integer({ min: 8, max: sound.length - 1 }),
          byte: fc.constantFrom(...Buffer.from('0123456789-,:[]{}"e.')),
        }),
      );
      const mutation = fc.record({
        edits: fc.array(edit, { maxLength: 4 }),
        keepBytes: fc.option(position, { nil: sound.length, freq: 4 }),
      });
      await fc.assert(
        fc.asyncProperty(mutation, async ({ edits, keepBytes }) => {
          const bytes = [...sound.subarray(0, keepBytes)];
          for (const { kind, at, byte } of edits) {
            if (kind === 'set' && at < bytes.length) bytes[at] = byte;
            else if (kind === 'insert') bytes.splice(at, 0, byte);
            else if (kind === 'delete') bytes.splice(at, 1);
          }
          await writeFile(path, Uint8Array.from(bytes));
          try {
            let totalBytes = 0;
            for (const tensor of (await readAll(path)).values()) totalBytes += tensor.data.byteLength;
            assert.ok(totalBytes <= bytes.length);
          } catch (error) {
            assert.ok(error instanceof SaraError, `threw ${String(error)}`);
            assert.ok(['FILE_CORRUPT', 'MODEL_UNSUPPORTED'].includes(error.code), error.code);
          }
        }),
        { numRuns: NUM_FUZZ_RUNS },
      );
    });

    it('leaves no file open when it is refused', async function () {
      if (!existsSync('/proc/self/fd')) this.skip();
      const countOpen = async () => (await readdir('/proc/self/fd')).length;
      const before = await countOpen();
      for (const [, bytes] of CORRUPT) await assert.rejects(openBytes(bytes));
      assert.equal(await countOpen(), before);
    });
  });

  it('yields the stored bytes of a large tensor in pieces that join to the whole', async () => {
    const data = Float32Array.from({ length: 5_000_000 }, (_, i) => i);
    await writeSafetensors(path, [{ name: 'w', tensor: floatTensor([data.length], data) }]);
    const file = await SafetensorsFile.open(path);
    const pieces: Uint8Array[] = [];
    for await (const piece of file.chunks('w')) pieces.push(piece);
    assert.ok(pieces.length > 1);
    assert.ok(Buffer.concat(pieces).equals(Buffer.from(data.buffer)));
    await file.close();
  });
});
