/**
 * What encoders made of pictures and texts, kept on disk: one safetensors file per result, named by a hash of
 * everything it depends on, so that runs and workers can share a folder and nothing in it ever goes out of date.
 *
 * A file appears whole or not at all, and carries a hash of its tensors: one that was damaged since is named and made
 * again by whoever finds it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../../shared/digest.ts';
import { SaraError } from '../../shared/errors.ts';
import { SafetensorsFile, writeSafetensors } from '../../shared/safetensors.ts';
import type { FloatTensor } from '../../shared/tensor.ts';

export type Encoded = Readonly<Record<string, FloatTensor>>;

/** Metadata key of the hash over a file's tensors. */
const DIGEST_KEY = 'sara.digest';

export class EncodingCache {
  readonly #folder: string;
  readonly #onDamaged: (message: string) => void;

  /**
   * @param folder made when something is kept
   * @param onDamaged told of every file that has to be made again
   */
  constructor(folder: string, onDamaged: (message: string) => void) {
    this.#folder = folder;
    this.#onDamaged = onDamaged;
  }

  /** @param key from {@link encodingKey} */
  async read(key: string): Promise<Encoded | null> {
    const path = this.#pathOf(key);
    try {
      return await readWhole(path);
    } catch (error) {
      if (!(error instanceof SaraError)) throw error;
      if (error.code === 'FILE_NOT_FOUND') return null;
      this.#onDamaged(`${error.message}; it is made again`);
      return null;
    }
  }

  /** @throws SaraError DISK_WRITE_FAILED */
  async write(key: string, encoded: Encoded): Promise<void> {
    const path = this.#pathOf(key);
    // Two workers may make the same file at a time; each under a name of its own, and the last one stays.
    const own = `${path}.${randomUUID()}`;
    await writeSafetensors(
      own,
      Object.entries(encoded).map(([name, tensor]) => ({ name, tensor })),
      { [DIGEST_KEY]: digestOf(encoded) },
    );
    try {
      await rename(own, path);
    } catch (cause) {
      await rm(own, { force: true });
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SaraError(
        'DISK_WRITE_FAILED',
        `cannot write ${path}: ${reason}`,
        { path, reason },
        { cause },
      );
    }
  }

  /** Spread over folders: some file systems are slow with many thousand files in one. */
  #pathOf(key: string): string {
    return join(this.#folder, key.slice(0, 2), `${key}.safetensors`);
  }
}

/** Where results are kept, and the hash of the weights they are of. */
export interface KeptEncodings {
  readonly cache: EncodingCache;
  readonly modelHash: string;
}

/** @param parts everything that the result depends on, in any order of names; plain values */
export function encodingKey(parts: Readonly<Record<string, unknown>>): string {
  return sha256Hex(JSON.stringify(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))));
}

async function readWhole(path: string): Promise<Encoded> {
  const file = await SafetensorsFile.open(path);
  try {
    const encoded: Record<string, FloatTensor> = {};
    for (const [name, entry] of file.entries) encoded[name] = await file.readFloat32(entry);
    if (digestOf(encoded) !== file.metadata.get(DIGEST_KEY)) {
      throw new SaraError('FILE_CORRUPT', `${path}: its values are not those that were written`, {
        file: path,
      });
    }
    return encoded;
  } finally {
    await file.close();
  }
}

function digestOf(encoded: Encoded): string {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of Object.entries(encoded).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\n${shape.join(',')}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
