/** Gradients of several replicas and what they must sum to. */
import type { WireDType } from '../../shared/rpc/exchange-codec.ts';
import { roundToWire } from '../../worker/exchange/wire-values.ts';

/** Values of both signs and very different size, so that the order of addition shows in the result. */
export function gradientOf(replica: number, length: number, seed: number): Float32Array {
  let state = (seed * 8191 + replica * 131_071 + 1) >>> 0;
  return Float32Array.from({ length }, () => {
    // A linear congruential generator: a million values must not take longer than summing them.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * SCALES[state >>> 28];
  });
}

const SCALES = Float64Array.from({ length: 16 }, (_, i) => 2 ** (i - 8));

/** ((v0 + v1) + v2) + ... in float32; on rounded values and rounded again when they travel as float16. */
export function sequentialSum(gradients: readonly Float32Array[], wire: WireDType): Float32Array {
  const sum = new Float32Array(gradients[0].length);
  for (const [replica, gradient] of gradients.entries()) {
    const values = gradient.slice();
    roundToWire(values, wire);
    if (replica === 0) sum.set(values);
    else for (let i = 0; i < sum.length; i++) sum[i] = Math.fround(sum[i] + values[i]);
  }
  roundToWire(sum, wire);
  return sum;
}

/** The bits of float32 values, for comparisons that tell -0 from 0 and one NaN from another. */
export function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
