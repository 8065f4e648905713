import assert from 'node:assert/strict';
import { WorkerRegistry } from '../../../coordinator/worker-registry.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { NatsLink } from '../../../shared/messaging/connection.ts';
import {
  openWorkerBucket,
  WorkerAnnouncement,
  type WorkerFacts,
} from '../../../shared/worker-announcement.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { saraError } from '../../support/sara-error.ts';
import { until } from '../../support/until.ts';

/** Short, so that leases end while a test waits; the server checks ages a few times a second. */
const TTL_MS = 1_000;
const NEVER = new AbortController().signal;
const LONG_MS = 20_000;

describe('worker announcement and registry', () => {
  let nats: TestNats;
  let link: NatsLink;
  let registry: WorkerRegistry;
  const announced: WorkerAnnouncement[] = [];

  before(async () => {
    nats = await startTestNats();
    link = await nats.connect();
    registry = await WorkerRegistry.open(link, { clock: systemClock, log: silentLogger, ttlMs: TTL_MS });
  });

  afterEach(async () => {
    for (const announcement of announced.splice(0)) await announcement.release();
  });

  after(() => nats.stop());

  async function announce(facts: WorkerFacts, through: NatsLink = link): Promise<WorkerAnnouncement> {
    const announcement = await WorkerAnnouncement.put(through, facts, { ttlMs: TTL_MS, log: silentLogger });
    announced.push(announcement);
    return announcement;
  }

  const names = async (): Promise<string[]> => (await registry.list()).map(({ name }) => name);

  it('lists workers by name while they are announced', async () => {
    await announce(factsOf('b'));
    const a = await announce(factsOf('a'));
    assert.deepEqual(await names(), ['a', 'b']);
    assert.equal((await registry.list())[0].numThreads, 2);
    await a.release();
    await a.release();
    assert.deepEqual(await names(), ['b']);
  });

  it('keeps a worker beyond its time to live, and forgets it when nobody renews its lease', async () => {
    const own = await nats.connect('worker');
    await announce(factsOf('kept'));
    await announce(factsOf('dropped'), own);
    await own.close(); // as if the process were gone
    await until(async () => !(await names()).includes('dropped'), 'the end of the lease');
    assert.deepEqual(await names(), ['kept']);
  });

  it('waits for as many workers as are needed', async () => {
    const waiting = registry.waitFor({ count: 2, purpose: 'a test', timeoutMs: LONG_MS, signal: NEVER });
    await announce(factsOf('a'));
    await announce(factsOf('b'));
    assert.deepEqual(
      (await waiting).map(({ name }) => name),
      ['a', 'b'],
    );
  });

  it('counts neither lost nor draining workers', async () => {
    await announce(factsOf('lost'));
    const draining = await announce(factsOf('draining'));
    await draining.drain();
    await announce(factsOf('ready'));
    assert.deepEqual(
      (await registry.available(({ name }) => name === 'lost')).map(({ name }) => name),
      ['ready'],
    );
  });

  it('says at the deadline what it waited for and how many there were', async () => {
    await announce(factsOf('a'));
    await assert.rejects(
      registry.waitFor({ count: 3, purpose: 'run x', timeoutMs: 100, signal: NEVER }),
      saraError('NOT_ENOUGH_WORKERS', /run x needs 3 workers > 1 registered after 100 ms/),
    );
    const stopped = new AbortController();
    const waiting = registry.waitFor({
      count: 3,
      purpose: 'run x',
      timeoutMs: LONG_MS,
      signal: stopped.signal,
    });
    stopped.abort();
    await assert.rejects(waiting, saraError('CANCELLED'));
  });

  it('lets a restarted worker have its name back once the old lease has ended', async () => {
    const own = await nats.connect('worker');
    await announce(factsOf('w', 1), own);
    await own.close();
    await announce(factsOf('w', 2));
    assert.equal((await registry.list())[0].pid, 2);
  });

  it('refuses a name that another live worker holds, naming it', async () => {
    await announce(factsOf('w', 1));
    await assert.rejects(
      announce(factsOf('w', 2)),
      saraError('STATE_CONFLICT', /process 1 .* is the worker 'w'/),
    );
  });

  it('tells a worker that was replaced while it was away', async () => {
    const first = await announce(factsOf('w', 1));
    const bucket = await openWorkerBucket(link, TTL_MS);
    await bucket.put('w', { ...first.record, pid: 2 });
    await until(() => first.lost.aborted, 'the loss of the name');
    assert.ok(saraError('STATE_CONFLICT')(first.lost.reason));
  });
});

function factsOf(name: string, pid = 1): WorkerFacts {
  return {
    name,
    address: `127.0.0.1:${4000 + pid}`,
    device: 'cpu',
    memoryBytes: 8e9,
    numThreads: 2,
    pid,
    startedAtMs: 0,
    version: '0.1.0',
  };
}
