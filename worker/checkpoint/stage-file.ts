/**
 * One file of a stage checkpoint, read with distrust: every field is checked when it is asked for. What the fields
 * mean together is stage-checkpoint.ts.
 */
import { SaraError } from '../../shared/errors.ts';
import { SafetensorsFile } from '../../shared/safetensors.ts';
import type { DType, Tensor } from '../../shared/tensor.ts';
import { SparseMask, type MaskTensor } from '../sara/mask.ts';

export const FORMAT = 'sara-stage-checkpoint';
export const FORMAT_VERSION = '1';

/** All methods throw SaraError FILE_CORRUPT, naming file and field. */
export class StageFile {
  readonly #file: SafetensorsFile;

  private constructor(file: SafetensorsFile) {
    this.#file = file;
  }

  /** @throws SaraError FILE_NOT_FOUND; FILE_CORRUPT also when it is another kind of file */
  static async open(path: string): Promise<StageFile> {
    const file = new StageFile(await SafetensorsFile.open(path));
    try {
      const found = `${file.metadata('format')} ${file.metadata('format_version')}`;
      const expected = `${FORMAT} ${FORMAT_VERSION}`;
      if (found !== expected) throw file.#corrupt(`format is ${found}, expected ${expected}`);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  metadata(field: string): string {
    const value = this.#file.metadata.get(field);
    if (value === undefined)
      throw this.#corrupt(`metadata field ${field} is missing; this is no stage checkpoint`);
    return value;
  }

  wholeNumber(field: string): number {
    const text = this.metadata(field);
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
      throw this.#corrupt(`metadata field ${field} is '${text}', not a whole number`);
    return value;
  }

  /** Of every masked tensor, by name. */
  shapes(): [string, readonly number[]][] {
    const parsed = this.orCorrupt((): unknown => JSON.parse(this.metadata('shapes')));
    if (typeof parsed !== 'object' || parsed === null)
      throw this.#corrupt('metadata field shapes is no JSON object');
    return Object.entries(parsed).map(([name, shape]: [string, unknown]) => {
      if (Array.isArray(shape) && shape.every(isDimension)) return [name, shape];
      throw this.#corrupt(`the shape of ${name} is ${JSON.stringify(shape)}`);
    });
  }

  has(name: string): boolean {
    return this.#file.entries.has(name);
  }

  /** null where there is no such tensor. */
  async indices(name: string): Promise<Int32Array | null> {
    return this.has(name) ? Int32Array.from((await this.#read(name, 'uint32')) as Uint32Array) : null;
  }

  /** @param digestField metadata field with the digest that the mask must have */
  mask(tensors: readonly MaskTensor[], digestField: string): SparseMask {
    const mask = this.orCorrupt(() => SparseMask.of(tensors));
    const stored = this.metadata(digestField);
    if (mask.digest !== stored)
      throw this.#corrupt(`${digestField} is ${stored}, the indices give ${mask.digest}`);
    return mask;
  }

  /** The tensors `<name><suffix>` of all entries, in the order of the mask. */
  async vector(mask: SparseMask, suffix: string): Promise<Float32Array> {
    const vector = new Float32Array(mask.count);
    for (const entry of mask.entries) {
      const name = entry.name + suffix;
      const values = (await this.#read(name, 'float32')) as Float32Array;
      if (values.length !== entry.count)
        throw this.#corrupt(`${name} holds ${values.length} values for ${entry.count} entries`);
      vector.set(values, entry.offset);
    }
    return vector;
  }

  /** What `make` gives; whatever it refuses is the file's fault. */
  orCorrupt<T>(make: () => T): T {
    try {
      return make();
    } catch (cause) {
      throw this.#corrupt(cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #read(name: string, dtype: DType): Promise<Tensor['data']> {
    const entry = this.#file.entries.get(name);
    if (entry?.dtype !== dtype)
      throw this.#corrupt(
        `tensor ${name} is ${entry === undefined ? 'missing' : entry.dtype}, expected ${dtype}`,
      );
    return (await this.#file.read(name)).data;
  }

  #corrupt(what: string, cause?: unknown): SaraError {
    const { path } = this.#file;
    return new SaraError('FILE_CORRUPT', `${path}: ${what}`, { file: path }, { cause });
  }
}

function isDimension(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
