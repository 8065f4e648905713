/**
 * The engines that the numeric suites run on, each suite once per engine. One that this machine lacks is shown as
 * skipped, with the reason; one that is there and does not work fails.
 *
 * Suites keep one set of tolerances for all: bounds on what float32 in another order of operations may differ by.
 * WebGPU too is held to them, whose exp, tanh and division may be off by a few units in the last place: rounding, as far
 * as these bounds see it. (Its sines may be off by 2^-11, which they are not; the engine has the CPU compute those.)
 */
import { createRequire } from 'node:module';
import type { Engine, Executable } from '../../worker/engine/engine.ts';
import type { Graph } from '../../worker/engine/graph.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { createTfjsEngine } from '../../worker/engine/tfjs/tfjs-engine.ts';
import type { WeightStore } from '../../worker/engine/weight-store.ts';
import { softwareVulkanRefusal, useSoftwareVulkan } from './software-vulkan.ts';

const NUM_THREADS = 2;

/** Against hanging, on a machine that is busy with other things too. */
const SLOW_TIMEOUT_MS = 600_000;

export interface EngineFacts {
  /** Engine and what it executes on. */
  readonly device: string;
  /** Plain JavaScript, and a GPU in software that compiles every shader: suites run less on it, and say so. */
  readonly isSlow: boolean;
}

interface Candidate extends EngineFacts {
  readonly name: Engine['name'];
  readonly readsHostMemory: boolean;
  /** Why this machine does not have it. */
  readonly absence: string | null;
  readonly create: () => Promise<Engine>;
}

const CANDIDATES: readonly Candidate[] = [
  onnx('cpu', { isSlow: false, absence: null }),
  onnx('webgpu', {
    // A driver that the environment names is taken for a real GPU's.
    isSlow: process.env.VK_ICD_FILENAMES === undefined,
    absence: softwareVulkanRefusal(),
  }),
  tfjs('node-gpu', { isSlow: false, absence: packageAbsence('@tensorflow/tfjs-node-gpu') }),
  tfjs('node', { isSlow: false, absence: packageAbsence('@tensorflow/tfjs-node') }),
  tfjs('wasm', { isSlow: false, absence: null }),
  tfjs('cpu', { isSlow: true, absence: null }),
];

function onnx(provider: 'cpu' | 'webgpu', facts: Pick<Candidate, 'isSlow' | 'absence'>): Candidate {
  return {
    ...facts,
    name: 'onnx',
    device: `onnx ${provider}`,
    readsHostMemory: provider === 'cpu',
    create: () => {
      if (provider === 'webgpu') useSoftwareVulkan();
      return Promise.resolve(createOnnxEngine({ provider, numThreads: NUM_THREADS }));
    },
  };
}

function tfjs(
  backend: 'node-gpu' | 'node' | 'wasm' | 'cpu',
  facts: Pick<Candidate, 'isSlow' | 'absence'>,
): Candidate {
  return {
    ...facts,
    name: 'tfjs',
    device: `tfjs ${backend}`,
    readsHostMemory: backend !== 'node-gpu',

    create: () => createTfjsEngine({ backend, numThreads: NUM_THREADS }),
  };
}

/** A `describe` of `title` per engine. */
export function describePerEngine(title: string, suite: (engine: Engine, facts: EngineFacts) => void): void {
  for (const candidate of CANDIDATES) {
    describe(`${title}, on ${candidate.device}`, function () {
      if (candidate.isSlow) this.timeout(SLOW_TIMEOUT_MS);
      if (candidate.absence === null) suite(new EngineOnDemand(candidate), candidate);
      else it.skip(`is skipped: ${candidate.absence}`);
    });
  }
}

/** Made when the first graph is compiled: mocha wants to know its suites before anything can be waited for. */
class EngineOnDemand implements Engine {
  readonly name: Engine['name'];
  readonly device: string;
  readonly readsHostMemory: boolean;
  readonly #create: () => Promise<Engine>;
  #engine: Promise<Engine> | null = null;

  constructor({ name, device, readsHostMemory, create }: Candidate) {
    this.name = name;
    this.device = device;
    this.readsHostMemory = readsHostMemory;
    this.#create = create;
  }

  async compile(graph: Graph, weights: WeightStore): Promise<Executable> {
    this.#engine ??= this.#create();
    return (await this.#engine).compile(graph, weights);
  }
}

function packageAbsence(name: string): string | null {
  try {
    createRequire(import.meta.url).resolve(name);
    return null;
  } catch {
    return `${name} is not installed`;
  }
}
