/**
 * The border between bytes on the wire and values of this project: what a codec is, and the checks every
 * codec shares.
 *
 * Invariants:
 * 1. Generated types are seen only by the codecs in this folder.
 * 2. Whatever bytes come in, decode returns a complete, checked value or throws FRAME_INVALID naming the field
 *    and its value; it never allocates by a number it has not checked.
 * 3. decode(encode(x)) equals x.
 */
import { SaraError } from '../errors.ts';

export interface Codec<T> {
  encode(value: T): Buffer;
  /** @throws SaraError FRAME_INVALID */
  decode(bytes: Uint8Array): T;
}

/** What protobufjs generates for a message, as far as a codec needs it. */
/** Longest text and longest path in the messages of a run, in characters. */
export const MAX_TEXT = 64 * 1024;
export const MAX_PATH = 4096;

interface MessageType<In, Out> {
  encode(message: In): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Out;
}

/**
 * A codec made of a generated message type and two mappings.
 * @param name of the message, for errors
 */
export function messageCodec<T, In, Out>(
  name: string,
  type: MessageType<In, Out>,
  toWire: (value: T) => In,
  fromWire: (message: Out) => T,
): Codec<T> {
  return {
    encode: (value) => asBuffer(type.encode(toWire(value)).finish()),
    decode: (bytes) => {
      let message: Out;
      try {
        message = type.decode(bytes);
      } catch (error) {
        throw new SaraError(
          'FRAME_INVALID',
          `${bytes.length} bytes are not a ${name}: ${error instanceof Error ? error.message : String(error)}`,
          { message: name, sizeBytes: bytes.length },
          { cause: error },
        );
      }
      return fromWire(message);
    },
  };
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Names of runs and actors, object ids: safe in a NATS subject token, a file name and a log line. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

type Absent = null | undefined;

/** Refuses a frame, naming the field. */
export function invalidFrame(
  field: string,
  relation: string,
  value: string | number | boolean | null,
): SaraError {
  const shown = typeof value === 'string' && value.length > 64 ? `${value.slice(0, 64)}...` : value;
  return new SaraError('FRAME_INVALID', `${field} ${relation}, got ${JSON.stringify(shown)}`, {
    field,
    value: shown,
  });
}

/** A name of 1 to 128 characters of [A-Za-z0-9._-], not starting with a dot. */
export function nameField(value: string | Absent, field: string): string {
  if (typeof value !== 'string' || !NAME.test(value)) {
    throw invalidFrame(field, 'must be 1 to 128 characters of [A-Za-z0-9._-]', value ?? null);
  }
  return value;
}

/** A run's name: part of NATS subjects, so without dots. */
export function runField(value: string | Absent, field: string): string {
  const name = nameField(value, field);
  if (name.includes('.')) throw invalidFrame(field, 'must be 1 to 128 characters of [A-Za-z0-9_-]', name);
  return name;
}

/** Text of at most `maxLength` UTF-16 units. */
export function textField(value: string | Absent, field: string, maxLength: number): string {
  const text = value ?? '';
  if (text.length > maxLength) throw invalidFrame(field, `must have at most ${maxLength} characters`, text);
  return text;
}

/** A whole number in [min, max]. */
export function wholeField(value: number | Absent, field: string, min: number, max: number): number {
  const number = value ?? 0;
  if (!Number.isInteger(number) || number < min || number > max) {
    throw invalidFrame(field, `must be a whole number in [${min}, ${max}]`, number);
  }
  return number;
}

/** A count that fits 32 bits. */
export function countField(value: number | Absent, field: string): number {
  return wholeField(value, field, 0, 0xffff_ffff);
}

/** A number of bytes: whole, not negative, exact in a double. */
export function bytesField(value: number | Absent, field: string): number {
  return wholeField(value, field, 0, Number.MAX_SAFE_INTEGER);
}

/** A generation of a worker group: from 1. */
export function generationField(value: number | Absent, field: string): number {
  return wholeField(value, field, 1, 0xffff_ffff);
}

/** Bytes that were sent; absent is empty. */
export function bytesOf(value: Uint8Array | Absent): Uint8Array {
  return value ?? new Uint8Array(0);
}

/** A two-way table between the words used inside and the numbers of a wire enum. */
export function enumCodec<W extends string>(
  field: string,
  numbers: Readonly<Record<W, number>>,
): { toWire(word: W): number; fromWire(value: number | Absent): W } {
  const words = new Map<number, W>();
  for (const word of Object.keys(numbers) as W[]) words.set(numbers[word], word);
  return {
    toWire: (word) => numbers[word],
    fromWire: (value) => {
      const word = words.get(value ?? 0);
      if (word === undefined)
        throw invalidFrame(field, `must be one of ${[...words.keys()].join(', ')}`, value ?? 0);
      return word;
    },
  };
}
