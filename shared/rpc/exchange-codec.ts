/** SparseChunk and SparseChunkReceipt of proto/sara/v1/tensor.proto as values. */
import type { ErrorCode } from '../errors.ts';
import { errorCodeFromWire } from './actor-codec.ts';
import type { Codec } from './codec.ts';
import {
  bytesOf,
  countField,
  enumCodec,
  generationField,
  invalidFrame,
  messageCodec,
  runField,
  textField,
} from './codec.ts';
import { crc32c } from './crc32c.ts';
import { sara } from './generated/sara.js';
import { dtypeCodec } from './tensor-frame.ts';

export type ExchangePhase = 'announce' | 'reduce-scatter' | 'all-gather';
/** Element type of gradient values on the wire. */
export type WireDType = 'float32' | 'float16';

export interface SparseChunk {
  readonly run: string;
  readonly generation: number;
  readonly stage: number;
  readonly step: number;
  readonly phase: ExchangePhase;
  /** Replica that sends. */
  readonly from: number;
  /** SHA-256, 64 hexadecimal digits. */
  readonly maskDigest: string;
  /** Entries of the whole vector. */
  readonly vectorLength: number;
  /** First entry of the payload within the whole vector. */
  readonly offset: number;
  readonly dtype: WireDType;
  /** Whole elements of dtype. */
  readonly payload: Uint8Array;
}

export interface SparseChunkReceipt {
  readonly replica: number;
  /** null: the chunk has arrived. */
  readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
}

const WIRE_SIZE_BYTES: Readonly<Record<WireDType, number>> = { float32: 4, float16: 2 };

const phaseCodec = enumCodec<ExchangePhase>('SparseChunk.phase', {
  announce: sara.v1.ExchangePhase.EXCHANGE_PHASE_ANNOUNCE,
  'reduce-scatter': sara.v1.ExchangePhase.EXCHANGE_PHASE_REDUCE_SCATTER,
  'all-gather': sara.v1.ExchangePhase.EXCHANGE_PHASE_ALL_GATHER,
});

export const sparseChunkCodec: Codec<SparseChunk> = messageCodec(
  'SparseChunk',
  sara.v1.SparseChunk,
  (chunk: SparseChunk): sara.v1.SparseChunk.$Properties => ({
    ...chunk,
    phase: phaseCodec.toWire(chunk.phase),
    dtype: dtypeCodec.toWire(chunk.dtype),
    maskDigest: Buffer.from(chunk.maskDigest, 'hex'),
    crc32c: crc32c(chunk.payload),
  }),
  (message): SparseChunk => {
    const dtype = dtypeCodec.fromWire(message.dtype);
    if (dtype !== 'float32' && dtype !== 'float16') {
      throw invalidFrame('SparseChunk.dtype', 'must be float32 or float16', dtype);
    }
    const payload = bytesOf(message.payload);
    const vectorLength = countField(message.vectorLength, 'SparseChunk.vector_length');
    const offset = countField(message.offset, 'SparseChunk.offset');
    const numValues = payload.length / WIRE_SIZE_BYTES[dtype];
    if (!Number.isInteger(numValues) || offset + numValues > vectorLength) {
      throw invalidFrame(
        'offset + values of SparseChunk',
        `must be whole, at most ${vectorLength}`,
        offset + numValues,
      );
    }
    const checksum = crc32c(payload);
    if (message.crc32c !== checksum)
      throw invalidFrame('SparseChunk.crc32c', `must be ${checksum}`, message.crc32c);
    const maskDigest = bytesOf(message.maskDigest);
    if (maskDigest.length !== 32)
      throw invalidFrame('length of mask_digest', 'must be 32', maskDigest.length);
    return {
      run: runField(message.run, 'SparseChunk.run'),
      generation: generationField(message.generation, 'SparseChunk.generation'),
      stage: countField(message.stage, 'SparseChunk.stage'),
      step: countField(message.step, 'SparseChunk.step'),
      phase: phaseCodec.fromWire(message.phase),
      from: countField(message.from, 'SparseChunk.from'),
      maskDigest: Buffer.from(maskDigest).toString('hex'),
      vectorLength,
      offset,
      dtype,
      payload,
    };
  },
);

export const sparseChunkReceiptCodec: Codec<SparseChunkReceipt> = messageCodec(
  'SparseChunkReceipt',
  sara.v1.SparseChunkReceipt,
  (receipt: SparseChunkReceipt): sara.v1.SparseChunkReceipt.$Properties => ({
    replica: receipt.replica,
    code: receipt.refusal?.code ?? '',
    message: receipt.refusal?.message ?? '',
  }),
  (message): SparseChunkReceipt => ({
    replica: countField(message.replica, 'SparseChunkReceipt.replica'),
    refusal: message.code
      ? {
          code: errorCodeFromWire(message.code),
          message: textField(message.message, 'SparseChunkReceipt.message', 4096),
        }
      : null,
  }),
);
