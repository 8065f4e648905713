/** Mutual TLS between driver and worker, and worker and worker, with certificates made for the test. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActorHost } from '../../../shared/actor/host.ts';
import { ActorSystem } from '../../../shared/actor/system.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { ChannelSecurity } from '../../../shared/rpc/channel.ts';
import type { EchoClasses } from '../../support/echo-actor.ts';
import { echoRegistry } from '../../support/echo-actor.ts';
import { saraError } from '../../support/sara-error.ts';

interface Identity {
  readonly kind: 'mtls';
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Makes an authority and a certificate it has signed for 127.0.0.1. */
function makeIdentity(folder: string, name: string): Identity {
  const path = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.crt'),
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
  );
  openssl('req', ...newKey, '-keyout', path('key'), '-out', path('csr'), '-subj', '/CN=part');
  writeFileSync(path('ext'), 'subjectAltName=IP:127.0.0.1');
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      path('csr'),
      '-CA',
      path('ca.crt'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
    ],
    ...['-out', path('crt'), '-days', '2', '-extfile', path('ext')],
  );
  return {
    kind: 'mtls',
    ca: readFileSync(path('ca.crt')),
    cert: readFileSync(path('crt')),
    key: readFileSync(path('key')),
  };
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe('mutual TLS', function () {
  this.timeout(30_000);
  let folder: string | null = null;
  let ours: Identity;
  let strangers: Identity;
  const cleanups: (() => Promise<void> | void)[] = [];

  before(function () {
    if (!hasOpenssl()) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'sara-test-tls-'));
    ours = makeIdentity(folder, 'ours');
    strangers = makeIdentity(folder, 'strangers');
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  after(() => {
    if (folder !== null) rmSync(folder, { recursive: true });
  });

  async function startHost(name: string): Promise<ActorHost> {
    const host = await ActorHost.start({
      name,
      registry: echoRegistry,
      listen: '127.0.0.1:0',
      objectStoreBytes: 1 << 20,
      security: ours,
      pullSecurity: ours,
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

  it('carries calls and tensors between parts that know each other', async () => {
    const [first, second] = [await startHost('w0'), await startHost('w1')];
    const system = openSystem(ours);
    const producer = await system.spawn(first.endpoint, 'EchoActor', { name: 'p' });
    const consumer = await system.spawn(second.endpoint, 'EchoActor', { name: 'c' });
    const { ref } = await producer.make({ count: 1000 });
    assert.equal(await consumer.sum({ ref }), 499_500);
  });

  for (const title of ['without a certificate', 'with a certificate of somebody else'] as const) {
    it(`refuses a driver ${title}`, async () => {
      const host = await startHost('w0');
      const intruder: ChannelSecurity =
        title === 'without a certificate' ? { kind: 'insecure' } : { ...strangers, ca: ours.ca };
      const spawn = openSystem(intruder).spawn(host.endpoint, 'EchoActor', { name: 'x' });
      await assert.rejects(spawn, saraError('ACTOR_DIED'));
      assert.deepEqual(host.status().actors, []);
    });
  }

  it('refuses a worker that the driver does not trust', async () => {
    const host = await startHost('w0');
    const spawn = openSystem({ ...ours, ca: strangers.ca }).spawn(host.endpoint, 'EchoActor', { name: 'x' });
    await assert.rejects(spawn, saraError('ACTOR_DIED'));
  });
});
