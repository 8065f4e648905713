/**
 * The weights of one model component as one table of tensors, however many files hold them: a single
 * `<base>.safetensors`, or shards listed by `<base>.safetensors.index.json`; full precision before `fp16`. The table
 * can be read under other names ({@link WeightFiles.view}): of other versions, or of one file for a whole model.
 *
 * The index comes from the same stranger as the shards: it may name only files beside itself, and both must
 * tell the same story about which shard holds which tensor.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../errors.ts';
import type { FloatTensor, Tensor } from '../tensor.ts';
import { missingTensor, SafetensorsFile } from './file.ts';
import { corrupt, MAX_HEADER_BYTES, type TensorEntry } from './header.ts';
import { parseStrictJson } from '../strict-json.ts';

/** The index object and its weight_map, with room for what its metadata may hold. */
const INDEX_DEPTH = 8;

export type WeightFilesBaseName = 'diffusion_pytorch_model' | 'model';

export class WeightFiles {
  /** The folder or file the weights came from, for messages. */
  readonly source: string;
  /** Every tensor by name, file after file. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Of the first file; shards carry the same. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #fileByPath: ReadonlyMap<string, SafetensorsFile>;

  private constructor(
    source: string,
    files: readonly SafetensorsFile[],
    entries: ReadonlyMap<string, TensorEntry>,
  ) {
    this.source = source;
    this.entries = entries;
    this.metadata = files[0]?.metadata ?? new Map<string, string>();
    this.#fileByPath = new Map(files.map((file) => [file.path, file]));
  }

  /**
   * @param folder a component's folder, e.g. `<model>/unet`
   * @param baseName `diffusion_pytorch_model` for UNet and VAE, `model` for text encoders
   * @throws SaraError FILE_NOT_FOUND when the folder holds no such weights; MODEL_UNSUPPORTED when it holds them
   *   only as pickles; FILE_CORRUPT when a file is unsound or index and shards disagree
   */
  static async open(folder: string, baseName: WeightFilesBaseName): Promise<WeightFiles> {
    const names = await listFolder(folder);
    for (const single of [`${baseName}.safetensors`, `${baseName}.fp16.safetensors`]) {
      if (names.has(single))
        return WeightFiles.#whole(folder, [await SafetensorsFile.open(join(folder, single))]);
    }
    for (const index of [`${baseName}.safetensors.index.json`, `${baseName}.safetensors.index.fp16.json`]) {
      if (names.has(index)) return WeightFiles.#whole(folder, await openShards(folder, index));
    }
    throw nothingToOpen(folder, baseName, names);
  }

  /**
   * One file alone, whatever its name.
   * @throws SaraError as {@link SafetensorsFile.open}
   */
  static async openFile(path: string): Promise<WeightFiles> {
    return WeightFiles.#whole(path, [await SafetensorsFile.open(path)]);
  }

  static #whole(source: string, files: readonly SafetensorsFile[]): WeightFiles {
    return new WeightFiles(source, files, new Map(files.flatMap((file) => [...file.entries])));
  }

  /**
   * The same files as another table: tensors under other names, or parts of them. Nothing is copied, and the files
   * stay shared: closing one table closes both.
   * @param entries of this table, or ranges of their bytes
   * @throws SaraError INTERNAL when an entry points into a file that is none of these, or a name comes twice
   */
  view(entries: Iterable<TensorEntry>): WeightFiles {
    const byName = new Map<string, TensorEntry>();
    for (const entry of entries) {
      if (byName.has(entry.name) || !this.#fileByPath.has(entry.file)) {
        const problem = byName.has(entry.name) ? 'comes twice' : `points into ${entry.file}`;
        throw new SaraError('INTERNAL', `a view of ${this.source}: "${entry.name}" ${problem}`, {
          tensor: entry.name,
        });
      }
      byName.set(entry.name, entry);
    }
    return new WeightFiles(this.source, [...this.#fileByPath.values()], byName);
  }

  /** As {@link SafetensorsFile.read}, from whichever file holds it. */
  async read(name: string): Promise<Tensor> {
    const { file, entry } = this.#find(name);
    return file.read(entry);
  }

  /** As {@link SafetensorsFile.readFloat32}. */
  async readFloat32(name: string): Promise<FloatTensor> {
    const { file, entry } = this.#find(name);
    return file.readFloat32(entry);
  }

  /** As {@link SafetensorsFile.chunks}. */
  chunks(name: string): AsyncGenerator<Uint8Array> {
    const { file, entry } = this.#find(name);
    return file.chunks(entry);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#fileByPath.values()].map((file) => file.close()));
  }

  #find(name: string): { file: SafetensorsFile; entry: TensorEntry } {
    const entry = this.entries.get(name);
    const file = entry && this.#fileByPath.get(entry.file);
    if (entry === undefined || file === undefined) throw missingTensor(this.source, name);
    return { file, entry };
  }
}

async function listFolder(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'FILE_NOT_FOUND',
      `cannot list the weights' folder ${folder}: ${reason}`,
      { folder },
      { cause },
    );
  }
}

function nothingToOpen(folder: string, baseName: string, names: ReadonlySet<string>): SaraError {
  const pickle = [...names].find((name) => name.startsWith(baseName) && /\.(bin|ckpt|pt)$/.test(name));
  if (pickle === undefined) {
    return new SaraError(
      'FILE_NOT_FOUND',
      `${folder} holds no ${baseName}.safetensors; is it a diffusers folder?`,
      {
        folder,
        baseName,
      },
    );
  }
  return new SaraError(
    'MODEL_UNSUPPORTED',
    `${join(folder, pickle)} is a Python pickle, which can run any code when loaded; ` +
      `convert it to ${baseName}.safetensors first`,
    { file: join(folder, pickle) },
  );
}

async function openShards(folder: string, indexName: string): Promise<SafetensorsFile[]> {
  const indexPath = join(folder, indexName);
  const shardByTensor = await readIndex(indexPath);
  const shards: SafetensorsFile[] = [];
  try {
    for (const shard of [...new Set(shardByTensor.values())].sort()) {
      const file = await SafetensorsFile.open(join(folder, shard));
      shards.push(file);
      for (const name of file.entries.keys()) {
        const listed = shardByTensor.get(name) ?? 'no shard';
        if (listed !== shard) {
          throw corrupt(indexPath, `it lists "${name}" in ${listed}, but ${shard} holds it`, {
            tensor: name,
            shard,
          });
        }
      }
    }
    const held = new Set(shards.flatMap((file) => [...file.entries.keys()]));
    for (const [name, shard] of shardByTensor) {
      if (!held.has(name)) {
        throw corrupt(indexPath, `it lists "${name}" in ${shard}, which does not hold it`, {
          tensor: name,
          shard,
        });
      }
    }
    return shards;
  } catch (error) {
    await Promise.all(shards.map((file) => file.close()));
    throw error;
  }
}

/** @returns shard file name of every tensor */
async function readIndex(indexPath: string): Promise<ReadonlyMap<string, string>> {
  const weightMap = parseWeightMap(await readIndexText(indexPath), indexPath);
  const shardByTensor = new Map<string, string>();
  for (const [name, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string' || !/^[^/\\\0]+\.safetensors$/.test(shard)) {
      throw corrupt(
        indexPath,
        `"${name}" is in ${JSON.stringify(shard)}, not in a .safetensors file beside it`,
        {
          tensor: name,
        },
      );
    }
    shardByTensor.set(name, shard);
  }
  return shardByTensor;
}

async function readIndexText(indexPath: string): Promise<string> {
  let sizeBytes: number;
  try {
    ({ size: sizeBytes } = await stat(indexPath));
    if (sizeBytes <= MAX_HEADER_BYTES) return await readFile(indexPath, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'FILE_NOT_FOUND',
      `cannot read ${indexPath}: ${reason}`,
      { file: indexPath },
      { cause },
    );
  }
  throw corrupt(indexPath, `${sizeBytes} bytes exceed the limit of ${MAX_HEADER_BYTES} for an index`, {
    sizeBytes,
  });
}

function parseWeightMap(text: string, indexPath: string): object {
  let index: unknown;
  try {
    index = parseStrictJson(text, INDEX_DEPTH);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw corrupt(indexPath, `it cannot be read as JSON: ${reason}`);
  }
  const weightMap = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof weightMap !== 'object' || weightMap === null || Array.isArray(weightMap)) {
    throw corrupt(indexPath, 'it has no object "weight_map"');
  }
  return weightMap;
}
