import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fixedSize } from '../../../worker/data/buckets.ts';
import {
  openDataset,
  PLAIN_FOLDER,
  scanImageFolder,
  type FolderSettings,
} from '../../../worker/data/dataset.ts';
import { ImageSet } from '../../../worker/data/image-set.ts';
import { fileKind } from '../../../worker/data/file-kind.ts';

describe('image folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-dataset-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Pictures need no content: the scan never decodes. */
  const put = async (files: Record<string, string | Uint8Array>) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
  };
  const scan = (settings: Partial<FolderSettings> = {}) =>
    scanImageFolder(folder, { ...PLAIN_FOLDER, ...settings });
  const captions = async (settings: Partial<FolderSettings> = {}) => {
    const { examples } = await scan(settings);
    return Object.fromEntries(examples.map(({ id, caption }) => [id, caption]));
  };
  const metadata = (...rows: unknown[]) => ({
    'metadata.jsonl': rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'),
  });
  const refused = (message: RegExp, settings: Partial<FolderSettings> = {}) =>
    assert.rejects(captions(settings), { code: 'DATA_INVALID', message });
  const remarks = async (settings: Partial<FolderSettings> = {}) =>
    (await scan(settings)).remarks.map((remark) => remark.replace(`${folder}: `, ''));

  describe('with caption files', () => {
    it('pairs pictures and captions by stem, in name order, below subfolders too', async () => {
      await put({
        'b.PNG': '',
        'b.txt': 'a bee',
        'a.jpg': '',
        'a.txt': '\ufeff  an\r\nant \n',
        'more/c.d.webp': '',
        'more/c.d.txt': 'a cat',
        'README.md': '',
        'LICENSE.txt': 'not a caption',
        '.hidden.png': '',
      });
      const { examples } = await scanImageFolder(folder);
      const example = (id: string, caption: string) => {
        const path = join(folder, id);
        return { id, picture: { name: path, path, range: null }, caption, mask: null, repeats: 1 };
      };
      assert.deepEqual(examples, [
        example('a.jpg', 'an ant'),
        example('b.PNG', 'a bee'),
        example('more/c.d.webp', 'a cat'),
      ]);
    });

    it('reads other extensions and encodings where told to', async () => {
      const latin1 = { extension: '.caption', encoding: 'latin-1' } as const;
      await put({ 'a.png': '', 'a.caption': Buffer.from('ein K\xe4fer', 'latin1') });
      assert.deepEqual(await captions({ captions: latin1 }), { 'a.png': 'ein Käfer' });
      await refused(/a\.caption is not UTF-8: byte 0xe4 at offset 5/, {
        captions: { ...latin1, encoding: 'utf-8' },
      });
      await put({ 'a.caption': Buffer.from('\ufeffein Käfer', 'utf16le') });
      assert.deepEqual(await captions({ captions: latin1 }), { 'a.png': 'ein Käfer' });
    });

    it('refuses a caption file that is no caption by its size', async () => {
      await put({ 'a.png': '', 'a.txt': 'x'.repeat(70_000) });
      await refused(/a\.txt cannot be read: holds 70000 bytes, more than 65536 are not read/);
    });

    it('takes linked files, as caches of model hubs lay them', async () => {
      await put({ 'blobs/.1': 'picture', 'a.txt': 'ant' });
      await symlink(join('blobs', '.1'), join(folder, 'a.png'));
      assert.deepEqual(await captions(), { 'a.png': 'ant' });
    });

    it('says what to add when there are no captions at all', async () => {
      await put({ 'a.png': '', 'b.png': '' });
      await refused(/holds 2 pictures but no captions: .*a\.png -> a\.txt.*metadata\.jsonl/);
    });

    it('names the pictures without caption', async () => {
      await put({ 'a.png': '', 'a.txt': 'ant', 'b.png': '', 'c.png': '' });
      await refused(/no caption file beside b\.png, c\.png;/);
    });

    it('lists a few of many pictures without caption', async () => {
      await put({ 'a.png': '', 'a.txt': 'ant' });
      await put(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`b${i}.png`, ''])));
      await refused(/b0\.png, b1\.png, b2\.png, b3\.png, b4\.png and 4 more/);
    });

    it('refuses two pictures on one caption file, and an empty caption', async () => {
      await put({ 'a.png': '', 'a.jpg': '', 'a.txt': 'ant' });
      await refused(/a\.jpg and a\.png share the caption file a\.txt/);
      await rm(join(folder, 'a.jpg'));
      await put({ 'a.txt': ' \n' });
      await refused(/a\.txt: the caption is empty/);
    });
  });

  describe('with metadata.jsonl', () => {
    it('reads a caption a line and leaves other fields alone', async () => {
      await put({ 'a.png': '', 'in/b.png': '' });
      await put(
        metadata({ file_name: 'in/b.png', text: 'bee', width: 3 }, '', { file_name: './a.png', text: 'ant' }),
      );
      assert.deepEqual(await captions(), { 'a.png': 'ant', 'in/b.png': 'bee' });
    });

    for (const escape of ['../a.png', '/etc/a.png', 'in/../../a.png', 'C:\\a.png', 'a.png\0']) {
      it(`refuses the path ${JSON.stringify(escape)}`, async () => {
        await put({ 'a.png': '', ...metadata({ file_name: escape, text: 'ant' }) });
        await refused(/metadata\.jsonl line 1: file_name .* must be a path inside/);
      });
    }

    it('refuses, by line, what is malformed', async () => {
      await put({ 'a.png': '' });
      for (const [row, message] of [
        ['{"file_name": ', /line 1 is not JSON/],
        ['[]', /line 1 is not a JSON object/],
        [{ file: 'a.png', text: 'ant' }, /line 1: field "file_name" must be a string; .* fields: file, text/],
        [{ file_name: 'a.png', caption: 'ant' }, /line 1: field "text" must be a string/],
        [{ file_name: 'a.png', text: '' }, /line 1: the caption is empty/],
        [{ file_name: 'b.png', text: 'bee' }, /line 1: file_name "b\.png" is no picture/],
      ] as const) {
        await put(metadata(row));
        await refused(message);
      }
    });

    it('refuses a picture with two captions or none', async () => {
      await put({ 'a.png': '', 'b.png': '' });
      const ant = { file_name: 'a.png', text: 'ant' };
      await put(metadata(ant, ant));
      await refused(/line 2: file_name "a\.png" has a line already/);
      await put(metadata(ant));
      await refused(/no line for b\.png/);
      await put({ ...metadata(ant, { file_name: 'b.png', text: 'bee' }), 'b.txt': 'bee' });
      await refused(/b\.png has a caption both in metadata\.jsonl and in b\.txt/);
    });
  });

  describe('beside the pictures', () => {
    const pair = { 'a.png': '', 'a.txt': 'ant' };

    it('names what is not used, each kind counted', async () => {
      await put({
        ...pair,
        'README.md': '',
        'weights.pt': '',
        'notes.txt': 'to do',
        'a.npz': '',
        'sub/x.json': '{}',
      });
      assert.deepEqual(await remarks(), [
        '1 text has no picture: notes.txt',
        '4 files are neither pictures nor captions: README.md, a.npz, sub/x.json, weights.pt',
      ]);
    });

    it('says nothing where there is nothing to say', async () => {
      await put(pair);
      assert.deepEqual(await remarks(), []);
    });

    it('does not follow linked folders, and says so', async () => {
      await put({ ...pair, 'elsewhere/b.png': '', 'elsewhere/b.txt': 'bee' });
      await mkdir(join(folder, 'in'));
      await symlink(folder, join(folder, 'in/circle'), 'dir');
      assert.deepEqual(await remarks(), ['1 linked folder is not followed: in/circle']);
    });

    it('opens no pipe, which could wait for ever, and names a link to nothing when it is opened', async () => {
      await put(pair);
      await promisify(execFile)('mkfifo', [join(folder, 'pipe.png')]);
      await symlink(join(folder, 'gone'), join(folder, 'b.png'));
      await put({ 'b.txt': 'bee' });
      assert.deepEqual(await remarks(), ['1 pipe, socket or device is not opened: pipe.png']);
      const { examples } = await scan();
      const options = {
        sizing: fixedSize({ width: 4, height: 4 }),
        alphaIsMask: false,
        cacheBytes: 0,
      } as const;
      await assert.rejects(
        ImageSet.open(
          { place: folder, examples, broken: [], remarks: [] },
          { ...options, onBrokenImage: 'refuse' },
        ),
        { code: 'DATA_INVALID', message: /b\.png: ENOENT/ },
      );
    });

    it('names pictures in formats that are not read like broken ones', async () => {
      await put({ ...pair, 'b.HEIC': '', 'b.txt': 'bee', 'c.bmp': '' });
      const { broken, examples } = await scan();
      assert.equal(examples.length, 1);
      assert.deepEqual(
        broken.map(({ path, reason }) => [path, reason]),
        ['b.HEIC', 'c.bmp'].map((name) => [join(folder, name), 'is of a format that is not read here']),
      );
      await rm(join(folder, 'a.png'));
      await refused(/holds no pictures .*, but 2 of formats that are not read: b\.HEIC, c\.bmp/);
    });

    it('takes masks for masks, whether they are used or not', async () => {
      await put({ ...pair, 'a-masklabel.png': '', 'b.png': '', 'b.txt': 'bee', 'c-masklabel.png': '' });
      const masked = await scan({ mask: 'file' });
      assert.deepEqual(
        masked.examples.map(({ id, mask }) => [id, mask?.name ?? null]),
        [
          ['a.png', join(folder, 'a-masklabel.png')],
          ['b.png', null],
        ],
      );
      assert.deepEqual(await remarks({ mask: 'file' }), [
        '1 picture without a mask counts whole: b.png',
        '1 mask has no picture: c-masklabel.png',
      ]);
      assert.deepEqual(
        (await scan()).examples.map(({ mask }) => mask),
        [null, null],
      );
      assert.deepEqual(await remarks(), [
        '1 picture has a mask that is not used: a.png',
        '1 mask has no picture: c-masklabel.png',
      ]);
    });

    it('misses masks that were asked for', async () => {
      await put(pair);
      await refused(/data\.mask is file, but .* holds no mask such as a-masklabel\.png/, { mask: 'file' });
    });

    it('reads repeats by folder', async () => {
      await put({ ...pair, '10_bees/b.png': '', '10_bees/b.txt': 'bee' });
      const repeats = { byFolderName: true, byFolder: { '.': 2 } };
      const { examples } = await scan({ repeats });
      assert.deepEqual(
        examples.map(({ id, repeats: count }) => [id, count]),
        [
          ['10_bees/b.png', 10],
          ['a.png', 2],
        ],
      );
      await refused(/data\.repeats names wasps/, {
        repeats: { byFolderName: false, byFolder: { wasps: 3 } },
      });
    });
  });

  it('refuses a folder without pictures and one that is not there', async () => {
    await put({ 'a.txt': 'ant' });
    await refused(/holds no pictures \(\.png, /);
    await assert.rejects(scanImageFolder(join(folder, 'nowhere')), {
      code: 'FILE_NOT_FOUND',
      message: /nowhere cannot be read/,
    });
  });

  it('is refused as a path by what the path is instead', async () => {
    await put({ 'pictures.zip': 'PK', 'pictures.tar.gz': '', 'picture.png': '' });
    const refusedPath = (name: string, code: string, message: RegExp) =>
      assert.rejects(openDataset(join(folder, name), PLAIN_FOLDER), { code, message });
    await refusedPath('nowhere', 'FILE_NOT_FOUND', /nowhere cannot be read/);
    await refusedPath(
      'pictures.zip',
      'DATA_INVALID',
      /neither a folder of pictures nor a \.tar archive; unpack it/,
    );
    await refusedPath('pictures.tar.gz', 'DATA_INVALID', /plain \.tar/);
    await refusedPath('picture.png', 'DATA_INVALID', /name its folder/);
    await put({ 'x.tar': '' });
    await refusedPath('.', 'DATA_INVALID', /holds both archives \(x\.tar\) and pictures \(picture\.png\)/);
  });
});

describe('kind of a file', () => {
  const kindOf = (bytes: string) => {
    const found = fileKind(Buffer.from(bytes, 'latin1'));
    return found.kind === 'picture' ? found.format : found.what;
  };

  it('is told by its first bytes', () => {
    for (const [bytes, kind] of [
      ['\x89PNG\r\n\x1a\n', 'png'],
      ['\xff\xd8\xff\xe0', 'jpeg'],
      ['GIF89a', 'gif'],
      ['RIFF\0\0\0\0WEBPVP8 ', 'webp'],
      ['MM\0*\0\0', 'tiff'],
      ['\0\0\0\x1cftypmif1\0\0\0\0mif1avif', 'avif'],
      ['\0\0\0\x1cftypheic\0\0\0\0mif1heic', 'a HEIF picture'],
      ['', 'empty'],
      ['\x80\x04\x95\x10', 'a Python pickle'],
      ['PK\x03\x04', 'a ZIP archive'],
      ['version https://git-lfs.github.com/spec/v1', 'a pointer of Git LFS, not the file it points to'],
      ['\n<!DOCTYPE html>', 'an HTML page'],
      ['<svg xmlns=', 'an SVG drawing or other XML'],
      ['BM\x36', 'a BMP picture'],
      ['no picture', 'text'],
      ['RIFF\0\0\0\0WAVE', 'in no format that is known here'],
    ] as const)
      assert.equal(kindOf(bytes), kind);
  });
});
