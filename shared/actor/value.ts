/**
 * Arguments and results of actor methods as bytes: JSON, with tags for what JSON cannot say.
 *
 * Plain objects, arrays, strings, booleans, null and finite numbers are themselves. `{"$": kind, ...}` stands
 * for an ObjectRef, a small typed array (and so a small Tensor, which is a plain object around one), a bigint,
 * undefined, and the numbers JSON loses: NaN, the infinities and -0, for a loss may be any of them.
 * Members that are undefined are dropped. Everything else is refused at the sender.
 */
import { SaraError } from '../errors.ts';
import { invalidFrame, nameField, textField, wholeField } from '../rpc/codec.ts';
import { ObjectRef } from './object-ref.ts';

const TAG = '$';
const MAX_DEPTH = 64;

/** Larger arrays are tensors and belong in the object store: base64 in JSON costs a third more and three copies. */
export const MAX_INLINE_BYTES = 64 * 1024;

const ARRAY_TYPES = {
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
} as const;
type ArrayType = keyof typeof ARRAY_TYPES;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * @throws SaraError INTERNAL when the value holds something that cannot travel; says where
 */
export function encodeValue(value: unknown): Buffer {
  return Buffer.from(valueToText(value), 'utf8');
}

/** As {@link encodeValue}, for borders that text crosses as it is. */
export function valueToText(value: unknown): string {
  return JSON.stringify(toJson(value, '', 0));
}

/**
 * @throws SaraError FRAME_INVALID when the bytes are no actor value
 */
export function decodeValue(bytes: Uint8Array): unknown {
  return textToValue(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

/** As {@link decodeValue}, for what {@link valueToText} wrote. */
export function textToValue(text: string): unknown {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw new SaraError(
      'FRAME_INVALID',
      `${text.length} characters are not an actor value: ${error instanceof Error ? error.message : ''}`,
      { length: text.length },
      { cause: error },
    );
  }
  return fromJson(json, 0);
}

function toJson(value: unknown, path: string, depth: number): Json {
  if (depth > MAX_DEPTH) throw cannotTravel(path, `is nested deeper than ${MAX_DEPTH}, or in itself`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { [TAG]: 'number', text: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint':
      return { [TAG]: 'bigint', text: value.toString() };
    case 'undefined':
      return { [TAG]: 'undefined' };
    case 'object':
      return value === null ? null : objectToJson(value, path, depth);
    default:
      throw cannotTravel(path, `is a ${typeof value}`);
  }
}

function objectToJson(value: object, path: string, depth: number): Json {
  if (Array.isArray(value)) return value.map((item, index) => toJson(item, `${path}[${index}]`, depth + 1));
  if (value instanceof ObjectRef) {
    return { [TAG]: 'ref', address: value.address, id: value.id, sizeBytes: value.sizeBytes };
  }
  if (ArrayBuffer.isView(value)) return arrayToJson(value, path);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw cannotTravel(path, `is a ${value.constructor.name}`);
  }
  const members: { [key: string]: Json } = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') throw cannotTravel(path, `has a member called ${key}`);
    if (member !== undefined) members[key] = toJson(member, `${path}.${key}`, depth + 1);
  }
  return TAG in members ? { [TAG]: 'object', members } : members;
}

function arrayToJson(value: ArrayBufferView, path: string): Json {
  const type = value.constructor.name === 'Buffer' ? 'Uint8Array' : value.constructor.name;
  if (!(type in ARRAY_TYPES)) throw cannotTravel(path, `is a ${type}`);
  if (value.byteLength > MAX_INLINE_BYTES) {
    throw cannotTravel(
      path,
      `holds ${value.byteLength} bytes, more than the ${MAX_INLINE_BYTES} that travel inline: put() it and send the ref`,
    );
  }
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return { [TAG]: 'array', type, base64: bytes.toString('base64') };
}

function cannotTravel(path: string, why: string): SaraError {
  return new SaraError('INTERNAL', `value${path} cannot be sent to an actor: it ${why}`, {
    path: `value${path}`,
  });
}

/** Revives tags in place; the parsed objects belong to us. */
function fromJson(json: Json, depth: number): unknown {
  if (depth > 2 * MAX_DEPTH)
    throw invalidFrame('depth of an actor value', `must be at most ${MAX_DEPTH}`, depth);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => fromJson(item, depth + 1));
  if (Object.hasOwn(json, TAG)) return reviveTag(json, depth);
  const members: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(json)) {
    if (key === '__proto__')
      throw invalidFrame('member of an actor value', 'must not be called __proto__', key);
    members[key] = fromJson(member, depth + 1);
  }
  return members;
}

function reviveTag(json: { [key: string]: Json }, depth: number): unknown {
  switch (json[TAG]) {
    case 'ref':
      return new ObjectRef(
        textField(stringOf(json.address), 'ObjectRef.address', 256),
        nameField(stringOf(json.id), 'ObjectRef.id'),
        wholeField(numberOf(json.sizeBytes), 'ObjectRef.sizeBytes', 0, Number.MAX_SAFE_INTEGER),
      );
    case 'array':
      return reviveArray(json);
    case 'number':
      return Number(stringOf(json.text));
    case 'bigint':
      return reviveBigint(stringOf(json.text));
    case 'undefined':
      return undefined;
    case 'object': {
      const members = json.members;
      if (typeof members !== 'object' || members === null || Array.isArray(members)) {
        throw invalidFrame('members of a tagged object', 'must be an object', null);
      }
      return Object.fromEntries(
        Object.entries(members).map(([key, member]) => [key, fromJson(member, depth + 1)]),
      );
    }
    default:
      throw invalidFrame('tag of an actor value', 'must be one this version knows', stringOf(json[TAG]));
  }
}

function reviveArray(json: { [key: string]: Json }): ArrayBufferView {
  const type = stringOf(json.type);
  if (!Object.hasOwn(ARRAY_TYPES, type)) throw invalidFrame('type of a typed array', 'must be known', type);
  const bytes = Buffer.from(stringOf(json.base64), 'base64');
  const constructor = ARRAY_TYPES[type as ArrayType];
  if (bytes.length > MAX_INLINE_BYTES || bytes.length % constructor.BYTES_PER_ELEMENT !== 0) {
    throw invalidFrame(
      `bytes of a ${type}`,
      `must be whole elements, at most ${MAX_INLINE_BYTES}`,
      bytes.length,
    );
  }
  // Copied: a Buffer's memory may be shared and unaligned.
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new constructor(copy);
}

function reviveBigint(text: string): bigint {
  if (!/^-?\d{1,1000}$/.test(text)) throw invalidFrame('bigint', 'must be decimal digits', text);
  return BigInt(text);
}

function stringOf(json: Json | undefined): string {
  if (typeof json !== 'string') throw invalidFrame('member of a tagged value', 'must be a string', null);
  return json;
}

function numberOf(json: Json | undefined): number {
  if (typeof json !== 'number') throw invalidFrame('member of a tagged value', 'must be a number', null);
  return json;
}
