/** What goes onto the wire comes off it again; what did not come from us is refused, not believed. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ERROR_CODES, SaraError } from '../../../shared/errors.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import {
  callMessageCodec,
  callReplyCodec,
  spawnRequestCodec,
  statusReplyCodec,
} from '../../../shared/rpc/actor-codec.ts';
import type { Codec } from '../../../shared/rpc/codec.ts';
import { crc32c } from '../../../shared/rpc/crc32c.ts';
import { runEventCodec } from '../../../shared/rpc/event-codec.ts';
import { sparseChunkCodec, sparseChunkReceiptCodec } from '../../../shared/rpc/exchange-codec.ts';
import {
  listWorkersReplyCodec,
  runSummaryCodec,
  submitRunRequestCodec,
} from '../../../shared/rpc/run-codec.ts';
import { tensorChunkCodec } from '../../../shared/rpc/tensor-frame.ts';
import { saraError } from '../../support/sara-error.ts';

/** Plain objects, as codecs make them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const priority = fc.integer({ min: -1000, max: 1000 });
const count = fc.nat(0xffff_ffff);
const sizeBytes = fc.nat(Number.MAX_SAFE_INTEGER);
const generation = fc.integer({ min: 1, max: 0xffff_ffff });
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const text = fc.string({ maxLength: 40, unit: 'grapheme' });
const double = fc.double();
const code = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]));

const header = record({ run: name, sequence: count, generation: count, step: count, atMs: double });
const plan = record({
  numStages: count,
  numReplicas: count,
  stages: fc.array(
    record({
      stage: count,
      replica: count,
      worker: text,
      blocks: fc.array(text, { maxLength: 3 }),
      parameterBytes: sizeBytes,
      activationBytes: sizeBytes,
      flops: double,
      seconds: double,
    }),
    { maxLength: 3 },
  ),
  text,
});
const state = fc.constantFrom(
  'queued',
  'planning',
  'running',
  'finishing',
  'succeeded',
  'failed',
  'cancelled',
);
const body = fc.oneof(
  record({ kind: fc.constant('state-changed'), state, reason: text }),
  record({ kind: fc.constant('planned'), plan }),
  record({
    kind: fc.constant('step-committed'),
    loss: double,
    learningRate: double,
    gradNorm: double,
    seconds: double,
    samplesPerSecond: double,
    trainableCount: count,
  }),
  record({ kind: fc.constant('validated'), loss: double, numExamples: count }),
  record({
    kind: fc.constant('mask-refreshed'),
    stage: count,
    trainableCount: count,
    releasedCount: count,
    digest,
  }),
  record({ kind: fc.constant('checkpointed'), path: text, sizeBytes, digest }),
  record({ kind: fc.constant('artifact'), name, path: text, mediaType: text, sizeBytes }),
  record({
    kind: fc.constant('log'),
    level: fc.constantFrom('info', 'warn', 'error'),
    message: text,
    worker: text,
  }),
  record({ kind: fc.constant('failed'), code, message: text, worker: text }).map((failed) => ({
    ...failed,
    disposition: ERROR_CODES[failed.code].disposition,
  })),
);
const runEvent = fc.tuple(header, body).map(([head, rest]) => ({ ...head, ...rest }));

const tensorChunk = record({
  run: name,
  generation,
  step: count,
  microBatch: count,
  tensor: name,
  values: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  cut: fc.tuple(fc.nat(), fc.nat()),
  numTensors: fc.integer({ min: 1, max: 65_536 }),
}).map(({ values, cut, ...rest }) => {
  const [a, b] = cut.map((at) => at % (values.length + 1)).sort((x, y) => x - y);
  return {
    ...rest,
    dtype: 'uint8' as const,
    shape: [1, values.length],
    total: values.length,
    offset: a,
    payload: Buffer.from(values.subarray(a, b)),
  };
});

const sparseChunk = record({
  run: name,
  generation,
  stage: count,
  step: count,
  phase: fc.constantFrom('announce', 'reduce-scatter', 'all-gather'),
  from: count,
  maskDigest: digest,
  offset: fc.nat(1000),
  numValues: fc.nat(20),
  dtype: fc.constantFrom('float32', 'float16'),
}).map(({ numValues, ...rest }) => ({
  ...rest,
  vectorLength: rest.offset + numValues + 5,
  payload: Buffer.alloc(numValues * (rest.dtype === 'float32' ? 4 : 2), 7),
}));

const invoke = record({
  kind: fc.constant('invoke'),
  callId: fc.integer({ min: 1, max: 0xffff_ffff }),
  actorId: name,
  method: name,
  run: name,
  generation,
  timeoutMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  args: bytes,
  traceparent: fc.string({ maxLength: 55 }),
});

const workerStatus = record({
  name,
  address: text,
  incarnation: name,
  pid: count,
  actors: fc.array(
    record({
      actorId: name,
      className: name,
      run: name,
      generation,
      numQueued: count,
      busyMethod: fc.option(name),
      memoryBytes: sizeBytes,
    }),
    { maxLength: 3 },
  ),
  objects: record({ count, usedBytes: sizeBytes, capacityBytes: sizeBytes }),
  memory: record({ rssBytes: sizeBytes, capacityBytes: sizeBytes }),
});

const runSummary = record({
  run: name,
  name: text,
  state,
  step: count,
  totalSteps: count,
  priority,
  generation: count,
  loss: fc.option(double),
  createdAtMs: double,
  updatedAtMs: double,
  failure: fc.option(record({ code, message: text })),
});

const workers = record({
  workers: fc.array(
    record({
      name,
      address: text,
      state: fc.constantFrom('idle', 'busy', 'draining', 'lost'),
      device: text,
      memoryBytes: sizeBytes,
      memoryUsedBytes: sizeBytes,
      run: fc.option(name),
      leaseAgeMs: count,
      version: fc.string({ maxLength: 64 }),
    }),
    { maxLength: 3 },
  ),
});

/** Every codec with values it must carry. */
const CASES: readonly [string, Codec<unknown>, fc.Arbitrary<unknown>][] = [
  caseOf(
    'SpawnRequest',
    spawnRequestCodec,
    record({ actorId: name, className: name, run: name, generation, args: bytes, memoryBytes: sizeBytes }),
  ),
  caseOf(
    'CallMessage',
    callMessageCodec,
    fc.oneof(
      invoke,
      record({ kind: fc.constant('cancel'), callId: fc.integer({ min: 1, max: 9 }) }),
      record({ kind: fc.constant('free'), objectIds: fc.array(name, { maxLength: 5 }) }),
    ),
  ),
  caseOf(
    'CallReply',
    callReplyCodec,
    record({ kind: fc.constant('result'), callId: fc.integer({ min: 1, max: 9 }), result: bytes }),
  ),
  caseOf('StatusReply', statusReplyCodec, workerStatus),
  caseOf('TensorChunk', tensorChunkCodec, tensorChunk),
  caseOf('SparseChunk', sparseChunkCodec, sparseChunk),
  caseOf(
    'SparseChunkReceipt',
    sparseChunkReceiptCodec,
    record({ replica: count, refusal: fc.option(record({ code, message: text })) }),
  ),
  caseOf('RunEvent', runEventCodec, runEvent),
  caseOf('RunSummary', runSummaryCodec, runSummary),
  caseOf('ListWorkersReply', listWorkersReplyCodec, workers),
  caseOf(
    'SubmitRunRequest',
    submitRunRequestCodec,
    record({ configJson: text, baseDirectory: text.map((path) => `/${path}`), priority }),
  ),
];

function caseOf(
  title: string,
  codec: unknown,
  values: fc.Arbitrary<unknown>,
): [string, Codec<unknown>, fc.Arbitrary<unknown>] {
  return [title, codec as Codec<unknown>, values];
}

describe('codecs', () => {
  for (const [title, codec, values] of CASES) {
    it(`carry a ${title} unchanged`, () => {
      fc.assert(
        fc.property(values, (value) => {
          assert.deepEqual(codec.decode(codec.encode(value)), value);
        }),
      );
    });

    it(`refuse bytes that are no ${title} with FRAME_INVALID, or read them as one`, () => {
      const mutated = fc.tuple(values, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat());
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (input) => {
          const hostile =
            input instanceof Uint8Array ? input : mutate(codec.encode(input[0]), input[1], input[2]);
          try {
            codec.encode(codec.decode(hostile));
          } catch (error) {
            assert.ok(saraError('FRAME_INVALID')(error));
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('carry a typed error with code, message and context', () => {
    const error = new SaraError('DOES_NOT_FIT', '3 > 2 bytes', {
      needed: 3,
      capacity: 2,
      worker: 'w0',
      hard: true,
      by: null,
    });
    const reply = callReplyCodec.decode(callReplyCodec.encode({ kind: 'failure', callId: 5, error }));
    assert.ok(reply.kind === 'failure');
    assert.deepEqual(
      { code: reply.error.code, message: reply.error.message, context: reply.error.context },
      { code: error.code, message: error.message, context: error.context },
    );
  });

  it('read an error code of a newer version as INTERNAL', () => {
    const error = new SaraError('INTERNAL', 'x');
    const encoded = callReplyCodec.encode({ kind: 'failure', callId: 5, error });
    const renamed = Buffer.from(encoded.toString('latin1').replace('INTERNAL', 'NEWERONE'), 'latin1');
    const reply = callReplyCodec.decode(renamed);
    assert.ok(reply.kind === 'failure' && reply.error.code === 'INTERNAL');
  });

  it('cut an error that is too long instead of failing', () => {
    const error = new SaraError('INTERNAL', 'x'.repeat(1e6), { long: 'y'.repeat(1e6) });
    const encoded = callReplyCodec.encode({ kind: 'failure', callId: 5, error });
    assert.ok(encoded.length < 4096);
    callReplyCodec.decode(encoded);
  });

  it('refuse a tensor chunk whose numbers do not fit together', () => {
    const good = {
      run: 'r',
      generation: 1,
      step: 0,
      microBatch: 0,
      tensor: 't',
      dtype: 'float32' as const,
      shape: [2, 2],
      offset: 0,
      total: 16,
      numTensors: 1,
      payload: Buffer.alloc(16),
    };
    tensorChunkCodec.decode(tensorChunkCodec.encode(good));
    const bad: [Partial<typeof good>, RegExp][] = [
      [{ total: 20 }, /total must be 16 for float32 \[2, 2\], got 20/],
      [{ shape: [2 ** 31, 2 ** 31], total: 16 }, /shape must be a whole number/],
      [{ shape: [1, 1, 1, 1, 1, 1, 1, 1, 4] }, /dimensions must be a whole number in \[0, 8\]/],
      [{ offset: 4 }, /offset must be a whole number in \[0, 0\]/],
      [{ shape: [2, 1], total: 8 }, /offset \+ payload must be at most total 8/],
      [{ tensor: '' }, /tensor must not be empty/],
      [{ run: 'a.b' }, /run must be/],
      [{ generation: 0 }, /generation must be/],
      [{ shape: [2 ** 20], total: 2 ** 22, payload: Buffer.alloc(2 ** 20 + 1) }, /payload must be/],
    ];
    for (const [change, message] of bad) {
      assert.throws(
        () => tensorChunkCodec.decode(tensorChunkCodec.encode({ ...good, ...change })),
        saraError('FRAME_INVALID', message),
      );
    }
  });

  it('notice a flipped bit in a payload', () => {
    const chunk = {
      run: 'r',
      generation: 1,
      step: 0,
      microBatch: 0,
      tensor: 't',
      dtype: 'uint8' as const,
      shape: [100],
      offset: 0,
      total: 100,
      numTensors: 1,
      payload: Buffer.alloc(100),
    };
    const frame = tensorChunkCodec.encode(chunk);
    frame[frame.length - 50] ^= 1;
    assert.throws(() => tensorChunkCodec.decode(frame), saraError('FRAME_INVALID', /crc32c/));
  });
});

describe('crc32c', () => {
  // RFC 3720, appendix B.4.
  const VECTORS: readonly [string, Uint8Array, number][] = [
    ['nothing', new Uint8Array(0), 0],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
  ];
  for (const [title, input, expected] of VECTORS) {
    it(`of ${title} is as published`, () => assert.equal(crc32c(input), expected));
  }

  it('of any bytes at any alignment equals the definition, bit by bit', () => {
    const bitwise = (input: Uint8Array): number => {
      let crc = 0xffff_ffff;
      for (const byte of input) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
      return ~crc >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(8), (input, begin) => {
        assert.equal(crc32c(input.subarray(begin)), bitwise(input.subarray(begin)));
      }),
    );
  });
});

function mutate(encoded: Buffer, flips: readonly [number, number][], cut: number): Uint8Array {
  const bytesOut = Uint8Array.from(
    encoded.subarray(0, cut % 5 === 0 ? cut % (encoded.length + 1) : encoded.length),
  );
  for (const [at, value] of flips) if (bytesOut.length > 0) bytesOut[at % bytesOut.length] = value;
  return bytesOut;
}
