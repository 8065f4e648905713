/**
 * Reads a stage's weights from their files, each once where that is possible: what was read to select from is handed
 * over to be trained in. At Stable Diffusion's size a reading takes as long as all the rest of the selection.
 */
import type { TensorEntry } from '../../shared/safetensors.ts';

/** Weights by the names the graph uses. */
export interface BaseWeights {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** One parameter as float32. */
  readFloat32(name: string): Promise<Float32Array>;
}

export class WeightReader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #base: BaseWeights;
  readonly #keeps: boolean;
  readonly #kept = new Map<string, Float32Array>();

  /** @param keeps whether there is room for all that is read until it is taken: true where it is to be held anyway */
  constructor(base: BaseWeights, keeps: boolean) {
    this.entries = base.entries;
    this.#base = base;
    this.#keeps = keeps;
  }

  /** One parameter as float32, to look at. */
  async read(name: string): Promise<Float32Array> {
    const data = this.#kept.get(name) ?? (await this.#base.readFloat32(name));
    if (this.#keeps) this.#kept.set(name, data);
    return data;
  }

  /** One parameter as float32, the caller's own. */
  async take(name: string): Promise<Float32Array> {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    return kept ?? (await this.#base.readFloat32(name));
  }

  /** Lets go of what nobody took. */
  forget(): void {
    this.#kept.clear();
  }
}
