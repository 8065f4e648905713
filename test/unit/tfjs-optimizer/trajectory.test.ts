/**
 * The optimizer against the run's own path, step by step: selection, rank term, clipping, AdamW and re-selection called
 * by hand, on gradients that tfjs computes at values written by hand. And, with nothing frozen, against tfjs' Adam.
 */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { adamwStep, DEFAULT_ADAMW } from '../../../worker/optim/adamw.ts';
import { clipByGlobalNorm, squaredNorm } from '../../../worker/optim/clip.ts';
import { learningRateAt, type LrSchedule } from '../../../worker/optim/lr-schedule.ts';
import { entryView, explicitIndices } from '../../../worker/sara/mask.ts';
import { polarFactorByEigen } from '../../../worker/sara/polar-factor.ts';
import {
  addRankGradient,
  chooseRankMatrices,
  DEFAULT_RANK_TERM,
  rankCandidates,
  rankGradient,
} from '../../../worker/sara/rank-term.ts';
import { reselect } from '../../../worker/sara/reselect.ts';
import { selectByThreshold } from '../../../worker/sara/selection.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { sara } from '../../../worker/tfjs-optimizer/sara.ts';
import { namedVariables, readTensors } from '../../../worker/tfjs-optimizer/variables.ts';
import { relativeError } from '../../support/numbers.ts';
import { bitsOf, twoMatrices, withTfjs, type TwoMatrices } from './small-models.ts';

const STEPS = 8;
const RESELECT_STEP = 4;
const THRESHOLD = 0.06;
const LEARNING_RATE = 0.01;
const MAX_GRAD_NORM = 0.05;
const SEED = 3;
const RANK_TERM = { ...DEFAULT_RANK_TERM, weight: 0.02 };

/**
 * tfjs' Adam computes in float32 with its own order of operations, and divides by a root that is small where a gradient
 * is: a few float32 roundings per step, relative to the distance travelled.
 */
const ADAM_TOLERANCE = 3e-5;

/** One trained value per masked entry, set in the variable through the host. */
function write(variables: ReadonlyMap<string, tf.Variable>, state: TrainableState): void {
  for (const entry of state.initialMask.entries) {
    const variable = variables.get(entry.name) ?? assert.fail();
    const data = variable.dataSync<'float32'>().slice();
    explicitIndices(entry).forEach((at, k) => (data[at] = state.values[entry.offset + k]));
    tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
  }
}

/** The run's path: [bits of every variable after each step, matrix of the rank term, norm before clipping]. */
async function byHand({ variables: list, loss }: TwoMatrices) {
  const variables = namedVariables(list);
  let state = TrainableState.initial(await selectByThreshold(readTensors(variables), THRESHOLD));
  const candidates = rankCandidates(state.initialMask.entries, RANK_TERM);
  const schedule: LrSchedule = {
    kind: 'cosine',
    learningRate: LEARNING_RATE,
    warmupSteps: 1,
    totalSteps: STEPS,
  };
  const steps = [];
  for (let step = 0; step < STEPS; step++) {
    if (step === RESELECT_STEP) ({ state } = reselect(state, THRESHOLD));
    const { value, grads } = tf.variableGrads(loss, list);
    const gradient = new Float32Array(state.activeMask.count);
    for (const entry of state.activeMask.entries) {
      const dense = grads[entry.name].dataSync();
      entryView(entry, gradient).set(Float32Array.from(explicitIndices(entry), (at) => dense[at]));
    }
    tf.dispose([value, ...Object.values(grads)]);
    const [matrix] = chooseRankMatrices(candidates, RANK_TERM, SEED, step);
    const term = await rankGradient(state, matrix, RANK_TERM.weight, polarFactorByEigen);
    addRankGradient(gradient, term ?? assert.fail());
    const { coefficient, gradientNorm } = clipByGlobalNorm([squaredNorm(gradient)], MAX_GRAD_NORM);
    adamwStep(
      {
        values: state.values,
        positions: state.activePositions,
        gradient,
        gradientScale: coefficient,
        moments: state.moments,
        step: step + 1,
        learningRate: learningRateAt(schedule, step),
      },
      DEFAULT_ADAMW,
    );
    write(variables, state);
    steps.push({ bits: bitsOf(list), matrix, gradientNorm, trainableCount: state.activeMask.count });
  }
  return steps;
}

describe("the tfjs optimizer's trajectory", () => {
  it("is the run's path to the bit: rank term, clipping, warm-up, cosine, decay, re-selection", async () => {
    await withTfjs(async () => {
      const hand = twoMatrices();
      const expected = await byHand(hand);
      hand.dispose();

      const model = twoMatrices();
      const optimizer = sara(model.variables, {
        threshold: THRESHOLD,
        learningRate: LEARNING_RATE,
        maxGradNorm: MAX_GRAD_NORM,
        rank: { weight: RANK_TERM.weight },
        seed: SEED,
        steps: STEPS,
        warmupSteps: 1,
      });
      for (const { bits, matrix, gradientNorm, trainableCount } of expected) {
        optimizer.minimize(model.loss);
        assert.deepEqual(bitsOf(model.variables), bits);
        assert.deepEqual(optimizer.lastUpdate?.rankMatrices, [matrix]);
        assert.equal(optimizer.lastUpdate.gradientNorm, gradientNorm);
        assert.equal(optimizer.trainableCount, trainableCount);
      }
      assert.equal(new Set(expected.map(({ matrix }) => matrix)).size, 2, 'both matrices had their turn');
      assert.ok(
        expected.every(({ gradientNorm }) => gradientNorm > MAX_GRAD_NORM),
        'every step was clipped',
      );
      const counts = expected.map(({ trainableCount }) => trainableCount);
      assert.ok(counts[RESELECT_STEP] < counts[RESELECT_STEP - 1], 're-selection released entries');
      optimizer.dispose();
      model.dispose();
    });
  });

  it(`is that of tf.train.adam, within ${ADAM_TOLERANCE}, with everything selected and neither rank term nor decay`, async () => {
    await withTfjs(() => {
      const distances = [
        (): tf.Optimizer => tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8),
        (variables: tf.Variable[]): tf.Optimizer =>
          sara(variables, {
            threshold: 1e9,
            learningRate: LEARNING_RATE,
            rank: { weight: 0 },
            weightDecay: 0,
            maxGradNorm: 1e9,
          }),
      ].map((make) => {
        const model = twoMatrices();
        const start = model.variables.map((v) => v.dataSync<'float32'>().slice());
        const optimizer = make(model.variables);
        for (let step = 0; step < 20; step++) optimizer.minimize(model.loss, false, model.variables);
        const travelled = model.variables.flatMap((v, i) =>
          Array.from(v.dataSync<'float32'>(), (x, k) => x - start[i][k]),
        );
        optimizer.dispose();
        model.dispose();
        return travelled;
      });
      const [adam, own] = distances;
      assert.ok(relativeError(own, adam) < ADAM_TOLERANCE, `differs by ${relativeError(own, adam)}`);
    });
  });
});
