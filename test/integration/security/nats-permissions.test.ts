/** What NATS lets each part do, with a real server and the permissions as they are handed out. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../shared/log.ts';
import { connectNats, type NatsLink } from '../../../shared/messaging/connection.ts';
import { KvBucket } from '../../../shared/messaging/kv.ts';
import { startNatsServer, type NatsServer } from '../../../shared/messaging/nats-server.ts';
import {
  NATS_PARTS,
  natsPermissionsFile,
  passwordVariable,
  type NatsPart,
} from '../../../shared/messaging/permissions.ts';
import { Stream } from '../../../shared/messaging/stream.ts';
import { BUCKETS, inboxPrefix, STREAMS, SUBJECTS } from '../../../shared/messaging/subjects.ts';
import { saraError } from '../../support/sara-error.ts';

/** A line that is on its way has arrived when the server has answered one that was sent after it. */
const SETTLED_ROUND_TRIPS = 2;

describe('the permissions on NATS', () => {
  let folder: string;
  let server: NatsServer;
  const links: NatsLink[] = [];
  const asPart = new Map<NatsPart, NatsLink>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-permissions-'));
    const passwords = NATS_PARTS.map((part) => `${passwordVariable(part)} = "secret-of-${part}"`);
    server = await startNatsServer({
      storeDir: join(folder, 'nats'),
      config: [...passwords, natsPermissionsFile('passwords')].join('\n'),
    });
    for (const part of NATS_PARTS) asPart.set(part, await connect(part, `secret-of-${part}`));
  });

  after(async () => {
    await Promise.all(links.map((link) => link.close()));
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function connect(part: NatsPart, password: string): Promise<NatsLink> {
    const passwordFile = join(folder, `${part}.password`);
    await writeFile(passwordFile, `${password}\n`);
    const link = await connectNats({
      servers: server.url,
      credentials: { kind: 'password', user: part, passwordFile },
      part,
      name: part,
      log: silentLogger,
    });
    links.push(link);
    return link;
  }

  const linkOf = (part: NatsPart): NatsLink => asPart.get(part)!;
  const open = (part: NatsPart, bucket: string): Promise<KvBucket<unknown>> =>
    KvBucket.open(linkOf(part), bucket, { parse: (json) => json });

  it('are what the manifests have', async () => {
    assert.equal(
      await readFile('k8s/base/nats/permissions.conf', 'utf8'),
      natsPermissionsFile('certificates'),
      'stale: sara nats-config > k8s/base/nats/permissions.conf',
    );
  });

  it('let nobody in with a wrong password', async () => {
    await assert.rejects(
      connect('worker', 'guessed'),
      saraError('UNAUTHENTICATED', /refused our credentials/),
    );
    await connect('worker', 'secret-of-worker');
  });

  it('let a worker make no bucket, and use that of the workers once the coordinator has made it', async () => {
    await assert.rejects(open('worker', BUCKETS.workers), saraError('PERMISSION_DENIED', /nats-config/));
    await open('coordinator', BUCKETS.workers);
    const bucket = await open('worker', BUCKETS.workers);
    const revision = await bucket.create('w0', { name: 'w0' });
    await bucket.update('w0', { name: 'w0', draining: true }, revision);
    assert.deepEqual((await bucket.get('w0'))?.value, { name: 'w0', draining: true });
    assert.deepEqual(await (await open('coordinator', BUCKETS.workers)).keys(), ['w0']);
  });

  for (const bucket of [BUCKETS.runs, BUCKETS.leases]) {
    it(`keep ${bucket} from workers, reading and writing`, async () => {
      const own = await open('coordinator', bucket);
      await own.put('key', 'of the coordinator');
      await assert.rejects(open('worker', bucket), saraError('PERMISSION_DENIED'));
      const { nc } = linkOf('worker');
      nc.publish(`$KV.${bucket}.key`, '"of a worker"');
      for (const subject of [`$JS.API.STREAM.MSG.GET.KV_${bucket}`, `$JS.API.STREAM.DELETE.KV_${bucket}`])
        await assert.rejects(nc.request(subject, '{}', { timeout: 5_000 }), /Permissions Violation/i);
      await nc.flush();
      assert.equal((await own.get('key'))?.value, 'of the coordinator');
    });
  }

  it('keep the history of runs from workers', async () => {
    const events = await Stream.open(linkOf('coordinator'), STREAMS.events);
    await events.publish(SUBJECTS.runEvents('r1'), Buffer.from('true'), { messageId: '1' });
    await assert.rejects(Stream.open(linkOf('worker'), STREAMS.events), saraError('PERMISSION_DENIED'));
    linkOf('worker').nc.publish(SUBJECTS.runEvents('r1'), 'forged');
    await linkOf('worker').nc.flush();
    assert.equal(Buffer.from((await events.last(SUBJECTS.runEvents('r1')))!.data).toString(), 'true');
  });

  it('let workers exchange gradients and answer each other, and nobody else hear it', async () => {
    const [one, other] = [linkOf('worker'), await connect('worker', 'secret-of-worker')];
    const heard: string[] = [];
    other.nc.subscribe(SUBJECTS.exchangeTo('r1', 1, 0, 1), {
      callback: (_, message) => {
        message.respond('receipt');
      },
    });
    const eavesdrop = (link: NatsLink, subject: string): void => {
      link.nc.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) heard.push(message.subject);
        },
      });
    };
    eavesdrop(linkOf('coordinator'), 'sara.exchange.>');
    eavesdrop(linkOf('coordinator'), `${inboxPrefix('worker')}.>`);
    eavesdrop(one, `${inboxPrefix('coordinator')}.>`);
    await Promise.all([other, one, linkOf('coordinator')].map((link) => link.nc.flush()));
    const answer = await one.nc.request(SUBJECTS.exchangeTo('r1', 1, 0, 1), 'values', { timeout: 5_000 });
    assert.equal(answer.string(), 'receipt');
    const runs = await open('coordinator', BUCKETS.runs);
    for (let i = 0; i < SETTLED_ROUND_TRIPS; i++) await runs.get('key');
    await one.nc.flush();
    assert.deepEqual(heard, []);
  });
}).timeout(60_000);
