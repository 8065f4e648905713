/**
 * The named layers every model is made of: each declares its parameters under diffusers' keys and applies them.
 * Input widths come from the value, output widths from the caller, so a name and a shape have one home.
 */
import type { Graph, Value } from '../engine/graph.ts';
import type { Pads } from '../engine/op.ts';

/** x [..., in] to [..., outFeatures]; parameters `name.weight` [out, in] and, unless `bias` is false, `name.bias`. */
export function linear(
  graph: Graph,
  name: string,
  x: Value,
  outFeatures: number,
  options: { bias?: boolean } = {},
): Value {
  const weight = graph.weight(`${name}.weight`, [outFeatures, x.shape[x.shape.length - 1]]);
  const bias = options.bias === false ? null : graph.weight(`${name}.bias`, [outFeatures]);
  return graph.linear(x, weight, bias);
}

/**
 * A layer whose output is read in parts, [..., widths[0]], [..., widths[1]], ...: the weight is cut, which costs
 * nothing, rather than the output, which would be copied. Parameters as {@link linear}'s, of all widths together.
 */
export function linearParts(graph: Graph, name: string, x: Value, widths: readonly number[]): Value[] {
  const total = widths.reduce((sum, width) => sum + width, 0);
  const weight = graph.weight(`${name}.weight`, [total, x.shape[x.shape.length - 1]]);
  const bias = graph.weight(`${name}.bias`, [total]);
  let start = 0;
  return widths.map((width) => {
    const end = start + width;
    const part = graph.linear(x, graph.slice(weight, 0, start, end), graph.slice(bias, 0, start, end));
    start = end;
    return part;
  });
}

/** x [B,I,H,W] to [B, outChannels, H', W']; parameters `name.weight` [O,I,k,k] and `name.bias` [O]. */
export function conv2d(
  graph: Graph,
  name: string,
  x: Value,
  outChannels: number,
  kernel: number,
  geometry: { stride?: number; pads?: number | Pads } = {},
): Value {
  const weight = graph.weight(`${name}.weight`, [outChannels, x.shape[1], kernel, kernel]);
  return graph.conv2d(x, weight, graph.weight(`${name}.bias`, [outChannels]), geometry);
}

/** x [B,C,...]; parameters `name.weight` and `name.bias`, both [C]. */
export function groupNorm(graph: Graph, name: string, x: Value, numGroups: number, epsilon: number): Value {
  const channels = x.shape[1];
  const gamma = graph.weight(`${name}.weight`, [channels]);
  return graph.groupNorm(x, gamma, graph.weight(`${name}.bias`, [channels]), numGroups, epsilon);
}

/** Over the last axis: x [...,C]; parameters `name.weight` and `name.bias`, both [C]. */
export function layerNorm(graph: Graph, name: string, x: Value, epsilon: number): Value {
  const channels = x.shape[x.shape.length - 1];
  const gamma = graph.weight(`${name}.weight`, [channels]);
  return graph.layerNorm(x, gamma, graph.weight(`${name}.bias`, [channels]), epsilon);
}
