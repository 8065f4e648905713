/**
 * A text encoder's names in a single-file checkpoint, from its config: either transformers' own under a prefix, or
 * OpenCLIP's, where query, key and value are one tensor and the projection is the transposed matrix.
 */
import { SaraError } from '../../../shared/errors.ts';
import { clipTextParameters, type ClipTextConfig, type ClipTextPrefix } from '../clip-text.ts';
import type { StoredPart, StoredTensor } from './stored-tensors.ts';

/** Where in a checkpoint an encoder is, and in whose names. */
export interface TextPlace {
  readonly form: 'transformers' | 'openclip';
  readonly prefix: string;
}

/** @param prefix that parameters carry on diffusers' side */
export function storedText(config: ClipTextConfig, prefix: ClipTextPrefix, place: TextPlace): StoredTensor[] {
  const parameters = clipTextParameters(config, prefix);
  return place.form === 'openclip'
    ? openClipTensors(parameters, place.prefix)
    : Array.from(parameters, ([name, shape]) => ({
        name: place.prefix + withoutTextModel(name, TRANSFORMERS_PREFIX),
        shape,
        parts: [{ name, shape, transposed: false }],
      }));
}

/** Published checkpoints have it, whatever the version that wrote the diffusers side. */
const TRANSFORMERS_PREFIX = 'text_model.';

/** Parameters with one counterpart, layers left out; by what follows `text_model.`. */
const OPENCLIP_NAMES: ReadonlyMap<string, string> = new Map([
  ['embeddings.token_embedding.weight', 'token_embedding.weight'],
  ['embeddings.position_embedding.weight', 'positional_embedding'],
  ['final_layer_norm.weight', 'ln_final.weight'],
  ['final_layer_norm.bias', 'ln_final.bias'],
]);

const OPENCLIP_LAYER_STEMS: ReadonlyMap<string, string> = new Map([
  ['layer_norm1', 'ln_1'],
  ['layer_norm2', 'ln_2'],
  ['mlp.fc1', 'mlp.c_fc'],
  ['mlp.fc2', 'mlp.c_proj'],
  ['self_attn.out_proj', 'attn.out_proj'],
]);

const LAYER = /^encoder\.layers\.(\d+)\.(.+)\.(weight|bias)$/;
const FUSED_STEMS = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'];

function openClipTensors(
  parameters: ReadonlyMap<string, readonly number[]>,
  placePrefix: string,
): StoredTensor[] {
  /** Parts by stored name; query, key and value come in this order from the graph. */
  const partsOf = new Map<string, StoredPart[]>();
  for (const [name, shape] of parameters) {
    const stored = placePrefix + openClipName(name);
    const part = { name, shape, transposed: name === 'text_projection.weight' };
    partsOf.set(stored, [...(partsOf.get(stored) ?? []), part]);
  }
  return Array.from(partsOf, ([name, parts]) => ({ name, shape: shapeOfParts(parts), parts }));
}

/** Of the stored tensor that holds this parameter. */
function openClipName(parameter: string): string {
  const name = withoutTextModel(parameter, '');
  if (name.startsWith('text_projection')) return 'text_projection';
  const layer = LAYER.exec(name);
  if (layer === null) return counterpart(OPENCLIP_NAMES, name);
  const [, index, stem, kind] = layer;
  const block = `transformer.resblocks.${index}`;
  return FUSED_STEMS.includes(stem)
    ? `${block}.attn.in_proj_${kind}`
    : `${block}.${counterpart(OPENCLIP_LAYER_STEMS, stem)}.${kind}`;
}

function counterpart(names: ReadonlyMap<string, string>, name: string): string {
  const found = names.get(name);
  if (found === undefined)
    throw new SaraError('INTERNAL', `OpenCLIP has no counterpart of ${name}`, { tensor: name });
  return found;
}

function shapeOfParts(parts: readonly StoredPart[]): readonly number[] {
  const [{ shape, transposed }] = parts;
  if (transposed) return shape.toReversed();
  const [rows, ...rest] = shape;
  return [rows * parts.length, ...rest];
}

/** `name` with `prefix` where transformers has `text_model.` or nothing. */
function withoutTextModel(name: string, prefix: string): string {
  if (name.startsWith('text_projection')) return name;
  return prefix + (name.startsWith(TRANSFORMERS_PREFIX) ? name.slice(TRANSFORMERS_PREFIX.length) : name);
}
