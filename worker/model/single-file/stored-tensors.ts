/**
 * Two names for the same bytes: the tensors of a single-file checkpoint, and the diffusers parameters they hold.
 *
 * A component is described as a list of {@link StoredTensor}. Every parameter is a part of exactly one stored tensor,
 * and nearly always the whole of it; only OpenCLIP's fused query, key and value are three, one block of rows after the
 * other. So the list reads both ways: as a table of byte ranges under diffusers' names ({@link partEntries}), which
 * loads a checkpoint without a copy, and as what to write for given parameters ({@link storedSource}).
 */
import { SaraError } from '../../../shared/errors.ts';
import type { TensorEntry, TensorSource } from '../../../shared/safetensors.ts';
import { DTYPE_SIZE_BYTES, numElements, type Tensor, type TensorData } from '../../../shared/tensor.ts';

export interface StoredTensor {
  /** In the checkpoint. */
  readonly name: string;
  readonly shape: readonly number[];
  /** In the order of their bytes, which together are all of the tensor's. */
  readonly parts: readonly StoredPart[];
}

export interface StoredPart {
  /** diffusers' or transformers' name. */
  readonly name: string;
  /** There; of as many elements as are stored, not always of the stored shape (a 1x1 convolution or a linear). */
  readonly shape: readonly number[];
  /** The stored matrix is this one transposed: it can be written, not read in place. */
  readonly transposed: boolean;
}

/** A module under both names. */
export interface RenamedModule {
  readonly diffusers: string;
  readonly stored: string;
  /** Stored by diffusers' name: what stands between the module and `.weight` or `.bias`. Not listed: the same. */
  readonly stems: Readonly<Record<string, string>>;
}

/** Of a module inside which both use the same names. */
export const SAME_STEMS: RenamedModule['stems'] = {};

/**
 * One stored tensor per parameter, renamed by its module.
 * @param parameters name and shape, as diffusers has them
 * @throws SaraError INTERNAL when a parameter lies in none of the modules
 */
export function renamedTensors(
  parameters: ReadonlyMap<string, readonly number[]>,
  modules: readonly RenamedModule[],
): StoredTensor[] {
  const byName = modulesByName(modules);
  return Array.from(parameters, ([name, shape]) => {
    const stored = storedName(name, byName);
    if (stored === null) {
      throw new SaraError('INTERNAL', `no module of a single-file checkpoint is known to hold ${name}`, {
        tensor: name,
      });
    }
    return { name: stored, shape, parts: [{ name, shape, transposed: false }] };
  });
}

export function modulesByName(modules: readonly RenamedModule[]): ReadonlyMap<string, RenamedModule> {
  return new Map(modules.map((module) => [module.diffusers, module]));
}

/**
 * @param name of a parameter, as diffusers has it
 * @returns null when it lies in none of the modules
 */
export function storedName(name: string, modules: ReadonlyMap<string, RenamedModule>): string | null {
  const words = name.split('.');
  for (let depth = words.length - 1; depth > 0; depth--) {
    const module = modules.get(words.slice(0, depth).join('.'));
    if (module === undefined) continue;
    const stem = words.slice(depth, -1).join('.');
    const renamed = Object.hasOwn(module.stems, stem) ? module.stems[stem] : stem;
    return [module.stored, renamed, words[words.length - 1]].filter((word) => word !== '').join('.');
  }
  return null;
}

/**
 * Where the parameters lie in a checkpoint.
 * @param stored a component of it
 * @param entries everything the checkpoint holds, of the shapes `stored` tells (see checkParameters)
 */
export function partEntries(
  stored: readonly StoredTensor[],
  entries: ReadonlyMap<string, TensorEntry>,
): TensorEntry[] {
  return stored.flatMap(({ name, parts }) => {
    const whole = entries.get(name);
    let offsetBytes = whole?.offsetBytes ?? 0;
    return parts.map((part) => {
      if (whole === undefined || part.transposed) {
        const problem = whole === undefined ? 'it is missing' : 'it is stored transposed';
        throw new SaraError('INTERNAL', `${part.name} cannot be read from ${name} in place: ${problem}`, {
          tensor: part.name,
        });
      }
      const sizeBytes = numElements(part.shape) * DTYPE_SIZE_BYTES[whole.dtype];
      const entry = { ...whole, name: part.name, shape: part.shape, offsetBytes, sizeBytes };
      offsetBytes += sizeBytes;
      return entry;
    });
  });
}

/**
 * What to write for one stored tensor, given its parameters.
 * @param entries name and element type of every parameter
 * @throws SaraError FILE_CORRUPT when a fused tensor's parts are of different element types
 */
export function storedSource(
  { name, shape, parts }: StoredTensor,
  entries: ReadonlyMap<string, TensorEntry>,
  read: (parameter: string) => Promise<Tensor>,
): TensorSource {
  const dtypes = new Set(parts.map((part) => entries.get(part.name)?.dtype));
  const [dtype] = dtypes;
  if (dtype === undefined || dtypes.size > 1) {
    throw new SaraError(
      'FILE_CORRUPT',
      `${name} holds ${parts.map((part) => part.name).join(', ')}, whose element types are ${[...dtypes].join(' and ')}; ` +
        'one tensor has one element type',
      { tensor: name },
    );
  }
  return {
    name,
    dtype,
    shape,
    load: async () => {
      const values: TensorData[] = [];
      for (const part of parts) {
        const { data } = await read(part.name);
        values.push(part.transposed ? transposedMatrix(data, part.shape) : data);
      }
      return { dtype, shape, data: joined(values) };
    },
  };
}

/** @param shape [rows, columns] of `matrix` */
export function transposedMatrix<D extends TensorData>(matrix: D, [rows, columns]: readonly number[]): D {
  const transposed = matrix.slice() as D;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      transposed[column * rows + row] = matrix[row * columns + column];
  }
  return transposed;
}

function joined(parts: readonly TensorData[]): TensorData {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return bytes;
}
