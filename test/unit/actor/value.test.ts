/** Arguments and results of actor methods: what travels, and what is refused. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ObjectRef } from '../../../shared/actor/object-ref.ts';
import { decodeValue, encodeValue, MAX_INLINE_BYTES } from '../../../shared/actor/value.ts';
import { saraError } from '../../support/sara-error.ts';

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.float32Array({ maxLength: 5 }),
  fc.int32Array({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 5 }),
  fc.bigInt64Array({ maxLength: 3 }),
  fc
    .tuple(fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/), fc.nat())
    .map(([id, sizeBytes]) => new ObjectRef('127.0.0.1:7000', id, sizeBytes)),
);
const key = fc.oneof(fc.constant('$'), fc.string({ unit: 'grapheme' })).filter((k) => k !== '__proto__');
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('actor values', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(value, (original) => {
        assert.deepEqual(decodeValue(encodeValue(original)), original);
      }),
      { numRuns: 500 },
    );
  });

  it('lose members that are undefined, and keep undefined elsewhere', () => {
    assert.deepEqual(decodeValue(encodeValue({ a: undefined, b: [undefined, 1] })), { b: [undefined, 1] });
    assert.equal(decodeValue(encodeValue(undefined)), undefined);
  });

  it('that are not data are refused at the sender, saying where', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const refused: [unknown, RegExp][] = [
      [{ a: [1, () => 1] }, /value\.a\[1\] .* is a function/],
      [{ when: new Date(0) }, /value\.when .* is a Date/],
      [new Map(), /is a Map/],
      [circular, /nested deeper than 64, or in itself/],
      [{ w: new Float32Array(MAX_INLINE_BYTES / 4 + 1) }, /value\.w .* put\(\) it and send the ref/],
      [JSON.parse('{"__proto__": 1}'), /has a member called __proto__/],
    ];
    for (const [original, message] of refused) {
      assert.throws(() => encodeValue(original), saraError('INTERNAL', message));
    }
  });

  it('that were tampered with are refused, and never reach a prototype', () => {
    const hostile = [
      'not json',
      '{"$":"ref","address":"a","id":"../x","sizeBytes":1}',
      '{"$":"ref","address":"a","id":"x","sizeBytes":-1}',
      '{"$":"ref"}',
      '{"$":"array","type":"Function","base64":""}',
      '{"$":"array","type":"constructor","base64":""}',
      '{"$":"array","type":"Float32Array","base64":"AAA="}',
      '{"$":"bigint","text":"0x10"}',
      '{"$":"later"}',
      '{"$":1}',
      '{"__proto__":{"polluted":true}}',
      '{"a":{"\\u005f_proto__":{"polluted":true}}}',
      '['.repeat(500) + ']'.repeat(500),
    ];
    for (const text of hostile) {
      assert.throws(() => decodeValue(Buffer.from(text)), saraError('FRAME_INVALID'), text);
    }
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });

  it('of random JSON are read or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          decodeValue(Buffer.from(text));
        } catch (error) {
          assert.ok(saraError('FRAME_INVALID')(error));
        }
      }),
    );
  });
});
