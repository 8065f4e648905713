import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RunReport } from '../../../coordinator/report.ts';
import { CAN_LIST_PROCESSES, startSara, type CliProcess } from '../../support/cli.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { until } from '../../support/until.ts';

/** From nothing to the first step: five programs start, on a machine that may be busy. */
const START_MS = 120_000;
/** Long enough to be interrupted. */
const MANY_STEPS = ['--set', 'train.steps=2000', '--set', 'sara.reselectStep=0'];

describe('sara train', () => {
  let tiny: TinyRun;
  let last: CliProcess | null = null;

  before(async () => {
    tiny = await makeTinyRun();
  });

  afterEach(async () => {
    // After a failed test; one that passed has ended by itself.
    last?.child.kill('SIGTERM');
    await last?.ended;
  });

  after(() => tiny.remove());

  async function train(...args: string[]): Promise<CliProcess> {
    const config = await tiny.writeConfig({ pipeline: { stages: 2 } });
    return (last = await startSara(['train', config, ...args], tiny.folder));
  }

  /** What a child process of this one has logged as its pid. */
  async function workerPids(stderr: string): Promise<Map<string, number>> {
    const run = /^run (\S+)$/m.exec(stderr)?.[1] ?? '';
    const log = await readFile(join(tiny.outputFolder, run, 'logs', 'coordinator.log'), 'utf8');
    const started = log.split('\n').filter((line) => line.includes('"worker started"'));
    return new Map(
      started.map((line) => {
        const { worker, pid } = JSON.parse(line) as { worker: string; pid: number };
        return [worker, pid];
      }),
    );
  }

  async function nothingIsLeft(sara: CliProcess): Promise<void> {
    if (!CAN_LIST_PROCESSES) return;
    await until(
      async () => (await sara.processes()).length === 0,
      'the end of every process that was started',
    );
  }

  const isTraining = (sara: CliProcess) => (): boolean => /^step \d+\//m.test(sara.stderr);

  it('fine-tunes in two stages on two workers, says what it made, and leaves nothing running', async () => {
    const sara = await train();
    const { exitCode, stdout, stderr } = await sara.ended;
    assert.equal(exitCode, 0, stderr);
    await nothingIsLeft(sara);

    const latest = await readlink(join(tiny.outputFolder, 'latest'));
    const runFolder = join(tiny.outputFolder, latest);
    const report = JSON.parse(await readFile(join(runFolder, 'report.json'), 'utf8')) as RunReport;
    assert.equal(report.run, basename(latest));
    assert.deepEqual([report.numStages, report.numReplicas, report.numWorkers, report.steps], [2, 1, 2, 6]);
    assert.ok(report.trainableCount > 0 && report.trainableCount < report.parameterCount);
    assert.ok(report.validationLossBefore !== null && report.validationLossAfter !== null);
    assert.ok(report.validationLossAfter < report.validationLossBefore);
    assert.deepEqual(Object.keys(report.peakRssBytes).sort(), ['coordinator', 'worker-0', 'worker-1']);

    const files = await readdir(runFolder);
    for (const file of ['adapter.safetensors', 'samples.png', 'loss.svg', 'model', 'config.json', 'logs']) {
      assert.ok(files.includes(file), `${file} is missing from ${files.join(', ')}`);
      if (file !== 'config.json' && file !== 'logs')
        assert.ok(stdout.includes(file), `${file} is not mentioned`);
    }
    assert.match(stdout, /validation loss .* -> .* \(-\d/);
    assert.match(stdout, /sara sample --model/);
    assert.match(stderr, /2 stages x 1 replica/);
    assert.match(stderr, /^step 6\/6 {2}100 %/m);
  });

  it('stops in order at Ctrl-C and leaves nothing running', async () => {
    const sara = await train(...MANY_STEPS);
    await until(isTraining(sara), 'the first step', START_MS);
    sara.child.kill('SIGINT');
    const { exitCode, stderr } = await sara.ended;
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /was cancelled at step \d+/);
    await nothingIsLeft(sara);
  });

  it('leaves nothing running even when it is killed', async function () {
    if (!CAN_LIST_PROCESSES) this.skip();
    const sara = await train(...MANY_STEPS);
    await until(isTraining(sara), 'the first step', START_MS);
    assert.ok((await sara.processes()).length >= 4, 'itself, nats-server and two workers');
    sara.child.kill('SIGKILL');
    await sara.ended;
    await nothingIsLeft(sara);
  });

  it('goes on from its last checkpoint when a worker dies', async () => {
    const sara = await train('--set', 'train.steps=12', '--set', 'validation.everySteps=0');
    await until(() => /^checkpoint at step 2/m.test(sara.stderr), 'the first checkpoint', START_MS);
    process.kill((await workerPids(sara.stderr)).get('worker-1')!, 'SIGKILL');
    const { exitCode, stderr } = await sara.ended;
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /worker-1 was ended by SIGKILL; worker-2 takes its place/);
    assert.match(stderr, /^step 12\/12/m);
    await nothingIsLeft(sara);
  });

  it('ends with the error of the run, told once, and leaves nothing running', async () => {
    const sara = await train('--set', 'data.path=no-such-folder');
    const { exitCode, stderr, stdout } = await sara.ended;
    assert.equal(exitCode, 66, stderr);
    assert.match(stderr, /^sara: .*no-such-folder/m);
    assert.equal(stderr.split('\n').filter((line) => line.includes('no-such-folder')).length, 1, stderr);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.equal(stdout, '');
    await nothingIsLeft(sara);
  });
}).timeout(600_000);
