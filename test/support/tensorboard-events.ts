/**
 * Reads TensorBoard event files byte by byte, with a bitwise CRC-32C and a protobuf reader of its own: nothing here is
 * shared with what writes them.
 */

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly tag?: string;
  readonly value?: number;
  readonly image?: { readonly width: number; readonly height: number; readonly bytes: Buffer };
  readonly restart?: boolean;
}

/** @throws Error when a record is cut short or its checksum does not fit */
export function readEvents(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length;) {
    if (file.length - at < 12) throw new Error(`the file ends within the header at ${at}`);
    const length = Number(file.readBigUInt64LE(at));
    requireChecksum(file.subarray(at, at + 8), file.readUInt32LE(at + 8), at);
    const end = at + 12 + length;
    if (file.length < end + 4) throw new Error(`the file ends within the record at ${at}`);
    const data = file.subarray(at + 12, end);
    requireChecksum(data, file.readUInt32LE(end), at);
    events.push(readEvent(data));
    at = end + 4;
  }
  return events;
}

function readEvent(data: Buffer): ReadEvent {
  const fields = readMessage(data);
  const summary = fields.get(5);
  const event = {
    wallTime: (fields.get(1) as Buffer).readDoubleLE(),
    step: Number(fields.get(2) ?? 0n),
    ...(fields.has(3) ? { fileVersion: (fields.get(3) as Buffer).toString() } : {}),
    ...(fields.has(7) ? { restart: readMessage(fields.get(7) as Buffer).get(1) === 1n } : {}),
  };
  if (summary === undefined) return event;
  const value = readMessage(readMessage(summary as Buffer).get(1) as Buffer);
  const tag = (value.get(1) as Buffer).toString();
  if (value.has(2)) return { ...event, tag, value: (value.get(2) as Buffer).readFloatLE() };
  const image = readMessage(value.get(4) as Buffer);
  const [width, height] = [Number(image.get(2)), Number(image.get(1))];
  return { ...event, tag, image: { width, height, bytes: image.get(4) as Buffer } };
}

/** By field number: a varint as bigint, everything else as its bytes. */
function readMessage(bytes: Buffer): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number): Buffer => bytes.subarray(at, (at += count));
  while (at < bytes.length) {
    const key = Number(varint());
    const [field, wireType] = [key >>> 3, key & 7];
    if (wireType === 0) fields.set(field, varint());
    else if (wireType === 1) fields.set(field, take(8));
    else if (wireType === 5) fields.set(field, take(4));
    else fields.set(field, take(Number(varint())));
  }
  return fields;
}

function requireChecksum(bytes: Buffer, masked: number, at: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0;
  const found = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  if (found !== (crc ^ 0xffffffff) >>> 0) throw new Error(`a checksum at ${at} does not fit`);
}
