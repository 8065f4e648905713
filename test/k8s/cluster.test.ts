/**
 * The manifests run: what the overlay `local` says is started, command by command, as processes that are kept apart as
 * pods are, and a run goes through what a cluster does to it. See test/support/k8s/cluster.
 */
import assert from 'node:assert/strict';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuild, ensureNatsServer, PROJECT_ROOT } from '../../shared/bootstrap.mjs';
import type { RunReport } from '../../coordinator/report.ts';
import { SafetensorsFile } from '../../shared/safetensors.ts';
import { entryView, type MaskedVector } from '../../worker/sara/mask.ts';
import { withRun } from '../support/in-process-run.ts';
import { clientPod, RUN_CONFIG, runConfigMap } from '../support/k8s/client-pod.ts';
import { KubeCluster } from '../support/k8s/cluster/cluster.ts';
import { clusterAbsence } from '../support/k8s/cluster/run.ts';
import { buildOverlay, kustomizeAbsence } from '../support/k8s/kustomize.ts';
import { relativeError } from '../support/numbers.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';
import { until } from '../support/until.ts';

/** Enough that the run is still going on after all that is done to it. */
const NUM_STEPS = 240;
/** ||a - b|| / ||b||: the model is cut otherwise when workers come and go, so sums are ordered otherwise. */
const TOLERANCE = 1e-3;
/** A step with its checkpoint takes milliseconds, placing a group seconds, on a busy machine many. */
const PROGRESS_TIMEOUT_MS = 300_000;

const OVERRIDES = {
  train: { steps: NUM_STEPS },
  pipeline: { stages: 2 },
  preview: { prompts: [] },
  checkpoint: { everySteps: 2, keepLast: 2 },
  faults: { maxRestarts: 20, replacementTimeoutMs: 5_000 },
};
const IN_THE_CLUSTER = {
  model: { path: '/models/model' },
  data: { path: '/models/pictures', validationPath: '/models/held-out' },
  output: { dir: '/runs' },
};

describe('the manifests, run', function () {
  let tiny: TinyRun;
  let cluster: KubeCluster;
  let numClients = 0;

  before(async function () {
    const absence = clusterAbsence() ?? kustomizeAbsence;
    if (absence !== null) {
      if (process.env.CI !== undefined) throw new Error(absence);
      process.stderr.write(`      not run: ${absence}\n`);
      this.skip();
    }
    await ensureBuild();
    tiny = await makeTinyRun();
    const yaml = await readFile(await tiny.writeConfig({ ...OVERRIDES, ...IN_THE_CLUSTER }), 'utf8');
    const node = { node: process.execPath };
    cluster = await KubeCluster.create({
      objects: [...buildOverlay('local'), runConfigMap(yaml)],
      images: new Map([
        ['nats', { target: null, app: null, programs: { 'nats-server': await ensureNatsServer() } }],
        ['sara/coordinator', { target: 'coordinator', app: PROJECT_ROOT, programs: node }],
        ['sara/worker', { target: 'worker', app: PROJECT_ROOT, programs: node }],
      ]),
    });
    await cp(tiny.folder, await cluster.claim('models'), { recursive: true });
  });

  after(async () => {
    await (cluster as KubeCluster | undefined)?.close();
    await (tiny as TinyRun | undefined)?.remove();
  });

  /** Says what all pods said when something goes wrong. */
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`${cluster.logs}\n`);
  });

  /** A command of `sara` in a pod of its own. */
  const sara = (...args: string[]): ReturnType<KubeCluster['runToEnd']> =>
    cluster.runToEnd(`client-${numClients++}`, clientPod(args));

  async function said(...args: string[]): Promise<string> {
    const { code, output } = await sara(...args);
    assert.equal(code, 0, output);
    return output;
  }

  it('come up whatever starts first, and know one another', async () => {
    await cluster.scale('worker');
    await cluster.scale('coordinator');
    // Whoever is there before NATS waits for it.
    await cluster.scale('nats');
    await cluster.whenReady();
    assert.deepEqual(
      cluster.pods.map(({ numRestarts }) => numRestarts),
      cluster.pods.map(() => 0),
    );
    for (const pod of cluster.pods) assert.ok(await pod.isAlive(), pod.name);
    const listed = await said('workers');
    for (const name of ['worker-0', 'worker-1'])
      assert.match(listed, new RegExp(`^${name} +idle +cpu .* ${name}\\.workers:7790 `, 'm'));
  });

  it('carry a run through scaling, lost pods and rolling updates to the right adapter', async () => {
    const run = (await said('submit', RUN_CONFIG)).trim();
    const runs = await cluster.claim('runs');
    const checkpoint = async (): Promise<number> => {
      const names = await readdir(join(runs, run, 'checkpoints')).catch(() => []);
      return Math.max(0, ...names.map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0)));
    };
    /** Waits until the run has gone on by some steps. */
    const goesOn = async (): Promise<void> => {
      const from = await checkpoint();
      await until(async () => (await checkpoint()) >= from + 4, `steps after ${from}`, PROGRESS_TIMEOUT_MS);
      assert.ok((await checkpoint()) < NUM_STEPS, 'the run has ended too soon for this test');
    };
    const orderly = { code: 0, signal: null };

    await goesOn();
    await cluster.scale('worker', 3);
    await cluster.whenReady();
    await goesOn();

    assert.deepEqual(await cluster.deletePod('worker-0'), orderly, 'a worker that is told to go');
    await goesOn();
    await cluster.pod('worker-1').crash();
    await goesOn();
    assert.equal(cluster.pod('worker-1').numRestarts, 1);
    await cluster.deletePod('worker-2', 0);
    await goesOn();

    assert.deepEqual(await cluster.scale('worker', 2), [orderly]);
    await goesOn();
    const [first, second] = cluster.podsOf('coordinator');
    assert.deepEqual(await cluster.deletePod(first.name), orderly, 'a coordinator that is told to go');
    await goesOn();
    await cluster.deletePod(second.name, 0);
    await goesOn();
    assert.deepEqual(await cluster.deletePod('nats-0'), orderly, 'NATS, which the run waits for');
    await goesOn();
    const update = { name: 'SARA_LOG_LEVEL', value: 'debug' };
    assert.deepEqual(await cluster.rollOut('worker', update), [orderly, orderly]);
    await goesOn();

    assert.match(await said('watch', run), new RegExp(`run ${run} succeeded after ${NUM_STEPS} steps`));
    await isTheRightAdapter(join(runs, run));
  });

  it('want nothing of NATS that it forbids them', () => {
    const forbidden = cluster.logs.split('\n').filter((line) => /permissions violation/i.test(line));
    // A worker that comes first looks whether it may make the table of workers, and waits for a coordinator to do it.
    assert.deepEqual(
      forbidden.filter((line) => !line.includes('STREAM.CREATE.KV_sara-workers')),
      [],
    );
  });

  /** Against the same run in one process, which nothing happened to. */
  async function isTheRightAdapter(runFolder: string): Promise<void> {
    const config = tiny.config(OVERRIDES);
    const straight = await withRun(config, { numStages: 2, numReplicas: 1 }, async (run) => {
      await run.select();
      const initial = await run.values();
      return { losses: await run.trainTo(NUM_STEPS), initial, final: await run.values() };
    });
    const report = JSON.parse(await readFile(join(runFolder, 'report.json'), 'utf8')) as RunReport;
    assert.deepEqual(
      report.trainingLosses.map(({ step }) => step),
      straight.losses.map((_, step) => step),
      'every step once, in order',
    );
    const losses = report.trainingLosses.map(({ loss }) => loss);
    const lossError = relativeError(losses, straight.losses);
    assert.ok(lossError < TOLERANCE, `losses differ by ${lossError}`);
    const adapter = await SafetensorsFile.open(join(runFolder, 'adapter.safetensors'));
    try {
      for (const { name, deltas } of deltasOf(straight)) {
        const error = relativeError((await adapter.read(`${name}.delta`)).data as Float32Array, deltas);
        assert.ok(error < TOLERANCE, `${name} differs by ${error}`);
      }
    } finally {
      await adapter.close();
    }
  }
}).timeout(1_800_000);

function deltasOf({
  initial,
  final,
}: {
  initial: MaskedVector;
  final: MaskedVector;
}): { name: string; deltas: Float32Array }[] {
  return final.mask.entries.map((entry) => {
    const start = entryView(entry, initial.vector);
    return { name: entry.name, deltas: entryView(entry, final.vector).map((value, i) => value - start[i]) };
  });
}
