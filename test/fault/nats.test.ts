/**
 * The NATS server goes and comes back: with its data, after longer than every lease; without, which is refused and
 * changes nothing; and with its data again, for whoever is started then.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import { fileDigest } from '../../shared/digest.ts';
import { ERROR_CODES } from '../../shared/errors.ts';
import { startNatsServer } from '../../shared/messaging/nats-server.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import {
  assertSameAdapter,
  assertSameLosses,
  straightRun,
  type StraightRun,
} from '../support/straight-run.ts';
import { reportOf, TestCluster } from '../support/test-cluster.ts';
import { makeTinyRun, type TinyRun } from '../support/tiny-run.ts';
import { until } from '../support/until.ts';

const LEASE_MS = 3_000;
/** Longer than every lease. SARA_TEST_OUTAGE_MS=60000 for a minute. */
const OUTAGE_MS = Number(process.env.SARA_TEST_OUTAGE_MS ?? 3 * LEASE_MS);
const NUM_STEPS = 16;

describe('NATS that is gone for a while', () => {
  let tiny: TinyRun;
  let cluster: TestCluster;
  let config: ResolvedRunConfig;
  let straight: StraightRun;

  before(async () => {
    tiny = await makeTinyRun();
    config = tiny.config({
      sara: { reselectStep: 8 },
      train: { steps: NUM_STEPS },
      pipeline: { stages: 1, replicas: 2 },
      checkpoint: { everySteps: 4 },
      preview: { prompts: [] },
      faults: { maxRestarts: 0 },
    });
    straight = await straightRun(config, { numStages: 1, numReplicas: 2 });
    cluster = await TestCluster.start(2, { leaseMs: LEASE_MS });
  });

  after(async () => {
    assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    await tiny.remove();
  });

  it('and comes back with its data after every lease has ended: the run goes on by itself, nothing is run twice', async () => {
    let isUp = true;
    const outage = async (event: RunEvent): Promise<void> => {
      if (event.kind !== 'step-committed' || event.step < 2 || !isUp) return;
      isUp = false;
      await cluster.nats.server.kill();
      // What is tested is that nothing happens meanwhile, for so long.
      await pause(OUTAGE_MS);
      await cluster.nats.restart();
    };
    const ended = await cluster.run(config, outage);
    assert.equal(isUp, false);
    const report = await reportOf(ended);
    assert.equal(report.numGenerations, 1, 'the worker group outlived it');
    assertSameLosses(report, straight);
    await assertSameAdapter(ended.runFolder, straight);
  });

  it('and comes back empty: refused by name, nothing is written there or in the run folder; with its data the run goes on', async () => {
    const { nats } = cluster;
    const run = await cluster.submit(config);
    const runFolder = join(config.output.dir, run);
    const hasCheckpoint = async (): Promise<boolean> => (await cluster.client.getRun({ run })).step > 4;
    await until(hasCheckpoint, 'a checkpoint', 120_000);
    const { port } = nats.server;
    await nats.server.kill();
    const before = await digestsIn(runFolder);

    const emptyFolder = await mkdtemp(join(tmpdir(), 'sara-test-empty-nats-'));
    const empty = await startNatsServer({ storeDir: emptyFolder, port });
    try {
      const { code, stderr } = await cluster.coordinator.command.exit();
      assert.equal(code, ERROR_CODES.STATE_LOST.exitCode, stderr);
      assert.match(stderr, /NATS holds no data where this one's runs were kept; nothing is written to it/);
      // JetStream keeps a folder for each stream: there is none.
      assert.deepEqual(await foldersNamed(emptyFolder, 'streams'), []);
      assert.deepEqual(await digestsIn(runFolder), before);
    } finally {
      await empty.stop();
      await rm(emptyFolder, { recursive: true });
    }

    await nats.restart();
    await cluster.replaceCoordinator();
    const ended = await cluster.follow(run, config);
    assertSameLosses(await reportOf(ended), straight);
    await assertSameAdapter(runFolder, straight);
  });
}).timeout(600_000);

/** SHA-256 of every checkpoint's files, by path. */
async function digestsIn(runFolder: string): Promise<Record<string, string>> {
  const names = await readdir(join(runFolder, 'checkpoints'), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = await Promise.all(files.map(async (file) => [file, await fileDigest(file)] as const));
  return Object.fromEntries<string>(digests);
}

async function foldersNamed(folder: string, name: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && entry.name === name)
    .map((entry) => entry.parentPath);
}
