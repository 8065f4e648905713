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
import { tapMajorIndices } from './lower-conv-weight-grad.ts';
import { inputName, lowerToOnnx, type LoweredModel, type StoreFeed } from './lower.ts';
import { PROVIDER_FAULTS, type Precision, type Provider } from './provider.ts';

export type { Provider };

export interface OnnxEngineOptions {
  readonly provider: Provider;
  /** Threads of one operator. */
  readonly numThreads: number;
  /** float32 unless given. */
  readonly precision?: Precision;
  /** Path prefix of the runtime's own profile, one JSON file per program, complete when it is disposed. */
  readonly profilePrefix?: string | null;
}

export function createOnnxEngine(options: OnnxEngineOptions): Engine {
  return new OnnxEngine(options);
}

class OnnxEngine implements Engine {
  readonly name = 'onnx';
  readonly device: string;
  readonly readsHostMemory: boolean;
  readonly #options: OnnxEngineOptions;

  constructor(options: OnnxEngineOptions) {
    this.#options = options;
    this.device = options.provider;
    this.readsHostMemory = options.provider === 'cpu';
  }

  async compile(graph: Graph, weights: WeightStore): Promise<Executable> {
    const { provider, precision } = this.#options;
    const lowered = lowerToOnnx(graph, weights, PROVIDER_FAULTS[provider], precision);
    try {
      const session = await ort.InferenceSession.create(
        lowered.bytes,
        sessionOptions(this.#options, lowered),
      );
      return new OnnxExecutable(session, graph, weights, lowered);
    } catch (cause) {
      throw engineFailure(
        `ONNX Runtime refused a graph of ${lowered.numNodes} nodes on provider ${this.device}`,
        cause,
      );
    }
  }
}

/**
 * How the runtime is to run a model on a provider.
 *
 * CUDA takes the first device that the process sees (`CUDA_VISIBLE_DEVICES` chooses: one worker per device); what the
 * provider lacks runs on the CPU. Its float32 products use TF32 where the device has it, as NVIDIA's libraries do
 * unless `NVIDIA_TF32_OVERRIDE=0` is in the worker's environment.
 */
export function sessionOptions(
  { provider, numThreads, profilePrefix = null }: OnnxEngineOptions,
  { sineNodes }: Pick<LoweredModel, 'sineNodes'>,
): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: executionProviders(provider, sineNodes),
    graphOptimizationLevel: 'all',
    intraOpNumThreads: numThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // The runtime's arena grows by powers of two, and a plan of all buffers would be allocated beside it: at Stable
    // Diffusion sizes a gigabyte each, and for every program of its own. The process's allocator does better, as
    // worker-program.ts sets it up.
    enableCpuMemArena: false,
    enableMemPattern: false,
    ...(profilePrefix === null ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    extra: {
      // What the backward pass computes a second time would be merged with the first, and kept in between.
      optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' },
      session: {
        // External data is named relative to this folder, so that a weight file anywhere can be mapped.
        model_external_initializers_file_folder_path: '/',
        // Workers share cores: a thread that spins between operators takes them from its neighbour.
        intra_op: { allow_spinning: '0' },
      },
    },
  };
}

function executionProviders(
  provider: Provider,
  sineNodes: readonly string[],
): ort.InferenceSession.ExecutionProviderConfig[] {
  const onCpu = PROVIDER_FAULTS[provider].coarseSines ? sineNodes : [];
  switch (provider) {
    case 'cpu':
      return ['cpu'];
    case 'cuda':
      return [{ name: provider, deviceId: 0 }, 'cpu'];
    case 'webgpu':
      return [{ name: provider, ...(onCpu.length > 0 && { forceCpuNodeNames: onCpu }) }, 'cpu'];
  }
}

class OnnxExecutable implements Executable {
  readonly #session: ort.InferenceSession;
  readonly #graph: Graph;
  readonly #weights: WeightStore;
  readonly #lowered: LoweredModel;
  /** Runtime tensors over store buffers, remade only when the buffer behind a name is another one. */
  readonly #bound = new Map<string, { source: Float32Array | Int32Array; tensor: ort.Tensor }>();

  constructor(session: ort.InferenceSession, graph: Graph, weights: WeightStore, lowered: LoweredModel) {
    this.#session = session;
    this.#graph = graph;
    this.#weights = weights;
    this.#lowered = lowered;
  }

  async run(
    inputs: Readonly<Record<string, Tensor>>,
    into: ReadonlyMap<string, Float32Array> = new Map(),
  ): Promise<Record<string, Tensor>> {
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
    for (const feed of this.#lowered.feeds) feeds[feed.input] = this.#storeTensor(feed);
    const { fetches, joined } = this.#fetches(feeds, into);
    try {
      const results = await this.#session.run(feeds, fetches);
      return Object.fromEntries(
        [...this.#lowered.outputs].map(([name, [first]]) => {
          const data = joined.get(name);
          if (data === undefined) return [name, fromOrt(results[first.name])];
          const shape = first.indices === null ? this.#graph.outputs.get(name)!.shape : [data.length];
          return [name, { dtype: 'float32', shape: [...shape], data }];
        }),
      );
    } catch (cause) {
      throw engineFailure('ONNX Runtime failed to run a graph', cause);
    }
  }

  /**
   * Where the runtime writes each output: the caller's buffers, and one buffer per compact gradient, whose parts
   * come from several outputs; its own memory for the rest (null).
   */
  #fetches(
    feeds: Readonly<Record<string, ort.Tensor>>,
    into: ReadonlyMap<string, Float32Array>,
  ): { fetches: Record<string, ort.Tensor | null>; joined: Map<string, Float32Array> } {
    const fetches: Record<string, ort.Tensor | null> = {};
    const joined = new Map<string, Float32Array>();
    for (const [name, parts] of this.#lowered.outputs) {
      const lengths = parts.map(({ indices }) =>
        indices === null
          ? numElements(this.#graph.outputs.get(name)!.shape)
          : feeds[indices.input].dims.reduce((n, d) => n * d, 1),
      );
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const wanted = into.get(name);
      if (wanted !== undefined && wanted.length !== total) {
        throw new SaraError(
          'INTERNAL',
          `output ${name} has ${total} values, the buffer for it holds ${wanted.length}`,
          { output: name },
        );
      }
      if (wanted === undefined && parts[0].indices === null) {
        fetches[parts[0].name] = null;
        continue;
      }
      const data = wanted ?? new Float32Array(total);
      joined.set(name, data);
      let offset = 0;
      for (const [i, part] of parts.entries()) {
        const dims = part.indices === null ? this.#graph.outputs.get(name)!.shape : [lengths[i]];
        // The runtime refuses to write nothing into a buffer of no bytes.
        fetches[part.name] =
          lengths[i] === 0
            ? null
            : new ort.Tensor('float32', data.subarray(offset, offset + lengths[i]), dims);
        offset += lengths[i];
      }
    }
    return { fetches, joined };
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
      if (feed.kind !== 'weight') return new ort.Tensor('float32', source, [source.length]);
      return new ort.Tensor('float32', source.subarray(feed.start, feed.end), feed.shape);
    }
    const indices = feed.kind === 'gradient-indices' ? blockIndices(feed, source) : source;
    return new ort.Tensor('int32', indices, [indices.length]);
  }
}

/** The entries of ascending `indices` that lie in the feed's block: a view, but for tap-major blocks. */
function blockIndices(
  { start, end, tapMajor }: Extract<StoreFeed, { kind: 'gradient-indices' }>,
  indices: Int32Array,
): Int32Array {
  const own = indices.subarray(lowerBound(indices, start), lowerBound(indices, end));
  return tapMajor === null ? own : tapMajorIndices(own, tapMajor.numTaps, tapMajor.numPairs);
}

/** Number of entries of ascending `sorted` below `bound`. */
function lowerBound(sorted: Int32Array, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
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
