/**
 * Tensors as chunks (proto/sara/v1/tensor.proto): cutting a bundle of named tensors into frames, and putting
 * the frames of a stream together again.
 *
 * Invariants:
 * 1. A receiver allocates a tensor only after its size was checked against what the object may hold in all.
 * 2. Chunks of a tensor come in ascending order and cover it without gap or overlap, or the frame is refused.
 * 3. Payloads are little-endian. All platforms Node runs on are; nothing is swapped, the module refuses others.
 */
import { endianness } from 'node:os';
import { SaraError } from '../errors.ts';
import { typedArray, type DType, type Tensor } from '../tensor.ts';
import { DTYPE_SIZE_BYTES, numElements } from '../tensor.ts';
import type { Codec } from './codec.ts';
import {
  bytesField,
  bytesOf,
  countField,
  enumCodec,
  generationField,
  invalidFrame,
  messageCodec,
  nameField,
  runField,
  textField,
  wholeField,
} from './codec.ts';
import { crc32c } from './crc32c.ts';
import { sara } from './generated/sara.js';

/**
 * Payload of one frame. From 256 KiB to 1 MiB the rate is flat; smaller pays per frame, larger holds back the
 * other streams of a connection.
 */
export const CHUNK_BYTES = 512 * 1024;
/** Largest payload that is accepted. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
const MAX_DIMENSIONS = 8;
const MAX_TENSOR_NAME = 512;
export const MAX_TENSORS_PER_OBJECT = 65_536;

/** Named tensors that travel together. Never changed once they are put or sent. */
export type TensorBundle = Readonly<Record<string, Tensor>>;

/** What a bundle belongs to. */
export interface FrameTag {
  readonly run: string;
  readonly generation: number;
  /** Training step, from 0; 0 when it belongs to none. */
  readonly step: number;
  /** Micro-batch of the step, from 0. */
  readonly microBatch: number;
}

export interface TensorChunk extends FrameTag {
  readonly tensor: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte of the payload within the tensor. */
  readonly offset: number;
  /** Bytes of the whole tensor. */
  readonly total: number;
  readonly numTensors: number;
  readonly payload: Uint8Array;
}

export const dtypeCodec = enumCodec<DType>('dtype', {
  float32: sara.v1.DType.DTYPE_FLOAT32,
  float16: sara.v1.DType.DTYPE_FLOAT16,
  bfloat16: sara.v1.DType.DTYPE_BFLOAT16,
  int32: sara.v1.DType.DTYPE_INT32,
  int64: sara.v1.DType.DTYPE_INT64,
  uint32: sara.v1.DType.DTYPE_UINT32,
  uint8: sara.v1.DType.DTYPE_UINT8,
  bool: sara.v1.DType.DTYPE_BOOL,
});

export const pullRequestCodec: Codec<{ readonly objectId: string }> = messageCodec(
  'PullTensorsRequest',
  sara.v1.PullTensorsRequest,
  (request: { readonly objectId: string }) => request,
  (message) => ({ objectId: nameField(message.objectId, 'PullTensorsRequest.object_id') }),
);

export const tensorChunkCodec: Codec<TensorChunk> = messageCodec(
  'TensorChunk',
  sara.v1.TensorChunk,
  (chunk: TensorChunk): sara.v1.TensorChunk.$Properties => ({
    header: {
      run: chunk.run,
      generation: chunk.generation,
      step: chunk.step,
      microBatch: chunk.microBatch,
      tensor: chunk.tensor,
      dtype: dtypeCodec.toWire(chunk.dtype),
      shape: [...chunk.shape],
      offset: chunk.offset,
      total: chunk.total,
      crc32c: crc32c(chunk.payload),
      numTensors: chunk.numTensors,
    },
    payload: chunk.payload,
  }),
  (message) => chunkFromWire(message.header ?? {}, bytesOf(message.payload)),
);

function chunkFromWire(header: sara.v1.FrameHeader.$Properties, payload: Uint8Array): TensorChunk {
  const shape = header.shape ?? [];
  wholeField(shape.length, 'number of FrameHeader.shape dimensions', 0, MAX_DIMENSIONS);
  for (const dimension of shape) wholeField(dimension, 'FrameHeader.shape', 0, 2 ** 31 - 1);
  const tensor = textField(header.tensor, 'FrameHeader.tensor', MAX_TENSOR_NAME);
  if (tensor === '') throw invalidFrame('FrameHeader.tensor', 'must not be empty', tensor);
  const dtype = dtypeCodec.fromWire(header.dtype);
  const total = bytesField(header.total, 'FrameHeader.total');
  const expectedTotal = numElements(shape) * DTYPE_SIZE_BYTES[dtype];
  if (total !== expectedTotal) {
    throw invalidFrame(
      'FrameHeader.total',
      `must be ${expectedTotal} for ${dtype} [${shape.join(', ')}]`,
      total,
    );
  }
  wholeField(payload.length, 'length of TensorChunk.payload', 0, MAX_CHUNK_BYTES);
  const offset = wholeField(header.offset, 'FrameHeader.offset', 0, total - Math.min(payload.length, total));
  if (offset + payload.length > total) {
    throw invalidFrame(
      'FrameHeader.offset + payload',
      `must be at most total ${total}`,
      offset + payload.length,
    );
  }
  const checksum = crc32c(payload);
  if (header.crc32c !== checksum) {
    throw invalidFrame('FrameHeader.crc32c', `must be ${checksum} for this payload`, header.crc32c ?? 0);
  }
  return {
    run: runField(header.run, 'FrameHeader.run'),
    generation: generationField(header.generation, 'FrameHeader.generation'),
    step: countField(header.step, 'FrameHeader.step'),
    microBatch: countField(header.microBatch, 'FrameHeader.micro_batch'),
    tensor,
    dtype,
    shape,
    offset,
    total,
    numTensors: wholeField(header.numTensors, 'FrameHeader.num_tensors', 1, MAX_TENSORS_PER_OBJECT),
    payload,
  };
}

/** Bytes of tensor data in a bundle. */
export function bundleSizeBytes(bundle: TensorBundle): number {
  let sizeBytes = 0;
  for (const tensor of Object.values(bundle)) sizeBytes += tensor.data.byteLength;
  return sizeBytes;
}

/** The bytes behind a tensor's values, not copied. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/** A bundle as chunks, tensor after tensor by name. */
export function* bundleChunks(bundle: TensorBundle, tag: FrameTag): Generator<TensorChunk> {
  const names = Object.keys(bundle).sort();
  for (const name of names) {
    const tensor = bundle[name];
    const { dtype, shape } = tensor;
    const bytes = tensorBytes(tensor);
    let offset = 0;
    do {
      const payload = bytes.subarray(offset, Math.min(offset + CHUNK_BYTES, bytes.length));
      yield {
        ...tag,
        tensor: name,
        dtype,
        shape,
        offset,
        total: bytes.length,
        numTensors: names.length,
        payload,
      };
      offset += payload.length;
    } while (offset < bytes.length);
  }
}

/** Puts the chunks of one object together. */
export class BundleAssembler {
  readonly #sizeBytes: number;
  readonly #tensors = new Map<string, Tensor>();
  #numTensors = 0;
  #allocatedBytes = 0;
  #current: { name: string; bytes: Uint8Array; filledBytes: number } | null = null;

  /** @param sizeBytes of the whole object, as its ObjectRef says: nothing beyond it is ever allocated */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  /** @throws SaraError FRAME_INVALID when the chunk does not continue what came before */
  add(chunk: TensorChunk): void {
    const current = this.#current?.name === chunk.tensor ? this.#current : this.#begin(chunk);
    if (chunk.offset !== current.filledBytes || chunk.total !== current.bytes.length) {
      throw invalidFrame(
        `FrameHeader.offset of '${chunk.tensor}'`,
        `must continue at ${current.filledBytes} of ${current.bytes.length}`,
        chunk.offset,
      );
    }
    if (chunk.payload.length === 0 && chunk.total > 0) {
      throw invalidFrame(`payload of '${chunk.tensor}'`, 'must not be empty', 0);
    }
    current.bytes.set(chunk.payload, chunk.offset);
    current.filledBytes += chunk.payload.length;
  }

  #begin(chunk: TensorChunk): { name: string; bytes: Uint8Array; filledBytes: number } {
    this.#checkCurrentIsWhole();
    if (this.#tensors.has(chunk.tensor))
      throw invalidFrame('FrameHeader.tensor', 'must not come twice', chunk.tensor);
    if (this.#tensors.size === 0) this.#numTensors = chunk.numTensors;
    if (chunk.numTensors !== this.#numTensors) {
      throw invalidFrame('FrameHeader.num_tensors', `must stay ${this.#numTensors}`, chunk.numTensors);
    }
    if (this.#allocatedBytes + chunk.total > this.#sizeBytes) {
      throw invalidFrame(
        'sum of FrameHeader.total',
        `must be the object's ${this.#sizeBytes} bytes`,
        this.#allocatedBytes + chunk.total,
      );
    }
    this.#allocatedBytes += chunk.total;
    // Not zeroed: finish() hands it out only when every byte was written.
    const bytes = Buffer.allocUnsafeSlow(chunk.total);
    const data = typedArray(chunk.dtype, bytes.buffer);
    this.#tensors.set(chunk.tensor, { dtype: chunk.dtype, shape: chunk.shape, data });
    this.#current = { name: chunk.tensor, bytes, filledBytes: 0 };
    return this.#current;
  }

  #checkCurrentIsWhole(): void {
    const current = this.#current;
    if (current !== null && current.filledBytes !== current.bytes.length) {
      throw invalidFrame(
        `bytes of '${current.name}'`,
        `must be ${current.bytes.length}`,
        current.filledBytes,
      );
    }
  }

  /**
   * The bundle, when the stream has ended.
   * @throws SaraError FRAME_INVALID when something is missing
   */
  finish(): TensorBundle {
    this.#checkCurrentIsWhole();
    if (this.#tensors.size !== this.#numTensors) {
      throw invalidFrame('number of tensors', `must be ${this.#numTensors}`, this.#tensors.size);
    }
    if (this.#allocatedBytes !== this.#sizeBytes) {
      throw invalidFrame(
        'sum of tensor sizes',
        `must be the object's ${this.#sizeBytes} bytes`,
        this.#allocatedBytes,
      );
    }
    return Object.fromEntries(this.#tensors);
  }
}

if (endianness() !== 'LE') {
  throw new SaraError('INTERNAL', 'tensors travel little-endian and this machine is big-endian', {});
}
