/**
 * Tensors of the model's files on the backend: read and uploaded once however many programs use them, and disposed
 * with the last of these.
 */
import * as tf from '@tensorflow/tfjs-core';
import { SafetensorsFile, type TensorEntry } from '../../../shared/safetensors.ts';
import type { FloatTensor } from '../../../shared/tensor.ts';
import type { Backend } from './backend.ts';
import { inLayout, plain, type Layout } from './operand.ts';

interface Shared {
  readonly tensor: Promise<tf.Tensor>;
  numUsers: number;
}

/** One use of a shared tensor. */
export interface BaseTensor {
  readonly tensor: tf.Tensor;
  release(): void;
}

/** Files opened while a program is compiled: each once, for opening one reads and checks its whole header. */
export class OpenFiles {
  readonly #files = new Map<string, Promise<SafetensorsFile>>();

  /** @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT as the file's reader does */
  async readFloat32(entry: TensorEntry): Promise<FloatTensor> {
    let file = this.#files.get(entry.file);
    if (file === undefined) {
      file = SafetensorsFile.open(entry.file);
      this.#files.set(entry.file, file);
    }
    return (await file).readFloat32(entry);
  }

  async close(): Promise<void> {
    for (const file of await Promise.allSettled(this.#files.values()))
      if (file.status === 'fulfilled') await file.value.close();
  }
}

export class BaseTensors {
  readonly #backend: Backend;
  readonly #shared = new Map<string, Shared>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /**
   * The tensor at `entry`, widened to float32, in `layout`.
   * @param files to read it from, if nobody has yet; open until this settles
   * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT as its file's reader does
   */
  async acquire(entry: TensorEntry, layout: Layout, files: OpenFiles): Promise<BaseTensor> {
    const key = `${layout}:${entry.dtype}:${entry.shape.join(',')}:${entry.offsetBytes}:${entry.file}`;
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { tensor: this.#upload(entry, layout, files), numUsers: 0 };
      this.#shared.set(key, shared);
    }
    const own = shared;
    own.numUsers++;
    const release = (): void => {
      if (--own.numUsers > 0) return;
      this.#shared.delete(key);
      own.tensor.then(
        (tensor) => tensor.dispose(),
        () => undefined, // Nothing was uploaded.
      );
    };
    try {
      return { tensor: await own.tensor, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #upload(entry: TensorEntry, layout: Layout, files: OpenFiles): Promise<tf.Tensor> {
    const { shape, data } = await files.readFloat32(entry);
    this.#backend.activate();
    return tf.tidy(() => inLayout(plain(tf.tensor(data, [...shape])), layout));
  }
}
