import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  floatToHalf,
  halfToFloat,
} from '../../../shared/half.ts';

const ALL_PATTERNS = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

/** The definition of binary16, in exact double arithmetic: the oracle for the bit tricks. */
function halfByDefinition(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('half', () => {
  it('decodes every one of the 65536 patterns to the value its definition gives', () => {
    const decoded = decodeFloat16(ALL_PATTERNS);
    for (const bits of ALL_PATTERNS) {
      assert.ok(Object.is(decoded[bits], halfByDefinition(bits)), `pattern ${bits.toString(16)}`);
      assert.ok(Object.is(halfToFloat(bits), halfByDefinition(bits)), `pattern ${bits.toString(16)}`);
    }
  });

  it('brings every binary16 and bfloat16 pattern back unchanged, NaN payloads included', () => {
    assert.deepEqual(encodeFloat16(decodeFloat16(ALL_PATTERNS)), ALL_PATTERNS);
    assert.deepEqual(encodeBfloat16(decodeBfloat16(ALL_PATTERNS)), ALL_PATTERNS);
  });

  it('rounds the midpoint of any two neighbours to the even one and anything beside it to the nearer', () => {
    const float = new Float32Array(1);
    const bitsOfFloat = new Uint32Array(float.buffer);
    for (let bits = 0; bits < 0x7bff; bits++) {
      float[0] = (halfByDefinition(bits) + halfByDefinition(bits + 1)) / 2; // exact in float32
      assert.equal(floatToHalf(float[0]), bits & 1 ? bits + 1 : bits);
      bitsOfFloat[0] += 1;
      assert.equal(floatToHalf(float[0]), bits + 1);
      bitsOfFloat[0] -= 2;
      assert.equal(floatToHalf(float[0]), bits);
    }
  });

  it('saturates to infinity only from 65520 on and keeps the sign of zero', () => {
    assert.equal(floatToHalf(65519.996), 0x7bff);
    assert.equal(floatToHalf(65520), 0x7c00);
    assert.equal(floatToHalf(-Infinity), 0xfc00);
    assert.equal(floatToHalf(-0), 0x8000);
    assert.equal(floatToHalf(-1e-9), 0x8000);
    assert.ok(Number.isNaN(halfToFloat(floatToHalf(NaN))));
  });

  it('rounds float32 to the nearest bfloat16, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: 2 ** -100, max: 2 ** 100 }), (x) => {
        const bits = encodeBfloat16(Float32Array.of(x))[0];
        const [below, at, above] = decodeBfloat16(Uint16Array.of(bits - 1, bits, bits + 1));
        assert.ok(Math.abs(at - x) <= Math.abs(below - x) && Math.abs(at - x) <= Math.abs(above - x));
      }),
    );
    assert.deepEqual(
      encodeBfloat16(new Float32Array(Uint32Array.of(0x3f808000, 0x3f818000, 0x3f808001).buffer)),
      Uint16Array.of(0x3f80, 0x3f82, 0x3f81),
    );
  });

  it('writes into the given array and into views that do not start at zero', () => {
    const dst = new Float32Array(4);
    decodeFloat16(Uint16Array.of(0x3c00, 0xc000), dst.subarray(1, 3));
    assert.deepEqual(dst, Float32Array.of(0, 1, -2, 0));
  });
});
