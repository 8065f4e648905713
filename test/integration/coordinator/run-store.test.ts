import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { RunJournal } from '../../../coordinator/commit.ts';
import type { RunSpec } from '../../../coordinator/run-state.ts';
import { RunStore } from '../../../coordinator/run-store.ts';
import { systemClock } from '../../../shared/clock.ts';
import { EventBus } from '../../../shared/messaging/bus.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { saraError } from '../../support/sara-error.ts';

describe('run store and journal', () => {
  let nats: TestNats;
  let store: RunStore;
  let events: EventBus;

  before(async () => {
    nats = await startTestNats();
    const link = await nats.connect();
    store = await RunStore.open(link, systemClock);
    events = await EventBus.open(link);
  });

  after(() => nats.stop());

  /** A run in state running, generation 1, as two drivers see it that both believe they own it. */
  async function twoDrivers(): Promise<[RunJournal, RunJournal]> {
    const run = `run-${randomUUID()}`;
    const { record } = await store.create(specOf(run));
    const first = new RunJournal(store, events, record);
    await first.enter('planning');
    await first.advanceGeneration();
    await first.enter('running');
    const second = new RunJournal(store, events, (await store.get(run)).record);
    return [first, second];
  }

  it('keeps runs, newest first, and refuses a name twice', async () => {
    const old = specOf(`run-${randomUUID()}`, 1);
    const young = specOf(`run-${randomUUID()}`, 2);
    await store.create(old);
    await store.create(young);
    const names = (await store.list()).map(({ spec }) => spec.run);
    assert.ok(names.indexOf(young.run) < names.indexOf(old.run));
    assert.deepEqual((await store.get(old.run)).spec, old);
    await assert.rejects(store.create(old), saraError('STATE_CONFLICT'));
    await assert.rejects(store.get('run-none'), saraError('RUN_NOT_FOUND', /run-none/));
  });

  it('lets one of two drivers of the same generation commit a step', async () => {
    const [first, second] = await twoDrivers();
    const outcomes = await Promise.allSettled([
      first.commitStep({ step: 0, loss: 0.5, maskDigest: 'ab', squaredNorms: [1] }),
      second.commitStep({ step: 0, loss: 0.25, maskDigest: 'ab', squaredNorms: [1] }),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await store.get(first.run)).record.step, 1);
  });

  it('refuses the commit of a driver whose generation is over', async () => {
    const [stale, current] = await twoDrivers();
    await current.advanceGeneration();
    await assert.rejects(
      stale.commitStep({ step: 0, loss: 0.5, maskDigest: 'ab', squaredNorms: [1] }),
      saraError('STALE_GENERATION', /generation 1 < 2/),
    );
    await assert.rejects(stale.advanceGeneration(), saraError('STALE_GENERATION'));
    await current.commitStep({ step: 0, loss: 0.5, maskDigest: 'ab', squaredNorms: [1] });
    assert.equal((await store.get(current.run)).record.step, 1);
  });

  it('refuses the commit of a run that was cancelled meanwhile', async () => {
    const [driver, canceller] = await twoDrivers();
    await canceller.enter('cancelled', 'enough');
    await assert.rejects(
      driver.commitStep({ step: 0, loss: 1, maskDigest: 'ab', squaredNorms: [1] }),
      saraError('CANCELLED'),
    );
  });

  it('holds a step before its commit while NATS is away, and commits it once it is back', async () => {
    const [driver] = await twoDrivers();
    await driver.commitStep({ step: 0, loss: 0.5, maskDigest: 'ab', squaredNorms: [1] });
    await nats.server.kill();
    const held = driver.commitStep({ step: 1, loss: 0.4, maskDigest: 'ab', squaredNorms: [1] });
    await nats.restart();
    await held;
    const { record } = await store.get(driver.run);
    assert.deepEqual([record.step, record.loss], [2, 0.4]);
  });
});

function specOf(run: string, createdAtMs = 0): RunSpec {
  return {
    run,
    name: 'test',
    configJson: '{}',
    runFolder: '/nowhere',
    priority: 0,
    totalSteps: 10,
    createdAtMs,
  };
}
