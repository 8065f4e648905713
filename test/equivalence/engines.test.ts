/** A run trains the same on either engine: what is selected, every loss, and what training changed. */
import assert from 'node:assert/strict';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { MaskedVector } from '../../worker/sara/mask.ts';
import { withRun } from '../support/in-process-run.ts';
import { relativeError } from '../support/numbers.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';

/** As against the recordings. */
const LOSS_TOLERANCE = 1e-5;
/** Of what training changed, ||a - b|| / ||b - base||. AdamW's first steps make much of a small difference. */
const CHANGE_TOLERANCE = 1e-3;

/** With a re-selection after the third. */
const NUM_STEPS = 6;

interface Trained {
  readonly losses: readonly number[];
  readonly initial: MaskedVector;
  readonly final: MaskedVector;
}

function train(config: ResolvedRunConfig): Promise<Trained> {
  return withRun(config, { numStages: 1, numReplicas: 1 }, async (run) => {
    await run.select();
    const initial = await run.values();
    const losses = [await run.validate(), ...(await run.trainTo(NUM_STEPS)), await run.validate()];
    return { losses, initial, final: await run.values() };
  });
}

describe('a run on tfjs', () => {
  let tiny: TinyRun;
  before(async () => {
    tiny = await makeTinyRun();
  });
  after(() => tiny.remove());

  const methods: readonly [string, Overrides][] = [
    ['sara, weights written in place', {}],
    ['sara, weights scattered by the graph', { engine: { weights: 'scatter' } }],
    [
      'full, the text encoder too',
      { method: 'full', sara: null, optimizer: { learningRate: 1e-3 }, train: { textEncoder: true } },
    ],
  ];
  for (const [method, overrides] of methods) {
    it(`trains as one on ONNX Runtime does: ${method}`, async () => {
      const engine = { ...overrides.engine, name: 'tfjs' as const, backend: 'wasm' as const };
      const got = await train(tiny.config({ ...overrides, engine }));
      const want = await train(tiny.config(overrides));
      assert.equal(got.losses.length, NUM_STEPS + 2);
      for (const [i, loss] of want.losses.entries()) {
        const error = relativeError([got.losses[i]], [loss]);
        assert.ok(error < LOSS_TOLERANCE, `loss ${i} of ${want.losses.length}: ${error}`);
      }
      assert.equal(got.final.mask.digest, want.final.mask.digest);
      assert.deepEqual(got.initial.vector, want.initial.vector);
      const change = ({ initial, final }: Trained): Float32Array =>
        final.vector.map((value, i) => value - initial.vector[i]);
      const error = relativeError(change(got), change(want));
      assert.ok(error < CHANGE_TOLERANCE, `change: ${error}`);
    });
  }
});
