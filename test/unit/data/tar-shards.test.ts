import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDataset, PLAIN_FOLDER, type FolderSettings } from '../../../worker/data/dataset.ts';
import { UNCHANGED } from '../../../worker/data/augment.ts';
import { fixedSize } from '../../../worker/data/buckets.ts';
import { ImageSet } from '../../../worker/data/image-set.ts';
import { valuesToPixels } from '../../../worker/data/image.ts';
import { tarArchive, type TarEntry } from '../../support/tar-archive.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sara-shards-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = (name: string, entries: readonly TarEntry[]) =>
  writeFile(join(folder, name), tarArchive(entries));
const scan = (settings: Partial<FolderSettings> = {}) =>
  openDataset(folder, { ...PLAIN_FOLDER, ...settings });
const refused = (message: RegExp, settings: Partial<FolderSettings> = {}) =>
  assert.rejects(scan(settings), { code: 'DATA_INVALID', message });

const grey = (level: number): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: level, g: level, b: level } } })
    .png()
    .toBuffer();

describe('WebDataset shards', () => {
  it('pair members by their name up to the first dot, shard by shard', async () => {
    await put('b.tar', [{ name: 'x/1.jpg' }, { name: 'x/1.txt', body: 'first of b' }]);
    await put('a.tar', [
      { name: '2.cls', body: '7' },
      { name: '2.PNG' },
      { name: '2.txt', body: 'second of a' },
      { name: '1.json', body: '{"caption": "first of a", "width": 3}' },
      { name: '1.webp' },
      { name: '._1.webp', body: 'resource fork' },
    ]);
    const { examples, remarks } = await scan();
    assert.deepEqual(
      examples.map(({ id, caption, picture }) => [id, caption, picture.name, picture.path]),
      [
        ['a.tar/1.webp', 'first of a', `${join(folder, 'a.tar')}: 1.webp`, join(folder, 'a.tar')],
        ['a.tar/2.PNG', 'second of a', `${join(folder, 'a.tar')}: 2.PNG`, join(folder, 'a.tar')],
        ['b.tar/x/1.jpg', 'first of b', `${join(folder, 'b.tar')}: x/1.jpg`, join(folder, 'b.tar')],
      ],
    );
    assert.deepEqual(remarks, [`${folder}: 1 member is not used: a.tar/2.cls`]);
  });

  it('may be one archive', async () => {
    await put('only.tar', [{ name: '1.jpg' }, { name: '1.txt', body: 'one' }]);
    const { examples } = await openDataset(join(folder, 'only.tar'), PLAIN_FOLDER);
    assert.deepEqual(
      examples.map(({ id }) => id),
      ['only.tar/1.jpg'],
    );
  });

  it('are decoded in place, with their masks', async () => {
    const mask = await grey(255);
    await put('a.tar', [
      { name: '1.png', body: await grey(10) },
      { name: '1.txt', body: 'ten' },
      { name: '1.mask.png', body: mask },
      { name: '2.png', body: await grey(20) },
      { name: '2.txt', body: 'twenty' },
    ]);
    const dataset = await scan({ mask: 'file' });
    assert.deepEqual(dataset.remarks, [`${folder}: 1 sample without a mask counts whole: a.tar/2`]);
    const images = await ImageSet.open(dataset, {
      sizing: fixedSize({ width: 4, height: 4 }),
      alphaIsMask: false,
      onBrokenImage: 'refuse',
      cacheBytes: 0,
    });
    const loaded = await Promise.all([0, 1].map((index) => images.load(index, UNCHANGED)));
    assert.deepEqual(
      loaded.map(({ values, mask: of }) => [valuesToPixels(values)[0], of?.[0] ?? null]),
      [
        [10, 255],
        [20, null],
      ],
    );
  });

  it('name a broken picture by shard and member', async () => {
    await put('a.tar', [
      { name: '1.png', body: 'broken' },
      { name: '1.txt', body: 'one' },
    ]);
    const options = {
      sizing: fixedSize({ width: 4, height: 4 }),
      alphaIsMask: false,
      cacheBytes: 0,
    } as const;
    await assert.rejects(ImageSet.open(await scan(), { ...options, onBrokenImage: 'refuse' }), {
      code: 'DATA_INVALID',
      message: /a\.tar: 1\.png: the file is text/,
    });
  });

  it('refuse, by name, samples that are ambiguous or have no caption', async () => {
    await put('a.tar', [{ name: '1.png' }, { name: '1.jpg' }, { name: '1.txt', body: 'one' }]);
    await refused(/sample a\.tar\/1 has several pictures: a\.tar\/1\.png, a\.tar\/1\.jpg/);
    await put('a.tar', [{ name: '1.png' }, { name: '1.PNG' }]);
    await refused(/holds both a\.tar\/1\.png and a\.tar\/1\.PNG/);
    await put('a.tar', [{ name: '1.png' }, { name: '2.png' }, { name: '2.txt', body: 'two' }]);
    await refused(/no caption for a\.tar\/1; give each sample a \.txt member, or a \.json one/);
    await put('a.tar', [{ name: '1.png' }, { name: '1.json', body: '{"text": 3}' }]);
    await refused(/no caption for a\.tar\/1/);
  });

  it('refuse captions that cannot be read', async () => {
    const sample = (extension: string, body: string | Uint8Array) => [
      { name: '1.png' },
      { name: `1.${extension}`, body },
    ];
    await put('a.tar', sample('txt', ' \n'));
    await refused(/a\.tar: 1\.txt: the caption is empty/);
    await put('a.tar', sample('txt', Buffer.from('K\xe4fer', 'latin1')));
    await refused(/a\.tar: 1\.txt is not UTF-8: byte 0xe4 at offset 1/);
    await put('a.tar', sample('json', '{"text": "a", "text": "b"}'));
    await refused(/a\.tar: 1\.json is not JSON: .*twice/);
    await put('a.tar', sample('json', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`));
    await refused(/1\.json is not JSON: .*deeper/);
  });

  it('name what has no picture, and refuse where nothing has one, or none of the masks that were asked for', async () => {
    await put('a.tar', [{ name: '1.png' }, { name: '1.txt', body: 'one' }, { name: '2.txt', body: 'two' }]);
    assert.deepEqual((await scan()).remarks, [`${folder}: 1 sample has no picture: a.tar/2`]);
    await refused(/data\.mask is file, but .* holds no member ending in \.mask\.png/, { mask: 'file' });
    await put('a.tar', [{ name: '2.txt', body: 'two' }, { name: '3.bmp' }]);
    await refused(/holds no pictures in its 1 archives/);
  });
});
