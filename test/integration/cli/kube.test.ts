/** `sara --context`: a coordinator inside a Kubernetes cluster, reached through its API server. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerAndPod } from '../../../coordinator/cli/worker-table.ts';
import { TestAuthority } from '../../support/certificates.ts';
import { kubeconfig, KubeApiServer, type FakePod } from '../../support/kube-api-server.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { runSara, SaraCommand, type SaraExit } from '../../support/sara-command.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { until } from '../../support/until.ts';

const START_TIMEOUT_MS = 60_000;
const CONTEXT = 'far-away';
const NAMESPACE = 'sara';
const TOKEN = 'a-token-of-the-api-server';

describe('a coordinator in a Kubernetes cluster', () => {
  let nats: TestNats;
  let tiny: TinyRun;
  let authority: TestAuthority;
  let folder: string;
  let api: KubeApiServer;
  /** The one that leads, then the one that stands by. */
  let coordinators: SaraCommand[];
  let worker: SaraCommand;
  let environment: Record<string, string>;

  before(async () => {
    [nats, tiny, authority] = await Promise.all([startTestNats(), makeTinyRun(), TestAuthority.create()]);
    folder = await mkdtemp(join(tmpdir(), 'sara-kube-test-'));
    const tls = async (part: 'coordinator' | 'worker'): Promise<string[]> => {
      const { cert, key, ca } = await authority.files(part);
      return ['--tls-cert', cert, '--tls-key', key, '--tls-ca', ca];
    };
    const atNats = ['--nats', nats.server.url, '--listen', '127.0.0.1:0'];
    coordinators = [];
    const pods: FakePod[] = [];
    for (const [i, podIP] of ['10.1.0.1', '10.1.0.2'].entries()) {
      const name = `coordinator-${i}`;
      const own = ['--name', name, '--advertise', `${podIP}:7780`, ...(await tls('coordinator'))];
      const coordinator = await SaraCommand.start(['coordinator', ...atNats, ...own]);
      coordinators.push(coordinator);
      const [, port] = await coordinator.said(/"address":"127\.0\.0\.1:(\d+)".*coordinator ready/);
      const target = { host: '127.0.0.1', port: Number(port) };
      pods.push({ name, component: 'coordinator', podIP, isReady: true, target });
    }
    worker = await SaraCommand.start(
      ['serve', '--name', 'worker-0', ...atNats, ...(await tls('worker'))],
      {},
      'worker/main.ts',
    );
    await worker.said(/worker worker-0 serves/);
    for (const [i, podIP] of ['10.1.0.3', '10.1.0.4'].entries())
      pods.push({
        name: `worker-${i}`,
        component: 'worker',
        podIP,
        isReady: i === 0,
        target: { host: '127.0.0.1', port: 1 },
      });
    const { cert, key, ca } = await authority.files('client');
    const [crt, keyText, caText] = await Promise.all([cert, key, ca].map((path) => readFile(path, 'utf8')));
    const secrets = { 'client-tls': { 'tls.crt': crt, 'tls.key': keyText, 'ca.crt': caText } };
    const tlsOfApi = await authority.files('nats', { hosts: ['127.0.0.1'] });
    api = await KubeApiServer.start({ tls: tlsOfApi, namespace: NAMESPACE, token: TOKEN, pods, secrets });
    environment = { KUBECONFIG: join(folder, 'config') };
    await writeFile(environment.KUBECONFIG, kubeconfig(api.url, authority.caFile, TOKEN, CONTEXT));
  });

  after(async () => {
    for (const command of [...coordinators, worker]) {
      command.signal('SIGTERM');
      await command.exit();
      await command.dispose();
    }
    await api.stop();
    await nats.stop();
    await tiny.remove();
    await authority.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (...args: string[]): Promise<SaraExit & { leftBehind: readonly string[] }> =>
    runSara([...args, '--context', CONTEXT], environment);

  const setReady = (...ready: boolean[]): void => {
    ready.forEach((isReady, i) => {
      api.pods[i].isReady = isReady;
    });
  };

  it('is asked through a port-forward to a pod that is ready; nothing is left behind, no key either', async () => {
    setReady(false, true);
    const { code, stdout, stderr, leftBehind } = await ask('workers', '--json');
    assert.equal(code, 0, stderr);
    assert.deepEqual(api.forwarded.splice(0), ['coordinator-1']);
    assert.deepEqual(leftBehind, []);
    const [first, second] = JSON.parse(stdout) as WorkerAndPod[];
    assert.deepEqual([first.name, first.worker?.state, first.pod?.isReady], ['worker-0', 'idle', true]);
    assert.deepEqual([second.name, second.worker, second.pod?.isReady], ['worker-1', null, false]);
    const table = (await ask('workers')).stdout;
    assert.match(table, /^worker-0 +idle +cpu +0 B of .* +Running +3 +node-a$/m);
    assert.match(table, /^worker-1 +not registered +Running, not ready +3 +node-a$/m);
  });

  it('takes a run by the one that stands by, which names the leader by an address inside the cluster', async () => {
    setReady(false, true);
    api.forwarded.length = 0;
    const config = await tiny.writeConfig({ name: 'from afar', preview: { prompts: [] } });
    const submitted = await ask('submit', config, '--once', '--watch');
    assert.equal(submitted.code, 0, submitted.stderr);
    assert.ok(api.forwarded.includes('coordinator-0'), api.forwarded.join());
    assert.match(submitted.stdout, /succeeded after 6 steps/);
    const [run] = submitted.stdout.split('\n');

    const again = await ask('submit', config, '--once');
    assert.equal(again.stdout.trim(), run, 'a submission that is repeated is one submission');
    const another = await ask('submit', config, '--once', '--set', 'name=another');
    assert.notEqual(another.stdout.trim(), run);
    const other = another.stdout.trim();
    const isOver = async (): Promise<boolean> => (await ask('status', other)).stdout.includes('succeeded');
    await until(isOver, 'the end of the other run', START_TIMEOUT_MS);
    assert.equal((await ask('submit', config, '--once', '--set', 'name=')).code, 64);
  });

  it('is refused by name when there is none, no such context, no right and no certificate', async () => {
    setReady(false, false);
    const none = await ask('list');
    assert.equal(none.code, 69);
    assert.match(
      none.stderr,
      /no coordinator in namespace sara is ready: coordinator-0 is Running, coordinator-1/,
    );
    setReady(true, true);

    const nowhere = await runSara(['list', '--context', 'nowhere'], environment);
    assert.equal(nowhere.code, 64);
    assert.match(nowhere.stderr, /no context 'nowhere'; it has far-away/);

    const elsewhere = await ask('list', '--namespace', 'other');
    assert.equal(elsewhere.code, 69);
    assert.match(elsewhere.stderr, /could not list pods in namespace other of far-away/);

    const path = join(folder, 'stranger');
    await writeFile(path, kubeconfig(api.url, authority.caFile, 'not the token', CONTEXT));
    const stranger = await runSara(['list', '--context', CONTEXT], { KUBECONFIG: path });
    assert.equal(stranger.code, 77);
    assert.match(stranger.stderr, /does not let you list pods in namespace sara of far-away/);
  });
}).timeout(600_000);
