/**
 * TFRecord framing, in which TensorBoard's event files come: per record
 *   uint64  length            little endian, as all of it
 *   uint32  masked CRC-32C of the length
 *   bytes   data
 *   uint32  masked CRC-32C of the data
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
import { crc32c } from '../../shared/rpc/crc32c.ts';

const LENGTH_BYTES = 8;
const CHECKSUM_BYTES = 4;

/** @returns the record around `data` */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(LENGTH_BYTES + CHECKSUM_BYTES + data.length + CHECKSUM_BYTES);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskedChecksum(record.subarray(0, LENGTH_BYTES)), LENGTH_BYTES);
  record.set(data, LENGTH_BYTES + CHECKSUM_BYTES);
  record.writeUInt32LE(maskedChecksum(data), record.length - CHECKSUM_BYTES);
  return record;
}

/** Rotated and shifted, because a checksum of bytes that hold their own checksum says little. */
function maskedChecksum(bytes: Uint8Array): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
