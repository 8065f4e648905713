/** A recorded file of named tensors, read as numbers whatever their stored type. */
import { SafetensorsFile } from '../../../shared/safetensors.ts';
import { floatTensor, type FloatTensor } from '../../../shared/tensor.ts';

export class Recording {
  readonly #file: SafetensorsFile;

  private constructor(file: SafetensorsFile) {
    this.#file = file;
  }

  /** @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT */
  static async open(path: string): Promise<Recording> {
    return new Recording(await SafetensorsFile.open(path));
  }

  get keys(): readonly string[] {
    return [...this.#file.entries.keys()];
  }

  has(name: string): boolean {
    return this.#file.entries.has(name);
  }

  /** Shape of a recorded tensor; reading one that is not recorded is refused by {@link floats}. */
  shape(name: string): readonly number[] {
    return this.#file.entries.get(name)?.shape ?? [];
  }

  /**
   * One tensor as float32; integers (timesteps, token ids) are converted.
   * @throws SaraError FILE_CORRUPT when nothing is recorded under `name`
   */
  async floats(name: string): Promise<FloatTensor> {
    const stored = await this.#file.read(name);
    switch (stored.dtype) {
      case 'float32':
      case 'float16':
      case 'bfloat16':
        return this.#file.readFloat32(name);
      default:
        return floatTensor(
          stored.shape,
          Float32Array.from(stored.data as ArrayLike<number | bigint>, Number),
        );
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
