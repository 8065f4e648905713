/**
 * Actors in this process, called over real gRPC on free loopback ports: on the main thread, and in threads of their own.
 * Where an actor runs makes no difference to whoever calls it.
 */
import assert from 'node:assert/strict';
import { ActorHost } from '../../../shared/actor/host.ts';
import { ObjectRef } from '../../../shared/actor/object-ref.ts';
import { ObjectStore } from '../../../shared/actor/object-store.ts';
import { ActorSystem } from '../../../shared/actor/system.ts';
import { tensorStoreService } from '../../../shared/actor/tensor-transfer.ts';
import { silentLogger } from '../../../shared/log.ts';
import { startRpcServer } from '../../../shared/rpc/server.ts';
import type { EchoClasses } from '../../support/echo-actor.ts';
import { countingBundle, echoRegistry } from '../../support/echo-actor.ts';
import { saraError } from '../../support/sara-error.ts';
import { threadedEchoRegistry } from '../../support/threaded-echo.ts';
import { until } from '../../support/until.ts';

const STORE_BYTES = 1 << 20;

for (const [place, registry] of [
  ['on the main thread', echoRegistry],
  ['in threads of their own', threadedEchoRegistry],
] as const)
  describe(`actors ${place}`, () => {
    const cleanups: (() => Promise<void> | void)[] = [];

    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    async function startHost(name: string, memoryBytes?: number): Promise<ActorHost> {
      const host = await ActorHost.start({
        name,
        registry,
        listen: '127.0.0.1:0',
        objectStoreBytes: STORE_BYTES,
        maxQueuedCalls: 4,
        log: silentLogger,
        ...(memoryBytes === undefined ? {} : { capacity: { memoryBytes } }),
      });
      cleanups.push(() => host.stop(0));
      return host;
    }

    function openSystem(generation = 1): ActorSystem<EchoClasses> {
      const system = new ActorSystem<EchoClasses>({ run: 'run-1', generation, log: silentLogger });
      cleanups.push(() => {
        system.close();
      });
      return system;
    }

    describe('calls', () => {
      it('return what the method returns, numbers that JSON loses and small arrays included', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const value = {
          loss: NaN,
          limit: -Infinity,
          zero: -0,
          big: 2n ** 70n,
          list: [null, 'x', { $: 'a member called $' }],
          values: Float32Array.of(1, NaN, 3),
          ref: new ObjectRef('127.0.0.1:1', 'some-id', 12),
        };
        assert.deepEqual(await actor.echo(value), value);
      });

      it('of one caller run in the order they were sent, one at a time', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const numCalls = 4;
        await Promise.all(Array.from({ length: numCalls }, (_, i) => actor.echo(i)));
        assert.deepEqual(await actor.history(null), [0, 1, 2, 3]);
      });

      it('fail with the code, message and context the method threw, and the place', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(
          host.endpoint,
          'EchoActor',
          { name: 'a' },
          { actorId: 'echo-1' },
        );
        await assert.rejects(actor.fail({ code: 'NOT_FINITE' }), (error) => {
          assert.ok(saraError('NOT_FINITE', /loss is NaN at step 3/)(error));
          const { context } = error as { context: object };
          assert.deepEqual(context, { step: 3, finite: false, worker: 'w0', actor: 'echo-1' });
          return true;
        });
      });

      it('that hit a bug fail with INTERNAL and leave the actor alive', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        await assert.rejects(actor.fail({ code: 'bug' }), saraError('INTERNAL', /undefined is not a tensor/));
        assert.equal(await actor.echo(1), 1);
      });

      it('end at their deadline at the caller and at the actor', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        await assert.rejects(
          actor.hang(null, { timeoutMs: 30 }),
          saraError('DEADLINE_EXCEEDED', /hang .* 30 ms/),
        );
        await until(async () => !(await actor.hanging(null)));
      });

      it('are cancelled by the signal, at the actor too, and never begun when they were still waiting', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const running = new AbortController();
        const waiting = new AbortController();
        const hang = actor.hang(null, { signal: running.signal });
        const echo = actor.echo('never', { signal: waiting.signal });
        const outcomes = Promise.allSettled([hang, echo]);
        await until(() => actor.hanging(null));
        waiting.abort();
        running.abort();
        for (const outcome of await outcomes) {
          assert.ok(outcome.status === 'rejected' && saraError('CANCELLED')(outcome.reason));
        }
        assert.deepEqual(await actor.history(null), []);
      });

      it('beyond the mailbox are refused', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const stop = new AbortController();
        const waiting = Array.from({ length: 6 }, () => actor.hang(null, { signal: stop.signal }));
        const outcomes = Promise.allSettled(waiting);
        await assert.rejects(actor.hang(null), saraError('MAILBOX_FULL', /4 calls are waiting, 4 may/));
        stop.abort();
        await outcomes;
      });

      it('of a method the actor does not publish are refused', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const loose = actor as unknown as Record<string, (args: null) => Promise<unknown>>;
        for (const method of ['constructor', 'toString', 'dispose', 'nothing']) {
          await assert.rejects(loose[method](null), saraError('INTERNAL', /has no method/), method);
        }
      });

      it('end with CANCELLED when the driver closes, and the actor is told', async () => {
        const host = await startHost('w0');
        const system = openSystem();
        const actor = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' }, { actorId: 'echo-1' });
        const hang = assert.rejects(actor.hang(null), saraError('CANCELLED'));
        await until(() => actor.hanging(null));
        system.close();
        await hang;
        await until(() => host.status().actors[0].busyMethod === null);
      });
    });

    it('on a host that stops fail their calls with ACTOR_DIED, and the host does not wait for its callers', async () => {
      const host = await startHost('w0');
      const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
      const hang = assert.rejects(actor.hang(null), saraError('ACTOR_DIED'));
      await until(() => actor.hanging(null));
      const graceMs = 30_000;
      const startMs = Date.now();
      await host.stop(graceMs);
      assert.ok(Date.now() - startMs < graceMs / 2);
      await hang;
      await assert.rejects(actor.echo(1), saraError('ACTOR_DIED'));
    });

    describe('placement', () => {
      it('fails with what the constructor threw and leaves nothing behind', async () => {
        const host = await startHost('w0');
        const spawn = openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a', failToStart: true });
        await assert.rejects(spawn, saraError('FILE_NOT_FOUND', /no weights here/));
        assert.deepEqual(host.status().actors, []);
      });

      it('refuses memory beyond the capacity with the broken inequality', async () => {
        const host = await startHost('w0', 1000);
        const system = openSystem();
        await system.spawn(host.endpoint, 'EchoActor', { name: 'a' }, { memoryBytes: 600 });
        const second = system.spawn(host.endpoint, 'EchoActor', { name: 'b' }, { memoryBytes: 500 });
        await assert.rejects(second, saraError('DOES_NOT_FIT', /600 \+ 500 > 1000 bytes/));
      });

      it('of a group is all or nothing', async () => {
        const [roomy, tight] = [await startHost('roomy'), await startHost('tight', 10)];
        const system = openSystem();
        const place = (worker: ActorHost) =>
          ({
            worker: worker.endpoint,
            className: 'EchoActor',
            args: { name: 'a' },
            options: { memoryBytes: 20 },
          }) as const;
        await assert.rejects(system.spawnGroup([place(roomy), place(tight)]), saraError('DOES_NOT_FIT'));
        assert.deepEqual(roomy.status().actors, []);
        const refs = await system.spawnGroup([place(roomy), place(roomy)]);
        assert.equal(roomy.status().actors.length, refs.length);
      });

      it('can be repeated with the same name and is done once', async () => {
        const host = await startHost('w0');
        const system = openSystem();
        const options = { actorId: 'echo-1' };
        const first = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' }, options);
        await first.echo('kept');
        const again = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' }, options);
        assert.deepEqual(await again.history(null), ['kept']);
      });

      it('stop ends running calls, frees the objects, and is not an error when repeated', async () => {
        const host = await startHost('w0');
        const system = openSystem();
        const actor = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' });
        await actor.make({ count: 8 });
        const hang = assert.rejects(actor.hang(null), saraError('ACTOR_DIED', /was stopped/));
        await until(() => actor.hanging(null));
        await system.stop(actor);
        await hang;
        await system.stop(actor);
        assert.equal(host.objects.usedBytes, 0);
        await assert.rejects(actor.echo(1), saraError('ACTOR_DIED', /is not on worker w0/));
      });
    });

    describe('objects', () => {
      it('are pulled by their consumer from the worker that made them', async () => {
        const [producerHost, consumerHost] = [await startHost('w0'), await startHost('w1')];
        const system = openSystem();
        const producer = await system.spawn(producerHost.endpoint, 'EchoActor', { name: 'p' });
        const consumer = await system.spawn(consumerHost.endpoint, 'EchoActor', { name: 'c' });
        const { ref } = await producer.make({ count: 1000 });
        assert.equal(ref.address, producerHost.endpoint.address);
        assert.equal(ref.sizeBytes, 4004);
        assert.equal(await consumer.sum({ ref }), 499_500);
        assert.equal(await producer.sum({ ref }), 499_500);
        assert.deepEqual(await system.get(ref), countingBundle(1000));
      });

      it('that the driver puts are pulled by actors', async () => {
        const store = new ObjectStore({ capacityBytes: STORE_BYTES, idPrefix: 'driver' });
        const server = await startRpcServer({ listen: '127.0.0.1:0', services: [tensorStoreService(store)] });
        cleanups.push(() => server.stop(0));
        const objects = { store, address: server.address };
        const system = new ActorSystem<EchoClasses>({
          run: 'run-1',
          generation: 1,
          log: silentLogger,
          objects,
        });
        cleanups.push(() => {
          system.close();
        });
        const host = await startHost('w0');
        const actor = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const ref = system.put(countingBundle(5));
        assert.equal(await actor.sum({ ref }), 10);
        system.free(ref);
        await assert.rejects(actor.sum({ ref }), saraError('OBJECT_GONE'));
      });

      it('are gone once freed, and a full store refuses with its numbers until then', async () => {
        const host = await startHost('w0');
        const system = openSystem();
        const actor = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const count = STORE_BYTES / 4 - 1;
        const { ref } = await actor.make({ count });
        await assert.rejects(
          actor.make({ count: 1 }),
          saraError('OBJECT_STORE_FULL', /1048576 \+ 8 > 1048576 bytes/),
        );
        system.free(ref);
        // Ordered after the free: the same stream carries both.
        await actor.make({ count: 1 });
        await assert.rejects(system.get(ref), saraError('OBJECT_GONE'));
        await assert.rejects(actor.sum({ ref }), saraError('OBJECT_GONE'));
      });

      it('put by a call that fails are freed, for nobody knows them', async () => {
        const host = await startHost('w0');
        const actor = await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' });
        await assert.rejects(actor.makeAndFail({ count: 100 }), saraError('NOT_FINITE'));
        assert.equal(host.objects.usedBytes, 0);
      });

      it('of several chunks and of none arrive bit for bit', async () => {
        const host = await startHost('w0');
        const system = openSystem();
        const actor = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' });
        for (const count of [0, 1, 131_071, 131_072, 131_073, 250_000]) {
          const { ref } = await actor.make({ count });
          assert.deepEqual(await system.get(ref), countingBundle(count));
          system.free(ref);
        }
      });
    });

    describe('generations', () => {
      it('refuse a stale driver once a newer one has called', async () => {
        const host = await startHost('w0');
        const [oldDriver, newDriver] = [openSystem(1), openSystem(1)];
        const actorId = 'echo-1';
        const oldRef = await oldDriver.spawn(host.endpoint, 'EchoActor', { name: 'a' }, { actorId });
        const newRef = await newDriver.spawn(host.endpoint, 'EchoActor', { name: 'a' }, { actorId });
        newDriver.advanceGeneration(2);
        await newRef.echo('new');
        await assert.rejects(
          oldRef.echo('old'),
          saraError('STALE_GENERATION', /generation 1 .* generation 2/),
        );
        await assert.rejects(oldDriver.stop(oldRef), saraError('STALE_GENERATION'));
        const lateSpawn = oldDriver.spawn(host.endpoint, 'EchoActor', { name: 'late' });
        await assert.rejects(lateSpawn, saraError('STALE_GENERATION'));
        assert.deepEqual(await newRef.history(null), ['new']);
      });

      it('end the calls and free the objects of older ones; the actor lives on', async () => {
        const host = await startHost('w0');
        const system = openSystem(1);
        const actor = await system.spawn(host.endpoint, 'EchoActor', { name: 'a' });
        const { ref } = await actor.make({ count: 10 });
        const hang = assert.rejects(actor.hang(null), saraError('STALE_GENERATION'));
        await until(() => actor.hanging(null));
        system.advanceGeneration(2);
        assert.equal(await actor.echo('alive'), 'alive');
        await hang;
        await assert.rejects(system.get(ref), saraError('OBJECT_GONE'));
      });
    });
  });
