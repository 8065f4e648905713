import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { scanImageFolder } from '../../../worker/data/dataset.ts';

describe('image folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-dataset-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Pictures need no content: the scan never decodes. */
  const put = async (files: Record<string, string>) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
  };
  const captions = async (prefix?: string) => {
    const { examples } = await scanImageFolder(folder, prefix);
    return Object.fromEntries(examples.map(({ id, caption }) => [id, caption]));
  };
  const metadata = (...rows: unknown[]) => ({
    'metadata.jsonl': rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'),
  });
  const refused = (message: RegExp) => assert.rejects(captions(), { code: 'DATA_INVALID', message });

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
      assert.deepEqual(examples, [
        { id: 'a.jpg', imagePath: join(folder, 'a.jpg'), caption: 'an ant' },
        { id: 'b.PNG', imagePath: join(folder, 'b.PNG'), caption: 'a bee' },
        { id: 'more/c.d.webp', imagePath: join(folder, 'more/c.d.webp'), caption: 'a cat' },
      ]);
    });

    it('puts the prefix before every caption', async () => {
      await put({ 'a.png': '', 'a.txt': 'ant' });
      assert.deepEqual(await captions('flat style, '), { 'a.png': 'flat style, ant' });
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

  it('refuses a folder without pictures and one that is not there', async () => {
    await put({ 'a.txt': 'ant' });
    await refused(/holds no pictures \(\.png, /);
    await assert.rejects(scanImageFolder(join(folder, 'nowhere')), {
      code: 'FILE_NOT_FOUND',
      message: /nowhere cannot be read/,
    });
  });
});
