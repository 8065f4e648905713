/** A run with everything the objective and the data can ask for: the same however it is cut, and validated as any other. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { withRun, type Shape } from '../support/in-process-run.ts';
import { relativeError } from '../support/numbers.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';

/** The same float32 sums, fused and ordered otherwise by the runtime where the model is cut. */
const LOSS_TOLERANCE = 1e-6;

const ONE: Shape = { numStages: 1, numReplicas: 1 };
const TWO_STAGES: Shape = { numStages: 2, numReplicas: 1 };
const NUM_STEPS = 3;

describe('a run with an objective of its own', () => {
  let tiny: TinyRun;
  let overrides: Overrides;
  before(async () => {
    tiny = await makeTinyRun();
    const masked = join(tiny.folder, 'masked');
    await cp(tiny.picturesFolder, masked, { recursive: true });
    await sharp({ create: { width: 16, height: 16, channels: 3, background: '#808080' } })
      .png()
      .toFile(join(masked, 'picture-03-masklabel.png'));
    overrides = {
      objective: {
        loss: 'smooth-l1',
        huberDelta: 0.2,
        minSnrGamma: 5,
        noiseOffset: 0.1,
        inputPerturbation: 0.1,
        zeroTerminalSnr: false,
        minTimestep: 100,
      },
      data: {
        path: masked,
        mask: 'file',
        prior: { path: tiny.heldOutFolder, weight: 0.5 },
        flip: true,
        pairedAugmentation: 0.3,
        shuffleTags: true,
      },
      schedule: { type: 'cosine-restarts', cycles: 2 },
    };
  });
  after(() => tiny.remove());

  const train = (own: Overrides, shape: Shape) =>
    withRun(tiny.config(own), shape, async (run) => {
      await run.select();
      const validationBefore = await run.validate();
      const losses = await run.trainTo(NUM_STEPS);
      return { validationBefore, losses, validationAfter: await run.validate() };
    });

  it('has the same losses on one stage and on two, where the loss is not with the data', async () => {
    const [one, two] = [await train(overrides, ONE), await train(overrides, TWO_STAGES)];
    const error = relativeError(
      [...two.losses, two.validationBefore, two.validationAfter],
      [...one.losses, one.validationBefore, one.validationAfter],
    );
    assert.ok(error < LOSS_TOLERANCE, `losses differ by ${error}`);
    assert.ok(one.losses.every((loss) => loss > 0 && Number.isFinite(loss)));
    assert.notEqual(one.validationAfter, one.validationBefore, 'something was trained');
  });

  it('is validated before training exactly as a plain run is, and trained on another loss', async () => {
    const [own, plain] = [await train(overrides, ONE), await train({}, ONE)];
    assert.ok(relativeError([own.validationBefore], [plain.validationBefore]) < LOSS_TOLERANCE);
    assert.ok(relativeError(own.losses, plain.losses) > 0.01);
  });
});
