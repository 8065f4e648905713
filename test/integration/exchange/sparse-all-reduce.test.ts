/** The exchange of three replicas, each with its own connection, through a real nats-server. */
import assert from 'node:assert/strict';
import { silentLogger } from '../../../shared/log.ts';
import type { WireDType } from '../../../shared/rpc/exchange-codec.ts';
import { natsTransport } from '../../../worker/exchange/chunk-transport.ts';
import { SparseAllReduce } from '../../../worker/exchange/sparse-all-reduce.ts';
import { bitsOf, gradientOf, sequentialSum } from '../../support/gradients.ts';
import type { TestNats } from '../../support/nats.ts';
import { startTestNats } from '../../support/nats.ts';
import type { Faults } from '../../support/unreliable-transport.ts';
import { unreliable } from '../../support/unreliable-transport.ts';
import { until } from '../../support/until.ts';

const NUM_REPLICAS = 3;
/** Two chunks of float32 per segment at the server's default max_payload. */
const VECTOR_LENGTH = 400_003;
const DIGEST = '5a'.repeat(32);

describe('the sparse all-reduce through NATS', () => {
  let nats: TestNats;
  let members: SparseAllReduce[] = [];

  before(async () => {
    nats = await startTestNats();
  });

  afterEach(async () => {
    await Promise.all(members.map((member) => member.leave()));
  });

  after(() => nats.stop());

  async function joinAll(run: string, wire: WireDType, faults?: Faults): Promise<SparseAllReduce[]> {
    return Promise.all(
      Array.from({ length: NUM_REPLICAS }, async (_, replica) => {
        const transport = natsTransport(await nats.connect(`replica-${replica}`));
        return SparseAllReduce.joinOver(
          faults === undefined
            ? transport
            : unreliable(transport, { ...faults, seed: faults.seed + replica }),
          { run, generation: 1, stage: 0, replica, numReplicas: NUM_REPLICAS },
          { wire, timeoutMs: 60_000, log: silentLogger },
        );
      }),
    );
  }

  async function checkSteps(steps: readonly number[], wire: WireDType): Promise<void> {
    for (const step of steps) {
      const gradients = members.map((_, replica) => gradientOf(replica, VECTOR_LENGTH, step));
      const expected = bitsOf(sequentialSum(gradients, wire));
      const sums = await Promise.all(
        members.map((member, replica) => member.sum(gradients[replica], { step, maskDigest: DIGEST })),
      );
      for (const sum of sums) assert.ok(Buffer.from(sum.buffer).equals(Buffer.from(expected.buffer)));
    }
  }

  for (const wire of ['float32', 'float16'] as const) {
    it(`equals the sequential sum bit for bit on all replicas (${wire})`, async () => {
      members = await joinAll(`plain-${wire}`, wire);
      await checkSteps([0, 1, 2], wire);
    });
  }

  it('does so when messages are lost, repeated and reordered', async () => {
    members = await joinAll('faults', 'float32', { seed: 3, loss: 0.1, repetition: 0.3, maxDelayMs: 20 });
    await checkSteps([0, 1], 'float32');
    assert.ok(members.some((member) => member.numResent > 0));
  });

  it('goes on by itself when NATS is killed in the middle and comes back', async () => {
    members = await joinAll('restart', 'float32');
    await checkSteps([0], 'float32');
    const gradients = members.map((_, replica) => gradientOf(replica, VECTOR_LENGTH, 1));
    const expected = bitsOf(sequentialSum(gradients, 'float32'));
    const before = members[0].sentBytes;
    // The last replica comes only when the server is down, so the step cannot be done before.
    const summing = members
      .slice(0, 2)
      .map((member, replica) => member.sum(gradients[replica], { step: 1, maskDigest: DIGEST }));
    await until(() => members[0].sentBytes > before);
    await nats.server.kill();
    summing.push(members[2].sum(gradients[2], { step: 1, maskDigest: DIGEST }));
    await nats.restart();
    for (const sum of await Promise.all(summing)) assert.deepEqual(bitsOf(sum), expected);
    await checkSteps([2], 'float32');
  });
});
