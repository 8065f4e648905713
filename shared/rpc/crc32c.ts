/**
 * CRC-32C (Castagnoli, RFC 3720 B.4), sixteen bytes at a time ("slicing-by-16", after Kounavis & Berry 2005).
 *
 * Node's zlib has only the other CRC-32. This one does 1.5-2 GB/s on one core, several times what a tensor stream
 * carries, and protects chunks on their way through proxies and buffers, where TCP's 16-bit sum and TLS do not reach.
 */
const REFLECTED_POLYNOMIAL = 0x82f63b78;
const NUM_SLICES = 16;

/** TABLE[256 s + b]: remainder of byte b followed by s zero bytes. */
const TABLE = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(256 * NUM_SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ REFLECTED_POLYNOMIAL : remainder >>> 1;
    }
    table[byte] = remainder;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256];
    table[i] = (previous >>> 8) ^ table[previous & 0xff];
  }
  return table;
}

/** @returns the checksum as an unsigned 32-bit number; 0 for no bytes */
export function crc32c(bytes: Uint8Array): number {
  if (bytes.length < NUM_SLICES) return ~addBytes(-1, bytes) >>> 0;
  // Words can be read where they are aligned in memory: bytes before the first and after the last go one by one.
  const numBefore = -bytes.byteOffset & 3;
  const numWords = (bytes.length - numBefore) >>> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + numBefore, numWords);
  let crc = addBytes(-1, bytes.subarray(0, numBefore));
  let w = 0;
  for (const end = numWords - 3; w < end; w += 4) {
    const a = words[w] ^ crc;
    const b = words[w + 1];
    const c = words[w + 2];
    const d = words[w + 3];
    crc =
      TABLE[3840 + (a & 0xff)] ^
      TABLE[3584 + ((a >>> 8) & 0xff)] ^
      TABLE[3328 + ((a >>> 16) & 0xff)] ^
      TABLE[3072 + (a >>> 24)] ^
      TABLE[2816 + (b & 0xff)] ^
      TABLE[2560 + ((b >>> 8) & 0xff)] ^
      TABLE[2304 + ((b >>> 16) & 0xff)] ^
      TABLE[2048 + (b >>> 24)] ^
      TABLE[1792 + (c & 0xff)] ^
      TABLE[1536 + ((c >>> 8) & 0xff)] ^
      TABLE[1280 + ((c >>> 16) & 0xff)] ^
      TABLE[1024 + (c >>> 24)] ^
      TABLE[768 + (d & 0xff)] ^
      TABLE[512 + ((d >>> 8) & 0xff)] ^
      TABLE[256 + ((d >>> 16) & 0xff)] ^
      TABLE[d >>> 24];
  }
  return ~addBytes(crc, bytes.subarray(numBefore + 4 * w)) >>> 0;
}

function addBytes(crc: number, bytes: Uint8Array): number {
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return crc;
}
