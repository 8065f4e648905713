/**
 * `sara bench step`: real SaRA steps of one stage at a published model's size, with what they cost and what they could.
 *
 * The stage is the one that trains: selection from the weight files, compiled programs, rank term, clipping, AdamW.
 * Only its pictures are noise, and its weights are drawn (seeded-unet.ts). The floor is the arithmetic of the step,
 * forward and both gradients, at the rate the engine's own matrix product reaches in the same process.
 *
 * Does not measure: text encoder, VAE, pictures from disk, anything between processes.
 */
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveRunConfig, type ResolvedRunConfig } from '../../shared/config.ts';
import { WeightFiles } from '../../shared/safetensors.ts';
import { floatTensor, intTensor, numElements, type Tensor } from '../../shared/tensor.ts';
import { parseUNetConfig } from '../model/diffusers-config.ts';
import { FAMILIES, type FamilyName } from '../model/single-file/families.ts';
import { nodeFlops } from '../engine/cost.ts';
import type { Engine } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import { createOnnxEngine, type Provider } from '../engine/onnx/onnx-engine.ts';
import { LOSS, partition, type Segment } from '../engine/partition.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { squaredNorm } from '../optim/clip.ts';
import { PolarFactors } from '../sara/polar-express.ts';
import { addRankGradient, chooseRankMatrices, rankCandidates, rankGradient } from '../sara/rank-term.ts';
import { selectEntries } from '../stage/entry-selection.ts';
import { trainingSetup, type TrainingSetup } from '../stage/stage-setup.ts';
import { Training } from '../stage/training.ts';
import { buildTrainingGraph } from '../training-graph.ts';
import { writeSeededUNet } from './seeded-unet.ts';

/** What users fine-tune, and the type its weights are published in. */
export const STEP_BENCH_PRESETS = {
  sd15: { family: 'sd1', dtype: 'float32' },
  sd2: { family: 'sd2', dtype: 'float32' },
  sdxl: { family: 'sdxl', dtype: 'float16' },
} as const satisfies Record<string, { family: FamilyName; dtype: 'float32' | 'float16' }>;

export type StepBenchPreset = keyof typeof STEP_BENCH_PRESETS;

export interface StepBenchOptions {
  readonly preset: StepBenchPreset;
  /** Edge of the latents in pixels. */
  readonly latent: number;
  readonly batch: number;
  /** Timed steps; one more goes before them, which compiles. */
  readonly numSteps: number;
  readonly threshold: number;
  readonly rankWeight: number;
  readonly provider: Provider;
  readonly numThreads: number;
  /** Where drawn models are kept from one call to the next. */
  readonly cacheFolder: string;
  readonly progress: (line: string) => void;
}

export const DEFAULT_CACHE_FOLDER = join(tmpdir(), 'sara-bench');

/** Median and range over the timed steps. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface StepBenchReport {
  readonly preset: StepBenchPreset;
  readonly latent: number;
  readonly batch: number;
  readonly numSteps: number;
  readonly threshold: number;
  readonly rankWeight: number;
  readonly provider: Provider;
  readonly numThreads: number;
  readonly parameterCount: number;
  readonly trainableCount: number;
  readonly stepMs: Spread;
  /** Of one step: programs (forward and gradients), rank term, clipping and AdamW with writing back. */
  readonly phasesMs: { readonly gradients: Spread; readonly rankTerm: Spread; readonly update: Spread };
  /** From the weight files to the end of the first step, which compiles the programs. */
  readonly start: { readonly selectMs: number; readonly bindMs: number; readonly firstStepMs: number };
  readonly peakRssBytes: number;
  /** Of the step's products and convolutions, forward and both gradients. */
  readonly stepFlops: number;
  /** Reached by the engine on square matrices of 2048, before and after the steps; floating point operations a second. */
  readonly gemmFlopsPerSecond: number;
  readonly floorMs: number;
  /** stepMs.median / floorMs */
  readonly ratioToFloor: number;
  readonly losses: readonly number[];
}

export async function benchStep(options: StepBenchOptions): Promise<StepBenchReport> {
  const { preset, threshold, progress } = options;
  const { family, dtype } = STEP_BENCH_PRESETS[preset];
  const json = FAMILIES.find(({ name }) => name === family)!.configs('epsilon', false).unet;
  const folder = join(options.cacheFolder, preset, 'unet');
  if (!(await exists(join(folder, 'config.json')))) {
    progress(`drawing the weights of ${preset} once, into ${folder}`);
    await writeSeededUNet(folder, json, dtype, 1);
  }
  const unet = parseUNetConfig(json, folder);
  const graph = buildTrainingGraph({
    unet,
    textEncoder: null,
    batch: options.batch,
    height: options.latent,
    width: options.latent,
    numTokens: 77,
  });
  const stepFlops = graph.nodes.reduce((sum, node) => sum + 3 * nodeFlops(node), 0);
  const engine = createOnnxEngine(options);
  const rateBefore = await gemmRate(engine);

  const files = await WeightFiles.open(folder, 'diffusion_pytorch_model');
  try {
    const config = benchConfig(options, folder);
    const [segment] = partition(graph, 1, () => 0);
    const setup = trainingSetup({
      stage: 0,
      config,
      engine,
      baseHash: '',
      base: {
        entries: files.entries,
        readFloat32: async (name) => (await files.readFloat32(name)).data,
      },
      names: new Set(segment.weightNames),
      microBatchShare: 1,
    });
    const selecting = performance.now();
    progress(`selecting |w| < ${threshold}`);
    const selection = await selectEntries(setup, { kind: 'threshold', threshold });
    const selectMs = performance.now() - selecting;
    const binding = performance.now();
    const training = await Training.begin(setup, selection);
    const bindMs = performance.now() - binding;
    const polarFactors = new PolarFactors(engine);
    const steps: StepTimes[] = [];
    try {
      for (let step = 0; step <= options.numSteps; step++) {
        steps.push(await timedStep(setup, training, segment, polarFactors, step, options.batch));
        const { totalMs, loss } = steps[step];
        progress(
          `step ${step}${step === 0 ? ' (compiles)' : ''}: ${(totalMs / 1000).toFixed(2)} s, loss ${loss}`,
        );
      }
    } finally {
      await training.dispose();
    }
    const gemmFlopsPerSecond = Math.max(rateBefore, await gemmRate(engine));
    const floorMs = (1000 * stepFlops) / gemmFlopsPerSecond;
    const timed = steps.slice(1);
    const stepMs = spread(timed.map(({ totalMs }) => totalMs));
    const { latent, batch, numSteps, rankWeight, provider, numThreads } = options;
    return {
      ...{ preset, latent, batch, numSteps, threshold, rankWeight, provider, numThreads },
      parameterCount: setup.parameterCount,
      trainableCount: training.state.activeMask.count,
      stepMs,
      phasesMs: {
        gradients: spread(timed.map(({ gradientsMs }) => gradientsMs)),
        rankTerm: spread(timed.map(({ rankTermMs }) => rankTermMs)),
        update: spread(timed.map(({ updateMs }) => updateMs)),
      },
      start: { selectMs, bindMs, firstStepMs: steps[0].totalMs },
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      stepFlops,
      gemmFlopsPerSecond,
      floorMs,
      ratioToFloor: stepMs.median / floorMs,
      losses: steps.map(({ loss }) => loss),
    };
  } finally {
    await files.close();
  }
}

interface StepTimes {
  readonly gradientsMs: number;
  readonly rankTermMs: number;
  readonly updateMs: number;
  readonly totalMs: number;
  readonly loss: number;
}

async function timedStep(
  setup: TrainingSetup,
  training: Training,
  segment: Segment,
  polarFactors: PolarFactors,
  step: number,
  batch: number,
): Promise<StepTimes> {
  const inputs = drawInputs(segment.forward, step, batch);
  const [, , height, width] = inputs.sample.shape;
  const size = { height, width };
  const start = performance.now();
  const outputs = await training.run(segment, size, 'loss', 'training', inputs);
  const afterGradients = performance.now();
  const { state, gradient } = training;
  const candidates = rankCandidates(state.initialMask.entries, setup.rankTerm);
  for (const name of chooseRankMatrices(candidates, setup.rankTerm, setup.config.train.seed, step)) {
    const term = await rankGradient(state, name, setup.rankTerm.weight, polarFactors.compute);
    if (term !== null) addRankGradient(gradient, term);
  }
  const afterRankTerm = performance.now();
  training.applyUpdate({ step, squaredNorms: [squaredNorm(gradient)] });
  const end = performance.now();
  return {
    gradientsMs: afterGradients - start,
    rankTermMs: afterRankTerm - afterGradients,
    updateMs: end - afterRankTerm,
    totalMs: end - start,
    loss: outputs[LOSS].data[0] as number,
  };
}

/** Deterministic waves in place of latents, noise and text states. */
function drawInputs(forward: Graph, step: number, batch: number): Record<string, Tensor> {
  return Object.fromEntries(
    [...forward.inputs].map(([name, { shape, type }]): [string, Tensor] => {
      if (type === 'int32') return [name, intTensor(shape, new Int32Array(numElements(shape)))];
      if (name === 'timesteps')
        return [name, floatTensor(shape, new Float32Array(batch).fill((397 * step + 500) % 1000))];
      const data = Float32Array.from({ length: numElements(shape) }, (_, i) =>
        Math.sin(0.7 * i + step + name.length),
      );
      return [name, floatTensor(shape, data)];
    }),
  );
}

/** Best of some products of square matrices. */
async function gemmRate(engine: Engine): Promise<number> {
  const size = 2048;
  const graph = new Graph();
  const a = graph.input('a', [size, size]);
  graph.output('y', graph.matMul(a, graph.matMul(a, a)));
  const program = await engine.compile(graph, new WeightStore());
  const data = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
  const into = new Map([['y', new Float32Array(size * size)]]);
  let best = Infinity;
  for (let i = 0; i < 6; i++) {
    const start = performance.now();
    await program.run({ a: floatTensor([size, size], data) }, into);
    best = Math.min(best, performance.now() - start);
  }
  await program.dispose();
  return (2 * 2 * size ** 3 * 1000) / best;
}

function benchConfig(options: StepBenchOptions, folder: string): ResolvedRunConfig {
  const { threshold, rankWeight, batch, latent, provider, numSteps } = options;
  return resolveRunConfig(
    {
      method: 'sara',
      model: { path: folder },
      data: { path: folder, resolution: latent },
      sara: { threshold, rank: { weight: rankWeight } },
      train: { steps: numSteps + 1, batchSize: batch, microBatchSize: batch },
      engine: { provider },
    },
    'sara bench step',
    folder,
  );
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
