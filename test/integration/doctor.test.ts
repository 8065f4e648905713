import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNetwork, type NetworkPlaces } from '../../coordinator/doctor/network.ts';
import { checkStorage } from '../../coordinator/doctor/storage.ts';
import type { Check } from '../../coordinator/doctor/check.ts';
import { startTestNats } from '../support/nats.ts';
import { runSara } from '../support/sara-command.ts';

/** A port that nothing listens on: reserved, and below those handed out. */
const NOBODY = '127.0.0.1:1';

const named = (checks: readonly Check[], what: string): Check =>
  checks.find((check) => check.what === what) ?? assert.fail(what);

describe('sara doctor', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-doctor-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const network = (places: Partial<NetworkPlaces>): Promise<Check[]> =>
    checkNetwork(
      {
        nats: `nats://${NOBODY}`,
        coordinator: NOBODY,
        isNatsNamed: false,
        isCoordinatorNamed: false,
        ...places,
      },
      new AbortController().signal,
    );

  it('finds a NATS server and its JetStream', async () => {
    const nats = await startTestNats();
    try {
      const check = named(await network({ nats: nats.server.url, isNatsNamed: true }), 'NATS');
      assert.equal(check.status, 'ok');
      assert.match(check.found, /version \d+\.\d+\.\d+, with JetStream/);
    } finally {
      await nats.stop();
    }
  });

  it('misses a server only where somebody said there is one', async () => {
    const unnamed = await network({});
    assert.equal(named(unnamed, 'NATS').status, 'ok');
    assert.match(named(unnamed, 'NATS').found, /none is needed/);
    const isNamed = await network({ isNatsNamed: true, isCoordinatorNamed: true });
    assert.equal(named(isNamed, 'NATS').status, 'fail');
    assert.equal(named(isNamed, 'coordinator').status, 'fail');
  }).timeout(60_000);

  it('finds that something else holds the coordinator’s port', async () => {
    const other: Server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    try {
      const check = named(await network({ coordinator: `127.0.0.1:${port}` }), 'coordinator');
      assert.equal(check.status, 'warn');
      assert.match(check.found, /EADDRINUSE/);
    } finally {
      other.close();
    }
  }).timeout(60_000);

  it('tries to write where runs would go, and leaves nothing there', async () => {
    const runs = join(folder, 'not', 'yet', 'there');
    assert.notEqual(named(await checkStorage(runs), 'runs folder').status, 'fail');
    assert.deepEqual(await readdir(folder), []);

    await writeFile(join(folder, 'file'), '');
    const onFile = named(await checkStorage(join(folder, 'file', 'runs')), 'runs folder');
    assert.equal(onFile.status, 'fail');
    assert.match(onFile.found, /is a file/);
  });

  it('finds a folder that this user may not write to', async function () {
    if (process.getuid?.() === 0) this.skip(); // nothing is forbidden to root
    const forbidden = join(folder, 'forbidden');
    await mkdir(forbidden);
    await chmod(forbidden, 0o500);
    assert.equal(named(await checkStorage(forbidden), 'runs folder').status, 'fail');
  });

  it('looks at everything, prints JSON, and ends with 1 when something fails', async () => {
    const args = ['--json', '--nats', `nats://${NOBODY}`, '--runs', folder];
    const { code, stdout, stderr, leftBehind } = await runSara(['doctor', ...args]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^sara: 1 of \d+ checks failed: NATS$/m);
    const checks = JSON.parse(stdout) as Check[];
    for (const what of ['versions', 'memory', 'runs folder', 'engine', 'loopback']) named(checks, what);
    assert.equal(named(checks, 'engine').status, 'ok');
    assert.match(named(checks, 'engine').found, /ONNX Runtime \d+\.\d+\.\d+, providers cpu/);
    assert.deepEqual(leftBehind, []);
  }).timeout(300_000);
});
