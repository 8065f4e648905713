/**
 * SHA-256 fingerprints by which processes and files prove that they mean the same thing: the sparse mask, and
 * the base model an adapter belongs to. The byte layouts here are part of the adapter format; any change to one
 * makes every adapter written before it unloadable.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { SAFETENSORS_DTYPE, type TensorEntry } from './safetensors.ts';
import { numElements } from './tensor.ts';

/** 1 MiB of positions at a time. */
const POSITIONS_PER_PIECE = 2 ** 18;

const FILE_PIECE_BYTES = 2 ** 20;

/** The chosen entries of one tensor. */
export interface MaskDigestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Flat row-major positions, ascending; null for every position of the tensor. */
  readonly indices: Uint32Array | Int32Array | null;
}

/** @returns SHA-256 in lower-case hex; text is hashed as UTF-8 */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of a file's bytes, in lower-case hex; read piece by piece. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: FILE_PIECE_BYTES })) {
    hash.update(piece as Uint8Array);
  }
  return hash.digest('hex');
}

/** The order of tensors in masks, digests and adapters: by UTF-16 code unit, for ASCII names that of every language. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Fingerprint of a sparse mask. Hashed per tensor in name order, those without entries left out:
 * name LF shape-as-comma-list LF flat indices as uint32 little endian.
 * @param entries in any order, names unique
 * @returns lower-case hex
 */
export function maskDigest(entries: Iterable<MaskDigestEntry>): string {
  const hash = createHash('sha256');
  const chosen = [...entries].filter(({ shape, indices }) => (indices?.length ?? numElements(shape)) > 0);
  for (const { name, shape, indices } of chosen.sort((a, b) => compareNames(a.name, b.name))) {
    hash.update(`${name}\n${shape.join(',')}\n`);
    for (const piece of indices === null ? everyPosition(numElements(shape)) : [indices]) {
      hash.update(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    }
  }
  return hash.digest('hex');
}

/** 0, 1, ... up to `count`, in pieces: a model trained in full has as many positions as weights. */
function* everyPosition(count: number): Generator<Uint32Array> {
  for (let start = 0; start < count; start += POSITIONS_PER_PIECE) {
    yield Uint32Array.from({ length: Math.min(POSITIONS_PER_PIECE, count - start) }, (_, i) => start + i);
  }
}

/** Weights as they are hashed: of files, or of a model at hand. */
export interface HashedWeights {
  readonly entries: ReadonlyMap<string, Pick<TensorEntry, 'name' | 'dtype' | 'shape'>>;
  chunks(name: string): AsyncIterable<Uint8Array>;
}

/**
 * Fingerprint of a base model: the same for one file and for shards of it, different for another element type.
 * Hashed per tensor in name order: name LF safetensors dtype LF shape-as-comma-list LF bytes as stored.
 * @param files the UNet's weights; read once in full, piece by piece
 * @returns lower-case hex
 * @throws SaraError FILE_CORRUPT when a file shrank since it was opened
 */
export async function baseModelHash(files: HashedWeights): Promise<string> {
  const hash = createHash('sha256');
  const entries = [...files.entries.values()].sort((a, b) => compareNames(a.name, b.name));
  for (const { name, dtype, shape } of entries) {
    hash.update(`${name}\n${SAFETENSORS_DTYPE[dtype]}\n${shape.join(',')}\n`);
    for await (const bytes of files.chunks(name)) hash.update(bytes);
  }
  return hash.digest('hex');
}
