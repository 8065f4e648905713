/**
 * A worker is killed (SIGKILL) at each point of a step in turn, and another takes its place: one run through all of it.
 * What comes out is bit for bit what comes out of a run to which nothing happens.
 */
import assert from 'node:assert/strict';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import { reportOf, TestCluster, type EndedRun } from '../support/test-cluster.ts';
import { assertSameAdapter, assertSameLosses, straightRun } from '../support/straight-run.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';

const NUM_STEPS = 12;
/** Steps 3, 6, 9, 12: every death costs a step or two, where no replica has what it had. */
const CHECKPOINT_EVERY = 3;
const RESELECT_STEP = 6;
const LEASE_MS = 5_000;
/** For another worker to start, on a busy machine. */
const REPLACEMENT_TIMEOUT_MS = 120_000;

/** One death each, in the order of the steps. */
type Deaths = readonly { readonly fault: string; readonly what: string }[];

const DEATHS_OF_A_STAGE: Deaths = [
  { fault: 'kill@receive:1', what: 'before it pulls its inputs' },
  { fault: 'kill@transfer:2', what: 'in the middle of sending a tensor' },
  { fault: 'kill@reduce:4', what: 'before the reduction' },
  { fault: 'kill@reduced:5', what: 'after the reduction, before the commit' },
  { fault: 'kill@switch:6', what: 'when told to switch to the new mask' },
  { fault: 'kill@apply:7', what: 'after the commit, before the update' },
  { fault: 'kill@applied:8', what: 'after the update, before it is known' },
  { fault: 'kill@checkpoint:12', what: 'in a checkpoint' },
];

/** Without pipeline nothing is sent from stage to stage. */
const DEATHS_OF_A_REPLICA = DEATHS_OF_A_STAGE.filter(({ fault }) => !fault.includes('transfer'));

describe('a worker that is killed', () => {
  let tiny: TinyRun;
  let cluster: TestCluster;

  before(async () => {
    tiny = await makeTinyRun();
    cluster = await TestCluster.start(1, { leaseMs: LEASE_MS });
  });

  after(async () => {
    assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    await tiny.remove();
  });

  const configOf = (stages: number, replicas: number): ResolvedRunConfig =>
    tiny.config({
      sara: { reselectStep: RESELECT_STEP },
      train: { steps: NUM_STEPS },
      pipeline: { stages, replicas },
      checkpoint: { everySteps: CHECKPOINT_EVERY },
      preview: { prompts: [] },
      faults: { maxRestarts: DEATHS_OF_A_STAGE.length, replacementTimeoutMs: REPLACEMENT_TIMEOUT_MS },
    });

  /** Runs with a second worker that dies as it is told, followed by one that dies at the next point, and so on. */
  async function runThrough(config: ResolvedRunConfig, deaths: Deaths, prefix: string): Promise<EndedRun> {
    const start = (i: number) =>
      cluster.startWorker(`${prefix}-${i}`, i < deaths.length ? { SARA_FAULT: deaths[i].fault } : {});
    let doomed = await start(0);
    const run = cluster.run(config);
    for (const [i, { fault, what }] of deaths.entries()) {
      const ended = await Promise.race([doomed.exit(), run.then(() => null)]);
      assert.equal(ended?.signal, 'SIGKILL', `${fault}: it dies ${what}`);
      doomed = await start(i + 1);
    }
    const end = await run;
    await cluster.retire(`${prefix}-${deaths.length}`);
    return end;
  }

  const committedSteps = ({ events }: { events: readonly RunEvent[] }): number[] =>
    events.flatMap((event) => (event.kind === 'step-committed' ? [event.step] : []));

  it('as a stage: at every point of a step the run goes back to its checkpoint and ends bit-equal', async () => {
    const config = configOf(2, 1);
    const straight = await straightRun(config, { numStages: 2, numReplicas: 1 });
    const ended = await runThrough(config, DEATHS_OF_A_STAGE, 'stage');
    const report = await reportOf(ended);
    assert.equal(report.numGenerations, 1 + DEATHS_OF_A_STAGE.length);
    assert.ok(committedSteps(ended).length > NUM_STEPS, 'steps since a checkpoint are run again');
    assertSameLosses(report, straight);
    await assertSameAdapter(ended.runFolder, straight);
  });

  it('as a replica: its peer has all it had, no step is run twice, and the run ends bit-equal', async () => {
    const config = configOf(1, 2);
    const straight = await straightRun(config, { numStages: 1, numReplicas: 2 });
    const ended = await runThrough(config, DEATHS_OF_A_REPLICA, 'replica');
    const report = await reportOf(ended);
    assert.equal(report.numGenerations, 1 + DEATHS_OF_A_REPLICA.length);
    const steps = committedSteps(ended);
    assert.equal(new Set(steps).size, steps.length, `every step is committed once: ${steps.join()}`);
    assertSameLosses(report, straight);
    await assertSameAdapter(ended.runFolder, straight);
  });
}).timeout(600_000);
