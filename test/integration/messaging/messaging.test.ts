/** Connection, key-value state, leases and event history on a real nats-server. */
import assert from 'node:assert/strict';
import { silentLogger } from '../../../shared/log.ts';
import { EventBus } from '../../../shared/messaging/bus.ts';
import type { NatsLink } from '../../../shared/messaging/connection.ts';
import { connectNats } from '../../../shared/messaging/connection.ts';
import { KvBucket } from '../../../shared/messaging/kv.ts';
import { Lease, parseLease, type LeaseValue } from '../../../shared/messaging/lease.ts';
import { startNatsServer } from '../../../shared/messaging/nats-server.ts';
import { Stream } from '../../../shared/messaging/stream.ts';
import { STREAMS, SUBJECTS, subjectToken } from '../../../shared/messaging/subjects.ts';
import type { RunEvent, RunEventBody } from '../../../shared/run-event.ts';
import type { TestNats } from '../../support/nats.ts';
import { startTestNats } from '../../support/nats.ts';
import { saraError } from '../../support/sara-error.ts';
import { until } from '../../support/until.ts';

interface Entry {
  readonly step: number;
}

function parseEntry(json: unknown): Entry {
  if (typeof json === 'object' && json !== null && 'step' in json && typeof json.step === 'number') {
    return { step: json.step };
  }
  throw new Error('no step');
}

describe('messaging', () => {
  let nats: TestNats;
  let link: NatsLink;

  before(async () => {
    nats = await startTestNats();
    link = await nats.connect();
  });

  after(() => nats.stop());

  describe('connection', () => {
    it('that cannot be made in time says where it looked', async () => {
      const nowhere = connectNats({
        servers: 'nats://127.0.0.1:1',
        name: 'test',
        timeoutMs: 200,
        log: silentLogger,
      });
      await assert.rejects(
        nowhere,
        saraError('NATS_UNAVAILABLE', /nats:\/\/127\.0\.0\.1:1.*Is nats-server running/),
      );
    });

    it('with the wrong token is refused at once, not tried again', async () => {
      const guarded = await startTestNats({ token: 'right' });
      try {
        await guarded.connect();
        const wrong = connectNats({
          servers: guarded.server.url,
          name: 'test',
          token: 'wrong',
          log: silentLogger,
        });
        await assert.rejects(wrong, saraError('UNAUTHENTICATED', /refused our credentials/));
      } finally {
        await guarded.stop();
      }
    });

    it('comes back by itself after the server was killed and started again', async () => {
      const own = await startTestNats();
      try {
        const ownLink = await own.connect();
        const bucket = await KvBucket.open(ownLink, 'state', { parse: parseEntry });
        const revision = await bucket.create('run', { step: 1 });
        await own.server.kill();
        await until(() => !ownLink.connected);
        const back = ownLink.whenConnected();
        await own.restart();
        await back;
        assert.deepEqual(await bucket.get('run'), { value: { step: 1 }, revision });
        await bucket.update('run', { step: 2 }, revision);
      } finally {
        await own.stop();
      }
    });

    it('to a server without a usable store folder explains itself', async () => {
      await assert.rejects(
        startNatsServer({ storeDir: '/dev/null/store' }),
        (error) => error instanceof Error && /store|ENOTDIR|not a directory/i.test(error.message),
      );
    });
  });

  describe('key-value state', () => {
    it('is written only on top of the revision the writer has seen', async () => {
      const bucket = await KvBucket.open(link, 'cas', { parse: parseEntry });
      const first = await bucket.create('run-1', { step: 0 });
      await assert.rejects(bucket.create('run-1', { step: 9 }), saraError('STATE_CONFLICT', /run-1.*cas/));
      const second = await bucket.update('run-1', { step: 1 }, first);
      await assert.rejects(bucket.update('run-1', { step: 9 }, first), saraError('STATE_CONFLICT'));
      await assert.rejects(bucket.delete('run-1', first), saraError('STATE_CONFLICT'));
      assert.deepEqual(await bucket.get('run-1'), { value: { step: 1 }, revision: second });
      await bucket.delete('run-1', second);
      assert.equal(await bucket.get('run-1'), null);
      await bucket.create('run-1', { step: 5 });
    });

    it('commits each step exactly once when two writers race', async () => {
      const numSteps = 25;
      const other = await nats.connect();
      const buckets = await Promise.all(
        [link, other].map((l) => KvBucket.open(l, 'race', { parse: parseEntry })),
      );
      await buckets[0].create('run', { step: 0 });
      const committed: number[] = [];
      await Promise.all(
        buckets.map(async (bucket) => {
          for (;;) {
            const found = await bucket.get('run');
            assert.ok(found);
            if (found.value.step === numSteps) return;
            try {
              await bucket.update('run', { step: found.value.step + 1 }, found.revision);
              committed.push(found.value.step + 1);
            } catch (error) {
              assert.ok(saraError('STATE_CONFLICT')(error));
            }
          }
        }),
      );
      assert.deepEqual(
        committed.sort((a, b) => a - b),
        Array.from({ length: numSteps }, (_, i) => i + 1),
      );
    });

    it('lists keys without delay while entries end by themselves, and leaves out what was deleted', async () => {
      const bucket = await KvBucket.open(link, 'short-lived', { ttlMs: 300, parse: parseEntry });
      const isGone = async (): Promise<boolean> => {
        const listings = await Promise.all(Array.from({ length: 8 }, () => bucket.keys()));
        return listings.every((keys) => keys.length === 0);
      };
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 20; i++) await bucket.put(`key-${i}`, { step: i });
        await bucket.delete('key-3');
        assert.ok(!(await bucket.keys()).includes('key-3'));
        await until(isGone, 'the end of the entries');
      }
    });

    it('lists keys and tells watchers of values and deletions', async () => {
      const bucket = await KvBucket.open(link, 'watched', { parse: parseEntry });
      await bucket.put('a', { step: 1 });
      await bucket.put('b', { step: 2 });
      assert.deepEqual(await bucket.keys(), ['a', 'b']);
      const stop = new AbortController();
      const seen: [string, number | null][] = [];
      const watching = (async () => {
        for await (const { key, value } of bucket.watch(undefined, { signal: stop.signal })) {
          seen.push([key, value?.step ?? null]);
        }
      })();
      await until(() => seen.length === 2);
      await bucket.put('a', { step: 3 });
      await bucket.delete('b');
      await until(() => seen.length === 4);
      stop.abort();
      await watching;
      assert.deepEqual(seen, [
        ['a', 1],
        ['b', 2],
        ['a', 3],
        ['b', null],
      ]);
    });

    it('that cannot be parsed is refused by key and revision', async () => {
      const loose = await KvBucket.open<unknown>(link, 'mixed', { parse: (json) => json });
      await loose.put('bad', { other: 1 });
      const strict = await KvBucket.open(link, 'mixed', { parse: parseEntry });
      await assert.rejects(
        strict.get('bad'),
        saraError('DATA_INVALID', /key 'bad' of bucket mixed, revision 1/),
      );
    });

    it('ends with its time to live when it is not renewed', async () => {
      const bucket = await KvBucket.open(link, 'short', { ttlMs: 300, parse: parseEntry });
      await bucket.create('worker', { step: 0 });
      await until(async () => (await bucket.get('worker')) === null);
      await bucket.create('worker', { step: 1 });
    });
  });

  describe('leases', () => {
    const ttlMs = 600;
    const holder = (name: string): LeaseValue => ({ holder: name, address: '' });

    it('are held by one at a time, kept beyond their time to live, and free again after release', async () => {
      const bucket = await KvBucket.open(link, 'leases', { ttlMs, parse: parseLease });
      const lease = await Lease.acquire(bucket, 'leader', holder('a'));
      const before = lease.revision;
      await until(() => lease.revision > before + 4);
      await assert.rejects(Lease.acquire(bucket, 'leader', holder('b')), saraError('STATE_CONFLICT'));
      assert.equal(lease.lost.aborted, false);
      await lease.release();
      const next = await Lease.acquire(bucket, 'leader', holder('b'));
      assert.ok(next.revision > before);
      await next.release();
    });

    it('are lost when somebody else has written the entry', async () => {
      const bucket = await KvBucket.open(link, 'leases', { ttlMs, parse: parseLease });
      const lease = await Lease.acquire(bucket, 'usurped', holder('a'));
      await bucket.put('usurped', holder('b'));
      await until(() => lease.lost.aborted);
      assert.ok(saraError('STALE_GENERATION', /'usurped' of a was taken/)(lease.lost.reason));
    });

    it('are lost within their time to live when NATS is away', async () => {
      const own = await startTestNats();
      try {
        const bucket = await KvBucket.open(await own.connect(), 'leases', { ttlMs, parse: parseLease });
        const lease = await Lease.acquire(bucket, 'leader', holder('a'));
        await own.server.kill();
        const killedAt = Date.now();
        await until(() => lease.lost.aborted);
        const slackMs = 500;
        assert.ok(Date.now() - killedAt <= ttlMs + slackMs);
        await own.restart();
      } finally {
        await own.stop();
      }
    });
  });

  describe('streams', () => {
    it('store a message once, however often it is sent', async () => {
      const stream = await Stream.open(link, STREAMS.steps);
      const subject = SUBJECTS.step('run-1', 1, 'mask');
      const first = await stream.publish(subject, Buffer.from('a'), { messageId: 'm-1' });
      const again = await stream.publish(subject, Buffer.from('a'), { messageId: 'm-1' });
      assert.deepEqual(again, { sequence: first.sequence, isDuplicate: true });
      const stop = new AbortController();
      await stream.publish(subject, Buffer.from('b'), { messageId: 'm-2' });
      const texts: string[] = [];
      for await (const { data, numPending } of stream.read(subject, { signal: stop.signal })) {
        texts.push(Buffer.from(data).toString());
        if (numPending === 0) break;
      }
      assert.deepEqual(texts, ['a', 'b']);
    });
  });

  describe('the event history', () => {
    const commit = (step: number): RunEventBody & { generation: number; step: number } => ({
      kind: 'step-committed',
      generation: 1,
      step,
      loss: 1 / (step + 1),
      learningRate: 1e-3,
      gradNorm: 0.5,
      seconds: 2,
      samplesPerSecond: 2,
      trainableCount: 100,
    });
    const state = (
      to: 'running' | 'failed' | 'succeeded',
    ): RunEventBody & { generation: number; step: number } => ({
      kind: 'state-changed',
      generation: 1,
      step: 0,
      state: to,
      reason: '',
    });

    async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
      const collected: RunEvent[] = [];
      for await (const event of events) collected.push(event);
      return collected;
    }

    it('is numbered without gaps by two writers and told in full, then live, until the run ends', async () => {
      const run = 'two-writers';
      const buses = await Promise.all([EventBus.open(link), EventBus.open(await nats.connect())]);
      await buses[0].publish(run, state('running'));
      const watching = collect(buses[1].watch(run));
      const numSteps = 12;
      await Promise.all(Array.from({ length: numSteps }, (_, i) => buses[i % 2].publish(run, commit(i))));
      await buses[0].publish(run, state('succeeded'));
      const events = await watching;
      assert.deepEqual(
        events.map((event) => event.sequence),
        Array.from({ length: numSteps + 2 }, (_, i) => i + 1),
      );
      const steps = events.filter((event) => event.kind === 'step-committed').map((event) => event.step);
      assert.deepEqual(
        steps.sort((a, b) => a - b),
        Array.from({ length: numSteps }, (_, i) => i),
      );
      assert.deepEqual(
        (await collect(buses[0].watch(run, { fromSequence: 13 }))).map((event) => event.kind),
        ['step-committed', 'state-changed'],
      );
    });

    it('of one writer keeps the order in which it was published', async () => {
      const run = 'in-order';
      const bus = await EventBus.open(link);
      await Promise.all([0, 1, 2, 3, 4].map((step) => bus.publish(run, commit(step))));
      await bus.publish(run, state('succeeded'));
      const events = await collect(bus.watch(run));
      assert.deepEqual(
        events.slice(0, 5).map((event) => event.step),
        [0, 1, 2, 3, 4],
      );
    });

    it('of a run that was resumed is told past its first end', async () => {
      const run = 'resumed';
      const bus = await EventBus.open(link);
      for (const to of ['running', 'failed', 'running', 'succeeded'] as const)
        await bus.publish(run, state(to));
      assert.equal((await collect(bus.watch(run))).length, 4);
    });

    it('goes on over a restart of NATS, for writer and watcher', async () => {
      const own = await startTestNats();
      try {
        const bus = await EventBus.open(await own.connect());
        const watching = collect((await EventBus.open(await own.connect())).watch('run'));
        await bus.publish('run', commit(0));
        await own.server.kill();
        const publishing = bus.publish('run', commit(1));
        await own.restart();
        assert.equal(await publishing, 2);
        await bus.publish('run', state('succeeded'));
        assert.deepEqual(
          (await watching).map((event) => event.sequence),
          [1, 2, 3],
        );
      } finally {
        await own.stop();
      }
    });
  });

  it('subjects refuse names that would widen what they match', () => {
    for (const name of ['', 'a.b', '*', '>', 'a b', 'x'.repeat(129)]) {
      assert.throws(() => subjectToken(name), saraError('CONFIG_INVALID'), name);
    }
  });
});
