import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeUntrainedBase } from '../../../examples/emoji/make-base.ts';
import { prepareEmoji } from '../../../examples/emoji/prepare.ts';
import { captionOf, selectEmoji, SET_NAMES, type EmojiEntry } from '../../../examples/emoji/selection.ts';
import { WeightFiles } from '../../../shared/safetensors.ts';
import { scanImageFolder } from '../../../worker/data/dataset.ts';
import { readSchedulerConfig } from '../../../worker/diffusion/scheduler-config.ts';
import { ClipTokenizer, writeTokenizer } from '../../../worker/model/tokenizer.ts';
import { readTokenizer } from '../../../worker/model/tokenizer-files.ts';

const require = createRequire(import.meta.url);
const table = require('emoji-datasource-google/emoji.json') as EmojiEntry[];
const MAX_PARAMETERS = 5_000_000;

describe('emoji selection', () => {
  const sets = selectEmoji(table);
  const stems = (name: (typeof SET_NAMES)[number]) => sets[name].map(({ stem }) => stem);

  it('has 316 pictures to fine-tune on and 64 held out', () => {
    assert.deepEqual(
      SET_NAMES.map((name) => sets[name].length),
      [380, 316, 64],
    );
  });

  it('holds out what it says: no Twitter drawing is both trained on and validated with', () => {
    const trained = new Set(stems('twitter-train'));
    assert.deepEqual(
      stems('twitter-validation').filter((stem) => trained.has(stem)),
      [],
    );
  });

  it('knows every Twitter thing from its Google drawing', () => {
    const known = new Set(stems('google'));
    const unknown = [...stems('twitter-train'), ...stems('twitter-validation')].filter(
      (stem) => !known.has(stem),
    );
    assert.deepEqual(unknown, []);
  });

  it('does not depend on the order of the table', () => {
    assert.deepEqual(selectEmoji(table.toReversed()), sets);
  });

  it('gives each picture of a set a name and a caption of its own', () => {
    for (const name of SET_NAMES) {
      const captions = sets[name].map(({ caption }) => caption);
      assert.equal(new Set(stems(name)).size, sets[name].length);
      assert.equal(new Set(captions).size, captions.length);
      for (const caption of captions) assert.match(caption, /^[a-z0-9]+( [a-z0-9]+)*, [a-z]+( [a-z]+)*$/);
    }
  });

  it('writes captions in plain words', () => {
    const caption = (name: string, subcategory: string) => captionOf({ name, subcategory });
    assert.equal(caption('ROOSTER', 'animal-bird'), 'rooster, animal bird');
    assert.equal(caption('PIÑATA', 'event'), 'pinata, event');
    assert.equal(caption('WOMAN’S SANDAL', 'clothing'), 'womans sandal, clothing');
    assert.equal(caption('KEYCAP: *', 'keycap'), 'keycap asterisk, keycap');
    assert.equal(caption('SLEEPING SYMBOL', 'sky & weather'), 'sleeping symbol, sky and weather');
  });
});

describe('emoji image folders and untrained base', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-emoji-'));
    assert.equal((await prepareEmoji(folder)).written, true);
  });
  after(() => rm(folder, { recursive: true }));

  it('are folders a run can read, pictures unchanged', async () => {
    const { examples } = await scanImageFolder(join(folder, 'twitter-train'));
    assert.equal(examples.length, 316);
    const source = require.resolve('emoji-datasource-twitter/img/twitter/64/1f41c.png');
    assert.deepEqual(await readFile(join(folder, 'twitter-train/ant.png')), await readFile(source));
    assert.equal(examples.find(({ id }) => id === 'ant.png')?.caption, 'ant, animal bug');
  });

  it('are left alone when up to date and made anew when not', async () => {
    const before = await stat(join(folder, 'google'));
    assert.equal((await prepareEmoji(folder)).written, false);
    assert.equal((await stat(join(folder, 'google'))).ino, before.ino);
    await writeFile(join(folder, 'google/stray.png'), '');
    await rm(join(folder, 'prepared.json'));
    assert.equal((await prepareEmoji(folder)).written, true);
    assert.ok(!(await readdir(join(folder, 'google'))).includes('stray.png'));
  });

  it('base stays within five million parameters and opens as what it is', async () => {
    const { examples } = await scanImageFolder(join(folder, 'google'));
    const captions = examples.map(({ caption }) => caption);
    const path = join(folder, 'base');
    const base = await makeUntrainedBase(path, captions);
    assert.ok(base.unetParameterCount + base.textEncoderParameterCount <= MAX_PARAMETERS);
    assert.equal((await readSchedulerConfig(join(path, 'scheduler'))).predictionType, 'v_prediction');
    for (const [part, name, count] of [
      ['unet', 'diffusion_pytorch_model', base.unetParameterCount],
      ['text_encoder', 'model', base.textEncoderParameterCount],
    ] as const) {
      const weights = await WeightFiles.open(join(path, part), name);
      const sizes = Array.from(weights.entries.values(), ({ sizeBytes }) => sizeBytes / 4);
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        count,
      );
      await weights.close();
    }
  });

  it('base has a tokenizer that holds every caption whole', async () => {
    const tokenizer = await ClipTokenizer.open(join(folder, 'base/tokenizer'));
    // The same tokenizer without a limit that matters, to see a caption's own length.
    await writeTokenizer(join(folder, 'longer'), await readTokenizer(join(folder, 'base/tokenizer')), 77);
    const longer = await ClipTokenizer.open(join(folder, 'longer'));
    for (const name of SET_NAMES) {
      for (const { caption } of (await scanImageFolder(join(folder, name))).examples) {
        const numTokens = longer.encode(caption).indexOf(longer.eosTokenId) + 1;
        assert.ok(numTokens <= tokenizer.modelMaxLength, `${caption}: ${numTokens} tokens`);
      }
    }
  });
});
