/** The exchange over a network in memory that loses, repeats and reorders. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Clock } from '../../../shared/clock.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { WireDType } from '../../../shared/rpc/exchange-codec.ts';
import { chunksOf, segmentsOf } from '../../../worker/exchange/segments.ts';
import { SparseAllReduce } from '../../../worker/exchange/sparse-all-reduce.ts';
import { bitsOf, gradientOf, sequentialSum } from '../../support/gradients.ts';
import { saraError } from '../../support/sara-error.ts';
import type { Faults } from '../../support/unreliable-transport.ts';
import { MemoryNetwork, unreliable } from '../../support/unreliable-transport.ts';

const DIGEST = 'ab'.repeat(32);
const OTHER_DIGEST = 'cd'.repeat(32);
const NO_FAULTS: Faults = { seed: 0, loss: 0, repetition: 0, maxDelayMs: 0 };

/** A clock that runs 100 times as fast, so that repetitions after a loss do not make the tests slow. */
const quickClock = {
  nowMs: () => performance.now() * 100,
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(new Error('aborted'));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms / 100);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

async function joinAll(
  numReplicas: number,
  options: { wire?: WireDType; faults?: Faults; maxPayloadBytes?: number; timeoutMs?: number; clock?: Clock },
): Promise<SparseAllReduce[]> {
  const {
    wire = 'float32',
    faults = NO_FAULTS,
    maxPayloadBytes = 2048,
    timeoutMs = 600_000,
    clock = quickClock,
  } = options;
  const network = new MemoryNetwork(maxPayloadBytes);
  return Promise.all(
    Array.from({ length: numReplicas }, (_, replica) =>
      SparseAllReduce.joinOver(
        unreliable(network.transport(), { ...faults, seed: faults.seed + replica }),
        { run: 'run', generation: 1, stage: 0, replica, numReplicas },
        { wire, timeoutMs, log: silentLogger, clock },
      ),
    ),
  );
}

describe('the sparse all-reduce', () => {
  let members: SparseAllReduce[] = [];

  afterEach(async () => {
    await Promise.all(members.map((member) => member.leave()));
  });

  it('divides a vector into contiguous segments and chunks that cover it once', () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 700 }),
        (n, r, max) => {
          const segments = segmentsOf(n, r);
          const chunks = segments.flatMap((segment) => chunksOf(segment, max));
          let at = 0;
          for (const { begin, end } of chunks) {
            assert.equal(begin, at);
            assert.ok(end - begin >= 1 && end - begin <= max);
            at = end;
          }
          assert.equal(at, n);
          const lengths = segments.map(({ begin, end }) => end - begin);
          assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1);
        },
      ),
    );
  });

  it('of one replica is the identity and needs no network', async () => {
    const member = { run: 'run', generation: 1, stage: 0, replica: 0, numReplicas: 1 };
    const alone = await SparseAllReduce.join(null, member, {
      wire: 'float16',
      timeoutMs: 1,
      log: silentLogger,
    });
    const values = Float32Array.of(1, 2, 3);
    assert.equal(await alone.sum(values, { step: 0, maskDigest: DIGEST }), values);
  });

  it('equals the sequential sum in replica order bit for bit, whatever is lost, repeated or reordered', async () => {
    const cases = fc.record({
      numReplicas: fc.integer({ min: 2, max: 4 }),
      length: fc.integer({ min: 0, max: 3000 }),
      wire: fc.constantFrom<WireDType>('float32', 'float16'),
      faults: fc.record({
        seed: fc.nat(1_000_000),
        loss: fc.constantFrom(0, 0.1, 0.3),
        repetition: fc.constantFrom(0, 0.5),
        maxDelayMs: fc.constantFrom(0, 5),
      }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ numReplicas, length, wire, faults }) => {
        members = await joinAll(numReplicas, { wire, faults });
        for (const step of [7, 8]) {
          const gradients = members.map((_, replica) => gradientOf(replica, length, step));
          const expected = bitsOf(sequentialSum(gradients, wire));
          const sums = await Promise.all(
            members.map((member, replica) => member.sum(gradients[replica], { step, maskDigest: DIGEST })),
          );
          for (const sum of sums) assert.deepEqual(bitsOf(sum), expected);
        }
        await Promise.all(members.map((member) => member.leave()));
      }),
      { numRuns: 40 },
    );
  });

  it('waits for a replica that comes late, and sends values only then', async () => {
    members = await joinAll(2, {});
    const gradients = [gradientOf(0, 1000, 1), gradientOf(1, 1000, 1)];
    const early = members[0].sum(gradients[0], { step: 0, maskDigest: DIGEST });
    const announcementBytes = 200;
    await quickClock.sleep(5_000);
    assert.ok(members[0].sentBytes < 30 * announcementBytes, `${members[0].sentBytes} bytes`);
    const late = members[1].sum(gradients[1], { step: 0, maskDigest: DIGEST });
    assert.deepEqual(bitsOf(await early), bitsOf(await late));
  });

  it('moves 2 (R-1) / R of the vector per replica, less where NATS copies', async () => {
    const numReplicas = 3;
    // Real time: on a busy machine the quick clock repeats what is not lost.
    members = await joinAll(numReplicas, { maxPayloadBytes: 64 * 1024, clock: systemClock });
    const length = 30_000;
    await Promise.all(
      members.map((member, replica) =>
        member.sum(gradientOf(replica, length, 1), { step: 0, maskDigest: DIGEST }),
      ),
    );
    const vectorBytes = 4 * length;
    const expected = vectorBytes * ((numReplicas - 1) / numReplicas + 1 / numReplicas);
    const headerSlack = 1.02;
    for (const { sentBytes } of members) {
      assert.ok(sentBytes >= expected && sentBytes < expected * headerSlack, `${sentBytes} of ${expected}`);
    }
    // Stable Diffusion 1.5: all weights, as a dense all-reduce sums them, against the largest selection of the paper.
    const DENSE_BYTES = 4 * 859_520_964;
    const NUM_TRAINED = 50_300_000;
    const perStepBytes = (members[0].sentBytes / length) * NUM_TRAINED;
    assert.ok(Math.abs(DENSE_BYTES - 3.44e9) < 1e7, `${DENSE_BYTES} bytes of gradient`);
    assert.ok(perStepBytes < 0.21e9, `${perStepBytes} bytes a step, 1/17 of the dense gradient`);
  });

  it('ends on all replicas when one has another mask, naming both digests', async () => {
    members = await joinAll(3, {});
    const outcomes = await Promise.allSettled(
      members.map((member, replica) =>
        member.sum(new Float32Array(10), { step: 4, maskDigest: replica === 1 ? OTHER_DIGEST : DIGEST }),
      ),
    );
    for (const outcome of outcomes) {
      assert.ok(outcome.status === 'rejected');
      assert.ok(saraError('MASK_DIVERGED', /step 4/, /abab/, /cdcd/)(outcome.reason));
    }
  });

  it('names who is missing when the time is up, and can be used for the next step', async () => {
    members = await joinAll(3, { timeoutMs: 10_000 });
    const part = members.slice(0, 2);
    const outcomes = await Promise.allSettled(
      part.map((member) => member.sum(new Float32Array(10), { step: 0, maskDigest: DIGEST })),
    );
    for (const outcome of outcomes) {
      assert.ok(
        outcome.status === 'rejected' &&
          saraError('DEADLINE_EXCEEDED', /replicas .*2 are missing/)(outcome.reason),
      );
    }
    const sums = await Promise.all(
      members.map((member) => member.sum(Float32Array.of(1, 2), { step: 1, maskDigest: DIGEST })),
    );
    for (const sum of sums) assert.deepEqual([...sum], [3, 6]);
  });

  it('ends with the signal, and when the replica leaves', async () => {
    members = await joinAll(2, {});
    const controller = new AbortController();
    const aborted = members[0].sum(new Float32Array(4), {
      step: 0,
      maskDigest: DIGEST,
      signal: controller.signal,
    });
    controller.abort();
    await assert.rejects(aborted, saraError('CANCELLED'));
    const left = members[0].sum(new Float32Array(4), { step: 0, maskDigest: DIGEST });
    await members[0].leave();
    await assert.rejects(left, saraError('CANCELLED', /has left/));
  });

  it('drops what is no chunk of this exchange and goes on', async () => {
    const network = new MemoryNetwork(2048);
    const join = (replica: number, generation: number): Promise<SparseAllReduce> =>
      SparseAllReduce.joinOver(
        network.transport(),
        { run: 'run', generation, stage: 0, replica, numReplicas: 2 },
        { wire: 'float32', timeoutMs: 600_000, log: silentLogger, clock: quickClock },
      );
    members = [await join(0, 2), await join(1, 2)];
    const noise = network.transport();
    const stale = await join(1, 1);
    for (const bytes of [new Uint8Array(0), new Uint8Array(500).fill(255), Uint8Array.of(8, 1)]) {
      noise.publish('sara.exchange.run.2.0.to.0', bytes, 'inbox-x.1');
    }
    const late = stale.sum(Float32Array.of(100), { step: 0, maskDigest: DIGEST });
    const lateEnds = assert.rejects(late, saraError('CANCELLED'));
    const sums = await Promise.all(
      members.map((member) => member.sum(Float32Array.of(1), { step: 0, maskDigest: DIGEST })),
    );
    assert.deepEqual(
      sums.map((sum) => sum[0]),
      [2, 2],
    );
    assert.equal(members[0].numDropped, 3);
    await stale.leave();
    await lateEnds;
  });
});
