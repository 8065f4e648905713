/**
 * Replays a recorded UNet case (`unet/` in diffusers format, io.safetensors, grads.safetensors) on an engine and
 * measures how far output, loss and every gradient are from the recording.
 */
import { join } from 'node:path';
import { SafetensorsFile, WeightFiles } from '../../shared/safetensors.ts';
import { floatTensor, type FloatTensor, type Tensor } from '../../shared/tensor.ts';
import { differentiate } from '../../worker/engine/autodiff.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { Graph } from '../../worker/engine/graph.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { readUNetConfig } from '../../worker/model/diffusers-config.ts';
import { buildUNet, unetInputs } from '../../worker/model/unet.ts';
import { relativeError } from './numbers.ts';

export interface UNetReplay {
  /** '' for the case itself, 'odd.' and the like for further inputs recorded under a prefix. */
  readonly prefix: string;
  readonly outputError: number;
  readonly lossError: number;
  readonly maxGradientError: number;
  readonly worstGradient: string;
  readonly numGradients: number;
}

/** Recorded gradients with a norm below this are rounding noise of a zero; compared absolutely. */
const ZERO_GRADIENT_NORM = 1e-6;

export async function replayUNet(folder: string, engine: Engine): Promise<UNetReplay[]> {
  const config = await readUNetConfig(join(folder, 'unet'));
  const io = await SafetensorsFile.open(join(folder, 'io.safetensors'));
  const grads = await SafetensorsFile.open(join(folder, 'grads.safetensors'));
  const files = await WeightFiles.open(join(folder, 'unet'), 'diffusion_pytorch_model');
  const prefixes = [...io.entries.keys()].filter((key) => /(^|\.)sample$/.test(key) && !key.includes('grad_')).map((key) => key.slice(0, -'sample'.length));
  const results: UNetReplay[] = [];
  for (const prefix of prefixes) {
    const read = (name: string): Promise<FloatTensor> => io.readFloat32(prefix + name);
    const sample = await read('sample');
    const encoder = await read('encoder_hidden_states');
    const [batch, , height, width] = sample.shape;
    const graph = new Graph();
    const inputs = unetInputs(graph, config, { batch, height, width, numTokens: encoder.shape[1] });
    const output = buildUNet(graph, config, inputs);
    const target = graph.input('target', output.shape);
    const difference = graph.sub(output, target);
    const loss = graph.mean(graph.mul(difference, difference));
    graph.output('output', output);
    graph.output('loss', loss);
    const wrt = new Map([...graph.weights, ['sample', inputs.sample], ['encoder_hidden_states', inputs.encoderHiddenStates]]);
    const gradients = differentiate(graph, new Map([[loss, graph.constant([], Float32Array.of(1))]]), wrt.values());
    for (const [name, value] of wrt) graph.output(`gradient:${name}`, gradients.get(value)!);

    const executable = await engine.compile(graph, WeightStore.frozen(files.entries.values()));
    const feed: Record<string, Tensor> = { sample, encoder_hidden_states: encoder, target: await read('target') };
    feed.timesteps = toFloat(await io.read(`${prefix}timesteps`));
    for (const name of ['text_embeds', 'time_ids']) if (io.entries.has(prefix + name)) feed[name] = await read(name);
    const got = await executable.run(feed);
    await executable.dispose();

    const recorded = new Map<string, FloatTensor>([
      ['sample', await read('grad_sample')],
      ['encoder_hidden_states', await read('grad_encoder_hidden_states')],
    ]);
    if (prefix === '') for (const name of grads.entries.keys()) recorded.set(name, await grads.readFloat32(name));
    let worst = { name: '', error: 0 };
    for (const [name, reference] of recorded) {
      const error = relativeError(got[`gradient:${name}`].data as Float32Array, reference.data, ZERO_GRADIENT_NORM);
      if (!(error <= worst.error)) worst = { name, error };
    }
    results.push({
      prefix,
      outputError: relativeError(got.output.data as Float32Array, (await read('output')).data),
      lossError: relativeError(got.loss.data as Float32Array, (await read('loss')).data),
      maxGradientError: worst.error,
      worstGradient: worst.name,
      numGradients: recorded.size,
    });
  }
  await Promise.all([io.close(), grads.close(), files.close()]);
  return results;
}

function toFloat(tensor: Tensor): FloatTensor {
  return floatTensor(tensor.shape, Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number));
}
