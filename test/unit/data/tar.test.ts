import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { SaraError } from '../../../shared/errors.ts';
import { readTarIndex } from '../../../worker/data/tar.ts';
import { paxHeader, tarArchive, tarEntry, type TarEntry } from '../../support/tar-archive.ts';

const GOLDEN = 'test/golden/tar';
const LONG_FOLDER = `a/${'long-folder-name-'.repeat(5)}`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sara-tar-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function index(archive: Uint8Array) {
  const path = join(folder, 'x.tar');
  await writeFile(path, archive);
  return readTarIndex(path);
}

const refused = (archive: Uint8Array, message: RegExp) =>
  assert.rejects(index(archive), (error: unknown) => {
    assert.ok(error instanceof SaraError && error.code === 'DATA_INVALID', String(error));
    assert.match(error.message, message);
    assert.match(error.message, /^archive .*x\.tar .*\(at byte \d+\)$/s);
    return true;
  });

describe('tar archive', () => {
  for (const [writer, name] of [
    ['GNU tar, with its long names', 'gnu'],
    ['GNU tar as ustar, with prefixes', 'ustar'],
    ['GNU tar as pax', 'pax'],
    ["Python's tarfile", 'python'],
  ]) {
    it(`written by ${writer}: every file is where the index says`, async () => {
      const path = join(GOLDEN, `${name}.tar`);
      const bytes = await readFile(path);
      const members = await readTarIndex(path);
      const contents = Object.fromEntries(
        members.map(({ name: member, offset, sizeBytes }) => [
          member,
          bytes.toString('latin1', offset, offset + sizeBytes),
        ]),
      );
      assert.deepEqual(contents, {
        'a/0001.png': '\x89PNG not really',
        'a/0001.txt': 'a cat',
        'a/empty.txt': '',
        'a/käfer.txt': Buffer.from('ein Käfer').toString('latin1'),
        [`${LONG_FOLDER}/another-long-file-name-that-passes-a-hundred.txt`]: 'deep',
      });
    });
  }

  it('finds whatever was put in, in order, folders left out', async () => {
    const entry = fc.record({
      stem: fc.stringMatching(/^[a-z0-9]{1,20}$/),
      body: fc.uint8Array({ maxLength: 1500 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, { selector: ({ stem }) => stem, maxLength: 8 }),
        async (files) => {
          const archive = tarArchive([
            { name: 'dir/', type: '5' },
            ...files.map(({ stem, body }) => ({ name: `./dir/${stem}`, body })),
          ]);
          const members = await index(archive);
          assert.deepEqual(
            members.map(({ name, offset, sizeBytes }) => [
              name,
              [...archive.subarray(offset, offset + sizeBytes)],
            ]),
            files.map(({ stem, body }) => [`dir/${stem}`, [...body]]),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('takes path and size from a pax header, for the next member only', async () => {
    const [first, second] = await index(
      tarArchive([
        paxHeader({ path: 'ünï/code.txt', mtime: '1.5', size: '3' }),
        { name: 'short', body: 'abc', sizeField: '00000000003\0' },
        { name: 'plain', body: '' },
      ]),
    );
    assert.deepEqual([first.name, first.sizeBytes, second.name], ['ünï/code.txt', 3, 'plain']);
  });

  it('reads sizes of 8 GiB and more, and refuses them where the file has no such bytes', async () => {
    const field = Buffer.alloc(12);
    field[0] = 0x80;
    field.writeBigUInt64BE(4n, 4);
    const [member] = await index(
      tarArchive([{ name: 'a', body: 'four', sizeField: field.toString('latin1') }]),
    );
    assert.equal(member.sizeBytes, 4);
    field.writeBigUInt64BE(2n ** 40n, 4);
    await refused(tarArchive([{ name: 'a', sizeField: field.toString('latin1') }]), /a size that is none/);
  });

  describe('refuses', () => {
    const file: TarEntry = { name: 'a.txt', body: 'x'.repeat(700) };

    it('an archive cut anywhere', async () => {
      const whole = tarArchive([file, { name: 'b.txt', body: 'bee' }]);
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: whole.length - 1 }), (length) =>
          refused(whole.subarray(0, length), /half a download/),
        ),
        { numRuns: 60 },
      );
    });

    it('paths that lead out of it', async () => {
      for (const name of ['../a.txt', '/etc/a.txt', 'a/../../b', 'C:\\a.txt', 'a\\b', 'C:/a.txt']) {
        await refused(tarArchive([{ name, body: 'x' }]), /leads out of the archive/);
        await refused(tarArchive([paxHeader({ path: name }), { name: 'a.txt', body: 'x' }]), /leads out/);
        await refused(
          tarArchive([tarEntry({ name: '././@LongLink', type: 'L', body: `${name}\0` }), { name: 'a' }]),
          /leads out/,
        );
      }
    });

    it('links, devices, sparse files and types it does not know, by name', async () => {
      for (const type of ['1', '2']) {
        await refused(tarArchive([{ name: 'l', type, linkTarget: '/etc/passwd' }]), /holds a link, "l"/);
      }
      for (const type of ['3', '4', '6', 'S', 'Z']) {
        await refused(tarArchive([{ name: 'd', type }]), new RegExp(`holds "d" of type "${type}"`));
      }
      await refused(
        tarArchive([paxHeader({ 'GNU.sparse.major': '1' }), { name: 'a' }]),
        /holds a sparse file/,
      );
    });

    it('the same name twice', async () => {
      await refused(tarArchive([file, { name: './a.txt', body: 'y' }]), /holds a\.txt twice/);
    });

    it('a header that was changed, and bytes that are none', async () => {
      await refused(tarArchive([{ ...file, brokenChecksum: true }]), /checksum/);
      await refused(Buffer.from('PK\x03\x04'.padEnd(2000, 'x')), /is no tar archive/);
      await refused(tarArchive([file, Buffer.alloc(512, 0x41)]), /has no header where one is due/);
      await refused(Buffer.alloc(0), /is empty/);
    });

    it('sizes that are none or beyond the file', async () => {
      await refused(tarArchive([{ name: 'a', sizeField: '9999999999x\0' }]), /a size that is none/);
      await refused(
        tarArchive([{ name: 'a', sizeField: '77777777777\0' }]),
        /holds a of 8589934591 bytes, but ends/,
      );
      await refused(tarArchive([paxHeader({ size: '1e9' }), { name: 'a' }]), /gives the size "1e9"/);
      await refused(tarArchive([paxHeader({ size: '999999999999999' }), { name: 'a' }]), /but ends after/);
    });

    it('extended headers that are malformed, enormous, or for all members', async () => {
      for (const body of ['5 path=a\n', '99999 path=a\n', 'x path=a\n', '8 path a\n', '0 \n']) {
        await refused(tarArchive([{ name: 'x', type: 'x', body }, file]), /not well formed/);
      }
      await refused(tarArchive([{ name: 'x', type: 'x', body: 'a'.repeat(70_000) }]), /more than 65536/);
      await refused(tarArchive([paxHeader({ path: 'all' }, 'g'), file]), /one path or size for all/);
      const latin1 = tarEntry({ name: 'x', body: Buffer.from('K\xe4fer', 'latin1') });
      latin1.copy(latin1, 0, 512, 517); // the body's bytes as the name
      await refused(tarArchive([resealed(latin1)]), /not UTF-8/);
    });

    it('anything after the end, which some readers would miss', async () => {
      await refused(Buffer.concat([tarArchive([file]), tarArchive([file])]), /goes on after its end/);
      const padded = Buffer.concat([tarArchive([file]), Buffer.alloc(8192)]);
      assert.equal((await index(padded)).length, 1);
      await refused(
        Buffer.concat([tarEntry(file), Buffer.alloc(512), tarEntry(file), Buffer.alloc(1024)]),
        /its end is due/,
      );
    });
  });

  it('is not found where there is none', async () => {
    await assert.rejects(readTarIndex(join(folder, 'nowhere.tar')), { code: 'FILE_NOT_FOUND' });
  });
});

/** The entry with a checksum that fits its changed header. */
function resealed(entry: Buffer): Buffer {
  entry.write('        ', 148);
  const sum = entry.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  entry.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return entry;
}
