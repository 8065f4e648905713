/**
 * Replays a recorded UNet (`unet/` in diffusers format, io.safetensors, grads.safetensors): forward, loss and the
 * gradient of every parameter and input in one graph, against the recording.
 *
 * io.safetensors may hold further inputs under a prefix (`odd.sample`, ...); they are compared in output, loss and
 * the gradients of the inputs.
 */
import { join } from 'node:path';
import { SaraError } from '../../../shared/errors.ts';
import { WeightFiles } from '../../../shared/safetensors.ts';
import { floatTensor, type FloatTensor, type Tensor } from '../../../shared/tensor.ts';
import { differentiate } from '../../../worker/engine/autodiff.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { Graph, type Value } from '../../../worker/engine/graph.ts';
import { WeightStore } from '../../../worker/engine/weight-store.ts';
import { readUNetConfig, type UNetConfig } from '../../../worker/model/diffusers-config.ts';
import { buildUNet, unetInputs } from '../../../worker/model/unet.ts';
import { distance, norm, relativeError } from '../numbers.ts';
import { Comparisons } from './comparisons.ts';
import { Recording } from './recording.ts';

export const OUTPUT_TOLERANCE = 1e-4;
export const LOSS_TOLERANCE = 1e-5;
export const GRADIENT_TOLERANCE = 1e-3;
/**
 * In parts of the largest recorded gradient. A gradient of a smaller norm that misses {@link GRADIENT_TOLERANCE} may
 * be a zero that rounding moved (a bias in front of a norm that takes it out again); it is compared absolutely.
 */
export const ZERO_GRADIENT_TOLERANCE = 1e-6;

const GRADIENT_PREFIX = 'grad_';

export async function replayUNet(folder: string, engine: Engine): Promise<Comparisons> {
  const config = await readUNetConfig(join(folder, 'unet'));
  const files = await WeightFiles.open(join(folder, 'unet'), 'diffusion_pytorch_model');
  const io = await Recording.open(join(folder, 'io.safetensors'));
  const grads = await Recording.open(join(folder, 'grads.safetensors'));
  const comparisons = new Comparisons();
  try {
    for (const prefix of inputPrefixes(io)) {
      const { graph, inputs } = differentiatedUNet(config, io, prefix);
      const executable = await engine.compile(graph, WeightStore.frozen(files.entries.values()));
      const got = await executable.run(await readInputs(io, prefix, inputs));
      await executable.dispose();
      for (const [name, tolerance] of [
        ['output', OUTPUT_TOLERANCE],
        ['loss', LOSS_TOLERANCE],
      ] as const) {
        const recorded = await io.floats(prefix + name);
        comparisons.add(name, tolerance, prefix, relativeError(floats(got, name), recorded.data));
      }
      const recorded = await recordedGradients(io, grads, prefix);
      compareGradients(comparisons, prefix, got, recorded);
    }
  } finally {
    await Promise.all([io.close(), grads.close(), files.close()]);
  }
  return comparisons;
}

/** '' and every other prefix under which a `sample` is recorded. */
function inputPrefixes(io: Recording): string[] {
  return io.keys
    .filter((key) => key === 'sample' || key.endsWith('.sample'))
    .map((key) => key.slice(0, -'sample'.length));
}

/** The UNet with its loss and every gradient as outputs. */
function differentiatedUNet(
  config: UNetConfig,
  io: Recording,
  prefix: string,
): { graph: Graph; inputs: ReadonlyMap<string, Value> } {
  const [batch, , height, width] = io.shape(`${prefix}sample`);
  const [, numTokens] = io.shape(`${prefix}encoder_hidden_states`);
  const timeIds = `${prefix}time_ids`;
  const graph = new Graph();
  const shape = {
    batch,
    height,
    width,
    numTokens,
    ...(io.has(timeIds) && { numTimeIds: io.shape(timeIds)[1] }),
  };
  const output = buildUNet(graph, config, unetInputs(graph, config, shape));
  const difference = graph.sub(output, graph.input('target', output.shape));
  const loss = graph.mean(graph.mul(difference, difference));
  graph.output('output', output);
  graph.output('loss', loss);
  const inputs = new Map(graph.inputs);
  const isRecorded = (name: string): boolean => io.has(`${prefix}${GRADIENT_PREFIX}${name}`);
  const sources = new Map([...graph.weights, ...[...inputs].filter(([name]) => isRecorded(name))]);
  const gradients = differentiate(
    graph,
    new Map([[loss, graph.constant([], Float32Array.of(1))]]),
    sources.values(),
  );
  for (const [name, value] of sources) {
    const gradient = gradients.get(value);
    if (gradient !== undefined) graph.output(`gradient:${name}`, gradient);
  }
  return { graph, inputs };
}

async function readInputs(
  io: Recording,
  prefix: string,
  inputs: ReadonlyMap<string, Value>,
): Promise<Record<string, Tensor>> {
  const feed: Record<string, Tensor> = {};
  for (const [name, { shape }] of inputs) {
    const recorded = await io.floats(prefix + name);
    // One timestep may stand for the whole batch, as in diffusers.
    const isShared = name === 'timesteps' && recorded.data.length === 1;
    feed[name] = isShared ? floatTensor(shape, new Float32Array(shape[0]).fill(recorded.data[0])) : recorded;
  }
  return feed;
}

/** By parameter or input name. The parameters' are recorded for the case's own inputs only. */
async function recordedGradients(
  io: Recording,
  grads: Recording,
  prefix: string,
): Promise<Map<string, FloatTensor>> {
  const recorded = new Map<string, FloatTensor>();
  const inputPrefix = prefix + GRADIENT_PREFIX;
  for (const key of io.keys) {
    if (key.startsWith(inputPrefix)) recorded.set(key.slice(inputPrefix.length), await io.floats(key));
  }
  if (prefix === '') for (const name of grads.keys) recorded.set(name, await grads.floats(name));
  return recorded;
}

function compareGradients(
  comparisons: Comparisons,
  prefix: string,
  got: Readonly<Record<string, Tensor>>,
  recorded: ReadonlyMap<string, FloatTensor>,
): void {
  const largestNorm = Math.max(...[...recorded.values()].map(({ data }) => norm(data)));
  for (const [name, { data }] of recorded) {
    const gradient = floats(got, `gradient:${name}`);
    const error = relativeError(gradient, data, 0);
    if (!(error <= GRADIENT_TOLERANCE) && norm(data) <= ZERO_GRADIENT_TOLERANCE * largestNorm) {
      const absolute = distance(gradient, data) / largestNorm;
      comparisons.add('zeroGradients', ZERO_GRADIENT_TOLERANCE, prefix + name, absolute);
    } else {
      comparisons.add('gradients', GRADIENT_TOLERANCE, prefix + name, error);
    }
  }
}

function floats(results: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const result = results[name] as Tensor | undefined;
  if (result === undefined) {
    const what = name.replace('gradient:', '');
    throw new SaraError(
      'DATA_INVALID',
      `a gradient is recorded for ${what}, which this UNet's output does not depend on`,
      {
        tensor: what,
      },
    );
  }
  return result.data as Float32Array;
}
