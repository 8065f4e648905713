/** What only actors in threads of their own do: compute while their worker goes on, and die without it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { ActorHost } from '../../../shared/actor/host.ts';
import type { ActorRef } from '../../../shared/actor/protocol.ts';
import { ActorSystem, type SpawnOptions } from '../../../shared/actor/system.ts';
import { threadedRegistry } from '../../../shared/actor/threaded.ts';
import { createLogger, silentLogger, type Logger } from '../../../shared/log.ts';
import { saraError } from '../../support/sara-error.ts';
import {
  Gate,
  threadedTroubleRegistry,
  type TroubleArgs,
  type TroubleClasses,
  type TroubleProtocol,
} from '../../support/trouble-actor.ts';
import { until } from '../../support/until.ts';

const STORE_BYTES = 1 << 20;

/** For actors that have to be ended: they have done all they are asked to do long before. */
const SHORT_STOP_MS = 50;

describe('a threaded actor', function () {
  this.timeout(120_000);
  let gate: Gate;
  const cleanups: (() => Promise<void> | void)[] = [];

  beforeEach(() => {
    gate = new Gate();
  });

  afterEach(async () => {
    // What a failed test has left blocked would keep its thread from ending.
    gate.open();
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  interface HostChoices {
    readonly stopTimeoutMs?: number;
    readonly silenceMs?: number;
    readonly memoryBytes?: number;
    readonly log?: Logger;
  }

  async function startHost(name = 'w0', choices: HostChoices = {}): Promise<ActorHost> {
    const { stopTimeoutMs, silenceMs, memoryBytes, log = silentLogger } = choices;
    const host = await ActorHost.start({
      name,
      registry: threadedTroubleRegistry(gate, {
        ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
        ...(silenceMs === undefined ? {} : { silenceMs }),
      }),
      listen: '127.0.0.1:0',
      objectStoreBytes: STORE_BYTES,
      log,
      ...(memoryBytes === undefined ? {} : { capacity: { memoryBytes } }),
    });
    cleanups.push(() => host.stop(0));
    return host;
  }

  function openSystem(): ActorSystem<TroubleClasses> {
    const system = new ActorSystem<TroubleClasses>({ run: 'run-1', generation: 1, log: silentLogger });
    cleanups.push(() => {
      system.close();
    });
    return system;
  }

  function spawn(
    system: ActorSystem<TroubleClasses>,
    host: ActorHost,
    args: TroubleArgs = {},
    options: SpawnOptions = {},
  ): Promise<ActorRef<TroubleProtocol>> {
    return system.spawn(host.endpoint, 'TroubleActor', args, options);
  }

  describe('that computes', () => {
    it('leaves its worker free: status, calls of others, pulls of its objects, cancelling', async () => {
      const [host, elsewhere] = [await startHost('w0'), await startHost('w1')];
      const system = openSystem();
      const [busy, neighbour, distant] = await Promise.all([
        spawn(system, host),
        spawn(system, host),
        spawn(system, elsewhere),
      ]);
      const {
        refs: [ref],
      } = await busy.putAll({ counts: [1000] });
      const cancel = new AbortController();
      const blocked = assert.rejects(busy.block(null, { signal: cancel.signal }), saraError('CANCELLED'));
      const next = busy.echo('next');
      await until(() => gate.numBlocked === 1);

      // All of this is answered while the thread of `busy` stands still, for only the end of the test lets it go on.
      const [first] = (await system.status(host.endpoint)).actors;
      assert.deepEqual([first.busyMethod, first.numQueued], ['block', 1]);
      assert.equal(await neighbour.echo('here'), 'here');
      assert.deepEqual(await neighbour.pullTwice({ ref }), { isIntact: true });
      assert.deepEqual(await distant.pullTwice({ ref }), { isIntact: true });
      assert.equal((await system.get(ref)).values.data.length, 1000);
      cancel.abort();
      await blocked;
      assert.equal(gate.numBlocked, 1);
      assert.equal(
        (await system.status(host.endpoint)).actors[0].busyMethod,
        'block',
        'the call has not ended',
      );

      gate.open();
      assert.equal(await next, 'next');
    });

    it('has what it puts held at once, and freed at once when the call is given up', async () => {
      const host = await startHost();
      const actor = await spawn(openSystem(), host);
      const cancel = new AbortController();
      const call = actor.putAndBlock({ count: 10 }, { signal: cancel.signal });
      const rejected = assert.rejects(call, saraError('CANCELLED'));
      await until(() => gate.numBlocked === 1 && host.objects.count === 1);
      cancel.abort();
      await rejected;
      await until(() => host.objects.count === 0);
      assert.equal(gate.numBlocked, 1, 'the call has not ended');
    });

    it('learns through its signal why a call is given up', async () => {
      const host = await startHost();
      const system = openSystem();
      const actor = await spawn(system, host, {}, { actorId: 'trouble-1' });
      const timeoutMs = 30;
      await assert.rejects(actor.untilAborted(null, { timeoutMs }), saraError('DEADLINE_EXCEEDED'));
      const late = await actor.abortedWith(null);
      // The worker's deadline or the caller's cancelling, whichever came first.
      assert.ok(late?.code === 'DEADLINE_EXCEEDED' || late?.code === 'CANCELLED', late?.code);

      const superseded = assert.rejects(actor.untilAborted(null), saraError('STALE_GENERATION'));
      await until(() => host.status().actors[0].busyMethod === 'untilAborted');
      system.advanceGeneration(2);
      const newer = await actor.abortedWith(null);
      await superseded;
      assert.equal(newer?.code, 'STALE_GENERATION');
      assert.match(newer.message, /generation 1 of run run-1 is over/);
    });
  });

  describe('and its objects', () => {
    it('fails the call whose put finds the store full, and keeps nothing of it', async () => {
      const host = await startHost();
      const system = openSystem();
      const actor = await spawn(system, host);
      const tooMany = STORE_BYTES / 4;
      const call = actor.putAll({ counts: [10, tooMany, 10] });
      await assert.rejects(call, saraError('OBJECT_STORE_FULL', /44 \+ 1048580 > 1048576 bytes/));
      assert.deepEqual([host.objects.count, host.objects.usedBytes], [0, 0]);
      const { refs } = await actor.putAll({ counts: [10] });
      assert.equal(host.objects.count, 1);
      await actor.free({ ref: refs[0] });
      assert.equal(host.objects.count, 0);
    });

    it('sends of a view what is seen through it, and keeps its own buffer', async () => {
      const host = await startHost();
      const actor = await spawn(openSystem(), host);
      const { ref, sum } = await actor.putView({ bufferCount: 1000, start: 10, count: 3 });
      assert.equal(sum, 499_500, 'the buffer is readable after the put');
      const { data } = host.objects.get(ref.id).bundle.values;
      assert.deepEqual([...data], [10, 11, 12]);
      assert.equal(data.buffer.byteLength, 12);
    });

    it('gives no id twice, nor does the actor that takes its place', async () => {
      const host = await startHost();
      const system = openSystem();
      const ids: string[] = [];
      for (let life = 0; life < 2; life++) {
        const actor = await spawn(system, host, {}, { actorId: 'trouble-1' });
        const { refs } = await actor.putAll({ counts: [1, 1] });
        ids.push(...refs.map(({ id }) => id));
        await system.stop(actor);
      }
      assert.equal(new Set(ids).size, 4);
      assert.equal(host.objects.count, 0);
    });
  });

  it('logs through its worker: its name, its level, run and actor', async () => {
    const lines: string[] = [];
    const log = createLogger({
      name: 'worker',
      level: 'info',
      bindings: { worker: 'w0' },
      stream: { write: (line) => lines.push(line) },
    });
    const actor = await spawn(openSystem(), await startHost('w0', { log }), {}, { actorId: 'trouble-1' });
    await actor.log({ message: 'that was not finite' });
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const { time, ...fields } = said[0];
    assert.equal(said.length, 1);
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    assert.deepEqual(fields, {
      level: 'warn',
      name: 'worker',
      worker: 'w0',
      run: 'run-1',
      actor: 'trouble-1',
      step: 3,
      err: { code: 'NOT_FINITE', message: 'loss is NaN', loss: 'NaN' },
      msg: 'that was not finite',
    });
  });

  it('whose thread stands still is given up long before the deadline; one that computes is not, however long', async () => {
    const host = await startHost('w0', { silenceMs: 600, stopTimeoutMs: SHORT_STOP_MS });
    const system = openSystem();
    const busy = await spawn(system, host);
    const stuck = await spawn(system, host, {}, { actorId: 'trouble-1' });
    const spinning = busy.spin(null, { timeoutMs: 600_000 }).catch((error: unknown) => error);
    // Not answered at once: it has been given up for standing still, and for nothing else.
    await assert.rejects(
      stuck.block(null, { timeoutMs: 600_000 }),
      saraError('ACTOR_DIED', /trouble-1 failed: it has neither answered nor computed for 600 ms/),
    );
    await assert.rejects(stuck.echo(1), saraError('ACTOR_DIED', /trouble-1/));
    const isBusy = async (): Promise<boolean> =>
      (await system.status(host.endpoint)).actors.some(({ busyMethod }) => busyMethod === 'spin');
    assert.ok(await isBusy(), 'the one that computes is still at it');
    await system.stop(busy);
    assert.ok(saraError('ACTOR_DIED')(await spinning));
  });

  describe('whose thread dies', () => {
    it('by an exit fails its calls with ACTOR_DIED; its neighbours and its worker live, its memory is free again', async () => {
      const host = await startHost('w0', { memoryBytes: 1000 });
      const system = openSystem();
      const neighbour = await spawn(system, host);
      const actor = await spawn(system, host, {}, { memoryBytes: 600, actorId: 'trouble-1' });
      const waiting = assert.rejects(
        actor.exit({ code: 3 }),
        saraError('ACTOR_DIED', /trouble-1 ended with exit code 3/),
      );
      const queued = assert.rejects(actor.echo(1), saraError('ACTOR_DIED', /exit code 3/));
      await waiting;
      await queued;
      await assert.rejects(actor.echo(2), saraError('ACTOR_DIED', /exit code 3/));
      assert.equal(await neighbour.echo('alive'), 'alive');
      await assert.rejects(spawn(system, host, {}, { memoryBytes: 600 }), saraError('DOES_NOT_FIT'));
      await system.stop(actor);
      const next = await spawn(system, host, {}, { memoryBytes: 600 });
      assert.equal(await next.echo('a new one'), 'a new one');
    });

    it('of what nobody caught fails the calls after it with ACTOR_DIED and the cause, and is logged with its stack', async () => {
      const lines: string[] = [];
      const log = createLogger({
        name: 'worker',
        level: 'info',
        stream: { write: (line) => lines.push(line) },
      });
      const actor = await spawn(openSystem(), await startHost('w0', { log }));
      await actor.throwLater({ message: 'tensor out of range' });
      const outcome = until(async () => {
        await actor.echo(1);
        return false;
      });
      await assert.rejects(outcome, saraError('ACTOR_DIED', /failed: tensor out of range/));
      const reports = lines.filter((line) => line.includes('tensor out of range'));
      assert.equal(reports.length, 1);
      assert.match(reports[0], /trouble-actor\.ts/);
    });

    it('before it has come to life fails the spawn with the cause and leaves nothing behind', async () => {
      const registry = threadedRegistry<TroubleClasses, null>(
        { TroubleActor: {} as ActorRegistryMethods },
        { program: new URL('no-such-program.ts', import.meta.url), surroundings: null },
      );
      const host = await ActorHost.start({
        name: 'w0',
        registry,
        listen: '127.0.0.1:0',
        objectStoreBytes: STORE_BYTES,
        log: silentLogger,
      });
      cleanups.push(() => host.stop(0));
      await assert.rejects(spawn(openSystem(), host), saraError('ACTOR_DIED', /no-such-program/));
      assert.deepEqual(host.status().actors, []);
    });
  });

  describe('that is stopped', () => {
    it('cleans up, and its thread is gone', async () => {
      const host = await startHost();
      const system = openSystem();
      const numThreads = countThreads();
      const actor = await spawn(system, host);
      assert.ok(countThreads() > numThreads);
      await system.stop(actor);
      assert.equal(gate.numArrived, 1, 'disposed once');
      await until(() => countThreads() <= numThreads, 'the end of the thread');
    });

    it('and fails to clean up is gone all the same, and that is logged', async () => {
      const lines: string[] = [];
      const log = createLogger({
        name: 'worker',
        level: 'info',
        stream: { write: (line) => lines.push(line) },
      });
      const host = await startHost('w0', { log });
      const system = openSystem();
      const numThreads = countThreads();
      await system.stop(await spawn(system, host, { failToDispose: true }));
      await until(() => countThreads() <= numThreads, 'the end of the thread');
      assert.deepEqual(host.status().actors, []);
      assert.equal(lines.length, 1);
      assert.match(lines[0], /failed to clean up/);
      assert.match(lines[0], /no room for a last word/);
    });

    for (const [what, method] of [
      ['never returns from a call', 'spin'],
      ['leaves something running', 'leak'],
    ] as const) {
      it(`and ${what} is ended in time`, async () => {
        const lines: string[] = [];
        const log = createLogger({ name: 'worker', stream: { write: (line) => lines.push(line) } });
        const host = await startHost('w0', { stopTimeoutMs: SHORT_STOP_MS, log });
        const system = openSystem();
        const numThreads = countThreads();
        const actor = await spawn(system, host);
        const call =
          method === 'spin' ? assert.rejects(actor.spin(null), saraError('ACTOR_DIED')) : actor.leak(null);
        await (method === 'spin' ? until(() => gate.numArrived === 1) : call);
        await system.stop(actor);
        await call;
        assert.deepEqual(host.status().actors, []);
        await until(() => countThreads() <= numThreads, 'the end of the thread');
        assert.match(lines.join(''), /had not come to rest 50 ms after it was told to stop/);
      });
    }

    it('while it is being made is ended in time', async () => {
      const host = await startHost('w0', { stopTimeoutMs: SHORT_STOP_MS });
      const making = assert.rejects(
        spawn(openSystem(), host, { blockAtStart: true }),
        saraError('ACTOR_DIED'),
      );
      await until(() => gate.numBlocked === 1);
      await host.stop(0);
      await making;
      assert.deepEqual(host.status().actors, []);
    });

    it('gives back its memory', async () => {
      const holdBytes = 64 * 2 ** 20;
      const numLives = 6;
      const host = await startHost();
      const system = openSystem();
      const live = async (): Promise<void> => system.stop(await spawn(system, host, { holdBytes }));
      await live();
      const before = process.memoryUsage.rss();
      for (let life = 0; life < numLives; life++) await live();
      const grownBytes = process.memoryUsage.rss() - before;
      assert.ok(grownBytes < (numLives / 2) * holdBytes, `grown by ${grownBytes} bytes in ${numLives} lives`);
    });
  });
});

type ActorRegistryMethods = Parameters<typeof threadedRegistry<TroubleClasses, null>>[0]['TroubleActor'];

/** Threads of this process; where the system does not tell, always as many. */
function countThreads(): number {
  try {
    return readdirSync('/proc/self/task').length;
  } catch {
    return 0;
  }
}
