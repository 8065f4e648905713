/**
 * Time embedding: sinusoid of the timestep, then a two-layer MLP; SDXL's text-and-size condition is added to it.
 *
 * Shape letters: B batch, E embedding width, N values per sample that get a sinusoid each.
 */
import type { Graph, Value } from '../engine/graph.ts';
import type { UNetConfig } from './diffusers-config.ts';
import { linear } from './layers.ts';

const MAX_PERIOD = 10000;

interface SinusoidOptions {
  readonly numChannels: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
}

/**
 * @param values_BN float32 [B, N], timesteps or sizes as they are (0..999, pixels)
 * @returns [B, N * numChannels]: per value numChannels / 2 sines then cosines; cosines first when flipSinToCos
 */
export function sinusoid(graph: Graph, values_BN: Value, options: SinusoidOptions): Value {
  const [batch, numValues] = values_BN.shape;
  const half = options.numChannels / 2;
  const frequencies = graph.constant([1, 1, half], sinusoidFrequencies(half, options.freqShift));
  const angles = graph.mul(graph.reshape(values_BN, [batch, numValues, 1]), frequencies);
  const sines = graph.unary('sin', angles);
  const cosines = graph.unary('cos', angles);
  const both = graph.concat(options.flipSinToCos ? [cosines, sines] : [sines, cosines], 2);
  return graph.reshape(both, [batch, numValues * options.numChannels]);
}

/**
 * MAX_PERIOD ^ (-i / (half - freqShift)), rounded after every operation as float32 arithmetic does: at timestep
 * 999 one unit in the last place of a frequency already moves the sine by 6e-5, so "more exact" frequencies would
 * be other ones than the checkpoint was trained with.
 */
function sinusoidFrequencies(half: number, freqShift: number): Float32Array {
  const logPeriod = Math.fround(-Math.log(MAX_PERIOD));
  return Float32Array.from({ length: half }, (_, i) => {
    const exponent = Math.fround(Math.fround(logPeriod * i) / (half - freqShift));
    return Math.exp(exponent);
  });
}

/** linear_2(silu(linear_1(x))), weights under `name`: [B, in] to [B, E]. */
export function embeddingMlp(graph: Graph, name: string, x: Value, embedDim: number): Value {
  const hidden = graph.silu(linear(graph, `${name}.linear_1`, x, embedDim));
  return linear(graph, `${name}.linear_2`, hidden, embedDim);
}

/**
 * The value every resnet reads: silu(time embedding), [B, E]. The activation is taken here, once, because every
 * resnet would apply the same one.
 * @param timesteps float32 [B], 0..numTrainTimesteps-1
 * @param textTime SDXL only: pooled text [B, P] and time ids float32 [B, N]
 *   (original height and width, crop top and left, target height and width, in pixels)
 */
export function timeEmbedding(
  graph: Graph,
  config: UNetConfig,
  timesteps: Value,
  textTime: { readonly textEmbeds: Value; readonly timeIds: Value } | null,
): Value {
  const { flipSinToCos, freqShift } = config;
  const [batch] = timesteps.shape;
  const timesteps_B1 = graph.reshape(timesteps, [batch, 1]);
  const steps = sinusoid(graph, timesteps_B1, { numChannels: config.baseChannels, flipSinToCos, freqShift });
  let embedding = embeddingMlp(graph, 'time_embedding', steps, config.timeEmbedDim);
  if (config.textTime !== null && textTime !== null) {
    const numChannels = config.textTime.numTimeIdChannels;
    const sizes = sinusoid(graph, textTime.timeIds, { numChannels, flipSinToCos, freqShift });
    const condition = graph.concat([textTime.textEmbeds, sizes], 1);
    embedding = graph.add(embedding, embeddingMlp(graph, 'add_embedding', condition, config.timeEmbedDim));
  }
  return graph.silu(embedding);
}
