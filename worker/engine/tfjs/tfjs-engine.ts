/**
 * Runs graphs by interpreting them over the kernels of tfjs-core.
 *
 * Every tensor has an owner: the executable's constants and weights live as long as it does, everything else ends with
 * the last node that reads it (program.ts), also when a run fails. tf.memory() is the same before and after.
 */
import * as tf from '@tensorflow/tfjs-core';
import { SaraError } from '../../../shared/errors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { checkedInput } from '../checks.ts';
import type { Engine, Executable } from '../engine.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { WeightStore } from '../weight-store.ts';
import { Backend, type BackendName } from './backend.ts';
import { BaseTensors } from './base-tensors.ts';
import { evaluate } from './evaluate.ts';
import { Masks } from './masks.ts';
import { inLayout, plain, type Operand } from './operand.ts';
import { programOf, type Program } from './program.ts';
import { DeviceWeights } from './weights.ts';

export interface TfjsEngineOptions {
  readonly backend: BackendName | 'auto';
  /** Threads of one operator, where the backend has threads. */
  readonly numThreads: number;
}

/** How long kernels run before the event loop gets a turn, so that a lease is renewed while a long graph runs. */
const MAX_BUSY_MS = 50;

/** @throws SaraError CONFIG_INVALID when the backend asked for cannot be loaded */
export async function createTfjsEngine({ backend, numThreads }: TfjsEngineOptions): Promise<TfjsEngine> {
  return new TfjsEngine(await Backend.load(backend, numThreads));
}

export class TfjsEngine implements Engine {
  readonly name = 'tfjs';
  readonly device: string;
  /** On WebAssembly's heap what is written in place is copied at each use, which costs what a scatter would. */
  readonly readsHostMemory: boolean;
  readonly backend: BackendName;
  readonly #backend: Backend;
  readonly #baseTensors: BaseTensors;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.device = backend.device;
    this.backend = backend.name;
    this.readsHostMemory = backend.name !== 'node-gpu';
    this.#baseTensors = new BaseTensors(backend);
  }

  async compile(graph: Graph, store: WeightStore): Promise<Executable> {
    const program = programOf(graph);
    const masks = new Masks(store, new Map([...graph.weights].map(([name, { shape }]) => [name, shape])));
    const weights = await DeviceWeights.upload(graph, program.weights, store, masks, this.#baseTensors);
    this.#backend.activate();
    return new TfjsExecutable(this.#backend, graph, program, masks, weights);
  }
}

class TfjsExecutable implements Executable {
  readonly #backend: Backend;
  readonly #graph: Graph;
  readonly #program: Program;
  readonly #masks: Masks;
  readonly #weights: DeviceWeights;
  readonly #constants: ReadonlyMap<Value, tf.Tensor>;

  /** To be made while `backend` is the active one. */
  constructor(backend: Backend, graph: Graph, program: Program, masks: Masks, weights: DeviceWeights) {
    this.#backend = backend;
    this.#graph = graph;
    this.#program = program;
    this.#masks = masks;
    this.#weights = weights;
    this.#constants = new Map(program.constants.map((value) => [value, upload(value, constantData(value))]));
  }

  async run(
    inputs: Readonly<Record<string, Tensor>>,
    into: ReadonlyMap<string, Float32Array> = new Map(),
  ): Promise<Record<string, Tensor>> {
    const fed = new Map<Value, Tensor>();
    for (const [name, value] of this.#graph.inputs) fed.set(value, checkedInput(inputs, name, value));
    /** What is alive of this run. */
    const values = new Map<Value, Operand>();
    try {
      this.#backend.activate();
      for (const value of this.#program.inputs)
        values.set(value, plain(upload(value, fed.get(value)!.data as Float32Array | Int32Array)));
      let busySinceMs = performance.now();
      for (const { node, ends } of this.#program.steps) {
        this.#step(node, values);
        for (const value of ends) {
          values.get(value)!.tensor.dispose();
          values.delete(value);
        }
        if (performance.now() - busySinceMs < MAX_BUSY_MS) continue;
        await this.#backend.yield();
        busySinceMs = performance.now();
      }
      return await this.#read(values, into);
    } finally {
      for (const { tensor } of values.values()) tensor.dispose();
    }
  }

  dispose(): Promise<void> {
    this.#weights.dispose();
    for (const tensor of this.#constants.values()) tensor.dispose();
    return Promise.resolve();
  }

  #step(node: Node, values: Map<Value, Operand>): void {
    try {
      const operands = tf.tidy(() => {
        const inputs = node.inputs.map((value) => this.#operand(value, values));
        const outputs = evaluate(node, inputs, {
          formulation: this.#backend.formulation,
          masks: this.#masks,
        });
        const handedOn = new Set(inputs.map(({ tensor }) => tensor));
        return outputs.map(({ tensor, layout }) => ({
          tensor: handedOn.has(tensor) ? ownHandle(tensor) : tensor,
          layout,
        }));
      });
      node.outputs.forEach((value, i) => values.set(value, operands[i]));
    } catch (cause) {
      throw engineFailure(node, this.#backend, cause);
    }
  }

  #operand(value: Value, values: ReadonlyMap<Value, Operand>): Operand {
    const { kind } = value.node.op;
    if (kind === 'weight') return this.#weights.operand(value);
    if (kind === 'constant') return plain(this.#constants.get(value)!);
    return values.get(value)!;
  }

  async #read(
    values: ReadonlyMap<Value, Operand>,
    into: ReadonlyMap<string, Float32Array>,
  ): Promise<Record<string, Tensor>> {
    const results: Record<string, Tensor> = {};
    for (const [name, value] of this.#graph.outputs) {
      this.#backend.activate();
      const tensor = tf.tidy(() => ownHandle(inLayout(this.#operand(value, values), 'plain')));
      const { shape } = tensor;
      let data: Float32Array | Int32Array;
      try {
        data = (await tensor.data()) as Float32Array | Int32Array;
      } finally {
        tensor.dispose();
      }
      results[name] = { dtype: value.type, shape, data: handOver(name, data, into.get(name)) };
    }
    return results;
  }
}

/** Another handle of the same data, so that each of two values can end by itself. A clone would copy on wasm. */
function ownHandle(tensor: tf.Tensor): tf.Tensor {
  return tf.reshape(tensor, tensor.shape);
}

function upload({ shape, type }: Value, data: Float32Array | Int32Array): tf.Tensor {
  return tf.tensor(data, [...shape], type);
}

function constantData({ node: { op } }: Value): Float32Array | Int32Array {
  if (op.kind !== 'constant') throw new SaraError('INTERNAL', `${op.kind} is no constant`);
  return op.data;
}

/** A copy: what a backend hands out may be its own buffer, on the plain JavaScript one even an input's. */
function handOver(
  name: string,
  data: Float32Array | Int32Array,
  buffer: Float32Array | undefined,
): Float32Array | Int32Array {
  if (buffer === undefined) return data.slice();
  if (buffer.length !== data.length) {
    throw new SaraError(
      'INTERNAL',
      `output ${name} has ${data.length} values, the buffer for it holds ${buffer.length}`,
      { output: name },
    );
  }
  buffer.set(data);
  return buffer;
}

function engineFailure({ op, block, inputs }: Node, { device }: Backend, cause: unknown): SaraError {
  if (cause instanceof SaraError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const shapes = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(', ');
  const where = block === '' ? '' : ` of ${block}`;
  return new SaraError(
    'ENGINE_FAILED',
    `${device} failed at ${op.kind}(${shapes})${where}: ${reason}`,
    { op: op.kind, block },
    { cause },
  );
}
