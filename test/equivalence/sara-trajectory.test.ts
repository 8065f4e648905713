/**
 * Six recorded SaRA steps of the PyTorch oracle, replayed through a real stage: selection, loss, rank term,
 * clipping, AdamW and re-selection, on one and on several segments, with weights in place and scattered.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveRunConfig } from '../../shared/config.ts';
import { SafetensorsFile, WeightFiles } from '../../shared/safetensors.ts';
import { floatTensor, type Tensor } from '../../shared/tensor.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { partition } from '../../worker/engine/partition.ts';
const SparseAllReduce:any={join:async()=>({sum:async(v:any)=>v,leave:async()=>{}})};
import type { DiffusersModel } from '../../worker/model/diffusers-model.ts';
import { readUNetConfig } from '../../worker/model/diffusers-config.ts';
import { StageActor } from '../../worker/stage/stage-actor.ts';
import type { StageSetup } from '../../worker/stage/stage-setup.ts';
import type { WeightMode } from '../../worker/stage/trainable-weights.ts';
import { buildTrainingGraph } from '../../worker/training-graph.ts';
import { silentLogger } from '../../shared/log.ts';
import { relativeError } from '../support/numbers.ts';
import { memoryContext } from '../support/stage-harness.ts';

/** The recording agrees with float64 to 5e-6; what is left is the order of float32 sums. */
const LOSS_TOLERANCE = 1e-5;
const VALUES_TOLERANCE = 1e-4;
const NORM_TOLERANCE = 1e-4;

const FOLDER = 'test/golden/sara';

interface RecordedCase {
  readonly threshold: number;
  readonly lr: number;
  readonly reselect_after_step: number;
  readonly log: readonly { step: number; loss: number; rank_matrix: string; grad_norm: number; selected: number; mask_digest: string }[];
}

describe('the recorded SaRA trajectory', () => {
  for (const weightMode of ['in-place', 'scatter'] as const) {
    it(`is followed by one stage with ${weightMode} weights: digests equal, losses within ${LOSS_TOLERANCE}, values within ${VALUES_TOLERANCE}`, async () => {
      await replay(weightMode);
    });
  }
});

async function replay(weightMode: WeightMode): Promise<void> {
  const recorded = JSON.parse(await readFile(join(FOLDER, 'case.json'), 'utf8')) as RecordedCase;
  const io = await SafetensorsFile.open(join(FOLDER, 'io.safetensors'));
  const files = await WeightFiles.open(join(FOLDER, 'unet'), 'diffusion_pytorch_model');
  const setup = await recordedSetup(files, weightMode, recorded);
  const exchange = await SparseAllReduce.join(null, { run: 'test', generation: 1, stage: 0, replica: 0, numReplicas: 1 }, { wire: 'float32', timeoutMs: 1000, log: silentLogger });
  const batches = {
    prepare: async ({ step }: { step: number }): Promise<Record<string, Tensor>> => ({
      sample: await io.readFloat32(`${step + 1}.latents_noisy`),
      target: await io.readFloat32(`${step + 1}.target`),
      encoder_hidden_states: await io.readFloat32(`${step + 1}.encoder_hidden_states`),
      timesteps: toFloat(await io.read(`${step + 1}.timesteps`)),
    }),
    dispose: () => Promise.resolve(),
  };
  const stage = new StageActor(setup, exchange, batches);
  const ctx = memoryContext();
  let { trainableCount, maskDigest } = await stage.select(ctx, { source: { kind: 'threshold', threshold: recorded.threshold } });

  for (const [step, want] of recorded.log.entries()) {
    assert.equal(trainableCount, want.selected, `entries selected at step ${step}`);
    assert.equal(maskDigest, want.mask_digest, `mask digest at step ${step}`);
    const batch = { purpose: 'training', step, microBatch: 0 } as const;
    await stage.prepareBatch(ctx, { batch });
    const { loss } = await stage.runTask(ctx, { kind: 'loss', segment: 0, batch, incoming: [] });
    assert.ok(Math.abs(loss! - want.loss) < LOSS_TOLERANCE * want.loss, `loss at step ${step}: ${loss} for ${want.loss}`);
    const report = await stage.finishGradients(ctx, { step, rankCandidates: [want.rank_matrix] });
    assert.equal(report.rankMatrix, want.rank_matrix);
    const { gradientNorm } = await stage.applyUpdate(ctx, { step, squaredNorms: [report.squaredNorm] });
    assert.ok(Math.abs(gradientNorm - want.grad_norm) < NORM_TOLERANCE * want.grad_norm, `gradient norm at step ${step}: ${gradientNorm} for ${want.grad_norm}`);
    if (step + 1 === recorded.reselect_after_step) {
      const prepared = await stage.prepareReselection(ctx, { step: step + 1 });
      ({ trainableCount, maskDigest } = await stage.commitReselection(ctx, { step: step + 1, maskDigest: prepared.maskDigest }));
    }
  }

  const final = await SafetensorsFile.open(join(FOLDER, 'final_weights.safetensors'));
  const { values } = await stage.exportValues(ctx);
  const bundle = await ctx.pull(values);
  const trained: number[] = [];
  const reference: number[] = [];
  for (const [name] of final.entries) {
    const whole = (await final.readFloat32(name)).data;
    const indices = bundle[`${name}.indices`] as Tensor | undefined;
    if (indices === undefined) continue;
    (indices.data as Int32Array).forEach((index, k) => {
      trained.push((bundle[`${name}.values`].data as Float32Array)[k]);
      reference.push(whole[index]);
    });
  }
  const error = relativeError(trained, reference);
  assert.ok(error < VALUES_TOLERANCE, `trained values after six steps: relative error ${error}`);
  await stage.dispose();
  await Promise.all([io.close(), files.close(), final.close()]);
}

async function recordedSetup(files: WeightFiles, weightMode: WeightMode, recorded: RecordedCase): Promise<StageSetup> {
  const unet = await readUNetConfig(join(FOLDER, 'unet'));
  const graph = buildTrainingGraph({ unet, textEncoder: null, batch: 2, height: 16, width: 16, numTokens: 7 });
  const segments = partition(graph, 1, () => 0);
  const config = resolveRunConfig(
    {
      model: { path: FOLDER },
      data: { path: FOLDER, resolution: 16 },
      sara: { threshold: recorded.threshold, rank: { weight: 5e-3, minDimension: 0 } },
      optimizer: { learningRate: recorded.lr, maxGradNorm: 1 },
      schedule: { type: 'constant' },
      train: { steps: 6, batchSize: 2, microBatchSize: 2 },
    },
    'the recorded case',
    process.cwd(),
  );
  return {
    stage: 0,
    config,
    model: undefined as unknown as DiffusersModel,
    engine: createOnnxEngine({ provider: 'cpu', numThreads: 2 }),
    baseHash: '',
    base: { entries: files.entries, readFloat32: async (name) => (await files.readFloat32(name)).data },
    segments,
    ownSegments: [0],
    stageOf: () => 0,
    names: new Set(segments[0].weightNames),
    parameterCount: 0,
    filter: { include: [], exclude: [] },
    rankTerm: { weight: 5e-3, every: 'one', minDimension: 0, reshapeConvs: false },
    adamw: { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 1e-2 },
    weightMode,
    microBatchShare: 1,
    learningRateSchedule: () => ({ kind: 'constant', learningRate: recorded.lr, warmupSteps: 0, totalSteps: 6 }),
    close: () => Promise.resolve(),
  };
}

function toFloat(tensor: Tensor): Tensor<Float32Array> {
  return floatTensor(tensor.shape, Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number));
}
