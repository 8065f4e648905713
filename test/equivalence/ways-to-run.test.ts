/**
 * However a run is cut, shared or interrupted, it trains the same: the losses, masks and trained values of the tiny
 * run over six steps with a re-selection, against the run on one stage that is never interrupted.
 */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { MaskedVector } from '../../worker/sara/mask.ts';
import { type InProcessRun, withRun, type Shape } from '../support/in-process-run.ts';
import { relativeError } from '../support/numbers.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';

/** The same float32 sums, fused and ordered otherwise by the runtime where the model or the batch is cut. */
const LOSS_TOLERANCE = 1e-6;
/** Of what training changed, ||a - b|| / ||b - base||; measured 2e-5 and less. */
const CHANGE_TOLERANCE = 1e-4;

const ONE: Shape = { numStages: 1, numReplicas: 1 };
const TWO_STAGES: Shape = { numStages: 2, numReplicas: 1 };
const NUM_STEPS = 6;
/** As the tiny run has it. */
const RESELECT_STEP = 3;
/** Before the re-selection, when it is due, and after it. */
const INTERRUPTIONS = [RESELECT_STEP - 1, RESELECT_STEP, RESELECT_STEP + 1];

/** Every weight of UNet and text encoder, with a moving average. */
const FULL: Overrides = {
  method: 'full',
  sara: null,
  optimizer: { learningRate: 1e-3, ema: { decay: 0.9 } },
  train: { textEncoder: true },
};

interface Trained {
  readonly losses: readonly number[];
  readonly validationLosses: readonly number[];
  readonly initial: MaskedVector;
  readonly final: MaskedVector;
  readonly trainableCount: number;
  /** By step, what was asked to be saved on the way. */
  readonly saved: ReadonlyMap<number, { readonly files: readonly string[]; readonly values: MaskedVector }>;
}

/** Selects, validates, trains to the end and validates again; saves a checkpoint at each of `saveAt`. */
async function trainedBy(run: InProcessRun, saveAt: readonly number[] = []): Promise<Trained> {
  await run.select();
  const initial = await run.values();
  const validationLosses = [await run.validate()];
  const losses: number[] = [];
  const saved = new Map<number, { files: readonly string[]; values: MaskedVector }>();
  for (const step of saveAt) {
    losses.push(...(await run.trainTo(step)));
    const folder = await mkdtemp(join(run.config.output.dir, '..', 'checkpoint-'));
    saved.set(step, { files: await run.checkpoint(folder), values: await run.values() });
  }
  losses.push(...(await run.trainTo(NUM_STEPS)));
  validationLosses.push(await run.validate());
  assert.equal(run.numObjects, 0, 'every object was freed');
  const { trainableCount } = run;
  return { losses, validationLosses, initial, final: await run.values(), trainableCount, saved };
}

function train(config: ResolvedRunConfig, shape: Shape, saveAt: readonly number[] = []): Promise<Trained> {
  return withRun(config, shape, (run) => trainedBy(run, saveAt));
}

/** Goes on from what `interrupted` saved at `step`. @returns it with the new end */
async function resume(
  interrupted: Trained,
  step: number,
  config: ResolvedRunConfig,
  shape: Shape,
): Promise<Trained> {
  const { files, values } = interrupted.saved.get(step) ?? assert.fail(`nothing was saved at step ${step}`);
  return withRun(config, shape, async (run) => {
    await run.select(files);
    assert.equal(run.step, step);
    assert.deepEqual(await run.values(), values, 'the values are those saved, bit for bit');
    const losses = [...interrupted.losses.slice(0, step), ...(await run.trainTo(NUM_STEPS))];
    return { ...interrupted, losses, final: await run.values(), trainableCount: run.trainableCount };
  });
}

function change({ initial, final }: Trained): Float32Array {
  return final.vector.map((value, i) => value - initial.vector[i]);
}

function requireClose(got: Trained, want: Trained): void {
  const lossError = Math.max(
    relativeError(got.losses, want.losses),
    relativeError(got.validationLosses, want.validationLosses),
  );
  assert.ok(
    lossError < LOSS_TOLERANCE,
    `losses differ by ${lossError}: ${got.losses.join(', ')} for ${want.losses.join(', ')}`,
  );
  assert.equal(got.initial.mask.digest, want.initial.mask.digest);
  assert.deepEqual(got.initial.vector, want.initial.vector);
  assert.equal(got.trainableCount, want.trainableCount);
  const changeError = relativeError(change(got), change(want));
  assert.ok(changeError < CHANGE_TOLERANCE, `what was trained differs by ${changeError}`);
}

describe('the ways to run the same training', () => {
  let tiny: TinyRun;
  let straight: Trained;
  before(async () => {
    tiny = await makeTinyRun();
    straight = await train(tiny.config(), ONE, INTERRUPTIONS);
  });
  after(() => tiny.remove());

  it('begins at the base and moves: losses are finite, values change, re-selection releases some', () => {
    assert.ok(straight.losses.every((loss) => loss > 0 && Number.isFinite(loss)));
    assert.ok(relativeError(straight.final.vector, straight.initial.vector) > 0.01);
    assert.ok(straight.trainableCount < straight.final.mask.count);
    assert.ok(straight.validationLosses[1] < straight.validationLosses[0], 'the validation loss falls');
  });

  describe('cut into stages and shared by replicas', () => {
    const shapes: readonly Shape[] = [
      TWO_STAGES,
      { numStages: 3, numReplicas: 1 },
      { numStages: 1, numReplicas: 2 },
      { numStages: 2, numReplicas: 2 },
    ];
    for (const shape of shapes) {
      const { numStages, numReplicas } = shape;
      it(`gives with ${numStages} stages and ${numReplicas} replicas the losses and values of one`, async () => {
        await withRun(tiny.config(), shape, async (run) => {
          requireClose(await trainedBy(run), straight);
          const first = await run.values(0);
          for (let replica = 1; replica < numReplicas; replica++)
            assert.deepEqual(
              await run.values(replica),
              first,
              `replica ${replica} is bit-equal to replica 0`,
            );
        });
      });
    }
  });

  describe('a batch in micro-batches (gradient accumulation)', () => {
    for (const microBatchSize of [1, 4]) {
      it(`gives in micro-batches of ${microBatchSize} what it gives in those of 2`, async () => {
        requireClose(await train(tiny.config({ train: { microBatchSize } }), ONE), straight);
      });
    }
  });

  it('gives with values scattered by the graph what it gives with values written in place', async () => {
    const withMode = (weights: 'in-place' | 'scatter') =>
      train(tiny.config({ optimizer: { ema: { decay: 0.5 } }, engine: { weights } }), ONE);
    requireClose(await withMode('scatter'), await withMode('in-place'));
  });

  describe('a moving average', () => {
    it('is what is validated and exported, and leaves the training as it is', async () => {
      const decay = 0.5;
      await withRun(tiny.config({ optimizer: { ema: { decay } } }), ONE, async (run) => {
        const averaged = await trainedBy(run);
        assert.deepEqual(averaged.losses, straight.losses);
        assert.notDeepEqual(averaged.final.vector, straight.final.vector);
        assert.equal(averaged.validationLosses[0], straight.validationLosses[0]);
        assert.notEqual(averaged.validationLosses[1], straight.validationLosses[1]);
      });
    });
  });

  describe('interrupted', () => {
    for (const step of INTERRUPTIONS) {
      it(`and resumed at step ${step}, re-selection being at ${RESELECT_STEP}, is bit for bit the straight run`, async () => {
        const resumed = await resume(straight, step, tiny.config(), ONE);
        assert.deepEqual(resumed.losses, straight.losses);
        assert.deepEqual(resumed.final.vector, straight.final.vector);
      });
    }

    it('resumes on more stages and on fewer from the same bits, and ends within the bound', async () => {
      const step = RESELECT_STEP + 1;
      requireClose(await resume(straight, step, tiny.config(), TWO_STAGES), straight);
      const onThree = await train(tiny.config(), { numStages: 3, numReplicas: 1 }, [step]);
      requireClose(await resume(onThree, step, tiny.config(), TWO_STAGES), straight);
    });

    it('in the middle of a step and told to drop it, runs the step again to the same bits', async () => {
      await withRun(tiny.config(), ONE, async (run) => {
        await run.select();
        const losses = await run.trainTo(2);
        await run.computeGradients(2);
        await run.abortStep(2);
        assert.deepEqual([...losses, ...(await run.trainTo(NUM_STEPS))], straight.losses);
        assert.deepEqual((await run.values()).vector, straight.final.vector);
      });
    });
  });

  describe('with method full, the text encoder training too and a moving average', () => {
    const STEP = 2;
    let full: Trained;
    before(async () => {
      full = await train(tiny.config(FULL), ONE, [STEP]);
    });

    it('gives on two stages the losses and values of one', async () => {
      requireClose(await train(tiny.config(FULL), TWO_STAGES), full);
    });

    it('is bit for bit the straight run when interrupted', async () => {
      const resumed = await resume(full, STEP, tiny.config(FULL), ONE);
      assert.deepEqual(resumed.losses, full.losses);
      assert.deepEqual(resumed.final.vector, full.final.vector);
    });
  });
});
