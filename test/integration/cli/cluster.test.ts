import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectCoordinator } from '../../../shared/coordinator-client.ts';
import type { RunSummary, WorkerSummary } from '../../../shared/run-api.ts';
import { runSara, startSara, type CliProcess } from '../../support/cli.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { until } from '../../support/until.ts';

/** Programs start, on a machine that may be busy. */
const START_MS = 120_000;

describe('a cluster whose parts are started by hand', () => {
  let nats: TestNats;
  let tiny: TinyRun;
  const services: CliProcess[] = [];
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    this.timeout(2 * START_MS);
    nats = await startTestNats();
    tiny = await makeTinyRun();
    environment = { SARA_NATS: nats.server.url };
    const coordinator = await serve('coordinator', '--listen', '127.0.0.1:0');
    const address = (): string | undefined =>
      /"address":"([^"]+)".*"coordinator ready"/.exec(coordinator.stderr)?.[1];
    await until(() => address() !== undefined, 'the coordinator', START_MS);
    environment = { ...environment, SARA_COORDINATOR: address() };
    await Promise.all(['w0', 'w1'].map((name) => serve('worker', '--name', name, '--threads', '1')));
    const client = connectCoordinator(address()!);
    await until(async () => (await client.listWorkers()).workers.length === 2, 'both workers', START_MS);
    client.close();
  });

  after(async function () {
    this.timeout(2 * START_MS);
    for (const { child } of services) child.kill('SIGTERM');
    await Promise.all(services.map(({ ended }) => ended));
    await tiny.remove();
    await nats.stop();
  });

  async function serve(...args: string[]): Promise<CliProcess> {
    const service = await startSara(args, tiny.folder, environment);
    services.push(service);
    return service;
  }

  async function json<T>(...command: string[]): Promise<T> {
    const { stdout, stderr, exitCode } = await runSara([...command, '--json'], tiny.folder, environment);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  it('plans for the workers it has, takes a run, lets it be watched and leaves its results', async () => {
    const config = await tiny.writeConfig({ pipeline: { stages: 1, replicas: 2 }, preview: { prompts: [] } });
    const planned = await runSara(
      ['plan', config, '--coordinator', environment.SARA_COORDINATOR ?? ''],
      tiny.folder,
      environment,
    );
    assert.match(planned.stdout, /1 stage x 2 replicas/);

    const submitted = await runSara(['submit', config, '--watch'], tiny.folder, environment);
    assert.equal(submitted.exitCode, 0, submitted.stderr);
    const [run] = submitted.stdout.split('\n');
    const summary = await json<RunSummary>('status', run);
    assert.deepEqual([summary.state, summary.step], ['succeeded', 6]);
    assert.equal((await json<RunSummary[]>('list'))[0].run, run);
    const report = JSON.parse(await readFile(join(tiny.outputFolder, run, 'report.json'), 'utf8')) as object;
    assert.ok('numReplicas' in report && report.numReplicas === 2);
    assert.deepEqual(
      (await json<WorkerSummary[]>('workers')).map(({ name, state }) => [name, state]),
      [
        ['w0', 'idle'],
        ['w1', 'idle'],
      ],
    );
  });

  it('cancels a run; whoever watches it learns how it ended', async () => {
    const config = await tiny.writeConfig({ train: { steps: 5000 }, sara: { reselectStep: 0 } });
    const { stdout } = await runSara(['submit', config], tiny.folder, environment);
    const run = stdout.trim();
    const watching = await startSara(['watch', run], tiny.folder, environment);
    await until(() => /^step \d+\//m.test(watching.stderr), 'the first step', START_MS);
    const cancelled = await runSara(['cancel', run, '--reason', 'enough'], tiny.folder, environment);
    assert.match(cancelled.stdout, /told to stop/);
    const { exitCode, stderr } = await watching.ended;
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /was cancelled at step \d+: enough/);
  });
}).timeout(600_000);
