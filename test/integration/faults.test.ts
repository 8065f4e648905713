/** What dies under a run (a worker, NATS, the coordinator): what is recovered, what is not, and what is kept. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../coordinator/report.ts';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import { SafetensorsFile } from '../../shared/safetensors.ts';
import { entryView, type MaskedVector } from '../../worker/sara/mask.ts';
import { withRun } from '../support/in-process-run.ts';
import { relativeError } from '../support/numbers.ts';
import { runSara, SaraCommand } from '../support/sara-command.ts';
import { reportOf, TestCluster } from '../support/test-cluster.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';

/** Enough that a run is still going on when its first checkpoint has been seen, even on a fast machine. */
const NUM_STEPS = 30;
/** The model is cut otherwise after a loss, so sums are ordered otherwise. */
const LOSS_TOLERANCE = 1e-4;

const TWO_STAGES = { numStages: 2, numReplicas: 1 };

interface Straight {
  readonly losses: readonly number[];
  readonly initial: MaskedVector;
  readonly final: MaskedVector;
}

describe('what dies under a run', () => {
  let tiny: TinyRun;
  let straight: Straight;

  before(async () => {
    tiny = await makeTinyRun();
    straight = await withRun(configWith({}), TWO_STAGES, async (run) => {
      await run.select();
      const initial = await run.values();
      return { losses: await run.trainTo(NUM_STEPS), initial, final: await run.values() };
    });
  });
  after(() => tiny.remove());

  const overrides = (faults: { maxRestarts?: number; replacementTimeoutMs?: number }) => ({
    train: { steps: NUM_STEPS },
    pipeline: { stages: 2 },
    preview: { prompts: [] },
    faults,
  });
  const configWith = (faults: Parameters<typeof overrides>[0]): ResolvedRunConfig =>
    tiny.config(overrides(faults));

  const lossesOf = ({ trainingLosses }: RunReport): number[] => {
    assert.deepEqual(
      trainingLosses.map(({ step }) => step),
      straight.losses.map((_, step) => step),
      'every step once, in order',
    );
    return trainingLosses.map(({ loss }) => loss);
  };

  describe('in a cluster', () => {
    let cluster: TestCluster;
    before(async () => {
      cluster = await TestCluster.start(2);
    });
    after(async () => {
      assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    });

    /** Kills the worker when the run has saved its first checkpoint. */
    const killer = (name: string): ((event: RunEvent) => void) => {
      let isAlive = true;
      return ({ kind }) => {
        if (kind !== 'checkpointed' || !isAlive) return;
        isAlive = false;
        cluster.worker(name).signal('SIGKILL');
      };
    };

    it('NATS, and comes back: the run holds before its commit and goes on, every step done once', async () => {
      let isUp = true;
      const ended = await cluster.run(configWith({ maxRestarts: 0 }), async ({ kind }) => {
        if (kind !== 'checkpointed' || !isUp) return;
        isUp = false;
        await cluster.nats.server.kill();
        await cluster.nats.restart();
      });
      const report = await reportOf(ended);
      assert.equal(report.numGenerations, 1);
      assert.deepEqual(lossesOf(report), straight.losses);
    });

    it('a worker that is not replaced: the run goes on from its checkpoint on the one that is left', async () => {
      const config = configWith({ maxRestarts: 1, replacementTimeoutMs: 0 });
      const ended = await cluster.run(config, killer('worker-1'));
      const report = await reportOf(ended);
      assert.deepEqual([report.numGenerations, report.numStages, report.numWorkers], [2, 1, 1]);
      const error = relativeError(lossesOf(report), straight.losses);
      assert.ok(error < LOSS_TOLERANCE, `losses differ by ${error}`);
      assert.ok(
        ended.events.some(
          (event) => event.kind === 'log' && event.message.includes('going on with what is left'),
        ),
      );
      assert.deepEqual(await cluster.heldBy('worker-0'), { numActors: 0, numObjects: 0 });
    });

    it('a worker of a run that may not restart: the run fails by name, keeps its checkpoints and frees the survivor', async () => {
      await cluster.startWorker('worker-2');
      const { summary, runFolder, events } = await cluster.run(
        configWith({ maxRestarts: 0 }),
        killer('worker-2'),
      );
      assert.equal(summary.state, 'failed');
      assert.equal(summary.failure?.code, 'ACTOR_DIED');
      assert.match(summary.failure.message, /faults\.maxRestarts = 0/);
      assert.ok(summary.step >= 2 && summary.step < NUM_STEPS);
      assert.equal(events.filter(({ kind }) => kind === 'failed').length, 1);
      assert.ok((await readdir(join(runFolder, 'checkpoints'))).length > 0);
      assert.deepEqual(await cluster.heldBy('worker-0'), { numActors: 0, numObjects: 0 });
    });
  });

  it('a worker, under sara train without restarts ends it with exit code 75; resumed, the run ends bit for bit as if nothing had been', async () => {
    const path = await tiny.writeConfig(overrides({ maxRestarts: 0 }));
    const sara = await SaraCommand.start(['train', path, '--threads', '1']);
    try {
      await sara.said(/^checkpoint at step 2/m);
      const worker = (await sara.processes()).find(({ commandLine }) => commandLine.includes('worker-1'));
      process.kill(worker?.pid ?? assert.fail('worker-1 runs'), 'SIGKILL');
      const { code, stderr } = await sara.exit();
      assert.equal(code, 75, stderr);
      assert.match(stderr, /^sara: .*faults\.maxRestarts = 0/m);
      assert.deepEqual(await sara.leftBehind(), []);
    } finally {
      await sara.dispose();
    }
    const [run] = (await readdir(tiny.outputFolder)).sort().reverse();
    const runFolder = join(tiny.outputFolder, run);
    const resumed = await runSara(['train', '--resume', runFolder, '--threads', '1']);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(resumed.leftBehind, []);

    const report = JSON.parse(await readFile(join(runFolder, 'report.json'), 'utf8')) as RunReport;
    assert.deepEqual(lossesOf(report), straight.losses, 'the losses of both lives, bit for bit');
    assert.equal(
      report.validationLosses[0].step,
      0,
      'the validation loss before training is that of the first life',
    );
    const adapter = await SafetensorsFile.open(join(runFolder, 'adapter.safetensors'));
    const { initial, final } = straight;
    for (const entry of final.mask.entries) {
      const start = entryView(entry, initial.vector);
      const deltas = entryView(entry, final.vector).map((value, i) => value - start[i]);
      assert.deepEqual((await adapter.read(`${entry.name}.delta`)).data, deltas, entry.name);
    }
    await adapter.close();
  });
}).timeout(600_000);
