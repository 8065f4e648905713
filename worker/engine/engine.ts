/**
 * What every lowering of the graph offers: compile once, run many times.
 *
 * `run` takes the graph's named inputs and gives its named outputs. Weights and masks are read from the weight
 * store at each run, so an optimizer step or a re-selection needs no recompilation.
 */
import type { Tensor } from '../../shared/tensor.ts';
import type { Graph } from './graph.ts';
import type { WeightStore } from './weight-store.ts';

export interface Engine {
  readonly name: 'onnx' | 'tfjs';
  /** The device the graphs run on, for reports. */
  readonly device: string;
  /** Whether kernels read the host's memory: a trained weight may then be a buffer that is written in place. */
  readonly readsHostMemory: boolean;
  compile(graph: Graph, weights: WeightStore): Promise<Executable>;
}

export interface Executable {
  /**
   * @param inputs a tensor per declared graph input, of the declared shape
   * @param into buffers for outputs that are wanted there, by output name; each of the output's length
   * @returns a tensor per graph output, owned by the caller; those of `into` over the buffers given
   * @throws SaraError ENGINE_FAILED when the runtime refuses, with the runtime's own words as cause
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    into?: ReadonlyMap<string, Float32Array>,
  ): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}
