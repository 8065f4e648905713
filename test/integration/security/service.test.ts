/** What a supervisor sees of the parts: order of start, health, readiness, metrics, and refusals to be exposed. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { startNatsServer } from '../../../shared/messaging/nats-server.ts';
import { startTestNats } from '../../support/nats.ts';
import { runSara, SaraCommand } from '../../support/sara-command.ts';
import { until } from '../../support/until.ts';

const START_TIMEOUT_MS = 60_000;

async function get(address: string, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://${address}${path}`);
  return { status: response.status, body: await response.text() };
}

async function httpAddressOf(command: SaraCommand): Promise<string> {
  const [, address] = await command.said(/answers HTTP at (127\.0\.0\.1:\d+)/);
  return address;
}

const HTTP = ['--http', '127.0.0.1:0'];
const LISTEN = ['--listen', '127.0.0.1:0'];

describe('a service', () => {
  it('is alive at once, waits for NATS however late it comes, and is ready then', async () => {
    const nats = await startTestNats();
    const { url, port } = nats.server;
    await nats.server.stop();
    const parts = {
      coordinator: await SaraCommand.start(['coordinator', '--nats', url, ...LISTEN, ...HTTP]),
      worker: await SaraCommand.start(
        ['serve', '--name', 'w0', '--nats', url, ...LISTEN, ...HTTP],
        {},
        'worker/main.ts',
      ),
    };
    let server: Awaited<ReturnType<typeof startNatsServer>> | null = null;
    try {
      const waiting: Record<string, RegExp> = { coordinator: /^nats: no connection/m, worker: /^nats: no/m };
      for (const [part, command] of Object.entries(parts)) {
        const address = await httpAddressOf(command);
        assert.deepEqual(await get(address, '/healthz'), { status: 200, body: 'alive\n' });
        const ready = await get(address, '/readyz');
        assert.equal(ready.status, 503);
        assert.match(ready.body, waiting[part]);
        await command.said(/waiting for NATS/);
        assert.match((await get(address, '/metrics')).body, /^sara_nats_connected\{part="\w+"\} 0$/m);
      }
      server = await startNatsServer({ storeDir: nats.storeDir, port });
      for (const command of Object.values(parts)) {
        const address = await httpAddressOf(command);
        await until(
          async () => (await get(address, '/readyz')).status === 200,
          'readiness',
          START_TIMEOUT_MS,
        );
        const { body } = await get(address, '/metrics');
        assert.match(body, /^sara_nats_connected\{part="\w+"\} 1$/m);
        assert.match(body, /^process_resident_memory_bytes/m);
      }
      await server.stop();
      server = null;
      const address = await httpAddressOf(parts.worker);
      await until(
        async () => (await get(address, '/readyz')).status === 503,
        'unreadiness',
        START_TIMEOUT_MS,
      );
      assert.match((await get(address, '/readyz')).body, /^nats: lost the connection/m);
      assert.equal((await get(address, '/healthz')).status, 200);
      assert.equal((await get(address, '/secrets')).status, 404);
      assert.equal((await fetch(`http://${address}/healthz`, { method: 'POST' })).status, 405);
    } finally {
      for (const command of Object.values(parts)) await command.dispose();
      await server?.stop();
      await rm(nats.storeDir, { recursive: true, force: true });
    }
  });

  for (const [title, args, code, message] of [
    [
      'to be reached from elsewhere without TLS and tokens',
      ['--listen', '0.0.0.0:0'],
      78,
      /without TLS and tokens/,
    ],
    ['half of its certificates', ['--tls-cert', 'a.crt'], 64, /needs all of --tls-cert/],
    [
      'certificates that are not there',
      ['--tls-cert', 'a', '--tls-key', 'b', '--tls-ca', 'c'],
      66,
      /cannot read a/,
    ],
    ['a NATS user without a password', ['--nats-user', 'coordinator'], 64, /--nats-password-file/],
    ['tokens that are not there', ['--tokens', 'nowhere.yaml'], 66, /cannot read the tokens/],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const exit = await runSara(['coordinator', ...args], { SARA_NATS: 'nats://127.0.0.1:1' });
      assert.equal(exit.code, code, exit.stderr);
      assert.match(exit.stderr, message);
    });
  }
}).timeout(300_000);
