/** The configurations a user meets first are ones: those of the example and the one the README shows, which also runs. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadRunConfig, type ResolvedRunConfig } from '../../../shared/config.ts';
import { profileRun } from '../../../worker/model-actor.ts';
import { FAMILIES } from '../../../worker/model/single-file/families.ts';
import { withRun } from '../../support/in-process-run.ts';
import { relativeError } from '../../support/numbers.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';
import { makePictures } from '../../support/tiny-run.ts';

const FRACTION_TOLERANCE = 1e-3;

describe('the example configurations', () => {
  it('fine-tune the bundled base on two stages, with SaRA', async () => {
    const { method, model, pipeline, sara } = await loadRunConfig('examples/emoji/finetune.yaml');
    assert.ok(method === 'sara');
    assert.equal(model.path, resolve('examples/emoji/base'));
    assert.equal(pipeline.stages, 2);
    assert.ok(sara.reselectStep > 0, 'the mask is re-selected once');
  });

  it('pre-train the base, text encoder included, with method full', async () => {
    const { method, train, output } = await loadRunConfig('examples/emoji/pretrain.yaml');
    assert.deepEqual([method, train.textEncoder, output.dtype], ['full', true, 'float16']);
  });
});

describe('the presets', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-presets-'));
    await makePictures(join(folder, 'pictures'), 0, 2);
  });
  after(() => rm(folder, { recursive: true }));

  for (const family of ['sd1', 'sd2', 'sdxl'] as const) {
    it(`for ${family} fit a model of that family as they stand`, async () => {
      const model = join(folder, family);
      await makeSmallLatentModel(model, family);
      const config = await loadPreset(family, [`model.path=${model}`]);
      const [published] = FAMILIES.filter(({ name }) => name === family);
      const { sample_size: sampleSize } = published.configs('v_prediction', false).unet;
      // SD1's folder says 64 latents of 8 pixels.
      assert.equal(config.data.resolution, 8 * Number(sampleSize));
      const { encoding, residentEncoderBytes } = await profileRun(config);
      // Two pictures, their captions, and the empty one.
      assert.deepEqual([encoding?.numItems, residentEncoderBytes], [2 + 2 + 1, 0]);
    });
  }

  it('for pixel space fit the bundled base as they stand', async () => {
    const { encoding, numTrainingExamples } = await profileRun(await loadPreset('pixel', []));
    assert.deepEqual([encoding, numTrainingExamples], [null, 2]);
  });

  function loadPreset(name: string, flags: readonly string[]): Promise<ResolvedRunConfig> {
    const data = `data.path=${join(folder, 'pictures')}`;
    return loadRunConfig(`examples/presets/${name}.yaml`, { flags: [data, ...flags] });
  }
});

describe("the README's example", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-readme-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('runs as it stands: it loads, selects a fifth of the weights, and a step changes them', async () => {
    const [, yaml] = /```yaml\n(# run\.yaml\n.*?)```/s.exec(await readFile('README.md', 'utf8')) ?? [];
    assert.ok(yaml, 'the README shows a run.yaml');
    // The paths it names, relative to it.
    await writeFile(join(folder, 'run.yaml'), yaml);
    await mkdir(join(folder, 'examples'));
    await symlink(resolve('examples/emoji'), join(folder, 'examples/emoji'));
    await makePictures(join(folder, 'pictures'), 0, 8);

    const config = await loadRunConfig(join(folder, 'run.yaml'));
    await withRun(config, { numStages: 1, numReplicas: 1 }, async (run) => {
      await run.select();
      const { fraction } = config.sara ?? assert.fail('it is a SaRA run');
      const selected = run.trainableCount / run.profile.parameterCount;
      assert.ok(
        Math.abs(selected / (fraction ?? NaN) - 1) < FRACTION_TOLERANCE,
        `${selected} of the weights`,
      );
      const before = await run.values();
      const [loss] = await run.trainTo(1);
      assert.ok(loss > 0 && loss < 2, `loss ${loss}`);
      assert.ok(relativeError((await run.values()).vector, before.vector) > 0);
    });
  });
}).timeout(300_000);
