/** The commands that ask a coordinator, against a cluster whose parts are started by hand. */
import assert from 'node:assert/strict';
import type { RunSummary, WorkerSummary } from '../../../shared/run-api.ts';
import { runSara, SaraCommand, type SaraExit } from '../../support/sara-command.ts';
import { TestCluster } from '../../support/test-cluster.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';

describe('commands to a cluster', () => {
  let cluster: TestCluster;
  let tiny: TinyRun;

  before(async () => {
    tiny = await makeTinyRun();
    cluster = await TestCluster.start(2);
  });

  after(async () => {
    assert.deepEqual(await cluster.stop(), []);
    await tiny.remove();
  });

  const ask = (...command: string[]): Promise<SaraExit> =>
    runSara(command, { SARA_COORDINATOR: cluster.address });

  async function askJson<T>(...command: string[]): Promise<T> {
    const { stdout, stderr, code } = await ask(...command, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  it('plan for the workers there are, submit a run, watch it, show it and list it', async () => {
    const config = await tiny.writeConfig({ pipeline: { stages: 1, replicas: 2 }, preview: { prompts: [] } });
    const planned = await ask('plan', config, '--coordinator', cluster.address);
    assert.match(planned.stdout, /1 stage x 2 replicas/);

    const submitted = await ask('submit', config, '--watch');
    assert.equal(submitted.code, 0, submitted.stderr);
    const [run, succeeded] = submitted.stdout.split('\n');
    assert.equal(succeeded, `run ${run} succeeded after 6 steps`);

    const { state, step } = await askJson<RunSummary>('status', run);
    assert.deepEqual([state, step], ['succeeded', 6]);
    assert.match((await ask('status', run)).stdout, /^step +6 of 6$/m);
    assert.equal((await askJson<RunSummary[]>('list'))[0].run, run);
    const said = (await ask('logs', run)).stdout.trimEnd().split('\n');
    assert.match(said[0], /^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}gen 0 step 0 {2}queued: submitted$/);
    assert.match(said.at(-1) ?? '', /gen \d step 6 {2}succeeded$/);
    assert.deepEqual(
      (await askJson<WorkerSummary[]>('workers')).map(({ name, state: now }) => [name, now]),
      [
        ['worker-0', 'idle'],
        ['worker-1', 'idle'],
      ],
    );
  });

  it('cancel a run; whoever watches it learns how it ended, and leaving it does not touch it', async () => {
    const config = await tiny.writeConfig({ train: { steps: 5000 }, sara: { reselectStep: 0 } });
    const run = (await ask('submit', config)).stdout.trim();
    const environment = { SARA_COORDINATOR: cluster.address };
    const [watching, leaving] = await Promise.all([
      SaraCommand.start(['watch', run], environment),
      SaraCommand.start(['watch', run], environment),
    ]);
    try {
      await leaving.said(/^step \d+\//m);
      leaving.signal('SIGINT');
      assert.equal((await leaving.exit()).code, 130);
      assert.equal((await askJson<RunSummary>('status', run)).state, 'running');
      // Ends, though the run goes on.
      const said = await ask('logs', run);
      assert.equal(said.code, 0, said.stderr);
      assert.match(said.stdout, / running$/m);

      await watching.said(/^step \d+\//m);
      assert.match((await ask('cancel', run, '--reason', 'enough')).stdout, /told to stop/);
      const { code, stderr } = await watching.exit();
      assert.equal(code, 130, stderr);
      assert.match(stderr, /was cancelled at step \d+: enough/);
    } finally {
      await Promise.all([watching.dispose(), leaving.dispose()]);
    }
  });
}).timeout(600_000);
