/**
 * Coordinators of one NATS end, stand still, and take over from each other in the middle of a run. Every step is
 * committed once, by whoever leads; what comes out is bit for bit what comes out of a run to which nothing happens.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import { EventBus } from '../../shared/messaging/bus.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import { assertSameAdapter, assertSameLosses, straightRun } from '../support/straight-run.ts';
import { reportOf, TestCluster, type RunningCoordinator } from '../support/test-cluster.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';
import { until } from '../support/until.ts';

const NUM_STEPS = 10;
const LEASE_MS = 6_000;
/** Longer than a lease and a look more: another leads before this one wakes. */
const STANDSTILL_MS = 3 * LEASE_MS;

/** For a process to start and lead, on a busy machine. */
const LEAD_TIMEOUT_MS = 180_000;

const LEADS = /this coordinator leads/g;

describe('coordinators that end', () => {
  let tiny: TinyRun;
  let config: ResolvedRunConfig;
  let cluster: TestCluster;

  before(async () => {
    tiny = await makeTinyRun();
    config = tiny.config({
      sara: { reselectStep: 4 },
      train: { steps: NUM_STEPS },
      pipeline: { stages: 2 },
      // Never before the end: what is not lost is not lost because the workers have it.
      checkpoint: { everySteps: 0 },
      preview: { prompts: [] },
      faults: { maxRestarts: 0 },
    });
    cluster = await TestCluster.start(2, {
      leaseMs: LEASE_MS,
      env: { SARA_FAULT: `slow@commit:2=${STANDSTILL_MS},kill@committed:6` },
    });
  });

  after(async () => {
    assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    await tiny.remove();
  });

  /** Waits until a coordinator has begun to lead for the `count`th time. */
  const hasLed = (coordinator: RunningCoordinator, count: number): Promise<void> =>
    until(
      () => [...coordinator.command.stderr.matchAll(LEADS)].length >= count,
      `lead number ${count} of ${coordinator.address}`,
      LEAD_TIMEOUT_MS,
    );

  it('one too slow, one killed before a commit, one after it, one told to leave: the run goes on, every step once', async () => {
    const straight = await straightRun(config, { numStages: 2, numReplicas: 1 });
    const first = cluster.coordinator;
    const second = await cluster.startStandby({ SARA_FAULT: 'kill@commit:4' });
    const run = await cluster.submit(config);
    const events = await EventBus.open(await cluster.nats.connect('observer'));
    const told: RunEvent[] = [];
    const watching = (async () => {
      for await (const event of events.watch(run)) told.push(event);
    })();

    // The first stands still before it commits step 2; the second has led before it wakes, and the commit is refused.
    await hasLed(second, 1);
    await until(
      () => /STALE_GENERATION|NOT_LEADER/.test(first.command.stderr),
      'the refusal',
      LEAD_TIMEOUT_MS,
    );

    // The second is killed with step 4 computed and not committed; the first takes it up again, from the workers.
    assert.equal((await second.command.exit()).signal, 'SIGKILL');
    const killedAtMs = Date.now();
    await hasLed(first, 2);
    assert.ok(Date.now() - killedAtMs <= 2 * LEASE_MS, 'taken over within two lease times');

    // The first is killed with step 6 committed and nobody told; the third finds the commit and carries it out.
    const third = await cluster.startStandby();
    assert.equal((await first.command.exit()).signal, 'SIGKILL');
    await hasLed(third, 1);

    // The third is told to leave; the fourth need not wait for its lease to end.
    const fourth = await cluster.startStandby();
    await until(
      () => told.some(({ kind, step }) => kind === 'step-committed' && step > 7),
      'step 8',
      LEAD_TIMEOUT_MS,
    );
    third.command.signal('SIGTERM');
    assert.equal((await third.command.exit()).code, 0);
    await hasLed(fourth, 1);
    await watching;
    await cluster.turnTo(fourth);

    const ended = {
      runFolder: join(config.output.dir, run),
      summary: await cluster.client.getRun({ run }),
      events: told,
    };
    const report = await reportOf(ended);
    assertSameLosses(report, straight);
    await assertSameAdapter(ended.runFolder, straight);
    const steps = told.flatMap((event) => (event.kind === 'step-committed' ? [event.step] : []));
    assert.deepEqual(steps, [...new Set(steps)], 'no step is committed twice');
    const generations = told.flatMap((event) => (event.kind === 'step-committed' ? [event.generation] : []));
    assert.deepEqual(
      generations,
      [...generations].sort((a, b) => a - b),
      'and none in a generation that is over',
    );
    assert.ok(ended.summary.generation >= 5, 'each driver has one of its own');
  });
}).timeout(600_000);
