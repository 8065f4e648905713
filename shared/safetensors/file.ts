/**
 * One safetensors file, opened for reading. Opening checks the whole header (header.ts); after that an entry's
 * size is known to lie inside the file, so a lying header cannot make a read allocate more than the file holds.
 */
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { decodeBfloat16, decodeFloat16 } from '../half.ts';
import { SaraError } from '../errors.ts';
import { typedArray, type FloatTensor, type Tensor } from '../tensor.ts';
import { corrupt, LENGTH_FIELD_BYTES, parseHeader, parseHeaderLength } from './header.ts';
import type { SafetensorsHeader, TensorEntry } from './header.ts';

/** Formats whose loading can run code hidden in the file; never opened. */
const PICKLE_EXTENSION = /\.(ckpt|bin|pt|pth|pkl|pickle)$/i;

/** Bytes per read call: below Node's 2 GiB limit, and the piece in which {@link SafetensorsFile.chunks} yields. */
const READ_CHUNK_BYTES = 16 * 1024 * 1024;

export class SafetensorsFile {
  /** Absolute, links resolved. */
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #header: SafetensorsHeader;

  private constructor(path: string, handle: FileHandle, header: SafetensorsHeader) {
    this.path = path;
    this.#handle = handle;
    this.#header = header;
  }

  /**
   * @throws SaraError FILE_NOT_FOUND when it is missing, unreadable or no regular file; FILE_CORRUPT when its
   *   header and its bytes do not agree; MODEL_UNSUPPORTED for a pickle or an element type we do not read
   */
  static async open(path: string): Promise<SafetensorsFile> {
    refusePickle(path);
    const file = await resolveRegularFile(path);
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const lengthField = await readUpTo(handle, 0, Math.min(size, LENGTH_FIELD_BYTES));
      const headerBytes = parseHeaderLength(lengthField, size, file);
      const headerJson = await readUpTo(handle, LENGTH_FIELD_BYTES, headerBytes);
      return new SafetensorsFile(file, handle, parseHeader(headerJson, size, file));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.#header.metadata;
  }

  /** Every tensor by name, in the order of their bytes. */
  get entries(): ReadonlyMap<string, TensorEntry> {
    return this.#header.entries;
  }

  /**
   * One tensor in its stored element type (half floats as uint16 patterns).
   * @param tensor its name, or a range of this file's bytes described by the caller
   * @throws SaraError FILE_CORRUPT when there is no such tensor, or the file shrank since it was opened
   */
  async read(tensor: string | TensorEntry): Promise<Tensor> {
    const entry = this.#entry(tensor);
    const bytes = await readUpTo(this.#handle, entry.offsetBytes, entry.sizeBytes);
    if (bytes.byteLength !== entry.sizeBytes) throw this.#truncated(entry, bytes.byteLength);
    return { dtype: entry.dtype, shape: entry.shape, data: typedArray(entry.dtype, bytes.buffer) };
  }

  /**
   * One tensor of any float type, widened to float32 (exactly).
   * @throws SaraError FILE_CORRUPT as {@link read}, and when its element type is no float
   */
  async readFloat32(tensor: string | TensorEntry): Promise<FloatTensor> {
    const { name } = this.#entry(tensor);
    const { dtype, shape, data } = await this.read(tensor);
    switch (dtype) {
      case 'float32':
        return { dtype, shape, data: data as Float32Array };
      case 'float16':
        return { dtype: 'float32', shape, data: decodeFloat16(data as Uint16Array) };
      case 'bfloat16':
        return { dtype: 'float32', shape, data: decodeBfloat16(data as Uint16Array) };
      default:
        throw corrupt(this.path, `"${name}" should hold floats, its element type is ${dtype}`, {
          tensor: name,
          dtype,
        });
    }
  }

  /**
   * The stored bytes of one tensor in pieces, for hashing and copying without holding it whole.
   * @throws SaraError FILE_CORRUPT as {@link read}
   */
  async *chunks(tensor: string | TensorEntry): AsyncGenerator<Uint8Array> {
    const entry = this.#entry(tensor);
    for (let done = 0; done < entry.sizeBytes; done += READ_CHUNK_BYTES) {
      const length = Math.min(READ_CHUNK_BYTES, entry.sizeBytes - done);
      const bytes = await readUpTo(this.#handle, entry.offsetBytes + done, length);
      if (bytes.byteLength !== length) throw this.#truncated(entry, done + bytes.byteLength);
      yield bytes;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #entry(tensor: string | TensorEntry): TensorEntry {
    if (typeof tensor !== 'string') return tensor;
    const entry = this.entries.get(tensor);
    if (entry === undefined) throw missingTensor(this.path, tensor);
    return entry;
  }

  #truncated(entry: TensorEntry, gotBytes: number): SaraError {
    return corrupt(
      this.path,
      `"${entry.name}" has ${entry.sizeBytes} bytes, only ${gotBytes} could be read`,
      {
        tensor: entry.name,
        sizeBytes: entry.sizeBytes,
        gotBytes,
      },
    );
  }
}

/** The error for a tensor that a file or folder should hold and does not. */
export function missingTensor(path: string, name: string): SaraError {
  return new SaraError('FILE_CORRUPT', `${path} holds no tensor "${name}"; is it the right model's file?`, {
    file: path,
    tensor: name,
  });
}

function refusePickle(path: string): void {
  if (!PICKLE_EXTENSION.test(path)) return;
  throw new SaraError(
    'MODEL_UNSUPPORTED',
    `${path} is a Python pickle, which can run any code when loaded; convert it to .safetensors first`,
    { file: path },
  );
}

/** Checked before opening: opening a pipe or a device could block or act. */
async function resolveRegularFile(path: string): Promise<string> {
  try {
    const file = await realpath(path);
    if ((await stat(file)).isFile()) return file;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `cannot open ${path}: ${reason}`, { file: path }, { cause });
  }
  throw new SaraError('FILE_NOT_FOUND', `cannot open ${path}: it is no regular file`, { file: path });
}

/** @returns the bytes [offset, offset + length), fewer only where the file ends */
async function readUpTo(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(
      bytes,
      done,
      Math.min(READ_CHUNK_BYTES, length - done),
      offset + done,
    );
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
