/**
 * What every lowering checks where a graph meets what it did not make: the model's files and its caller.
 */
import { SaraError } from '../../shared/errors.ts';
import { numElements, type Tensor } from '../../shared/tensor.ts';
import { sameShape, type Value } from './graph.ts';
import { boundShape, type WeightBinding, type WeightStore } from './weight-store.ts';

/**
 * How weight `name` of a graph is bound. A buffer has the graph's number of entries; a tensor of a file, its shape.
 * @throws SaraError FILE_CORRUPT when nothing is bound, or something of another shape
 */
export function checkedBinding(weights: WeightStore, name: string, shape: readonly number[]): WeightBinding {
  const binding = weights.binding(name);
  const stored = boundShape(binding);
  const fits =
    binding.kind === 'in-place' ? numElements(stored) === numElements(shape) : sameShape(stored, shape);
  if (fits) return binding;
  throw new SaraError(
    'FILE_CORRUPT',
    `tensor ${name} has shape [${stored.join(', ')}] in the weight files; config.json asks for [${shape.join(', ')}]`,
    { tensor: name },
  );
}

/**
 * What a caller feeds as graph input `name`.
 * @throws SaraError INTERNAL when it is missing, or of another size or element type than the graph was built for
 */
export function checkedInput(
  inputs: Readonly<Record<string, Tensor>>,
  name: string,
  { shape, type }: Value,
): Tensor {
  const tensor = inputs[name] as Tensor | undefined;
  if (tensor === undefined)
    throw new SaraError('INTERNAL', `graph input ${name} was not fed`, { input: name });
  if (numElements(tensor.shape) === numElements(shape) && tensor.dtype === type) return tensor;
  throw new SaraError(
    'INTERNAL',
    `graph input ${name} is ${tensor.dtype} [${tensor.shape.join(', ')}]; the graph was built for ${type} [${shape.join(', ')}]`,
    { input: name },
  );
}
