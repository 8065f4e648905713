/** Actors in processes of their own that die, hang up, restart or send rubbish. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ActorHost } from '../../../shared/actor/host.ts';
import { ObjectRef } from '../../../shared/actor/object-ref.ts';
import type { ActorRef, WorkerEndpoint } from '../../../shared/actor/protocol.ts';
import { ActorSystem } from '../../../shared/actor/system.ts';
import { TensorPuller } from '../../../shared/actor/tensor-transfer.ts';
import type { SaraError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import { Channel } from '../../../shared/rpc/channel.ts';
import { splitAddress } from '../../../shared/rpc/address.ts';
import { bindService, startRpcServer } from '../../../shared/rpc/server.ts';
import { ACTOR_HOST_SERVICE, TENSOR_STORE_SERVICE } from '../../../shared/rpc/services.ts';
import type { TensorChunk } from '../../../shared/rpc/tensor-frame.ts';
import { MAX_CONTROL_MESSAGE_BYTES } from '../../../shared/rpc/transport-options.ts';
import type { ChildWorker } from '../../support/child-worker.ts';
import { startChildWorker } from '../../support/child-worker.ts';
import type { EchoClasses, EchoProtocol } from '../../support/echo-actor.ts';
import { echoRegistry } from '../../support/echo-actor.ts';
import { saraError } from '../../support/sara-error.ts';
import { until } from '../../support/until.ts';

describe('actors in other processes', function () {
  this.timeout(60_000);
  const cleanups: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function startWorker(name: string): Promise<ChildWorker> {
    const worker = await startChildWorker(name);
    cleanups.push(() => worker.stop('SIGKILL'));
    return worker;
  }

  function openSystem(
    onWorkerLost?: (worker: WorkerEndpoint, error: SaraError) => void,
  ): ActorSystem<EchoClasses> {
    const system = new ActorSystem<EchoClasses>({
      run: 'run-1',
      generation: 1,
      log: silentLogger,
      ...(onWorkerLost === undefined ? {} : { onWorkerLost }),
    });
    cleanups.push(() => {
      system.close();
    });
    return system;
  }

  async function spawnOn(
    system: ActorSystem<EchoClasses>,
    worker: ChildWorker,
  ): Promise<ActorRef<EchoProtocol>> {
    return system.spawn(
      worker.endpoint,
      'EchoActor',
      { name: 'a' },
      { actorId: `actor-on-${worker.endpoint.name}` },
    );
  }

  it('that are killed in a call fail it, and every call after, with ACTOR_DIED naming actor and worker', async () => {
    const lost: string[] = [];
    const system = openSystem((worker) => lost.push(worker.name));
    const worker = await startWorker('victim');
    const actor = await spawnOn(system, worker);
    const hang = assert.rejects(
      actor.hang(null),
      saraError('ACTOR_DIED', /actor-on-victim on worker victim .*hang/),
    );
    await until(() => actor.hanging(null));
    await worker.stop('SIGKILL');
    await hang;
    assert.deepEqual(lost, ['victim']);
    await assert.rejects(actor.echo(1), saraError('ACTOR_DIED', /actor-on-victim on worker victim/));
    await assert.rejects(spawnOn(system, worker), saraError('ACTOR_DIED', /worker victim/));
    await system.stop(actor);
  });

  it('that kill themselves fail the call that did it; actors on other workers do not notice', async () => {
    const system = openSystem();
    const [victim, bystander] = await Promise.all([startWorker('victim'), startWorker('bystander')]);
    const [doomed, healthy] = await Promise.all([spawnOn(system, victim), spawnOn(system, bystander)]);
    await assert.rejects(doomed.crash(null), saraError('ACTOR_DIED'));
    assert.equal(await healthy.echo('fine'), 'fine');
  });

  it('whose objects are being pulled when they are killed fail the pull with ACTOR_DIED', async () => {
    const system = openSystem();
    const [victim, consumer] = await Promise.all([startWorker('victim'), startWorker('consumer')]);
    const [producer, puller] = await Promise.all([spawnOn(system, victim), spawnOn(system, consumer)]);
    const { ref } = await producer.make({ count: 32 << 20 });
    const pull = assert.rejects(
      puller.sum({ ref }, { timeoutMs: 60_000 }),
      saraError('ACTOR_DIED', /object holder at/),
    );
    await until(async () => (await system.status(consumer.endpoint)).actors[0].busyMethod === 'sum');
    await victim.stop('SIGKILL');
    await pull;
    assert.equal(await puller.echo('alive'), 'alive');
  });

  it('of a driver that is killed have their calls cancelled', async () => {
    const host = await ActorHost.start({
      name: 'w0',
      registry: echoRegistry,
      listen: '127.0.0.1:0',
      objectStoreBytes: 1 << 20,
      log: silentLogger,
    });
    cleanups.push(() => host.stop(0));
    const script = fileURLToPath(new URL('../../support/hanging-driver.ts', import.meta.url));
    const driver = spawn(process.execPath, ['--import', 'tsx', script, host.endpoint.address], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await until(() => host.status().actors[0]?.busyMethod === 'hang');
    driver.kill('SIGKILL');
    await until(() => host.status().actors[0].busyMethod === null);
  });

  it('end with the process that started them, however that ends', async () => {
    const script = fileURLToPath(new URL('../../support/orphan-maker.ts', import.meta.url));
    const parent = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const { worker, natsPid } = JSON.parse(line) as { worker: WorkerEndpoint; natsPid: number };
    const system = openSystem();
    const { pid } = await system.status(worker);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid) && !isAlive(natsPid), 'the end of worker and nats-server');
  });

  describe('that send or get rubbish', () => {
    async function startHost(): Promise<{ host: ActorHost; actor: ActorRef<EchoProtocol> }> {
      const host = await ActorHost.start({
        name: 'w0',
        registry: echoRegistry,
        listen: '127.0.0.1:0',
        objectStoreBytes: 1 << 20,
        log: silentLogger,
      });
      cleanups.push(() => host.stop(0));
      return { host, actor: await openSystem().spawn(host.endpoint, 'EchoActor', { name: 'a' }) };
    }

    it('survive random bytes on their port', async () => {
      const { host, actor } = await startHost();
      const { port } = splitAddress(host.endpoint.address);
      for (const bytes of [
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.alloc(100_000, 0xff),
        HTTP2_PREFACE_AND_NOISE,
      ]) {
        const socket = connectTcp(port, '127.0.0.1');
        socket.on('error', () => undefined);
        const closed = once(socket, 'close');
        socket.resume().end(bytes);
        await closed;
      }
      assert.equal(await actor.echo('alive'), 'alive');
    });

    it('end a stream of messages that are none with FRAME_INVALID, and only that stream', async () => {
      const { host, actor } = await startHost();
      for (const payload of [Buffer.from('rubbish'), Buffer.alloc(0), Buffer.from([8, 1])]) {
        assert.equal(await rawCall(host.endpoint.address, ACTOR_HOST_SERVICE.call.path, [payload]), '3');
      }
      assert.equal(await actor.echo('alive'), 'alive');
    });

    it('refuse a message above the limit before they hold it', async () => {
      const { host, actor } = await startHost();
      const before = process.memoryUsage.rss();
      const claim = Buffer.alloc(5);
      // A length of 4 GiB - 1 is claimed; nothing follows.
      claim.writeUInt32BE(0xffff_ffff, 1);
      assert.equal(await rawCall(host.endpoint.address, ACTOR_HOST_SERVICE.spawn.path, [], claim), '8');
      assert.ok(process.memoryUsage.rss() - before < 256 * 1024 * 1024);
      const tooLarge = 'x'.repeat(MAX_CONTROL_MESSAGE_BYTES + 1);
      await assert.rejects(actor.echo(tooLarge), (error) => (error as SaraError).code === 'FRAME_INVALID');
      assert.equal(await actor.echo('alive'), 'alive');
    });

    it('refuse methods and services that do not exist', async () => {
      const { host } = await startHost();
      assert.equal(
        await rawCall(host.endpoint.address, '/sara.v1.ActorHost/Nothing', [Buffer.alloc(0)]),
        '12',
      );
    });

    const chunk: TensorChunk = {
      run: 'r',
      generation: 1,
      step: 0,
      microBatch: 0,
      tensor: 'a',
      dtype: 'uint8',
      shape: [8],
      offset: 0,
      total: 8,
      numTensors: 1,
      payload: new Uint8Array(8),
    };
    const HUGE = 2 ** 31 - 1;
    const LIES: readonly [string, readonly Partial<TensorChunk>[], RegExp][] = [
      ['a tensor larger than the object', [{ shape: [HUGE], total: HUGE }], /must be the object's 8 bytes/],
      ['a gap', [{ offset: 4, payload: new Uint8Array(4) }], /must continue at 0 of 8/],
      [
        'the same part twice',
        [{ payload: new Uint8Array(4) }, { payload: new Uint8Array(4) }],
        /must continue at 4 of 8/,
      ],
      ['half a tensor', [{ payload: new Uint8Array(4) }], /must be 8/],
      ['fewer tensors than announced', [{ numTensors: 2 }], /number of tensors must be 2/],
      ['nothing at all', [], /must be the object's 8 bytes/],
      [
        'a tensor twice',
        [
          { shape: [4], total: 4, payload: new Uint8Array(4), numTensors: 2 },
          { tensor: 'b', shape: [4], total: 4, payload: new Uint8Array(4), numTensors: 2 },
          {},
        ],
        /must not come twice/,
      ],
    ];
    for (const [title, lies, message] of LIES) {
      it(`refuse an object whose holder sends ${title}`, async () => {
        const server = await startRpcServer({
          listen: '127.0.0.1:0',
          services: [
            bindService(TENSOR_STORE_SERVICE, {
              pullTensors: () => lies.map((lie) => ({ ...chunk, ...lie })),
            }),
          ],
        });
        cleanups.push(() => server.stop(0));
        const puller = new TensorPuller();
        cleanups.push(() => {
          puller.close();
        });
        const pull = puller.pull(new ObjectRef(server.address, 'some-id', 8));
        await assert.rejects(pull, saraError('FRAME_INVALID', message));
      });
    }

    it('refuse to listen beyond this machine without TLS', async () => {
      const open = startRpcServer({ listen: '0.0.0.0:0', services: [] });
      await assert.rejects(open, saraError('CONFIG_INVALID', /without TLS/));
    });

    it('tell a caller that the peer is no actor host', async () => {
      const server = await startRpcServer({ listen: '127.0.0.1:0', services: [] });
      cleanups.push(() => server.stop(0));
      const peer = { description: 'worker x', unreachableCode: 'ACTOR_DIED' } as const;
      const channel = new Channel(server.address, 'control', peer);
      cleanups.push(() => {
        channel.close();
      });
      await assert.rejects(channel.unary(ACTOR_HOST_SERVICE.status, {}), saraError('INTERNAL', /worker x/));
    });
  });
});

const HTTP2_PREFACE_AND_NOISE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.alloc(4096, 0x5a),
]);

/** A gRPC call with payloads nobody encoded. @returns the gRPC status it ended with */
async function rawCall(
  address: string,
  path: string,
  payloads: readonly Buffer[],
  raw?: Buffer,
): Promise<string> {
  const session = connectHttp2(`http://${address}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  const status = new Promise<string>((resolve) => {
    const look = (headers: Record<string, unknown>): void => {
      if (typeof headers['grpc-status'] === 'string') resolve(headers['grpc-status']);
    };
    stream.on('response', look);
    stream.on('trailers', look);
  });
  stream.resume();
  for (const payload of payloads) {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(payload.length, 1);
    stream.write(Buffer.concat([prefix, payload]));
  }
  if (raw !== undefined) stream.write(raw);
  const result = await status;
  session.destroy();
  return result;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
