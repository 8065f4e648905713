/**
 * From a user's Stable Diffusion folder to files that open in their interfaces, by the program as they start it: SD 1.5's
 * structure, the example's pictures, caches, a run on two workers, previews, and every export read back.
 *
 * Sizes are scaled down for two cores. SARA_TEST_LARGE=1 runs it with autoencoder and text encoder as they are
 * published (84 and 123 million weights, seeded), a UNet of a fifth of SD's width, and pictures of 256 pixels; minutes.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { stringify } from 'yaml';
import type { RunReport } from '../../coordinator/report.ts';
import { prepareEmoji } from '../../examples/emoji/prepare.ts';
import { ensureNatsServer } from '../../shared/bootstrap.mjs';
import { baseModelHash } from '../../shared/digest.ts';
import type { RunConfig } from '../../shared/config.ts';
import { DiffusersModel } from '../../worker/model/diffusers-model.ts';
import { applyDeltas } from '../../worker/sara/adapter.ts';
import { readAdapter } from '../../worker/sara/adapter-file.ts';
import { writeSingleFile } from '../../worker/model/single-file/write.ts';
import { readAdapterAsUiDoes, type ReadAdapter } from '../support/adapter-reader.ts';
import { relativeError } from '../support/numbers.ts';
import { runSara, type SaraExit } from '../support/sara-command.ts';
import { makeSmallLatentModel } from '../support/small-latent-model.ts';

const IS_LARGE = process.env.SARA_TEST_LARGE === '1';
const RESOLUTION = IS_LARGE ? 256 : 64;
const NUM_PICTURES = 6;
const NUM_HELD_OUT = 2;
const STEPS = 4;
const PROMPTS = ['cat face, animal mammal', 'red apple, food fruit'];

/** Under load; the large one trains minutes on two cores. */
const COMMAND_TIMEOUT_MS = IS_LARGE ? 1_200_000 : 300_000;

/** As high as any layer's smaller side: nothing of a change is lost. */
const FULL_RANK = IS_LARGE ? 1024 : 64;
/** A product of factors in float32 against the change itself. */
const FACTOR_TOLERANCE = 1e-5;
/** Of 255: the same weights, once added up in memory and once in a file. */
const PIXEL_TOLERANCE = 1;

const run = (args: readonly string[]): Promise<SaraExit> => runSara(args, {}, COMMAND_TIMEOUT_MS);

describe('Stable Diffusion from folder to file', function () {
  // Here and not behind the description: hooks take over what holds when they are declared.
  this.timeout(IS_LARGE ? 3_600_000 : 600_000);

  let folder: string;
  let base: string;
  let first: SaraExit;
  let report: RunReport;
  let adapter: string;
  let direct: ReadAdapter['changes'];
  const place = (...names: string[]): string => join(folder, ...names);

  before(async () => {
    await ensureNatsServer();
    folder = await mkdtemp(join(tmpdir(), 'sara-sd-'));
    base = place('base');
    await makeSmallLatentModel(base, 'sd1', { largeEncoders: IS_LARGE });
    await prepareEmoji(place('emoji'));
    await copySome(place('emoji/twitter-train'), place('pictures'), NUM_PICTURES);
    await copySome(place('emoji/twitter-validation'), place('held-out'), NUM_HELD_OUT);
    await writeFile(place('run.yaml'), stringify(configOf(place)));
    first = await run(['train', place('run.yaml')]);
    assert.equal(first.code, 0, first.stderr);
    const runFolder = await latest();
    report = JSON.parse(await readFile(join(runFolder, 'report.json'), 'utf8')) as RunReport;
    adapter = join(runFolder, 'adapter.safetensors');
    direct = await changesOf(adapter);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const latest = async (): Promise<string> => {
    const runs = await readdir(place('runs'));
    return place(
      'runs',
      runs
        .filter((name) => name !== 'latest' && name !== 'cache')
        .sort()
        .at(-1)!,
    );
  };

  it('shows how far the encoding is and trains on two stages, in bounded memory', () => {
    const numItems = NUM_PICTURES + NUM_HELD_OUT + NUM_PICTURES + NUM_HELD_OUT + 1;
    assert.match(first.stderr, new RegExp(`encoded ${numItems}/${numItems} pictures and captions`));
    assert.match(first.stderr, /2 stages x 1 replica/);
    assert.equal(report.trainingLosses.length, STEPS);
    assert.ok(report.validationLosses.every(({ loss }) => Number.isFinite(loss)));
    for (const [name, bytes] of Object.entries(report.peakRssBytes))
      assert.ok(bytes < (IS_LARGE ? 4 : 1.5) * 2 ** 30, `${name} peaked at ${bytes} bytes`);
  });

  it('keeps checkpoints by time, and draws previews on the way', async () => {
    const runFolder = await latest();
    const checkpoints = (await readdir(join(runFolder, 'checkpoints'))).sort();
    assert.deepEqual(checkpoints, ['step-00000003', 'step-00000004']);
    const previews = (await readdir(join(runFolder, 'previews'))).sort();
    assert.deepEqual(previews, ['step-00000000.png', 'step-00000002.png']);
    const { width } = await sharp(join(runFolder, 'previews', previews[1])).metadata();
    assert.ok(width >= PROMPTS.length * RESOLUTION, `${width} px wide`);
  });

  it('draws both rows of the sheet at the resolution of the run', async () => {
    const path = join(await latest(), 'samples.png');
    const { width, height } = await sharp(path).metadata();
    assert.ok(width >= PROMPTS.length * RESOLUTION && height >= 2 * RESOLUTION, `${width}x${height}`);
    const { data } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    assert.ok(new Set(data).size > 64, 'the sheet shows pictures');
  });

  it('takes the same model from a single file: encodes nothing a second time, and trains to the same bits', async () => {
    const files = await cacheFiles(place('runs/cache'));
    assert.equal(files.length, 2 * (NUM_PICTURES + NUM_HELD_OUT) + 1);
    const file = place('base.safetensors');
    const model = await DiffusersModel.open(base);
    await writeSingleFile(model, file, { readUNet: (name) => model.unetFiles.read(name), metadata: {} });
    await model.close();
    const fromFile = ['--set', `model.path=${file}`, '--set', 'preview.prompts=[]'];
    const again = await run(['train', place('run.yaml'), ...fromFile]);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await cacheFiles(place('runs/cache')), files);
    const runFolder = await latest();
    assert.deepEqual(await changesOf(join(runFolder, 'adapter.safetensors')), direct);
    const merged = await DiffusersModel.open(join(runFolder, 'model'));
    assert.equal(merged.singleFile, null, 'the merged model is a folder');
    await merged.close();
  });

  it('exports a LyCORIS file that holds every change exactly', async () => {
    const out = place('lycoris.safetensors');
    await sara('export', '--dtype', 'float32', '--out', out);
    const { changes } = await readAdapterAsUiDoes(out, await unetConfig());
    for (const [name, change] of direct) assert.deepEqual(changes.get(name), change, name);
  });

  for (const format of ['lora', 'lora-diffusers'] as const) {
    it(`exports a ${format} file that at full rank holds the changes of every layer`, async () => {
      const out = place(`${format}.safetensors`);
      const rank = String(FULL_RANK);
      await sara('export', '--format', format, '--rank', rank, '--dtype', 'float32', '--out', out);
      const { changes } = await readAdapterAsUiDoes(out, await unetConfig());
      assert.ok(changes.size > 50, `${changes.size} layers`);
      for (const [name, change] of changes) {
        const wanted = direct.get(name) ?? new Float32Array(change.length);
        assert.ok(relativeError(change, wanted) < FACTOR_TOLERANCE, name);
      }
    });
  }

  it('merges into a folder and into one file, which hold the same model as the run left', async () => {
    await sara('merge', '--out', place('merged'));
    await sara('merge', '--as', 'checkpoint', '--out', place('merged.safetensors'));
    const wanted = await DiffusersModel.open(join(dirname(adapter), 'model'));
    for (const path of [place('merged'), place('merged.safetensors')]) {
      const model = await DiffusersModel.open(path);
      for (const part of ['unetFiles', 'vae', 'text'] as const) {
        const [got, own] = [model, wanted].map((each) =>
          part === 'unetFiles' ? each.unetFiles : each[part]!.files,
        );
        assert.deepEqual([...got.entries.keys()].sort(), [...own.entries.keys()].sort(), path);
        for (const name of own.entries.keys())
          assert.deepEqual((await got.read(name)).data, (await own.read(name)).data, `${path}: ${name}`);
      }
      await model.close();
    }
    await wanted.close();
  });

  it('draws the same picture from base and adapter as from the single file they were merged into', async () => {
    const draw = async (name: string, ...from: string[]): Promise<Buffer> => {
      const size = ['--resolution', String(RESOLUTION), '--steps', '2'];
      const out = place(`${name}.png`);
      const drawn = await run(['sample', ...from, '--prompt', PROMPTS[0], ...size, '--out', out]);
      assert.equal(drawn.code, 0, drawn.stderr);
      return sharp(out).removeAlpha().raw().toBuffer();
    };
    const wanted = await draw('adapter', '--model', base, '--adapter', adapter);
    const got = await draw('file', '--model', place('merged.safetensors'));
    const difference = got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
    assert.ok(difference <= PIXEL_TOLERANCE, `pixels differ by up to ${difference}`);
  });

  async function unetConfig() {
    const model = await DiffusersModel.open(base);
    await model.close();
    return model.unetConfig;
  }

  /** A command on the base and the run's adapter. */
  async function sara(command: string, ...args: string[]): Promise<void> {
    const done = await run([command, '--model', base, '--adapter', adapter, ...args]);
    assert.equal(done.code, 0, done.stderr);
  }

  /** Dense changes by tensor. */
  async function changesOf(path: string): Promise<Map<string, Float32Array>> {
    const model = await DiffusersModel.open(base);
    const { entries } = model.unetFiles;
    const { mask, deltas } = await readAdapter(path, {
      hash: await baseModelHash(model.unetFiles),
      entries,
    });
    await model.close();
    return new Map(
      mask.entries.map(({ name, shape }) => {
        const dense = new Float32Array(shape.reduce((product, side) => product * side, 1));
        applyDeltas(name, dense, { mask, vector: deltas });
        return [name, dense];
      }),
    );
  }
});

function configOf(place: (name: string) => string): RunConfig {
  return {
    name: 'sd',
    method: 'sara',
    model: { path: place('base') },
    data: { path: place('pictures'), validationPath: place('held-out'), resolution: RESOLUTION },
    sara: { fraction: 0.2 },
    optimizer: { learningRate: 1e-3 },
    train: { steps: STEPS, batchSize: 2, microBatchSize: 1, seed: 3 },
    pipeline: { stages: 2, replicas: 1 },
    validation: { everySteps: 0, numSamples: NUM_HELD_OUT, timesteps: 2 },
    preview: { prompts: PROMPTS, numInferenceSteps: 3, everySteps: 2 },
    // Sooner than any step: a checkpoint after each.
    checkpoint: { everySteps: 0, everyMinutes: 1e-6, keepLast: 2 },
    output: { dir: place('runs') },
  };
}

/** The first pictures of a folder with their captions. */
async function copySome(from: string, to: string, count: number): Promise<void> {
  await mkdir(to);
  const pictures = (await readdir(from)).filter((name) => name.endsWith('.png')).sort();
  for (const picture of pictures.slice(0, count)) {
    for (const name of [picture, picture.replace(/png$/, 'txt')]) await cp(join(from, name), join(to, name));
  }
}

async function cacheFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.safetensors')).sort();
}
