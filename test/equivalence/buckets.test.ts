/**
 * Runs on pictures of several shapes: every step has one size, the same however the run is cut and shared, and every
 * size trains the same weights.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { MaskedVector } from '../../worker/sara/mask.ts';
import { profileRun } from '../../worker/model-actor.ts';
import { withRun, type Shape } from '../support/in-process-run.ts';
import { makeLatentRun, type LatentRun } from '../support/latent-run.ts';
import { relativeError } from '../support/numbers.ts';
import { saraError } from '../support/sara-error.ts';
import { makeShapedPictures } from '../support/shaped-pictures.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';
import type { ResolvedRunConfig } from '../../shared/config.ts';

/** The same float32 operations in another order: programs of one segment and of three are fused differently. */
const CUT_TOLERANCE = 1e-4;
const STEPS = 6;

interface Outcome {
  readonly losses: readonly number[];
  readonly validation: number;
  readonly values: MaskedVector;
}

function train(config: ResolvedRunConfig, shape: Shape): Promise<Outcome> {
  return withRun(config, shape, async (run) => {
    await run.select();
    const losses = await run.trainTo(STEPS);
    return { losses, validation: await run.validate(), values: await run.values() };
  });
}

function assertSame(outcome: Outcome, wanted: Outcome): void {
  for (const [i, loss] of [...outcome.losses, outcome.validation].entries()) {
    const other = [...wanted.losses, wanted.validation][i];
    assert.ok(Math.abs(loss / other - 1) < CUT_TOLERANCE, `loss ${i}: ${loss} and ${other}`);
  }
  assert.equal(outcome.values.mask.digest, wanted.values.mask.digest);
  assert.ok(relativeError(outcome.values.vector, wanted.values.vector) < CUT_TOLERANCE);
}

describe('a run on pictures of several shapes', () => {
  let tiny: TinyRun;
  let overrides: Overrides;
  let straight: Outcome;
  before(async () => {
    tiny = await makeTinyRun();
    const path = join(tiny.folder, 'shapes');
    await makeShapedPictures(path, 12, [
      { width: 16, height: 16 },
      { width: 64, height: 16 },
      { width: 16, height: 64 },
    ]);
    overrides = { data: { path, buckets: { step: 8, minEdge: 8, maxEdge: 64 } }, train: { steps: STEPS } };
    straight = await train(tiny.config(overrides), { numStages: 1, numReplicas: 1 });
  });
  after(() => tiny.remove());

  for (const shape of [
    { numStages: 2, numReplicas: 1 },
    { numStages: 1, numReplicas: 2 },
  ]) {
    it(`gives with ${shape.numStages} stages and ${shape.numReplicas} replicas the losses and values of one`, async () => {
      assertSame(await train(tiny.config(overrides), shape), straight);
    });
  }

  it('trains other batches than a run that crops them all to the square', async () => {
    const square = tiny.config({ ...overrides, data: { path: join(tiny.folder, 'shapes') } });
    const { losses } = await train(square, { numStages: 1, numReplicas: 1 });
    assert.notDeepEqual(losses, straight.losses);
  });

  it('is planned for its largest size, and tells of its buckets before it begins', async () => {
    const profile = await profileRun(tiny.config(overrides));
    assert.ok(profile.dataRemarks.some((remark) => /pictures by bucket[^]*8x32 +4[^]*32x8 +4/.test(remark)));
    const square = await profileRun(tiny.config({ data: { path: join(tiny.folder, 'shapes') } }));
    const activations = ({ blocks }: typeof profile): number =>
      blocks.reduce((sum, { activationBytes }) => sum + activationBytes, 0);
    // 32 x 8 has as many pixels as 16 x 16.
    assert.equal(activations(profile), activations(square));
  });
});

describe('a latent run on pictures of several shapes', () => {
  let run: LatentRun;
  let overrides: Overrides;
  before(async () => {
    run = await makeLatentRun('sdxl');
    const path = join(run.folder, 'shapes');
    await makeShapedPictures(path, 6, [
      { width: 64, height: 64 },
      { width: 128, height: 32 },
    ]);
    const buckets = { step: 32, minEdge: 32, maxEdge: 128 };
    overrides = { data: { path, buckets }, train: { steps: STEPS } };
  });
  after(() => run.remove());

  it('gives on two stages the losses and values of one', async () => {
    const straight = await train(run.config(overrides), { numStages: 1, numReplicas: 1 });
    assertSame(await train(run.config(overrides), { numStages: 2, numReplicas: 1 }), straight);
  });

  it('is refused with buckets that do not divide into latents', async () => {
    const buckets = { step: 12, minEdge: 32, maxEdge: 128 };
    await assert.rejects(
      profileRun(run.config({ data: { ...overrides.data, buckets } })),
      saraError('CONFIG_INVALID', /data\.buckets\.step where there are buckets, multiples of 8/),
    );
  });
});
