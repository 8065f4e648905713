/**
 * Workers that come, go, and are cut off while a run goes on; and runs that are resumed, in other shapes too. No step is
 * lost or doubled: every step's batch is a function of seed and step, so its loss tells which samples were in it.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import { Gate } from '../support/gate.ts';
import { relativeError } from '../support/numbers.ts';
import { runSara } from '../support/sara-command.ts';
import {
  assertSameAdapter,
  assertSameLosses,
  straightRun,
  type StraightRun,
} from '../support/straight-run.ts';
import { reportOf, TestCluster, type EndedRun } from '../support/test-cluster.ts';
import { freePort, TcpProxy } from '../support/tcp-proxy.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';

const LEASE_MS = 3_000;
const NUM_STEPS = 9;
/** Another cut or another number of replicas orders the same sums otherwise. */
const LOSS_TOLERANCE = 1e-4;

describe('a run whose workers change', () => {
  let tiny: TinyRun;
  let cluster: TestCluster;

  before(async () => {
    tiny = await makeTinyRun();
    cluster = await TestCluster.start(0, { leaseMs: LEASE_MS });
    const gates = [1, 4, 6].map((step) => `wait@apply:${step}=${gateOf(step).path}`);
    for (const step of [1, 4, 6]) await gateOf(step).open();
    await cluster.startWorker('worker-0', { SARA_FAULT: gates.join() });
  });

  after(async () => {
    assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    await tiny.remove();
  });

  const configOf = (pipeline: Overrides['pipeline'], more: Overrides = {}): ResolvedRunConfig =>
    tiny.config({
      sara: { reselectStep: 5 },
      train: { steps: NUM_STEPS, batchSize: 12, microBatchSize: 2 },
      preview: { prompts: [] },
      checkpoint: { everySteps: 0 },
      pipeline,
      faults: { maxRestarts: 0, replacementTimeoutMs: 0 },
      ...more,
    });

  /** `worker-0` stands still before it applies these steps, until told. */
  const gateOf = (step: number): Gate => new Gate(join(tiny.folder, `gate-${step}`));
  const closed = async (...steps: readonly number[]): Promise<Gate[]> => {
    const gates = steps.map(gateOf);
    for (const gate of gates) await gate.close();
    return gates;
  };

  const committed = (events: readonly RunEvent[]): number[] =>
    events.flatMap((event) => (event.kind === 'step-committed' ? [event.step] : []));
  const replicasIn = (events: readonly RunEvent[]): number[] =>
    events.flatMap((event) => (event.kind === 'planned' ? [event.plan.numReplicas] : []));

  /** Every step once and in order, its loss that of the straight run. */
  async function assertNothingLost(ended: EndedRun, straight: StraightRun): Promise<void> {
    const { trainingLosses } = await reportOf(ended);
    const steps = Array.from({ length: NUM_STEPS }, (_, step) => step);
    assert.deepEqual(
      trainingLosses.map(({ step }) => step),
      steps,
    );
    assert.deepEqual(
      committed(ended.events),
      steps.map((step) => step + 1),
    );
    const losses = trainingLosses.map(({ loss }) => loss);
    const error = relativeError(losses, straight.losses);
    assert.ok(error < LOSS_TOLERANCE, `losses differ by ${error}`);
  }

  it('grows from 1 to 3 replicas and shrinks to 2 between two steps; by signal and by command a worker leaves in order', async () => {
    const config = configOf({ stages: 1, replicas: null });
    const straight = await straightRun(config, { numStages: 1, numReplicas: 1 });
    const [early, late] = await closed(1, 4);
    let hasLeft: Promise<unknown> = Promise.resolve();
    let largest: number | null = null;
    const ended = await cluster.run(config, async (event) => {
      if (event.kind === 'planned' && event.plan.numReplicas === 1) {
        await Promise.all(['worker-1', 'worker-2'].map((name) => cluster.startWorker(name)));
        await cluster.coordinator.command.said(
          /workers have come: 1 x 3 stages and replicas instead of 1 x 1/,
        );
        await early.open();
      }
      if (event.kind === 'planned' && event.plan.numReplicas === 3) largest = event.generation;
      if (event.kind === 'step-committed' && event.generation === largest) {
        largest = null;
        const worker = cluster.worker('worker-2');
        worker.signal('SIGTERM');
        hasLeft = worker.exit().then(({ code }) => {
          assert.equal(code, 0, 'a drained worker has succeeded');
        });
        await cluster.coordinator.command.said(/worker-2 leaves/);
        await late.open();
      }
    });
    await hasLeft;
    await assertNothingLost(ended, straight);
    assert.deepEqual(replicasIn(ended.events), [1, 3, 2]);
    const { numGenerations } = await reportOf(ended);
    assert.equal(numGenerations, 3);

    const { code, stdout } = await runSara(['drain', 'worker-1', '--coordinator', cluster.address]);
    assert.equal(code, 0);
    assert.match(stdout, /worker-1 takes nothing new: it leaves/);
    assert.equal((await cluster.worker('worker-1').exit()).code, 0);
  });

  it('is cut in two for longer than a lease: it goes on without the worker beyond, which does no harm when it is back', async () => {
    const config = configOf(
      { stages: 1, replicas: 2 },
      { faults: { maxRestarts: 1, replacementTimeoutMs: 0 } },
    );
    const straight = await straightRun(config, { numStages: 1, numReplicas: 2 });
    const [gate] = await closed(6);
    const toNats = await TcpProxy.start(cluster.nats.server.port);
    const port = await freePort();
    const toWorker = await TcpProxy.start(port);
    await cluster.startWorker('far', {}, [
      ...['--nats', `nats://127.0.0.1:${toNats.port}`],
      ...['--advertise', `127.0.0.1:${toWorker.port}`],
      ...['--listen', `127.0.0.1:${port}`],
    ]);
    try {
      const ended = await cluster.run(config, async (event) => {
        if (event.kind === 'step-committed' && event.step === 2) {
          toNats.cut();
          toWorker.cut();
        }
        if (event.kind === 'step-committed' && event.step === 6) {
          toNats.heal();
          toWorker.heal();
          await cluster.coordinator.command.said(/1 x 2 stages and replicas instead of 1 x 1/);
          await gate.open();
        }
      });
      await assertNothingLost(ended, straight);
      const lost = /worker far .* is lost: no lease for \d+ ms > 3000 ms/;
      assert.ok(ended.events.some((event) => event.kind === 'log' && lost.test(event.message)));
      assert.deepEqual(replicasIn(ended.events), [2, 1, 2]);
      assert.equal((await cluster.heldBy('far')).numActors, 0);
    } finally {
      await cluster.retire('far');
      await Promise.all([toNats.stop(), toWorker.stop()]);
    }
  });

  it('is cancelled and resumed twice by a command, without a difference; a third time in another shape, within the tolerance', async () => {
    const config = configOf({ stages: 1, replicas: 1 }, { checkpoint: { everySteps: 2 } });
    const straight = await straightRun(config, { numStages: 1, numReplicas: 1 });
    const cancelAt =
      (step: number, gate: Gate) =>
      async (event: RunEvent): Promise<void> => {
        if (event.kind !== 'step-committed' || event.step !== step) return;
        await cluster.client.cancelRun({ run: event.run, reason: `at step ${step}` });
        await gate.open();
      };
    const [early, late] = await closed(4, 6);
    const first = await cluster.run(config, cancelAt(3, early));
    const { run } = first.summary;
    const resume = async (): Promise<void> => {
      const resumed = await runSara(['resume', run, '--coordinator', cluster.address]);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stdout, /is queued again; \d+ steps were committed/);
    };
    await resume();
    assert.equal((await cluster.follow(run, config, cancelAt(6, late))).summary.state, 'cancelled');
    await resume();
    const ended = await cluster.follow(run, config);
    assertSameLosses(await reportOf(ended), straight);
    await assertSameAdapter(join(config.output.dir, run), straight);

    const [once] = await closed(4);
    const again = await cluster.run(config, cancelAt(3, once));
    await cluster.startWorker('second');
    await cluster.client.resumeRun({ run: again.summary.run, set: ['pipeline.stages=2'] });
    const reshaped = await cluster.follow(again.summary.run, config);
    const report = await reportOf(reshaped);
    assert.equal(report.numStages, 2);
    const error = relativeError(
      report.trainingLosses.map(({ loss }) => loss),
      straight.losses,
    );
    assert.ok(error < LOSS_TOLERANCE, `losses differ by ${error}`);
    await cluster.retire('second');
  });
}).timeout(600_000);
