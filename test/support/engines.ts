/**
 * The engines that the numeric suites run on, each suite once per engine. One that this machine lacks is shown as
 * skipped, with the reason.
 *
 * Suites keep one set of tolerances for all: bounds on what float32 in another order of operations may differ by. What
 * the standard of a device allows beyond that is in {@link EngineFacts}.
 */
import { SaraError } from '../../shared/errors.ts';
import { floatTensor } from '../../shared/tensor.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { Graph } from '../../worker/engine/graph.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { createTfjsEngine } from '../../worker/engine/tfjs/tfjs-engine.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { useSoftwareVulkan } from './software-vulkan.ts';

const NUM_THREADS = 2;

/** Against hanging, on a machine that is busy with other things too. */
const SLOW_TIMEOUT_MS = 600_000;

export interface EngineFacts {
  readonly name: string;
  /** Plain JavaScript, and a GPU in software that compiles every shader: suites run less on it, and say so. */
  readonly isSlow: boolean;
  /** Absolute error of sin and cos beyond float32's. */
  readonly sineError: number;
}

type Candidate = EngineFacts & { readonly create: () => Promise<Engine> };

/**
 * WGSL lets sin and cos be off by this within [-pi, pi], as Vulkan does (2e-4 was measured on SwiftShader, up to 1000
 * radians). Its exp, tanh and division may be off by a few units in the last place, which the suites' bounds cover.
 * @see https://www.w3.org/TR/WGSL/#floating-point-accuracy
 */
const WGSL_SINE_ERROR = 2 ** -11;

const CANDIDATES: readonly Candidate[] = [
  {
    name: 'onnx cpu',
    isSlow: false,
    sineError: 0,
    create: async () => createOnnxEngine({ provider: 'cpu', numThreads: NUM_THREADS }),
  },
  {
    name: 'onnx webgpu',
    isSlow: !hasNamedVulkanDriver(),
    sineError: WGSL_SINE_ERROR,
    create: createWebGpuEngine,
  },
  ...(['node-gpu', 'node', 'wasm', 'cpu'] as const).map((backend) => ({
    name: `tfjs ${backend}`,
    isSlow: backend === 'cpu',
    sineError: 0,
    create: () => createTfjsEngine({ backend, numThreads: NUM_THREADS }),
  })),
];

/** A driver that the environment names is taken for a real GPU's. */
function hasNamedVulkanDriver(): boolean {
  return process.env.VK_ICD_FILENAMES !== undefined;
}

type TestedEngine = EngineFacts & ({ readonly engine: Engine } | { readonly absence: string });

const testedEngines: readonly TestedEngine[] = await Promise.all(
  CANDIDATES.map(async ({ create, ...facts }) => {
    try {
      return { ...facts, engine: await create() };
    } catch (error) {
      // Anything but a refusal by name is a failure of the engine.
      if (error instanceof SaraError) return { ...facts, absence: error.message };
      throw error;
    }
  }),
);

/** A `describe` of `title` per engine. */
export function describePerEngine(title: string, suite: (engine: Engine, facts: EngineFacts) => void): void {
  for (const tested of testedEngines) {
    describe(`${title}, on ${tested.name}`, function () {
      if (tested.isSlow) this.timeout(SLOW_TIMEOUT_MS);
      if ('engine' in tested) suite(tested.engine, tested);
      else it.skip(`is skipped: ${tested.absence}`);
    });
  }
}

/** @throws SaraError ENGINE_FAILED when the provider does not run here */
async function createWebGpuEngine(): Promise<Engine> {
  const refusal = useSoftwareVulkan();
  if (refusal !== null) throw new SaraError('ENGINE_FAILED', refusal);
  const engine = createOnnxEngine({ provider: 'webgpu', numThreads: NUM_THREADS });
  const graph = new Graph();
  graph.output('y', graph.unary('neg', graph.input('x', [1])));
  const executable = await engine.compile(graph, new WeightStore());
  await executable.run({ x: floatTensor([1]) });
  await executable.dispose();
  return engine;
}
