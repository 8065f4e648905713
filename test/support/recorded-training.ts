/** A recorded UNet as a training step: the graph up to the loss, its inputs and its weights. */
import { join } from 'node:path';
import { WeightFiles } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import type { Graph } from '../../worker/engine/graph.ts';
import {
  backwardProgram,
  frameGradientName,
  LOSS,
  weightGradientName,
  type Segment,
} from '../../worker/engine/partition.ts';
import type { WeightStore } from '../../worker/engine/weight-store.ts';
import { readUNetConfig } from '../../worker/model/diffusers-config.ts';
import { buildTrainingGraph } from '../../worker/training-graph.ts';
import { Recording } from './replay/recording.ts';

export interface RecordedTraining {
  /** Its only output is the loss. */
  readonly graph: Graph;
  readonly feed: Readonly<Record<string, Tensor>>;
}

/** @param folder a recorded UNet without pooled text */
export async function recordedTraining(folder: string): Promise<RecordedTraining> {
  const unet = await readUNetConfig(join(folder, 'unet'));
  const io = await Recording.open(join(folder, 'io.safetensors'));
  try {
    const [batch, , height, width] = io.shape('sample');
    const [, numTokens] = io.shape('encoder_hidden_states');
    const graph = buildTrainingGraph({ unet, textEncoder: null, batch, height, width, numTokens });
    const feed: Record<string, Tensor> = {};
    for (const name of graph.inputs.keys()) feed[name] = await io.floats(name);
    return { graph, feed };
  } finally {
    await io.close();
  }
}

/** Every weight of a UNet folder as float32, by name. */
export async function floatWeights(
  unetFolder: string,
): Promise<Map<string, { shape: readonly number[]; data: Float32Array }>> {
  const files = await WeightFiles.open(unetFolder, 'diffusion_pytorch_model');
  try {
    const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const name of files.entries.keys()) weights.set(name, await files.readFloat32(name));
    return weights;
  } finally {
    await files.close();
  }
}

export interface StepResult {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/**
 * One step as a pipeline runs it: every segment but the last forward, the last forward and backward at once, the
 * others backward with their forward recomputed. Frames and their gradients are carried by name.
 *
 * @param numSelected per trained weight the length of its compact gradient, or null for the dense one
 */
export async function runSegments(
  engine: Engine,
  segments: readonly Segment[],
  weights: WeightStore,
  numSelected: ReadonlyMap<string, number | null>,
  feed: Readonly<Record<string, Tensor>>,
): Promise<StepResult> {
  const carried: Record<string, Tensor> = { ...feed };
  const run = async (graph: Graph): Promise<void> => {
    const executable = await engine.compile(graph, weights);
    const inputs = Object.fromEntries([...graph.inputs.keys()].map((name) => [name, carried[name]]));
    Object.assign(carried, await executable.run(inputs));
    await executable.dispose();
  };
  for (const segment of segments.slice(0, -1)) await run(segment.forward);
  for (const segment of [...segments].reverse()) {
    const own = new Map([...numSelected].filter(([name]) => segment.weightNames.includes(name)));
    const program = backwardProgram(segment, own);
    const expectedInputs = [
      ...segment.inputNames,
      ...segment.framesIn.map(({ name }) => name),
      ...segment.framesOut.flatMap(({ name, consumers }) =>
        consumers.map((consumer) => frameGradientName(name, consumer)),
      ),
    ];
    for (const name of program.inputs.keys()) {
      if (!expectedInputs.includes(name))
        throw new Error(`segment ${segment.index} wants an undocumented input ${name}`);
    }
    await run(program);
  }
  const gradients = new Map(
    [...numSelected.keys()].map((name) => [name, carried[weightGradientName(name)].data as Float32Array]),
  );
  return { loss: carried[LOSS].data[0] as number, gradients };
}
