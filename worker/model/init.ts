/**
 * Random initial parameters, for models trained from nothing.
 *
 * Each parameter draws from a stream of its own, told apart by its place in name order, so the values do not depend
 * on the order the caller asks in.
 */
import { SaraError } from '../../shared/errors.ts';
import { RandomStream } from '../../shared/random.ts';
import { floatTensor, numElements, type FloatTensor } from '../../shared/tensor.ts';
import { clipTextParameters, type ClipTextConfig, type ClipTextPrefix } from './clip-text.ts';

export interface InitialParameter {
  readonly name: string;
  readonly tensor: FloatTensor;
}

type ParameterShapes = ReadonlyMap<string, readonly number[]>;

/** How one parameter's values come about: a constant, uniform in [-bound, bound), or normal with mean 0. */
type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly std: number };

/**
 * PyTorch's defaults, which diffusers' UNets keep: convolutions and linears, biases too, uniform within
 * 1 / sqrt(fan in); norms 1 and 0.
 * @param shapes by name, `<layer>.weight` and `<layer>.bias`; a one-dimensional weight is a norm's
 * @param seed of the run, an integer in [0, 2^64)
 * @returns parameters in name order, made one at a time
 */
export function initialiseParameters(
  shapes: ParameterShapes,
  seed: number | bigint,
): Iterable<InitialParameter> {
  return draw(shapes, seed, (name) => pytorchDefault(shapes, name));
}

/**
 * transformers' initialisation of CLIP's text encoder, initializer_factor 1: normals whose spread falls with the
 * width, and in the residual branches with the depth; biases 0, norms 1 and 0.
 * @returns parameters in name order, made one at a time
 */
export function initialiseClipText(
  config: ClipTextConfig,
  prefix: ClipTextPrefix,
  seed: number | bigint,
): Iterable<InitialParameter> {
  const shapes = clipTextParameters(config, prefix);
  return draw(shapes, seed, (name) => clipDefault(config, shapes, name));
}

function* draw(
  shapes: ParameterShapes,
  seed: number | bigint,
  distributionOf: (name: string) => Distribution,
): Generator<InitialParameter> {
  const names = [...shapes.keys()].sort();
  for (const [sample, name] of names.entries()) {
    const shape = shapeOf(shapes, name);
    const stream = new RandomStream({ seed, step: 0, sample, purpose: 'init' });
    const values = new Float32Array(numElements(shape));
    fill(values, distributionOf(name), stream);
    yield { name, tensor: floatTensor(shape, values) };
  }
}

function fill(values: Float32Array, distribution: Distribution, stream: RandomStream): void {
  switch (distribution.kind) {
    case 'constant':
      values.fill(distribution.value);
      return;
    case 'uniform':
      for (let i = 0; i < values.length; i++) values[i] = (2 * stream.uniform() - 1) * distribution.bound;
      return;
    case 'normal':
      for (let i = 0; i < values.length; i++) values[i] = stream.normal() * distribution.std;
  }
}

const ONES: Distribution = { kind: 'constant', value: 1 };
const ZEROS: Distribution = { kind: 'constant', value: 0 };

function pytorchDefault(shapes: ParameterShapes, name: string): Distribution {
  const isBias = name.endsWith('.bias');
  const weightShape = shapeOf(shapes, isBias ? `${name.slice(0, -'bias'.length)}weight` : name);
  if (weightShape.length === 1) return isBias ? ZEROS : ONES;
  const fanIn = numElements(weightShape.slice(1));
  return { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
}

const CLIP_EMBEDDING_STD = 0.02;

/** Spread by the end of the name; first match. */
function clipDefault(config: ClipTextConfig, shapes: ParameterShapes, name: string): Distribution {
  if (name.endsWith('.bias')) return ZEROS;
  if (shapeOf(shapes, name).length === 1) return ONES;
  const byWidth = config.hiddenSize ** -0.5;
  const byWidthAndDepth = byWidth * (2 * config.numLayers) ** -0.5;
  const spreads: readonly (readonly [ending: string, std: number])[] = [
    ['_embedding.weight', CLIP_EMBEDDING_STD],
    ['.q_proj.weight', byWidthAndDepth],
    ['.k_proj.weight', byWidthAndDepth],
    ['.v_proj.weight', byWidthAndDepth],
    ['.out_proj.weight', byWidth],
    ['.fc1.weight', (2 * config.hiddenSize) ** -0.5],
    ['.fc2.weight', byWidthAndDepth],
    ['text_projection.weight', byWidth],
  ];
  const spread = spreads.find(([ending]) => name.endsWith(ending));
  if (spread === undefined)
    throw new SaraError('INTERNAL', `no initial distribution is known for ${name}`, { name });
  return { kind: 'normal', std: spread[1] };
}

function shapeOf(shapes: ParameterShapes, name: string): readonly number[] {
  const shape = shapes.get(name);
  if (shape === undefined) throw new SaraError('INTERNAL', `parameter ${name} has no shape`, { name });
  return shape;
}
