/**
 * What the transport carries on this machine: actor calls, tensors between two worker processes, and the exchange of
 * sparse gradients through NATS.
 *
 * Run: npx tsx test/bench/transport.ts [repetitions]
 * Not measured: a network (everything is loopback), TLS, and what the machine does at the same time; quiet it first.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { ActorSystem } from '../../shared/actor/system.ts';
import { silentLogger } from '../../shared/log.ts';
import { natsTransport } from '../../worker/exchange/chunk-transport.ts';
import { SparseAllReduce } from '../../worker/exchange/sparse-all-reduce.ts';
import { startChildWorker } from '../support/child-worker.ts';
import type { EchoClasses } from '../support/echo-actor.ts';
import { gradientOf } from '../support/gradients.ts';
import { startTestNats } from '../support/nats.ts';

const NUM_REPETITIONS = Number(process.argv[2] ?? 5);
const NUM_CALLS = 5_000;
const NUM_IN_FLIGHT = 64;
/** The activations of one SD1.5 sample at the widest cut: 320 x 64 x 64 float32, and eight of them. */
const TENSOR_SIZES = [1_310_720, 10_485_760];
const VECTOR_LENGTH = 5_000_000;
const NUM_REPLICAS = 3;

async function main(): Promise<void> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  console.log(
    `commit ${commit}, node ${process.version}, ${cpus().length} x ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}`,
  );
  console.log(`${NUM_REPETITIONS} repetitions after one to warm up; median (lowest - highest)`);

  const [first, second] = await Promise.all([startChildWorker('w0'), startChildWorker('w1')]);
  const system = new ActorSystem<EchoClasses>({ run: 'bench', generation: 1, log: silentLogger });
  const producer = await system.spawn(first.endpoint, 'EchoActor', { name: 'p' });
  const consumer = await system.spawn(second.endpoint, 'EchoActor', { name: 'c' });

  await measure('calls, one after the other', 'calls/s', async () => {
    for (let i = 0; i < NUM_CALLS; i++) await producer.hanging(null);
    return NUM_CALLS;
  });
  await measure(`calls, ${NUM_IN_FLIGHT} in flight`, 'calls/s', async () => {
    let numLeft = 4 * NUM_CALLS;
    const caller = async (): Promise<void> => {
      while (numLeft-- > 0) await producer.hanging(null);
    };
    await Promise.all(Array.from({ length: NUM_IN_FLIGHT }, caller));
    return 4 * NUM_CALLS;
  });
  for (const count of TENSOR_SIZES) {
    const { ref } = await producer.make({ count });
    const megabytes = ref.sizeBytes / 1e6;
    await measure(`tensor of ${megabytes.toFixed(0)} MB, worker to worker`, 'MB/s', async () => {
      const numPulls = Math.ceil(100 / megabytes);
      for (let i = 0; i < numPulls; i++) await consumer.fetch({ ref });
      return numPulls * megabytes;
    });
    system.free(ref);
  }
  system.close();
  await Promise.all([first.stop(), second.stop()]);

  const nats = await startTestNats();
  for (const wire of ['float32', 'float16'] as const) {
    const members = await Promise.all(
      Array.from({ length: NUM_REPLICAS }, async (_, replica) =>
        SparseAllReduce.joinOver(
          natsTransport(await nats.connect()),
          { run: `bench-${wire}`, generation: 1, stage: 0, replica, numReplicas: NUM_REPLICAS },
          { wire, timeoutMs: 120_000, log: silentLogger },
        ),
      ),
    );
    const gradients = members.map((_, replica) => gradientOf(replica, VECTOR_LENGTH, 1));
    let step = 0;
    const title = `sum of ${VECTOR_LENGTH / 1e6}M ${wire} values over ${NUM_REPLICAS} replicas in one process`;
    await measure(title, 'M values/s', async () => {
      const at = { step: step++, maskDigest: '00'.repeat(32) };
      await Promise.all(members.map((member, replica) => member.sum(gradients[replica], at)));
      return VECTOR_LENGTH / 1e6;
    });
    const sentBytes = members.reduce((sum, member) => sum + member.sentBytes, 0) / step;
    const numResent = members.reduce((sum, member) => sum + member.numResent, 0);
    console.log(
      `  ${(sentBytes / 1e6).toFixed(1)} MB sent per step by all replicas; ${numResent} chunks repeated`,
    );
    await Promise.all(members.map((member) => member.leave()));
  }
  await nats.stop();
}

/** @param work does something once; returns how much it did */
async function measure(title: string, unit: string, work: () => Promise<number>): Promise<void> {
  await work();
  const rates: number[] = [];
  for (let i = 0; i < NUM_REPETITIONS; i++) {
    const startMs = performance.now();
    const amount = await work();
    rates.push(amount / ((performance.now() - startMs) / 1000));
  }
  rates.sort((a, b) => a - b);
  const [low, median, high] = [0, NUM_REPETITIONS >> 1, NUM_REPETITIONS - 1].map((i) => rates[i].toFixed(0));
  console.log(`${title}: ${median} ${unit} (${low} - ${high})`);
}

await main();
