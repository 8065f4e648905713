/**
 * Runs lowered graphs with ONNX Runtime.
 *
 * Buffers of the weight store are handed to the runtime without a copy on the CPU provider, so an optimizer
 * that writes into them between runs is seen by the next run.
 */
import './no-telemetry.ts';
import * as ort from 'onnxruntime-node';
import { SaraError } from '../../../shared/errors.ts';
import { numElements, type Tensor } from '../../../shared/tensor.ts';
import type { Engine, Executable } from '../engine.ts';
import type { Graph } from '../graph.ts';
import type { WeightStore } from '../weight-store.ts';
import { inputName, lowerToOnnx, outputName, type StoreFeed } from './lower.ts';
import { tapMajorIndices } from './lower-conv.ts';

export type Provider = 'cpu' | 'cuda' | 'webgpu';

export interface OnnxEngineOptions {
  readonly provider: Provider;
  /** Threads of one operator. */
  readonly numThreads: number;
}

export function createOnnxEngine(options: OnnxEngineOptions): Engine {
  return new OnnxEngine(options);
}

class OnnxEngine implements Engine {
  readonly name = 'onnx';
  readonly device: string;
  readonly #options: OnnxEngineOptions;

  constructor(options: OnnxEngineOptions) {
    this.#options = options;
    this.device = options.provider;
  }

  async compile(graph: Graph, weights: WeightStore): Promise<Executable> {
    const lowered = lowerToOnnx(graph, weights);
    try {
      const session = await ort.InferenceSession.create(lowered.bytes, this.#sessionOptions());
      return new OnnxExecutable(session, graph, weights, lowered.feeds);
    } catch (cause) {
      throw engineFailure(
        `ONNX Runtime refused a graph of ${lowered.numNodes} nodes on provider ${this.device}`,
        cause,
      );
    }
  }

  #sessionOptions(): ort.InferenceSession.SessionOptions {
    const { provider, numThreads } = this.#options;
    return {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: numThreads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
      extra: {
        session: {
          // External data is named relative to this folder, so that a weight file anywhere can be mapped.
          model_external_initializers_file_folder_path: '/',
          // Workers share cores: a thread that spins between operators takes them from its neighbour.
          intra_op: { allow_spinning: '0' },
        },
      },
    };
  }
}

class OnnxExecutable implements Executable {
  readonly #session: ort.InferenceSession;
  readonly #graph: Graph;
  readonly #weights: WeightStore;
  readonly #feeds: readonly StoreFeed[];
  readonly #outputs: string[];
  /** Runtime tensors over store buffers, remade only when the buffer behind a name is another one. */
  readonly #bound = new Map<string, { source: Float32Array | Int32Array; tensor: ort.Tensor }>();

  constructor(
    session: ort.InferenceSession,
    graph: Graph,
    weights: WeightStore,
    feeds: readonly StoreFeed[],
  ) {
    this.#session = session;
    this.#graph = graph;
    this.#weights = weights;
    this.#feeds = feeds;
    this.#outputs = [...graph.outputs.keys()];
  }

  async run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, value] of this.#graph.inputs) {
      const tensor = inputs[name] as Tensor | undefined;
      if (tensor === undefined)
        throw new SaraError('INTERNAL', `graph input ${name} was not fed`, { input: name });
      if (numElements(tensor.shape) !== numElements(value.shape) || tensor.dtype !== value.type) {
        throw new SaraError(
          'INTERNAL',
          `graph input ${name} is ${tensor.dtype} [${tensor.shape.join(', ')}]; the graph was built for ${value.type} [${value.shape.join(', ')}]`,
          { input: name },
        );
      }
      feeds[inputName(name)] = new ort.Tensor(value.type, tensor.data as Float32Array, value.shape);
    }
    for (const feed of this.#feeds) feeds[feed.input] = this.#storeTensor(feed);
    try {
      const results = await this.#session.run(feeds);
      return Object.fromEntries(this.#outputs.map((name) => [name, fromOrt(results[outputName(name)])]));
    } catch (cause) {
      throw engineFailure('ONNX Runtime failed to run a graph', cause);
    }
  }

  async dispose(): Promise<void> {
    this.#bound.clear();
    await this.#session.release();
  }

  #storeTensor(feed: StoreFeed): ort.Tensor {
    const source = this.#storeBuffer(feed);
    const known = this.#bound.get(feed.input);
    if (known?.source === source) return known.tensor;
    const tensor = this.#wrap(feed, source);
    this.#bound.set(feed.input, { source, tensor });
    return tensor;
  }

  #storeBuffer(feed: StoreFeed): Float32Array | Int32Array {
    if (feed.kind === 'gradient-indices') return this.#weights.gradientIndices(feed.name);
    const binding = this.#weights.binding(feed.name);
    if (feed.kind === 'weight' && binding.kind === 'in-place') return binding.data;
    if (feed.kind === 'scatter-indices' && binding.kind === 'scattered') return binding.indices;
    if (feed.kind === 'scatter-values' && binding.kind === 'scattered') return binding.values;
    throw new SaraError(
      'INTERNAL',
      `weight ${feed.name} was compiled as ${feed.kind} and is now bound as ${binding.kind}`,
      { tensor: feed.name },
    );
  }

  #wrap(feed: StoreFeed, source: Float32Array | Int32Array): ort.Tensor {
    if (source instanceof Float32Array) {
      const shape = feed.kind === 'weight' ? this.#graph.weights.get(feed.name)!.shape : [source.length];
      return new ort.Tensor('float32', source, shape);
    }
    const { numTaps, numPairs } =
      feed.kind === 'gradient-indices' && feed.tapMajor !== null
        ? feed.tapMajor
        : { numTaps: 1, numPairs: 1 };
    const indices = numTaps === 1 ? source : tapMajorIndices(source, numTaps, numPairs);
    return new ort.Tensor('int32', indices, [indices.length]);
  }
}

function fromOrt(tensor: ort.Tensor): Tensor {
  if (tensor.type !== 'float32' && tensor.type !== 'int32') {
    throw new SaraError('INTERNAL', `an output has type ${tensor.type}; graphs give float32 and int32 only`);
  }
  return { dtype: tensor.type, shape: [...tensor.dims], data: tensor.data as Float32Array };
}

function engineFailure(what: string, cause: unknown): SaraError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SaraError('ENGINE_FAILED', `${what}: ${reason}`, {}, { cause });
}
