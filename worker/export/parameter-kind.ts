/** What a UNet parameter is for: the rows of reports on models and adapters. */

export const PARAMETER_KINDS = [
  'self-attention',
  'cross-attention',
  'feed-forward',
  'projection',
  'convolution',
  'embedding',
  'norm',
  'bias',
] as const;
export type ParameterKind = (typeof PARAMETER_KINDS)[number];

/** In this order; the first that matches the module's name. */
const MODULES: readonly (readonly [RegExp, ParameterKind])[] = [
  [/\.attn1\./, 'self-attention'],
  [/\.attn2\./, 'cross-attention'],
  [/\.ff\./, 'feed-forward'],
  [/\.proj_(in|out)$/, 'projection'],
  [/(^|\.)(time_embedding|add_embedding)\.|\.time_emb_proj$/, 'embedding'],
];

/** @param name of a UNet tensor, e.g. `mid_block.attentions.0.norm.weight` */
export function parameterKind(name: string): ParameterKind {
  const module = name.slice(0, name.lastIndexOf('.'));
  if (/(^|[._])norm(\d|_out)?$/.test(module)) return 'norm';
  if (name.endsWith('.bias')) return 'bias';
  return MODULES.find(([pattern]) => pattern.test(module))?.[1] ?? 'convolution';
}
