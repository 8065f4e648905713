/**
 * Gradient values as they travel. With float16 everybody, the sender too, goes on with the rounded values: what
 * replicas add must be the same bits everywhere.
 */
import { decodeFloat16, encodeFloat16 } from '../../shared/half.ts';
import type { WireDType } from '../../shared/rpc/exchange-codec.ts';

/** @returns the bytes of `values`; for float32 their own memory, not copied */
export function encodeValues(values: Float32Array, dtype: WireDType): Uint8Array {
  const stored = dtype === 'float32' ? values : encodeFloat16(values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/** Writes the values of `payload` to the start of `target`; alignment of the payload does not matter. */
export function decodeValues(payload: Uint8Array, dtype: WireDType, target: Float32Array): void {
  if (dtype === 'float32') {
    new Uint8Array(target.buffer, target.byteOffset, payload.length).set(payload);
    return;
  }
  const halves = new Uint16Array(payload.length / Uint16Array.BYTES_PER_ELEMENT);
  new Uint8Array(halves.buffer).set(payload);
  decodeFloat16(halves, target.subarray(0, halves.length));
}

/** Replaces values by what the others will see of them. Float32 travels exactly. */
export function roundToWire(values: Float32Array, dtype: WireDType): void {
  if (dtype === 'float16') decodeValues(encodeValues(values, dtype), dtype, values);
}
