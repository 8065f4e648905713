/** `sara train` as a user runs it: NATS, a coordinator and two workers on this machine, and what is left of them. */
import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import type { RunReport } from '../../coordinator/report.ts';
import { ensureNatsServer } from '../../shared/bootstrap.mjs';
import { baseModelHash } from '../../shared/digest.ts';
import { WeightFiles } from '../../shared/safetensors.ts';
import { applyDeltas, combineAdapters } from '../../worker/sara/adapter.ts';
import { readAdapter } from '../../worker/sara/adapter-file.ts';
import { runSara, type SaraExit } from '../support/sara-command.ts';
import { readEvents } from '../support/tensorboard-events.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';

const PARAMETER_COUNT = 90_203;
const FRACTION = 0.3;
/** The fraction, to the weights that share the threshold's magnitude. */
const COUNT_TOLERANCE = 1e-3;
/** Of 255: a rounding of the engine may tip a value over to the next level. */
const PIXEL_TOLERANCE = 1;

describe('sara train', () => {
  let tiny: TinyRun;
  let exit: SaraExit & { leftBehind: readonly string[] };
  let runFolder: string;
  let report: RunReport;

  before(async () => {
    await ensureNatsServer();
    tiny = await makeTinyRun();
    exit = await runSara([
      'train',
      await tiny.writeConfig({ pipeline: { stages: 2 }, preview: { everySteps: 3 } }),
    ]);
    assert.equal(exit.code, 0, exit.stderr);
    const [run] = (await readdir(tiny.outputFolder)).filter((name) => name !== 'latest');
    runFolder = join(tiny.outputFolder, run);
    report = JSON.parse(await readFile(join(runFolder, 'report.json'), 'utf8')) as RunReport;
  });
  after(() => tiny.remove());

  it('leaves no process and no temporary file', () => {
    assert.deepEqual(exit.leftBehind, []);
  });

  it('shows the plan, the progress and the validation loss on stderr, and on stdout what was made and what to try', () => {
    for (const said of [
      /2 stages x 1 replica/,
      /step 6\/6 {2}100 %/,
      /validation loss [\d.]+ at step 6/,
      /re-selected at step 3/,
    ])
      assert.match(exit.stderr, said);
    for (const made of ['adapter.safetensors', 'model', 'samples.png', 'loss.png', 'report.json'])
      assert.ok(exit.stdout.includes(join(runFolder, made)), made);
    assert.match(exit.stdout, /Next:\n.*sara sample --model \S+ --adapter \S+adapter\.safetensors/);
  });

  it('leaves a run folder with adapter, model, pictures, loss curve, report, configuration, checkpoints and logs', async () => {
    const names = [
      'adapter.safetensors',
      'checkpoints',
      'config.json',
      'history.json',
      'logs',
      'loss.png',
      'loss.svg',
      'model',
      'previews',
      'report.json',
      'samples.png',
      'tensorboard',
    ];
    assert.deepEqual((await readdir(runFolder)).sort(), names);
    assert.equal(await readlink(join(tiny.outputFolder, 'latest')), basename(runFolder));
    assert.deepEqual((await readdir(join(runFolder, 'checkpoints'))).sort(), [
      'step-00000004',
      'step-00000006',
    ]);
    assert.deepEqual((await readdir(join(runFolder, 'logs'))).sort(), [
      'coordinator.log',
      'worker-0.log',
      'worker-1.log',
    ]);
  });

  it('leaves its curves and pictures for TensorBoard', async () => {
    const folder = join(runFolder, 'tensorboard');
    const [file, ...others] = await readdir(folder);
    assert.deepEqual(others, []);
    const events = readEvents(await readFile(join(folder, file)));
    const losses = events.filter(({ tag }) => tag === 'loss/training');
    assert.deepEqual(
      losses.map(({ step }) => step),
      report.trainingLosses.map(({ step }) => step),
    );
    for (const [i, { loss }] of report.trainingLosses.entries())
      assert.equal(losses[i].value, Math.fround(loss));
    assert.ok(events.some(({ tag, image }) => tag?.includes('samples') === true && image !== undefined));
  });

  it('draws the prompts before the first step and on the way: as sheets, and for TensorBoard at their steps', async () => {
    const names = (await readdir(join(runFolder, 'previews'))).sort();
    assert.deepEqual(names, ['step-00000000.png', 'step-00000003.png']);
    const [before, after] = await Promise.all(
      names.map((name) =>
        sharp(join(runFolder, 'previews', name))
          .removeAlpha()
          .raw()
          .toBuffer(),
      ),
    );
    assert.notDeepEqual(after, before);
    const [file] = await readdir(join(runFolder, 'tensorboard'));
    const events = readEvents(await readFile(join(runFolder, 'tensorboard', file)));
    assert.deepEqual(
      events.filter(({ tag }) => tag?.startsWith('preview')).map(({ step }) => step),
      [0, 3],
    );
  });

  it('reports what was trained, on what, how fast and with how much memory', () => {
    const { numStages, numReplicas, numWorkers, steps, parameterCount } = report;
    assert.deepEqual(
      { numStages, numReplicas, numWorkers, steps, parameterCount },
      { numStages: 2, numReplicas: 1, numWorkers: 2, steps: 6, parameterCount: PARAMETER_COUNT },
    );
    const [reselection, ...others] = report.reselections;
    assert.deepEqual(others, []);
    assert.equal(reselection.step, 3);
    assert.equal(report.trainableCount, reselection.trainableCount);
    const firstCount = reselection.trainableCount + reselection.releasedCount;
    assert.ok(
      Math.abs(firstCount / (FRACTION * PARAMETER_COUNT) - 1) < COUNT_TOLERANCE,
      `${firstCount} selected`,
    );
    assert.ok(report.secondsPerStep > 0 && report.secondsTotal > 6 * report.secondsPerStep);
    assert.deepEqual(Object.keys(report.peakRssBytes).sort(), ['coordinator', 'worker-0', 'worker-1']);
    for (const bytes of Object.values(report.peakRssBytes))
      assert.ok(bytes > 2 ** 25 && bytes < 2 ** 33, `${bytes}`);
    assert.deepEqual(
      report.trainingLosses.map(({ step }) => step),
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual(
      report.validationLosses.map(({ step }) => step),
      [0, 6],
    );
    assert.equal(report.validationLossBefore, report.validationLosses[0].loss);
    assert.equal(report.validationLossAfter, report.validationLosses[1].loss);
    assert.ok(report.validationLosses[1].loss < report.validationLosses[0].loss, 'the validation loss falls');
    assert.equal(report.numGenerations, 1);
  });

  it('makes an adapter that, put on the base again, is the merged model bit for bit', async () => {
    const base = await WeightFiles.open(join(tiny.modelFolder, 'unet'), 'diffusion_pytorch_model');
    const merged = await WeightFiles.open(join(runFolder, 'model/unet'), 'diffusion_pytorch_model');
    try {
      const hash = await baseModelHash(base);
      assert.equal(hash, report.baseHash);
      const adapter = await readAdapter(join(runFolder, 'adapter.safetensors'), {
        hash,
        entries: base.entries,
      });
      const deltas = combineAdapters([{ adapter, strength: 1 }]);
      let numChanged = 0;
      for (const name of base.entries.keys()) {
        const { data } = await base.readFloat32(name);
        const before = data.slice();
        applyDeltas(name, data, deltas);
        assert.deepEqual((await merged.readFloat32(name)).data, data, name);
        numChanged += data.filter((value, i) => value !== before[i]).length;
      }
      assert.ok(
        numChanged > 0.9 * adapter.mask.count,
        `${numChanged} of ${adapter.mask.count} values changed`,
      );
    } finally {
      await Promise.all([base.close(), merged.close()]);
    }
  });

  it('draws two rows of pictures, base above fine-tuned, that are not the same', async () => {
    const { data, info } = await sharp(join(runFolder, 'samples.png'))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    assert.ok(info.width >= 2 * 96 && info.height >= 2 * 96, `${info.width} x ${info.height}`);
    assert.ok(new Set(data).size > 16, 'the sheet is not blank');
    const { width, height } = await sharp(join(runFolder, 'loss.png')).metadata();
    assert.ok(width > 100 && height > 100);
    assert.match(await readFile(join(runFolder, 'loss.svg'), 'utf8'), /^(<\?xml[^>]*>\s*)?<svg /);
  });

  it('makes a model that sara sample draws alone as the base with the adapter', async () => {
    const draw = async (out: string, ...args: string[]): Promise<Buffer> => {
      const path = join(tiny.folder, out);
      const common = ['--prompt', 'a red cat', '--seed', '3', '--steps', '2', '--out', path];
      const drawn = await runSara(['sample', ...args, ...common]);
      assert.equal(drawn.code, 0, drawn.stderr);
      assert.deepEqual(drawn.leftBehind, []);
      return sharp(path).removeAlpha().raw().toBuffer();
    };
    const adapter = join(runFolder, 'adapter.safetensors');
    const [alone, withAdapter] = await Promise.all([
      draw('alone.png', '--model', join(runFolder, 'model')),
      draw('with-adapter.png', '--model', tiny.modelFolder, '--adapter', adapter),
    ]);
    assert.equal(withAdapter.length, alone.length);
    const difference = withAdapter.reduce((most, value, i) => Math.max(most, Math.abs(value - alone[i])), 0);
    assert.ok(difference <= PIXEL_TOLERANCE, `pixels differ by up to ${difference}`);
  });
}).timeout(600_000);
