/**
 * The same run on one worker, on two as stages and on two as replicas, through the whole system: processes, gRPC,
 * NATS. What comes out is the same within a bound, and what a wire carries is bit for bit what memory would.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../coordinator/report.ts';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import { baseModelHash } from '../../shared/digest.ts';
import { SafetensorsFile, WeightFiles } from '../../shared/safetensors.ts';
import { readAdapter } from '../../worker/sara/adapter-file.ts';
import type { Adapter } from '../../worker/sara/adapter.ts';
import { withRun, type Shape } from '../support/in-process-run.ts';
import { relativeError } from '../support/numbers.ts';
import { reportOf, TestCluster, type EndedRun } from '../support/test-cluster.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';

/** The same float32 sums, fused and ordered otherwise by the runtime where the model or the batch is cut. */
const LOSS_TOLERANCE = 1e-6;
/** ||a - b|| / ||b|| of the adapters' deltas; measured 2e-5 and less. */
const DELTAS_TOLERANCE = 1e-4;
const NUM_STEPS = 6;

interface Outcome {
  readonly report: RunReport;
  readonly adapter: Adapter;
}

describe('a run on a cluster', () => {
  let tiny: TinyRun;
  let cluster: TestCluster;
  let alone: Outcome;
  before(async () => {
    tiny = await makeTinyRun();
    cluster = await TestCluster.start(2);
    alone = await runOn({ numStages: 1, numReplicas: 1 });
  });
  after(async () => {
    assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    await tiny.remove();
  });

  const configOf = ({ numStages, numReplicas }: Shape, overrides: Overrides = {}): ResolvedRunConfig =>
    tiny.config({ ...overrides, pipeline: { stages: numStages, replicas: numReplicas } });

  async function runOn(shape: Shape): Promise<Outcome> {
    const ended = await cluster.run(configOf(shape));
    return { report: await reportOf(ended), adapter: await adapterOf(ended) };
  }

  async function adapterOf({ runFolder }: EndedRun): Promise<Adapter> {
    const base = await WeightFiles.open(join(tiny.modelFolder, 'unet'), 'diffusion_pytorch_model');
    try {
      const hash = await baseModelHash(base);
      return await readAdapter(join(runFolder, 'adapter.safetensors'), { hash, entries: base.entries });
    } finally {
      await base.close();
    }
  }

  const lossesOf = ({ trainingLosses, validationLosses }: RunReport): number[] =>
    [...trainingLosses, ...validationLosses].map(({ loss }) => loss);

  for (const shape of [
    { numStages: 2, numReplicas: 1 },
    { numStages: 1, numReplicas: 2 },
  ]) {
    const what = shape.numStages === 2 ? 'stages' : 'replicas';
    it(`gives as two ${what} on two workers the losses and the adapter of one worker`, async () => {
      const { report, adapter } = await runOn(shape);
      assert.equal(report.numWorkers, 2);
      assert.equal(alone.report.numWorkers, 1);
      const lossError = relativeError(lossesOf(report), lossesOf(alone.report));
      assert.ok(lossError < LOSS_TOLERANCE, `losses differ by ${lossError}`);
      assert.equal(adapter.mask.digest, alone.adapter.mask.digest);
      assert.equal(report.trainableCount, alone.report.trainableCount);
      const deltasError = relativeError(adapter.deltas, alone.adapter.deltas);
      assert.ok(deltasError < DELTAS_TOLERANCE, `deltas differ by ${deltasError}`);

      await withRun(configOf(shape), shape, async (run) => {
        await run.select();
        const initial = await run.values();
        const losses = await run.trainTo(NUM_STEPS);
        assert.deepEqual(
          report.trainingLosses.map(({ loss }) => loss),
          losses,
          'bit for bit',
        );
        const { vector } = await run.values();
        assert.deepEqual(
          adapter.deltas,
          vector.map((value, i) => value - initial.vector[i]),
          'bit for bit',
        );
      });
    });
  }

  it('with method full trains UNet and text encoder into a whole new model', async () => {
    const shape: Shape = { numStages: 2, numReplicas: 1 };
    const config = configOf(shape, {
      method: 'full',
      sara: null,
      optimizer: { learningRate: 1e-3, ema: { decay: 0.5 } },
      train: { textEncoder: true },
      output: { dtype: 'float16' },
    });
    const { runFolder, summary, events } = await cluster.run(config);
    assert.equal(summary.state, 'succeeded', summary.failure?.message);
    const report = await reportOf({ runFolder, summary, events });
    assert.equal(report.trainableCount, report.parameterCount);
    assert.ok(report.validationLosses[1].loss < report.validationLosses[0].loss, 'the validation loss falls');
    for (const part of ['unet/diffusion_pytorch_model', 'text_encoder/model']) {
      const before = await SafetensorsFile.open(join(tiny.modelFolder, `${part}.safetensors`));
      const after = await SafetensorsFile.open(join(runFolder, 'model', `${part}.safetensors`));
      assert.deepEqual([...after.entries.keys()].sort(), [...before.entries.keys()].sort());
      for (const [name, { dtype, shape: entryShape }] of after.entries) {
        assert.equal(dtype, 'float16', name);
        assert.deepEqual(entryShape, before.entries.get(name)?.shape, name);
      }
      await Promise.all([before.close(), after.close()]);
    }
    for (const file of ['model_index.json', 'tokenizer/merges.txt', 'scheduler/scheduler_config.json']) {
      assert.deepEqual(
        await readFile(join(runFolder, 'model', file)),
        await readFile(join(tiny.modelFolder, file)),
      );
    }
  });

  it('leaves no actor and no object on the workers', async () => {
    for (const worker of ['worker-0', 'worker-1'])
      assert.deepEqual(await cluster.heldBy(worker), { numActors: 0, numObjects: 0 }, worker);
  });
}).timeout(600_000);
