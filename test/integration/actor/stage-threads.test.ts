/**
 * The worker's real actors in threads of one process: runtime and image library in several of them at once, the numbers
 * of a run in memory, and nothing left when they are stopped.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { planRequest } from '../../../coordinator/plan/plan-request.ts';
import { planRun } from '../../../coordinator/plan/planner.ts';
import { Replica } from '../../../coordinator/replica.ts';
import { ActorHost } from '../../../shared/actor/host.ts';
import { ActorSystem } from '../../../shared/actor/system.ts';
import { threadedRegistry } from '../../../shared/actor/threaded.ts';
import { serializeRunConfig, type ResolvedRunConfig } from '../../../shared/config.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { ActorClasses, ModelProfile } from '../../../shared/stage-protocol.ts';
import { ACTOR_METHODS } from '../../../worker/actor-methods.ts';
import type { ThreadSurroundings } from '../../../worker/actors.ts';
import { withRun } from '../../support/in-process-run.ts';
import { makeTinyRun, type TinyRun } from '../../support/tiny-run.ts';
import { until } from '../../support/until.ts';

const TWO_STAGES = { numStages: 2, numReplicas: 1 };
/** Takes about a third of the tiny model's weights. */
const THRESHOLD = 0.02;
const NUM_STEPS = 2;
const NO_LIMIT = { timeoutMs: 120_000 };
const WORKER = { name: 'w0', memoryBytes: 2 ** 34, flopsPerSecond: 1e9, numThreads: 1 };

describe('stages in threads of one worker', function () {
  this.timeout(300_000);
  let tiny: TinyRun;
  let config: ResolvedRunConfig;
  let host: ActorHost;
  /** Ends its actors at once. */
  let impatientHost: ActorHost;
  let system: ActorSystem<ActorClasses>;
  let inMemory: readonly number[];

  before(async () => {
    tiny = await makeTinyRun();
    config = tiny.config({
      sara: { fraction: null, threshold: THRESHOLD },
      pipeline: { stages: 2, replicas: 1 },
    });
    inMemory = await withRun(config, TWO_STAGES, async (run) => {
      await run.select();
      return run.trainTo(NUM_STEPS);
    });
    host = await startHost({});
    impatientHost = await startHost({ stopTimeoutMs: 0 });
    system = new ActorSystem<ActorClasses>({ run: 'run-1', generation: 1, log: silentLogger });
  });
  after(async () => {
    system.close();
    await Promise.all([host.stop(0), impatientHost.stop(0)]);
    await tiny.remove();
  });

  const startHost = (options: { stopTimeoutMs?: number }): Promise<ActorHost> =>
    ActorHost.start({
      name: WORKER.name,
      registry: threadedRegistry<ActorClasses, ThreadSurroundings>(ACTOR_METHODS, {
        program: new URL('../../../worker/actor-thread.ts', import.meta.url),
        surroundings: { nats: { servers: [], tls: null, credentials: null } },
        ...options,
      }),
      listen: '127.0.0.1:0',
      objectStoreBytes: 2 ** 28,
      log: silentLogger,
    });

  const place = () => ({
    run: 'run-1',
    configJson: new TextDecoder().decode(serializeRunConfig(config)),
    runFolder: join(tiny.outputFolder, 'run-1'),
  });

  async function profile(): Promise<ModelProfile> {
    const model = await system.spawn(host.endpoint, 'ModelActor', place());
    const result = await model.profile({}, NO_LIMIT);
    await system.stop(model);
    return result;
  }

  /** Two stages from spawn to stop. @param whileAlive called when both have trained */
  async function live(where: ActorHost, whileAlive: () => void): Promise<number[]> {
    const model = await profile();
    const plan = planRun(planRequest(config, model, [WORKER, { ...WORKER, name: 'w1' }]));
    const stages = await system.spawnGroup(
      plan.placements.map(({ stage, replica }) => ({
        worker: where.endpoint,
        className: 'StageActor' as const,
        args: {
          ...place(),
          stage,
          replica,
          numStages: plan.numStages,
          numReplicas: plan.numReplicas,
          segments: plan.segments,
          baseHash: model.baseHash,
          encoderHashes: null,
          microBatchSize: plan.microBatchSize,
          numThreads: 1,
        },
      })),
    );
    const source = { kind: 'threshold', threshold: THRESHOLD } as const;
    const selected = await Promise.all(stages.map((stage) => stage.select({ source })));
    const rankCandidates = selected.flatMap((report) => report.rankCandidates).sort();
    const replica = new Replica({
      stages,
      free: (...refs) => {
        system.free(...refs);
      },
    });
    const losses: number[] = [];
    for (let step = 0; step < NUM_STEPS; step++) {
      losses.push(await replica.trainStep(step, plan.microBatchesPerReplica, NO_LIMIT));
      const reports = await Promise.all(
        stages.map((stage) => stage.finishGradients({ step, rankCandidates })),
      );
      const squaredNorms = reports.map(({ squaredNorm }) => squaredNorm);
      await Promise.all(stages.map((stage) => stage.applyUpdate({ step, squaredNorms })));
    }
    whileAlive();
    await system.stop(...stages);
    return losses;
  }

  it('train bit for bit what stages in memory train', async () => {
    assert.equal(inMemory.length, NUM_STEPS);
    assert.deepEqual(await live(host, () => undefined), inMemory);
    assert.equal(host.objects.count, 0);
  });

  it('switch off telemetry for the whole process, where the runtime looks', async () => {
    delete process.env.ORT_DISABLE_TELEMETRY;
    await profile();
    assert.equal(process.env.ORT_DISABLE_TELEMETRY, '1');
  });

  it('leave no thread, no open file of the model and no mapping of its weights, however they end', async function () {
    if (!existsSync('/proc/self/maps')) this.skip();
    const before = held(tiny.modelFolder);
    assert.deepEqual([before.numFiles, before.numMappings], [0, 0]);
    for (const where of [host, host, impatientHost]) {
      await live(where, () => {
        const alive = held(tiny.modelFolder);
        assert.ok(alive.numThreads >= before.numThreads + 2, `${alive.numThreads} threads`);
        assert.ok(alive.numFiles > 0, 'the stages have the model open');
        assert.ok(alive.numMappings > 0, 'sessions map frozen weights');
      });
      const after = held(tiny.modelFolder);
      assert.deepEqual([after.numFiles, after.numMappings], [0, 0]);
      const areThreadsGone = (): boolean => held(tiny.modelFolder).numThreads <= before.numThreads;
      await until(areThreadsGone, 'the end of the threads');
    }
  });
});

/** What this process has of the files below `folder`, and its threads. */
function held(folder: string): { numThreads: number; numFiles: number; numMappings: number } {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // closed meanwhile: that of the listing itself
    }
  });
  return {
    numThreads: readdirSync('/proc/self/task').length,
    numFiles: targets.filter((target) => target.startsWith(folder)).length,
    numMappings: readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => line.includes(folder)).length,
  };
}
