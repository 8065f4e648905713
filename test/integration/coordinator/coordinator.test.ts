import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCoordinator, type CoordinatorServer } from '../../../coordinator/coordinator-server.ts';
import { CONFIG_FILE } from '../../../coordinator/coordinator.ts';
import type { RunContext, RunOutcome } from '../../../coordinator/run-context.ts';
import { connectCoordinator, type CoordinatorClient } from '../../../shared/coordinator-client.ts';
import { abortReason } from '../../../shared/clock.ts';
import { resolveRunConfig, serializeRunConfig } from '../../../shared/config.ts';
import { SaraError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { PlanSummary } from '../../../shared/run-api.ts';
import type { RunEvent } from '../../../shared/run-event.ts';
import { WorkerAnnouncement } from '../../../shared/worker-announcement.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { saraError } from '../../support/sara-error.ts';
import { sketchProfile } from '../../support/unet-profile.ts';
import { until } from '../../support/until.ts';

const PLAN: PlanSummary = { numStages: 1, numReplicas: 1, stages: [], text: 'a table\n' };

/** What a test's driver does after the run has begun. */
type Act = (context: RunContext) => Promise<void>;

describe('coordinator over gRPC', () => {
  let nats: TestNats;
  let server: CoordinatorServer;
  let client: CoordinatorClient;
  let folder: string;
  /** By the run's name. */
  const acts = new Map<string, Act>();

  before(async () => {
    nats = await startTestNats();
    folder = await mkdtemp(join(tmpdir(), 'sara-test-coordinator-'));
  });

  beforeEach(async () => {
    server = await start();
    client = connectCoordinator(server.address);
  });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  after(async () => {
    await nats.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<CoordinatorServer> {
    return startCoordinator({
      link: await nats.connect(),
      listen: '127.0.0.1:0',
      driveRun,
      profileModel: () => Promise.resolve(sketchProfile({ encoder: [1, 1], middle: [1], decoder: [1, 1] })),
      log: silentLogger,
    });
  }

  /** The real order of a run's states and commits, without workers. */
  async function driveRun(context: RunContext): Promise<RunOutcome> {
    const { journal, config } = context;
    await journal.advanceGeneration();
    await journal.enter('planning');
    await journal.recordPlan(PLAN);
    await journal.enter('running');
    await acts.get(config.name)?.(context);
    for (let step = journal.step; step < config.train.steps; step++) {
      await journal.commitStep({ step, loss: 1 / (step + 1), maskDigest: 'ab', squaredNorms: [1] });
    }
    await journal.enter('finishing');
    return {} as RunOutcome;
  }

  async function submit(name: string, act?: Act, priority = 0): Promise<string> {
    if (act !== undefined) acts.set(name, act);
    const { run } = await client.submitRun({ configJson: configJson(name), baseDirectory: folder, priority });
    return run;
  }

  /** Relative paths on purpose: they mean the folder that is sent along. */
  function configJson(name: string): string {
    return JSON.stringify({
      name,
      model: { path: 'model' },
      data: { path: 'pictures', resolution: 32 },
      sara: { threshold: 1e-3 },
      train: { steps: 3 },
      output: { dir: 'runs' },
    });
  }

  async function watched(run: string): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    for await (const event of client.watchRun({ run, fromSequence: 0 })) events.push(event);
    return events;
  }

  const statesIn = (events: readonly RunEvent[]): string[] =>
    events.flatMap((event) => (event.kind === 'state-changed' ? [event.state] : []));

  it('takes a run through its states, keeps its record and tells its history in order', async () => {
    const run = await submit('plain');
    const events = await watched(run);
    assert.deepEqual(statesIn(events), ['queued', 'planning', 'running', 'finishing', 'succeeded']);
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, i) => i + 1),
    );
    const summary = await client.getRun({ run });
    assert.deepEqual(
      [summary.state, summary.step, summary.totalSteps, summary.loss, summary.generation],
      ['succeeded', 3, 3, 1 / 3, 1],
    );
    assert.deepEqual((await client.listRuns()).runs[0].run, run);
  });

  it("keeps the complete configuration in the run's folder, its paths absolute", async () => {
    const run = await submit('complete');
    await watched(run);
    const stored = await readFile(join(folder, 'runs', run, CONFIG_FILE), 'utf8');
    const expected = resolveRunConfig(JSON.parse(configJson('complete')) as never, 'test', folder);
    assert.equal(stored, new TextDecoder().decode(serializeRunConfig(expected)));
    assert.equal(expected.model.path, join(folder, 'model'));
  });

  it('refuses a configuration with a mistake before it becomes a run', async () => {
    const request = (config: unknown) => ({
      configJson: JSON.stringify(config),
      baseDirectory: folder,
      priority: 0,
    });
    const mistaken = { ...(JSON.parse(configJson('x')) as object), trian: {} };
    await assert.rejects(
      client.submitRun(request(mistaken)),
      saraError('CONFIG_INVALID', /trian.*did you mean train/),
    );
    await assert.rejects(
      client.submitRun({ configJson: '{', baseDirectory: folder, priority: 0 }),
      saraError('CONFIG_INVALID', /no JSON/),
    );
    await assert.rejects(
      client.submitRun({ configJson: configJson('x'), baseDirectory: '.', priority: 0 }),
      saraError('FRAME_INVALID', /base_directory must be an absolute path/),
    );
  });

  it('records the failure of a run with its own code and goes on with the next', async () => {
    const failed = await submit('broken', () =>
      Promise.reject(new SaraError('DATA_INVALID', 'picture 7 is no picture', { worker: 'worker-1' })),
    );
    const next = await submit('next');
    const events = await watched(failed);
    const failure = events.find((event) => event.kind === 'failed');
    assert.deepEqual(
      [failure?.code, failure?.message, failure?.worker, failure?.disposition],
      ['DATA_INVALID', 'picture 7 is no picture', 'worker-1', 'fatal-user'],
    );
    assert.equal(statesIn(events).at(-1), 'failed');
    assert.deepEqual((await client.getRun({ run: failed })).failure, {
      code: 'DATA_INVALID',
      message: 'picture 7 is no picture',
    });
    assert.equal(statesIn(await watched(next)).at(-1), 'succeeded');
  });

  it('runs one after the other', async () => {
    let numActive = 0;
    let mostActive = 0;
    const act: Act = async () => {
      mostActive = Math.max(mostActive, ++numActive);
      await new Promise((resolve) => setImmediate(resolve));
      numActive--;
    };
    const runs = await Promise.all(['one', 'two', 'three'].map((name) => submit(name, act)));
    for (const run of runs) assert.equal(statesIn(await watched(run)).at(-1), 'succeeded');
    assert.equal(mostActive, 1);
  });

  it('cancels a run in progress and one that waits, and leaves an ended one as it is', async () => {
    const running = await submit('long', untilAborted);
    const waiting = await submit('waiting');
    await until(async () => (await client.getRun({ run: running })).state === 'running');
    const cancelledWaiting = await client.cancelRun({ run: waiting, reason: 'not needed' });
    assert.equal(cancelledWaiting.state, 'cancelled');
    await client.cancelRun({ run: running, reason: 'enough' });
    const events = await watched(running);
    const last = events.at(-1);
    assert.ok(last?.kind === 'state-changed' && last.state === 'cancelled');
    assert.equal(last.reason, 'enough');
    assert.equal((await client.cancelRun({ run: running, reason: '' })).state, 'cancelled');
  });

  it('resumes an ended run under its name, in a later generation, with fields of its configuration set otherwise', async () => {
    const run = await submit('again', () => Promise.reject(new SaraError('NOT_FINITE', 'loss is NaN')));
    await assert.rejects(
      client.resumeRun({ run, set: [] }),
      saraError('STATE_CONFLICT', /cannot become queued/),
    );
    await watched(run);
    let seed = 0;
    acts.set('again', ({ config }) => {
      seed = config.train.seed;
      return Promise.resolve();
    });
    await assert.rejects(
      client.resumeRun({ run, set: ['train.sed=7'] }),
      saraError('CONFIG_INVALID', /did you mean train\.seed/),
    );
    const { state, totalSteps } = await client.resumeRun({ run, set: ['train.seed=7', 'train.steps=5'] });
    assert.deepEqual([state, totalSteps], ['queued', 5]);
    await until(
      async () => (await client.getRun({ run })).state === 'succeeded',
      'the end of the resumed run',
    );
    assert.deepEqual([(await client.getRun({ run })).generation, seed], [2, 7]);
    assert.match(await readFile(join(folder, 'runs', run, CONFIG_FILE), 'utf8'), /"seed": 7/);
  });

  it('runs what waits by priority, then by age', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];
    const noted: Act = ({ config }) => Promise.resolve(void order.push(config.name));
    const first = await submit('first', () => held);
    await until(async () => (await client.getRun({ run: first })).state === 'running');
    const waiting = [
      await submit('usual', noted),
      await submit('late', noted),
      await submit('urgent', noted, 10),
      await submit('idle', noted, -10),
    ];
    assert.deepEqual(
      (await Promise.all(waiting.map((run) => client.getRun({ run })))).map(({ priority }) => priority),
      [0, 0, 10, -10],
    );
    release();
    for (const run of waiting) await until(async () => (await client.getRun({ run })).state === 'succeeded');
    assert.deepEqual(order, ['urgent', 'usual', 'late', 'idle']);
  });

  it('answers questions as a standby, refuses the rest with the leader by name, to whom its clients turn', async () => {
    const standby = await start();
    const other = connectCoordinator(standby.address);
    try {
      const run = await submit('seen', untilAborted);
      await until(async () => (await other.getRun({ run })).state === 'running');
      assert.ok((await other.listRuns()).runs.some((known) => known.run === run));
      const request = { configJson: configJson('refused'), baseDirectory: folder, priority: 0 };
      const refusal = saraError('NOT_LEADER', new RegExp(`the one at ${server.address} does`));
      await assert.rejects(standby.coordinator.submitRun(request), refusal);
      await assert.rejects(standby.coordinator.cancelRun({ run, reason: '' }), refusal);
      await assert.rejects(standby.coordinator.resumeRun({ run, set: [] }), refusal);
      await assert.rejects(standby.coordinator.drainWorker({ worker: 'w0' }), refusal);
      await other.cancelRun({ run, reason: 'asked of the standby' });
      assert.equal(statesIn(await watched(run)).at(-1), 'cancelled');
    } finally {
      other.close();
      await standby.stop();
    }
  });

  it('is followed at once when it leaves, by one that takes up its run and its queue', async () => {
    const taken = await submit('taken', untilAborted);
    const queued = await submit('queued', undefined, -1);
    await until(async () => (await client.getRun({ run: taken })).state === 'running');
    const successor = await start();
    const other = connectCoordinator(successor.address);
    try {
      acts.delete('taken');
      await server.stop();
      await until(async () => (await other.getRun({ run: queued })).state === 'succeeded', 'the queued run');
      const { state, generation, step } = await other.getRun({ run: taken });
      assert.deepEqual([state, generation, step], ['succeeded', 2, 3]);
      const events: RunEvent[] = [];
      for await (const event of other.watchRun({ run: taken, fromSequence: 0 })) events.push(event);
      assert.deepEqual(statesIn(events), [
        ...['queued', 'planning', 'running'],
        ...['planning', 'running', 'finishing', 'succeeded'],
      ]);
    } finally {
      other.close();
      await successor.stop();
    }
  });

  it('drains a worker by its mark, which the worker finds', async () => {
    const link = await nats.connect();
    const facts = { device: 'cpu', memoryBytes: 1, numThreads: 1, pid: 1, startedAtMs: 0, version: '0.1.0' };
    const announcement = await WorkerAnnouncement.put(
      link,
      { ...facts, name: 'w1', address: '127.0.0.1:4001' },
      { log: silentLogger },
    );
    try {
      await assert.rejects(client.drainWorker({ worker: 'w9' }), saraError('WORKER_NOT_FOUND', /'w9'/));
      assert.equal((await client.drainWorker({ worker: 'w1' })).state, 'draining');
      assert.equal((await client.drainWorker({ worker: 'w1' })).state, 'draining', 'asked again');
      await until(() => announcement.draining.aborted, 'the worker to find it', 30_000);
      assert.ok(announcement.record.isDraining);
    } finally {
      await announcement.release();
    }
  });

  it('lists workers and plans for them', async () => {
    const request = { configJson: configJson('plan'), baseDirectory: folder };
    await assert.rejects(client.planRun(request), saraError('NOT_ENOUGH_WORKERS', /none is registered/));
    const link = await nats.connect();
    const facts = {
      device: 'cpu',
      memoryBytes: 8e9,
      numThreads: 1,
      pid: 1,
      startedAtMs: 0,
      version: '0.1.0',
    };
    const announcement = await WorkerAnnouncement.put(
      link,
      { ...facts, name: 'w0', address: '127.0.0.1:4000' },
      { log: silentLogger },
    );
    try {
      const [worker] = (await client.listWorkers()).workers;
      assert.deepEqual(
        [worker.name, worker.state, worker.memoryBytes, worker.run],
        ['w0', 'idle', 8e9, null],
      );
      const plan = await client.planRun(request);
      assert.deepEqual([plan.numStages, plan.numReplicas, plan.stages[0].worker], [1, 1, 'w0']);
      assert.match(plan.text, /1 stage x 1 replica/);
    } finally {
      await announcement.release();
    }
  });

  it('knows no run that nobody submitted', async () => {
    for (const run of ['20261124-083015-emoji-4f2a', 'latest']) {
      await assert.rejects(client.getRun({ run }), saraError('RUN_NOT_FOUND'));
      await assert.rejects(watched(run), saraError('RUN_NOT_FOUND'));
      await assert.rejects(client.cancelRun({ run, reason: '' }), saraError('RUN_NOT_FOUND'));
    }
    await assert.rejects(client.getRun({ run: '../../etc/passwd' }), saraError('FRAME_INVALID'));
  });
});

function untilAborted({ signal }: RunContext): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(abortReason(signal));
    });
  });
}
