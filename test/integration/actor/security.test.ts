/** Mutual TLS between driver and worker, and worker and worker: who is let through, and who is not. */
import assert from 'node:assert/strict';
import { ActorHost } from '../../../shared/actor/host.ts';
import { ActorSystem } from '../../../shared/actor/system.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { Part } from '../../../shared/parts.ts';
import { Certificates } from '../../../shared/rpc/certificates.ts';
import type { ChannelSecurity } from '../../../shared/rpc/channel.ts';
import { ended, TestAuthority } from '../../support/certificates.ts';
import { echoRegistry, type EchoClasses } from '../../support/echo-actor.ts';
import { saraError } from '../../support/sara-error.ts';
import { until } from '../../support/until.ts';

describe('mutual TLS', function () {
  this.timeout(30_000);
  let ours: TestAuthority;
  let strangers: TestAuthority;
  const cleanups: (() => Promise<void> | void)[] = [];
  const refusals: string[] = [];
  const observed: string[] = [];

  before(async () => {
    ours = await TestAuthority.create();
    strangers = await TestAuthority.create();
  });

  beforeEach(() => {
    refusals.length = 0;
    observed.length = 0;
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  after(async () => {
    await ours.remove();
    await strangers.remove();
  });

  async function startHost(name: string, certificates?: Certificates): Promise<ActorHost> {
    const own = certificates ?? (await ours.certificates('worker'));
    const host = await ActorHost.start({
      name,
      registry: echoRegistry,
      listen: '127.0.0.1:0',
      objectStoreBytes: 1 << 20,
      security: { kind: 'mtls', certificates: own },
      pullSecurity: { kind: 'mtls', certificates: own, peer: 'worker' },
      onRefused: (reason) => refusals.push(reason),
      observer: {
        called: (method, outcome) => observed.push(`${method} ${outcome}`),
        moved: (direction, sizeBytes) => observed.push(`${direction} ${sizeBytes}`),
      },
      log: silentLogger,
    });
    cleanups.push(() => host.stop(0));
    return host;
  }

  function openSystem(security: ChannelSecurity): ActorSystem<EchoClasses> {
    const system = new ActorSystem<EchoClasses>({ run: 'run-1', generation: 1, security, log: silentLogger });
    cleanups.push(() => {
      system.close();
    });
    return system;
  }

  const asPart = async (part: Part): Promise<ChannelSecurity> => ({
    kind: 'mtls',
    certificates: await ours.certificates(part),
    peer: 'worker',
  });

  it('carries calls and tensors between parts that know each other', async () => {
    const [first, second] = [await startHost('w0'), await startHost('w1')];
    const system = openSystem(await asPart('coordinator'));
    const producer = await system.spawn(first.endpoint, 'EchoActor', { name: 'p' });
    const consumer = await system.spawn(second.endpoint, 'EchoActor', { name: 'c' });
    const { ref } = await producer.make({ count: 1000 });
    assert.equal(await consumer.sum({ ref }), 499_500);
    assert.deepEqual(refusals, []);
    // A thousand float32 and their count.
    assert.deepEqual(observed, ['make ok', 'sent 4004', 'received 4004', 'sum ok']);
  });

  const INTRUDERS: Readonly<Record<string, () => Promise<ChannelSecurity>>> = {
    'that speaks no TLS': () => Promise.resolve({ kind: 'insecure' }),
    'with a certificate of somebody else': async () => ({
      kind: 'mtls',
      certificates: await strangers.certificates('coordinator', { ca: ours.caFile }),
      peer: 'worker',
    }),
    'with a certificate that has ended': async () => ({
      kind: 'mtls',
      certificates: await ours.certificates('coordinator', { validity: ended() }),
      peer: 'worker',
    }),
  };
  for (const [title, security] of Object.entries(INTRUDERS)) {
    it(`refuses a driver ${title}, and counts it`, async () => {
      const host = await startHost('w0');
      const spawn = openSystem(await security()).spawn(host.endpoint, 'EchoActor', { name: 'x' });
      await assert.rejects(spawn, saraError('ACTOR_DIED'));
      assert.deepEqual(host.status().actors, []);
      await until(() => refusals.includes('tls'), 'a counted refusal', 5_000);
    });
  }

  for (const part of ['worker', 'client'] as const) {
    it(`lets no ${part} place actors, whose certificate is good`, async () => {
      const host = await startHost('w0');
      const system = openSystem(await asPart(part));
      await assert.rejects(
        system.spawn(host.endpoint, 'EchoActor', { name: 'x' }),
        saraError('PERMISSION_DENIED', /ActorHost is for coordinator/),
      );
      assert.deepEqual(refusals, ['permission']);
    });
  }

  it('lets a worker take tensors, and a client not', async () => {
    const host = await startHost('w0');
    const driver = openSystem(await asPart('coordinator'));
    const { ref } = await (await driver.spawn(host.endpoint, 'EchoActor', { name: 'p' })).make({ count: 10 });
    assert.equal((await openSystem(await asPart('worker')).get(ref)).values.data.length, 10);
    await assert.rejects(openSystem(await asPart('client')).get(ref), saraError('PERMISSION_DENIED'));
  });

  it('refuses a worker whose authority the driver does not know', async () => {
    const host = await startHost('w0');
    const certificates = await ours.certificates('coordinator', { ca: strangers.caFile });
    const spawn = openSystem({ kind: 'mtls', certificates, peer: 'worker' }).spawn(
      host.endpoint,
      'EchoActor',
      {
        name: 'x',
      },
    );
    await assert.rejects(spawn, saraError('ACTOR_DIED'));
  });

  it('refuses a worker that shows the certificate of another part', async () => {
    const host = await startHost('w0', await ours.certificates('client'));
    const spawn = openSystem(await asPart('coordinator')).spawn(host.endpoint, 'EchoActor', { name: 'x' });
    await assert.rejects(spawn, saraError('ACTOR_DIED', /sara-worker/));
  });

  it('takes renewed certificates up without a restart, and leaves those alone that are half written', async () => {
    const files = await ours.files('worker');
    const own = await Certificates.load(files, { log: silentLogger });
    cleanups.push(() => {
      own.close();
    });
    const host = await startHost('w0', own);
    const first = own.current;

    const other = await ours.files('worker');
    await ours.files('worker', { over: { ...files, key: other.key } });
    await own.refresh();
    assert.equal(own.current, first, 'a certificate without its key is no renewal');
    await openSystem(await asPart('coordinator')).status(host.endpoint);

    await ours.files('worker', { over: files, validity: ended() });
    await own.refresh();
    assert.notDeepEqual(own.current.cert, first.cert);
    // A driver that connects now is shown the new one, which has ended.
    await assert.rejects(
      openSystem(await asPart('coordinator')).status(host.endpoint),
      saraError('ACTOR_DIED', /expired/),
    );
  });
});
