/**
 * The variables an optimizer is made for, by the names under which masks and files know them.
 *
 * A layers model's weights go by the names tfjs saves them under, which are the same each time the model is loaded.
 * Variables made by hand go by their own: give them one (`tf.variable(x, true, 'w')`), for the ones tfjs makes up
 * differ from run to run.
 */
import { Variable, type Tensor } from '@tensorflow/tfjs-core';
import { baseModelHash } from '../../shared/digest.ts';
import { SaraError } from '../../shared/errors.ts';
import type { NamedTensor } from '../sara/selection.ts';

/** A `tf.LayersModel` as far as it is used here: tfjs-layers itself is the user's choice. */
export interface ModelWeights {
  readonly trainableWeights: readonly { readonly originalName: string; read(): Tensor }[];
}

/** What can be trained: the trainable weights of a model, or variables. */
export type Trainable = ModelWeights | readonly Variable[];

export type NamedVariables = ReadonlyMap<string, Variable>;

/**
 * @throws SaraError CONFIG_INVALID when there is nothing to train or a name is taken twice; MODEL_UNSUPPORTED naming
 *   a variable that is not float32
 */
export function namedVariables(target: Trainable): NamedVariables {
  const named = new Map<string, Variable>();
  for (const [name, variable] of variablesOf(target)) {
    if (named.has(name)) {
      throw new SaraError(
        'CONFIG_INVALID',
        `two variables are called ${name}; names must tell them apart: give the layers or variables other names`,
        { variable: name },
      );
    }
    if (variable.dtype !== 'float32') {
      throw new SaraError('MODEL_UNSUPPORTED', `variable ${name} is ${variable.dtype}; float32 is trained`, {
        variable: name,
        dtype: variable.dtype,
      });
    }
    named.set(name, variable);
  }
  if (named.size > 0) return named;
  throw new SaraError(
    'CONFIG_INVALID',
    'there is no trainable variable: the list is empty, or all of it frozen (trainable: false)',
  );
}

function variablesOf(target: Trainable): [string, Variable][] {
  if (!('trainableWeights' in target))
    return target.filter(({ trainable }) => trainable).map((variable) => [variable.name, variable]);
  return target.trainableWeights.map((weight) => {
    // Declared as a tensor, but the variable itself: the layers' own training step relies on it too.
    const variable: Tensor | Variable = weight.read();
    if (variable instanceof Variable) return [weight.originalName, variable as Variable];
    throw new SaraError('MODEL_UNSUPPORTED', `weight ${weight.originalName} is no tf.Variable`, {
      variable: weight.originalName,
    });
  });
}

/** The variables' current values, one tensor at a time; copies, for a backend may hand out its own memory. */
export function* readTensors(variables: NamedVariables): Generator<NamedTensor> {
  for (const [name, variable] of variables)
    yield { name, shape: variable.shape, data: variable.dataSync<'float32'>().slice() };
}

/**
 * Fingerprint of a base model that lives in variables: that of a file with the same tensors.
 *
 * @param restore puts the base's values into the given current ones, in place
 * @see baseModelHash in shared/digest.ts
 */
export function variablesHash(
  variables: NamedVariables,
  restore: (name: string, data: Float32Array) => void = () => undefined,
): Promise<string> {
  const entries = new Map(
    [...variables].map(([name, { shape }]) => [name, { name, dtype: 'float32', shape }] as const),
  );
  return baseModelHash({
    entries,
    async *chunks(name) {
      const data = (await variables.get(name)!.data<'float32'>()).slice();
      restore(name, data);
      yield new Uint8Array(data.buffer);
    },
  });
}
