/** The ways in which `sara train` can end before its time; how it ends well is test/integration/train.test.ts. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../../coordinator/report.ts';
import { SaraCommand } from '../../support/sara-command.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { until } from '../../support/until.ts';

/** Long enough to be interrupted. */
const MANY_STEPS = ['--set', 'train.steps=5000', '--set', 'sara.reselectStep=0'];
const A_STEP = /^step \d+\/\d+ /m;

describe('sara train, ended before its time', () => {
  let tiny: TinyRun;
  let sara: SaraCommand;

  beforeEach(async () => {
    tiny = await makeTinyRun();
  });

  afterEach(async () => {
    await sara.dispose();
    await tiny.remove();
  });

  async function train(...args: string[]): Promise<void> {
    const config = await tiny.writeConfig({ pipeline: { stages: 2 } });
    sara = await SaraCommand.start(['train', config, ...args]);
  }

  async function runFolder(): Promise<string> {
    const [run] = (await readdir(tiny.outputFolder)).filter((name) => name !== 'latest');
    return join(tiny.outputFolder, run);
  }

  it('stops in order at Ctrl-C and leaves nothing behind', async () => {
    await train(...MANY_STEPS);
    await sara.said(A_STEP);
    sara.signal('SIGINT');
    const { code, stderr } = await sara.exit();
    assert.equal(code, 130, stderr);
    assert.match(stderr, /^sara: run \S+ was cancelled at step \d+: stopped at the terminal$/m);
    assert.deepEqual(await sara.leftBehind(), []);
  });

  it('leaves no process running even when it is killed', async () => {
    await train(...MANY_STEPS);
    await sara.said(A_STEP);
    sara.signal('SIGKILL');
    await sara.exit();
    await until(async () => (await sara.processes()).length === 0, 'the end of nats-server and the workers');
  });

  it('goes on from its last checkpoint when a worker dies, on one that takes its place', async () => {
    await train('--set', 'train.steps=12');
    await sara.said(/^checkpoint at step 2/m);
    process.kill(await pidOf('worker-1'), 'SIGKILL');
    const { code, stderr } = await sara.exit();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^worker-1 was ended by SIGKILL; worker-2 takes its place$/m);
    const report = JSON.parse(await readFile(join(await runFolder(), 'report.json'), 'utf8')) as RunReport;
    assert.deepEqual([report.numGenerations, report.steps], [2, 12]);
    assert.deepEqual(
      report.trainingLosses.map(({ step }) => step),
      Array.from({ length: 12 }, (_, step) => step),
    );
    assert.deepEqual(await sara.leftBehind(), []);
  });

  it('goes on with a run that had ended, when asked for more steps', async () => {
    await train();
    assert.equal((await sara.exit()).code, 0);
    await sara.dispose();
    const folder = await runFolder();
    sara = await SaraCommand.start(['train', '--resume', folder, '--set', 'train.steps=8']);
    const { code, stdout, stderr } = await sara.exit();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /goes on$/m);
    assert.doesNotMatch(stderr, /^step [1-6]\//m, 'no step is done again');
    assert.match(stderr, /^step 8\/8 /m);
    assert.ok(stdout.includes(join(folder, 'adapter.safetensors')));
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as RunReport;
    assert.equal(report.steps, 8);
    assert.deepEqual(await sara.leftBehind(), []);
  });

  it("ends with the run's own error, told once, and its exit code", async () => {
    await train('--set', 'data.path=no-such-folder');
    const { code, stdout, stderr } = await sara.exit();
    assert.equal(code, 66, stderr);
    assert.equal(stderr.split('\n').filter((line) => line.includes('no-such-folder')).length, 1, stderr);
    assert.match(stderr, /^sara: .*no-such-folder/m);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.equal(stdout, '');
    assert.deepEqual(await sara.leftBehind(), []);
  });

  it('refuses a model that fits no worker, in bytes, and says what would fit', async () => {
    await train('--memory', '1B');
    const { code, stderr } = await sara.exit();
    assert.equal(code, 69, stderr);
    assert.match(stderr, /^sara: .*needs [\d,]+ bytes > 1 bytes .* What would fit: /m);
    assert.deepEqual(await sara.leftBehind(), []);
  });

  async function pidOf(name: string): Promise<number> {
    const worker = (await sara.processes()).find(({ commandLine }) => commandLine.includes(name));
    assert.ok(worker, `${name} runs`);
    return worker.pid;
  }
}).timeout(600_000);
