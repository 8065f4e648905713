/**
 * A whole run with everything locked: mutual TLS between all parts and to NATS, which knows them by their certificates
 * and lets each do what it needs and no more; tokens for whoever asks the coordinator. Then those who may not.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeToken } from '../../../coordinator/access/token-file.ts';
import { startNatsServer, type NatsServer } from '../../../shared/messaging/nats-server.ts';
import { natsPermissionsFile } from '../../../shared/messaging/permissions.ts';
import type { TlsFiles } from '../../../shared/rpc/certificates.ts';
import type { RunSummary, WorkerSummary } from '../../../shared/run-api.ts';
import { ended, TestAuthority } from '../../support/certificates.ts';
import { runSara, SaraCommand, type SaraExit } from '../../support/sara-command.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { until } from '../../support/until.ts';

const LISTEN = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
const START_TIMEOUT_MS = 60_000;

type Environment = Readonly<Record<string, string>>;

function tlsEnvironment({ cert, key, ca }: TlsFiles): Environment {
  return { SARA_TLS_CERT: cert, SARA_TLS_KEY: key, SARA_TLS_CA: ca };
}

describe('a run under TLS, tokens and permissions', () => {
  let folder: string;
  let authority: TestAuthority;
  let strangers: TestAuthority;
  let nats: NatsServer;
  let tiny: TinyRun;
  let coordinator: SaraCommand;
  const workers: SaraCommand[] = [];
  const tokens = { read: makeToken(), submit: makeToken() };
  let client: Environment;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-secure-'));
    authority = await TestAuthority.create();
    strangers = await TestAuthority.create();
    tiny = await makeTinyRun();
    const natsFiles = await authority.files('nats', { hosts: ['localhost'] });
    nats = await startNatsServer({
      storeDir: join(folder, 'nats'),
      config: [
        `tls { cert_file: "${natsFiles.cert}", key_file: "${natsFiles.key}", ca_file: "${natsFiles.ca}"`,
        '  verify_and_map: true }',
        natsPermissionsFile('certificates'),
      ].join('\n'),
    });
    const tokenFile = join(folder, 'tokens.json');
    const entries = Object.entries(tokens).map(([role, { sha256 }]) => ({
      name: `the-${role}er`,
      role,
      sha256,
    }));
    await writeFile(tokenFile, JSON.stringify({ tokens: entries }));
    // By name, for that is what the server's certificate is for.
    const natsUrl = `tls://localhost:${nats.port}`;
    for (const name of ['w0', 'w1']) {
      const environment = { SARA_NATS: natsUrl, ...tlsEnvironment(await authority.files('worker')) };
      const args = ['serve', '--name', name, ...LISTEN, '--memory', '4GiB', '--threads', '1'];
      workers.push(await SaraCommand.start(args, environment, 'worker/main.ts'));
    }
    // Later than its workers: the order does not matter.
    await workers[0].said(/waiting for a coordinator/);
    coordinator = await SaraCommand.start(['coordinator', ...LISTEN], {
      SARA_NATS: natsUrl,
      SARA_TOKENS: tokenFile,
      ...tlsEnvironment(await authority.files('coordinator')),
    });
    const [, address] = await coordinator.said(/"address":"(127[^"]+)"[^\n]*coordinator ready/);
    client = { SARA_COORDINATOR: address, ...tlsEnvironment(await authority.files('client')) };
    await until(async () => (await listWorkers()).length === 2, 'two workers', START_TIMEOUT_MS);
  });

  after(async () => {
    for (const command of [coordinator, ...workers]) await command.dispose();
    await nats.stop();
    await tiny.remove();
    await authority.remove();
    await strangers.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (command: readonly string[], environment: Environment): Promise<SaraExit> =>
    runSara(command, { ...client, ...environment });

  async function listWorkers(): Promise<WorkerSummary[]> {
    const { stdout, stderr, code } = await ask(['workers', '--json'], { SARA_TOKEN: tokens.read.token });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as WorkerSummary[];
  }

  async function metric(command: SaraCommand, line: RegExp): Promise<number> {
    const [, address] = await command.said(/answers HTTP at (127\.0\.0\.1:\d+)/);
    const text = await (await fetch(`http://${address}/metrics`)).text();
    return Number(line.exec(text)?.[1] ?? 0);
  }

  it('trains with two replicas to the end, without a refusal on the way', async () => {
    const config = await tiny.writeConfig({ pipeline: { stages: 1, replicas: 2 }, preview: { prompts: [] } });
    const submitted = await ask(['submit', config, '--watch'], { SARA_TOKEN: tokens.submit.token });
    assert.equal(submitted.code, 0, submitted.stderr);
    const [run] = submitted.stdout.split('\n');
    const status = await ask(['status', run, '--json'], { SARA_TOKEN: tokens.read.token });
    const { state, step } = JSON.parse(status.stdout) as RunSummary;
    assert.deepEqual([state, step], ['succeeded', 6]);
    for (const command of [coordinator, ...workers]) {
      // Before, the workers had nobody to make their table.
      const sinceReady = command.stderr.slice(command.stderr.search(/serves at|coordinator ready/));
      assert.doesNotMatch(sinceReady, /refused|Permissions Violation/i);
      assert.equal(await metric(command, /^sara_nats_connected\{[^}]*\} (\d)$/m), 1);
    }
  });

  it('is counted: steps and samples, phases, calls, who is wanted and who is there', async () => {
    const ofCoordinator: readonly (readonly [RegExp, number])[] = [
      [/^sara_steps_total\{[^}]*\} (\d+)$/m, 6],
      [/^sara_samples_total\{[^}]*\} (\d+)$/m, 24],
      [/^sara_step_seconds_count\{[^}]*\} (\d+)$/m, 6],
      [/^sara_step_phase_seconds_count\{[^}]*phase="commit"[^}]*\} (\d+)$/m, 6],
      [/^sara_step_phase_seconds_count\{[^}]*phase="pipeline"[^}]*\} (\d+)$/m, 6],
      [/^sara_checkpoints_total\{[^}]*\} (\d+)$/m, 3],
      [/^sara_runs_ended_total\{state="succeeded"[^}]*\} (\d+)$/m, 1],
      [/^sara_workers\{state="available"[^}]*\} (\d+)$/m, 2],
      [/^sara_workers_wanted\{[^}]*\} (\d+)$/m, 0],
      [/^sara_refusals_total\{[^}]*\} (\d+)$/m, 0],
    ];
    for (const [line, value] of ofCoordinator)
      assert.equal(await metric(coordinator, line), value, String(line));
    for (const worker of workers) {
      const calls = /^sara_actor_call_seconds_count\{[^}]*method="applyUpdate"[^}]*\} (\d+)$/m;
      assert.equal(await metric(worker, calls), 6);
      assert.equal(await metric(worker, /^sara_object_store_bytes\{[^}]*\} (\d+)$/m), 0);
    }
  });

  it('is refused to those who may not, each with its reason and counted', async () => {
    const config = await tiny.writeConfig();
    const good = { SARA_TOKEN: tokens.submit.token };
    const intruders: readonly (readonly [string, readonly string[], Environment, number, RegExp])[] = [
      ['no token', ['list'], {}, 77, /wants a token/],
      ['an unknown token', ['list'], { SARA_TOKEN: makeToken().token }, 77, /does not know this token/],
      ['a role too low', ['submit', config], { SARA_TOKEN: tokens.read.token }, 77, /is for role submit/],
      [
        "a worker's certificate",
        ['list'],
        { ...good, ...tlsEnvironment(await authority.files('worker')) },
        77,
        /Coordinator is for coordinator, client/,
      ],
      [
        'a certificate that has ended',
        ['list'],
        { ...good, ...tlsEnvironment(await authority.files('client', { validity: ended() })) },
        69,
        /coordinator at/,
      ],
      [
        'a certificate of another authority',
        ['list'],
        { ...good, ...tlsEnvironment({ ...(await strangers.files('client')), ca: authority.caFile }) },
        69,
        /coordinator at/,
      ],
      [
        'no certificate',
        ['list'],
        { ...good, SARA_TLS_CERT: '', SARA_TLS_KEY: '', SARA_TLS_CA: '' },
        69,
        /coordinator at/,
      ],
    ];
    for (const [title, command, environment, code, message] of intruders) {
      const exit = await ask(command, environment);
      assert.equal(exit.code, code, `${title}: ${exit.stderr}`);
      assert.match(exit.stderr, message, title);
    }
    const counted = (reason: string): Promise<number> =>
      metric(coordinator, new RegExp(`^sara_refusals_total\\{reason="${reason}"[^}]*\\} (\\d+)$`, 'm'));
    assert.equal(await counted('unauthenticated'), 2);
    assert.equal(await counted('permission'), 2);
    assert.ok((await counted('tls')) >= 3);
  });

  it('is known to NATS by certificate only', async () => {
    const environment = { SARA_NATS: `tls://localhost:${nats.port}` };
    const args = ['serve', '--name', 'x', '--listen', '127.0.0.1:0'];
    const files = tlsEnvironment(await authority.files('client'));
    const exit = await SaraCommand.start(args, { ...environment, ...files }, 'worker/main.ts');
    try {
      assert.equal((await exit.exit()).code, 77, exit.stderr);
      assert.match(exit.stderr, /refused our credentials/);
    } finally {
      await exit.dispose();
    }
  });
}).timeout(600_000);
