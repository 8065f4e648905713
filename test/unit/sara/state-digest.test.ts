import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stateDigest } from '../../../worker/sara/state-digest.ts';

describe('the digest of trained values', () => {
  it('is the same for the same bits, and differs by a bit, a sign, an order, a length', () => {
    const values = Float32Array.from([1, -0.5, 0, 3]);
    assert.equal(stateDigest(values), stateDigest(values.slice()));
    assert.match(stateDigest(values), /^[0-9a-f]{16}$/);
    const others = [[1, -0.5, -0, 3], [1, 0.5, 0, 3], [-0.5, 1, 0, 3], [1, -0.5, 0], [1, -0.5, 0, 3, 0], []];
    const digests = [values, ...others.map((other) => Float32Array.from(other))].map(stateDigest);
    assert.equal(new Set(digests).size, digests.length);
  });

  it('sees every single bit that is turned', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, maxLength: 64 }),
        fc.nat(),
        fc.nat(31),
        (values, index, bit) => {
          const before = stateDigest(values);
          new Uint32Array(values.buffer, values.byteOffset, values.length)[index % values.length] ^= 1 << bit;
          assert.notEqual(stateDigest(values), before);
        },
      ),
    );
  });
});
