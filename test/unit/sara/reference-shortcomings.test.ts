/**
 * Where the public reference code of SaRA falls short, and this project does not: one test per point that shows
 * without a model. The loss is a quadratic whose gradient is known, so a training step needs no engine.
 *
 * With a model show: gradient accumulation, replicas (its DDP) and the moving average, in
 * test/equivalence/ways-to-run.test.ts; that the README's example runs, in test/unit/examples/configurations.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adamwStep, DEFAULT_ADAMW } from '../../../worker/optim/adamw.ts';
import { clipByGlobalNorm, squaredNorm } from '../../../worker/optim/clip.ts';
import { updateEma } from '../../../worker/optim/ema.ts';
import { learningRateAt, type LrSchedule } from '../../../worker/optim/lr-schedule.ts';
import { readAdapter, writeAdapter } from '../../../worker/sara/adapter-file.ts';
import {
  applyDeltas,
  combineAdapters,
  makeAdapter,
  type AdapterMetadata,
} from '../../../worker/sara/adapter.ts';
import { polarFactorByEigen } from '../../../worker/sara/polar-factor.ts';
import {
  addRankGradient,
  chooseRankMatrices,
  DEFAULT_RANK_TERM,
  rankGradient,
} from '../../../worker/sara/rank-term.ts';
import { reselect } from '../../../worker/sara/reselect.ts';
import { selectByThreshold, type NamedTensor } from '../../../worker/sara/selection.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { relativeError, someNumbers } from '../../support/numbers.ts';

const FLOAT32_ROUNDING = 1e-6;
const THETA = 0.5;
const ROWS = 8;

function baseModel(): NamedTensor[] {
  return [
    { name: 'attn.weight', shape: [ROWS, ROWS], data: someNumbers(ROWS * ROWS, 1) },
    { name: 'norm.bias', shape: [ROWS], data: someNumbers(ROWS, 2) },
  ];
}

async function initialState(): Promise<TrainableState> {
  return TrainableState.initial(await selectByThreshold(baseModel(), THETA));
}

interface Training {
  readonly rankWeight?: number;
  readonly maxGradNorm?: number;
  readonly schedule?: LrSchedule;
  readonly weightDecay?: number;
}

/** One step on the loss |values - 0.6|^2 / 2; returns the state's gradient norm. */
async function trainStep(state: TrainableState, step: number, options: Training = {}): Promise<number> {
  const gradient = state.allActiveValues().map((value) => value - 0.6);
  if (options.rankWeight !== undefined) {
    const term = await rankGradient(state, 'attn.weight', options.rankWeight, polarFactorByEigen);
    addRankGradient(gradient, term ?? assert.fail());
  }
  const { coefficient, gradientNorm } = clipByGlobalNorm(
    [squaredNorm(gradient)],
    options.maxGradNorm ?? Infinity,
  );
  const learningRate = options.schedule === undefined ? 1e-2 : learningRateAt(options.schedule, step);
  const { values, activePositions: positions, moments } = state;
  const update = {
    values,
    positions,
    gradient,
    gradientScale: coefficient,
    moments,
    step: step + 1,
    learningRate,
  };
  adamwStep(update, { ...DEFAULT_ADAMW, weightDecay: options.weightDecay ?? 0 });
  return gradientNorm;
}

const metadata: AdapterMetadata = {
  baseModelHash: 'a'.repeat(64),
  threshold: THETA,
  fraction: null,
  stage: 0,
  step: 3,
  rankWeight: 0,
  learningRate: 1e-2,
  seed: 0n,
  zeroTerminalSnr: false,
  toolVersion: 'test',
};

describe('where the public reference falls short', () => {
  it('the rank gradient never reaches the trained values there; here lambda > 0 changes them and lowers the nuclear norm', async () => {
    const [plain, pressed] = [await initialState(), await initialState()];
    for (let step = 0; step < 20; step++) {
      await trainStep(plain, step);
      await trainStep(pressed, step, { rankWeight: 0.5 });
    }
    assert.notDeepEqual(pressed.values, plain.values);
    const norm = async (state: TrainableState): Promise<number> =>
      (await rankGradient(state, 'attn.weight', 1, polarFactorByEigen))?.nuclearNorm ?? assert.fail();
    assert.ok(
      (await norm(pressed)) < 0.9 * (await norm(plain)),
      'the nuclear norm is pressed by a tenth at least',
    );
  });

  it('the first forward pass loses the signs there; here step 0 is the base model bit for bit', async () => {
    const { initialMask, values } = await initialState();
    assert.ok(values.some((value) => value < 0));
    for (const { name, data } of baseModel()) {
      const entry = initialMask.get(name) ?? assert.fail();
      const scattered = data.slice();
      (entry.indices ?? assert.fail()).forEach((index, k) => (scattered[index] = values[entry.offset + k]));
      assert.deepEqual(
        new Uint32Array(scattered.buffer),
        new Uint32Array(data.buffer, data.byteOffset, data.length),
      );
    }
  });

  it('a copy for the moving average breaks there; here it is one more vector, apart from the trained one', async () => {
    const state = await initialState();
    const average = state.values.slice();
    for (let step = 0; step < 5; step++) {
      await trainStep(state, step);
      updateEma(average, state.values, 0.5);
    }
    const start = (await initialState()).values;
    average.forEach((value, i) => {
      assert.ok(
        (value - start[i]) * (value - state.values[i]) < 0,
        `average ${i} lies between its start and its end`,
      );
    });
  });

  it('max_grad_norm has no effect there; here the update sees the clipped compact gradient', async () => {
    const [plain, clipped] = [await initialState(), await initialState()];
    const norm = await trainStep(plain, 0);
    const limit = norm / 10;
    assert.ok(
      Math.abs((await trainStep(clipped, 0, { maxGradNorm: limit })) - norm) < FLOAT32_ROUNDING * norm,
    );
    // The first moment is (1 - beta1) times the clipped gradient.
    assert.ok(Math.abs(Math.sqrt(squaredNorm(clipped.moments.first)) - 0.1 * limit) < 1e-4 * limit);
    assert.ok(Math.abs(Math.sqrt(squaredNorm(plain.moments.first)) - 0.1 * norm) < 1e-4 * norm);
  });

  it('re-selection resets moments, drops an update and the schedule there; here a kept entry never notices it', async () => {
    const schedule: LrSchedule = { kind: 'cosine', learningRate: 1e-2, warmupSteps: 2, totalSteps: 12 };
    const straight = await initialState();
    let narrowed = await initialState();
    for (let step = 0; step < 12; step++) {
      if (step === 6) narrowed = reselect(narrowed, THETA).state;
      await trainStep(straight, step, { schedule });
      await trainStep(narrowed, step, { schedule });
    }
    assert.ok(narrowed.activeMask.count < narrowed.initialMask.count, 'some entries were released');
    const kept = [...(narrowed.activePositions ?? [])];
    assert.deepEqual(
      [...narrowed.allActiveValues()],
      kept.map((position) => straight.values[position]),
    );
  });

  it('decays and moves nothing that was released, which keeps its last value', async () => {
    const state = await initialState();
    for (let step = 0; step < 6; step++) await trainStep(state, step);
    const { state: narrowed, released } = reselect(state, THETA);
    assert.ok(released.mask.count > 0);
    const before = narrowed.values.slice();
    for (let step = 6; step < 9; step++) await trainStep(narrowed, step, { weightDecay: 0.5 });
    const active = new Set(narrowed.activePositions);
    before.forEach((value, position) => {
      assert.equal(narrowed.values[position] === value, !active.has(position), `entry ${position}`);
    });
  });

  it('a checkpoint is silently wrong on another base there; here names, indices, base hash and digest refuse it', async () => {
    await withAdapter(async (path, entries) => {
      await assert.rejects(readAdapter(path, { hash: 'b'.repeat(64), entries }), {
        code: 'ADAPTER_MISMATCH',
      });
      const renamed = new Map([...entries].map(([name, entry]) => [`unet.${name}`, entry] as const));
      await assert.rejects(readAdapter(path, { hash: metadata.baseModelHash, entries: renamed }), {
        code: 'ADAPTER_MISMATCH',
      });
    });
  });

  it('a saved adapter cannot be loaded there; here it loads, scales and merges, released entries included', async () => {
    await withAdapter(async (path, entries, trained) => {
      const adapter = await readAdapter(path, { hash: metadata.baseModelHash, entries });
      for (const strength of [0, 0.5, 1, 2]) {
        for (const { name, data } of baseModel()) {
          const merged = data.slice();
          applyDeltas(
            name,
            merged,
            combineAdapters([
              { adapter, strength: strength / 2 },
              { adapter, strength: strength / 2 },
            ]),
          );
          const end = trained.get(name) ?? assert.fail();
          assert.ok(
            relativeError(
              merged,
              data.map((base, i) => base + strength * (end[i] - base)),
            ) < FLOAT32_ROUNDING,
          );
        }
      }
    });
  });

  it('each process picks its own rank matrix there; here every process that knows seed and step picks the same', () => {
    const candidates = Array.from({ length: 100 }, (_, i) => `blocks.${i}.weight`);
    for (let step = 0; step < 50; step++) {
      const [first, second] = [0, 1].map(() =>
        chooseRankMatrices([...candidates], DEFAULT_RANK_TERM, 7, step),
      );
      assert.deepEqual(first, second);
    }
  });

  it('indexes with boolean masks of the dense size there; here an entry costs one int32', async () => {
    const { initialMask } = await initialState();
    for (const { indices, count } of initialMask.entries) {
      assert.ok(indices instanceof Int32Array);
      assert.equal(indices.byteLength, 4 * count);
    }
  });
});

/** Trains across a re-selection, saves the adapter, and hands over what it was trained to. */
async function withAdapter(
  use: (
    path: string,
    entries: ReadonlyMap<string, { shape: readonly number[] }>,
    trained: ReadonlyMap<string, Float32Array>,
  ) => Promise<void>,
): Promise<void> {
  let state = await initialState();
  const baseValues = state.values.slice();
  for (let step = 0; step < 10; step++) {
    if (step === 5) ({ state } = reselect(state, THETA));
    await trainStep(state, step);
  }
  const trained = new Map<string, Float32Array>();
  for (const { name, data } of baseModel()) {
    const entry = state.initialMask.get(name) ?? assert.fail();
    const whole = data.slice();
    (entry.indices ?? assert.fail()).forEach((index, k) => (whole[index] = state.values[entry.offset + k]));
    trained.set(name, whole);
  }
  const folder = await mkdtemp(join(tmpdir(), 'sara-shortcomings-'));
  try {
    const path = join(folder, 'adapter.safetensors');
    await writeAdapter(path, makeAdapter(state.initialMask, state.values, baseValues, metadata));
    await use(path, new Map(baseModel().map(({ name, shape }) => [name, { shape }])), trained);
  } finally {
    await rm(folder, { recursive: true });
  }
}
