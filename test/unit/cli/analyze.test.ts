import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeCommand } from '../../../worker/cli/analyze.ts';
import type { ModelAnalysis } from '../../../worker/analysis/model-analysis.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { runWorkerCommand } from '../../support/worker-command.ts';

const UNET = 'test/golden/unet-pixel/unet';

describe('sara analyze', () => {
  let folder: string;
  let tiny: TinyRun;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-analyze-'));
    tiny = await makeTinyRun();
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await tiny.remove();
  });

  const analysing = (...args: string[]): Promise<string> =>
    runWorkerCommand(analyzeCommand, ['analyze', ...args]);

  it('prints a line for every threshold, kind of layer and block, and draws them', async () => {
    const stem = join(folder, 'reports', 'pixel');
    const text = await analysing(UNET, '--threshold', '0.01', '--threshold', '0.05', '--out', stem);
    assert.match(text, /^test\/golden\/unet-pixel\/unet: [\d,]+ weights in \d+ tensors, /);
    assert.match(text, /^ +0\.01 +[\d,]+ +[\d.]+ % +.*0\.0000302$/m);
    assert.match(text, /^ +0\.05 .* set your own$/m);
    assert.match(text, /^cross-attention +\d+ +[\d,]+ /m);
    assert.match(text, /^mid_block +[\d,]+ +[\d.]+ % +[\d.]+ %$/m);
    assert.deepEqual((await readdir(join(folder, 'reports'))).sort(), ['pixel.png', 'pixel.svg']);
    assert.match(await readFile(`${stem}.svg`, 'utf8'), /<title>test\/golden\/unet-pixel\/unet<\/title>/);
  });

  it('shows what a configuration would train, by fraction or threshold and with its patterns', async () => {
    const config = await tiny.writeConfig({ sara: { fraction: 0.3, exclude: ['*.bias'] } });
    const json = JSON.parse(
      await analysing('--config', config, '--no-picture', '--json'),
    ) as ModelAnalysis & {
      model: string;
      pictures: string[];
    };
    assert.equal(json.model, tiny.modelFolder);
    assert.deepEqual(json.pictures, []);
    assert.ok(json.isChosen);
    const taking = json.tensors.filter(({ takesPart }) => takesPart);
    const total = taking.reduce((sum, { numWeights }) => sum + numWeights, 0);
    assert.equal(json.thresholds[json.shown].numTrained, Math.round(0.3 * total));
    assert.ok(json.tensors.every(({ name, takesPart }) => takesPart !== name.endsWith('.bias')));

    const set = await analysing(
      '--config',
      config,
      '--set',
      'sara.fraction=null',
      '--set',
      'sara.threshold=0.02',
      '--no-picture',
    );
    assert.match(set, /^> +0\.02 /m);
    assert.match(set, /^> the configuration's choice$/m);
  });

  it('refuses what there is nothing to say about', async () => {
    await assert.rejects(analysing(), saraError('USAGE', /name a model, or a configuration/));
    await assert.rejects(analysing(join(folder, 'nowhere')), saraError('FILE_NOT_FOUND'));
    await assert.rejects(analysing(UNET, '--threshold', 'small'), /expected a number above 0/);
    await assert.rejects(analysing(UNET, '--threshold', '0'), /expected a number above 0/);
    const full = join(folder, 'full.yaml');
    await writeFile(
      full,
      `method: full\nmodel: { path: ${tiny.modelFolder} }\ndata: { path: ${tiny.picturesFolder}, resolution: 16 }\n` +
        'optimizer: { learningRate: 1.0e-3 }\n',
    );
    await assert.rejects(
      analysing('--config', full),
      saraError('CONFIG_INVALID', /method full trains every weight/),
    );
  });
}).timeout(60_000);
