/**
 * Whether an execution provider works on this machine: a small product is computed on it and compared.
 *
 * A driver can bring the whole process down, so whoever asks runs this in one of its own (`sara doctor` does).
 */
import { SaraError } from '../shared/errors.ts';
import { floatTensor } from '../shared/tensor.ts';
import { Graph } from './engine/graph.ts';
import { createOnnxEngine, type Provider } from './engine/onnx/onnx-engine.ts';
import { onnxRuntime, type RuntimeProvider } from './engine/onnx/runtime.ts';
import { WeightStore } from './engine/weight-store.ts';

export interface ProviderProbe {
  readonly runtimeVersion: string;
  readonly providers: readonly RuntimeProvider[];
  readonly provider: Provider;
  /** null: it computes. */
  readonly problem: string | null;
}

const SIZE = 32;
/** Tensor cores round products to 11 bits. */
const TOLERANCE = 1e-2;

export async function probeProvider(provider: Provider): Promise<ProviderProbe> {
  const { version, providers } = onnxRuntime();
  const problem = await problemOf(provider).catch((error: unknown) => {
    const { cause } = error as { cause?: unknown };
    return String(cause instanceof Error ? cause.message : error);
  });
  return { runtimeVersion: version, providers, provider, problem };
}

/** A matrix times itself, whose entries are known. */
async function problemOf(provider: Provider): Promise<string | null> {
  const graph = new Graph();
  const x = graph.input('x', [SIZE, SIZE]);
  graph.output('y', graph.matMul(x, x));
  const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i));
  const executable = await createOnnxEngine({ provider, numThreads: 1 }).compile(graph, new WeightStore());
  try {
    const { y } = await executable.run({ x: floatTensor([SIZE, SIZE], values) });
    let wanted = 0;
    for (let k = 0; k < SIZE; k++) wanted += values[k] * values[k * SIZE];
    const got = Number(y.data[0]);
    return Math.abs(got - wanted) <= TOLERANCE ? null : `it computes ${got} where ${wanted} is right`;
  } finally {
    await executable.dispose();
  }
}

export const PROVIDERS = ['cpu', 'cuda', 'webgpu'] as const satisfies readonly Provider[];

/** @throws SaraError USAGE when there is no such provider */
export function requireProvider(name: string): Provider {
  const provider = PROVIDERS.find((one) => one === name);
  if (provider !== undefined) return provider;
  throw new SaraError('USAGE', `'${name}' is no provider; there are ${PROVIDERS.join(', ')}`);
}
