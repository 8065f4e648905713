import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planRun } from '../../../../coordinator/plan/planner.ts';
import type { PlanRequest, PlanWorker, RunPlan } from '../../../../coordinator/plan/run-plan.ts';
import { stageOfSegment } from '../../../../coordinator/schedule.ts';
import { SaraError, type ErrorCode } from '../../../../shared/errors.ts';
import { anyUNet, sketchProfile } from '../../../support/unet-profile.ts';

const GB = 1e9;

function worker(index: number, overrides: Partial<PlanWorker> = {}): PlanWorker {
  return { name: `worker-${index}`, memoryBytes: 64 * GB, flopsPerSecond: 1e11, numThreads: 1, ...overrides };
}

function requestOf(overrides: Partial<PlanRequest>): PlanRequest {
  return {
    profile: sketchProfile({ encoder: [4, 4, 4, 4], middle: [4], decoder: [4, 4, 4, 4] }),
    workers: [worker(0), worker(1)],
    numStages: null,
    numReplicas: null,
    microBatchSize: 2,
    numMicroBatches: 4,
    trainedFraction: 0.05,
    ...overrides,
  };
}

/** UNets, 1 to 4 stages, as many workers of mixed speed and memory. */
const anyRequest = fc
  .record({ profile: anyUNet(5), numStages: fc.integer({ min: 1, max: 4 }) })
  .chain(({ profile, numStages }) =>
    fc
      .array(fc.record({ memoryGB: fc.integer({ min: 1, max: 3 }), speed: fc.integer({ min: 1, max: 3 }) }), {
        minLength: numStages,
        maxLength: numStages,
      })
      .map((workers) =>
        requestOf({
          profile,
          numStages,
          numReplicas: 1,
          workers: workers.map(({ memoryGB, speed }, i) =>
            worker(i, { memoryBytes: memoryGB * 0.3 * GB, flopsPerSecond: speed * 1e11 }),
          ),
        }),
      ),
  );

describe('planner', () => {
  it('folds the UNet: every block once, in order, encoder and decoder of a stage around those of the next', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const plan = planOrRefusal(request);
        if (plan instanceof SaraError) return;
        assert.deepEqual(
          plan.segments.flatMap(({ blocks }) => blocks),
          request.profile.blocks.map(({ name }) => name),
        );
        assert.equal(plan.segments.length, 2 * plan.numStages - 1);
        for (const [index, { stage, blocks }] of plan.segments.entries()) {
          assert.equal(stage, stageOfSegment(index, plan.numStages));
          assert.ok(blocks.length > 0);
        }
      }),
    );
  });

  it('lets no skip cross between stages: only the main path, the time embedding and their gradients', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const plan = planOrRefusal(request);
        if (plan instanceof SaraError) return;
        const stageOf = new Map(
          plan.segments.flatMap(({ stage, blocks }) => blocks.map((name) => [name, stage])),
        );
        for (const { from, to } of request.profile.edges) {
          if (!from.startsWith('enc_')) continue;
          const twin = to.find((name) => name === from.replace('enc', 'dec'));
          const next = to.find((name) => name !== twin);
          // A skip may leave the stage only along with the main path, as the same tensor to the same stage.
          if (twin === undefined || stageOf.get(twin) === stageOf.get(from)) continue;
          assert.equal(stageOf.get(twin), stageOf.get(next ?? twin), `skip ${from} -> ${twin} is torn`);
        }
      }),
    );
  });

  it('respects the memory of every worker, and uses each one once', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const plan = planOrRefusal(request);
        if (plan instanceof SaraError) return;
        for (const { stage, worker: name } of plan.placements) {
          const { memoryBytes } = request.workers.find((candidate) => candidate.name === name)!;
          assert.ok(plan.stages[stage].peakBytes <= memoryBytes);
        }
        assert.equal(new Set(plan.placements.map(({ worker: name }) => name)).size, plan.placements.length);
      }),
    );
  });

  it('gives the same plan for the same request, whatever the order in which workers registered', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const plan = planOrRefusal(request);
        const again = planOrRefusal({ ...request, workers: request.workers.toReversed() });
        assert.deepEqual(again, plan);
      }),
    );
  });

  it('balances equal stages on equal workers', () => {
    const plan = planRun(requestOf({ numStages: 2, numReplicas: 1 }));
    assert.deepEqual(
      plan.segments.map(({ stage, blocks }) => [stage, blocks.length]),
      [
        [0, 4],
        [1, 4],
        [0, 2],
      ],
    );
    const [outer, inner] = plan.stages;
    assert.ok(
      Math.abs(outer.shareOfTime - inner.shareOfTime) < 0.15,
      `${outer.shareOfTime} ${inner.shareOfTime}`,
    );
  });

  it('gives a worker of twice the speed more blocks', () => {
    const even = planRun(requestOf({ numStages: 2, numReplicas: 1 }));
    const uneven = planRun(
      requestOf({ numStages: 2, numReplicas: 1, workers: [worker(0), worker(1, { flopsPerSecond: 3e11 })] }),
    );
    const flopsOf = (plan: RunPlan, name: string): number =>
      plan.stages[plan.placements.find((placement) => placement.worker === name)!.stage].flops;
    assert.ok(flopsOf(uneven, 'worker-1') > Math.max(...even.stages.map(({ flops }) => flops)));
    assert.ok(uneven.secondsPerStep < even.secondsPerStep);
  });

  it('uses all workers as replicas when the model fits one of them and the batch can be shared', () => {
    const plan = planRun(requestOf({ workers: [0, 1, 2, 3].map((i) => worker(i)) }));
    assert.deepEqual([plan.numStages, plan.numReplicas, plan.microBatchesPerReplica], [1, 4, 1]);
    assert.equal(plan.wireBytesPerSample, 0);
  });

  it('makes stages of workers that a batch cannot be shared by', () => {
    const plan = planRun(
      requestOf({ workers: [0, 1, 2].map((i) => worker(i)), numMicroBatches: 16, numReplicas: 1 }),
    );
    assert.equal(plan.numStages, 3);
  });

  it('cuts a model that fits no single worker', () => {
    const small = { memoryBytes: 0.4 * GB };
    const plan = planRun(requestOf({ workers: [0, 1, 2, 3].map((i) => worker(i, small)) }));
    assert.ok(plan.numStages > 1);
  });

  describe('refuses', () => {
    it('what does not fit, in bytes, and says what would', () => {
      const small = { memoryBytes: 0.35 * GB };
      const error = refused(
        requestOf({ numStages: 2, workers: [worker(0, small), worker(1, small)] }),
        'DOES_NOT_FIT',
      );
      const { neededBytes, memoryBytes } = error.context;
      assert.equal(memoryBytes, small.memoryBytes);
      assert.ok(typeof neededBytes === 'number' && neededBytes > small.memoryBytes);
      assert.ok(
        error.message.includes(`${neededBytes.toLocaleString('en-US')} bytes > 350,000,000 bytes`),
        error.message,
      );

      const larger = { memoryBytes: neededBytes };
      assert.equal(
        planRun(requestOf({ numStages: 2, workers: [worker(0, larger), worker(1, larger)] })).numStages,
        2,
      );
      const advised = Number(/pipeline\.stages = (\d+)/.exec(error.message)?.[1]);
      const workers = Array.from({ length: advised }, (_, i) => worker(i, small));
      assert.equal(planRun(requestOf({ numStages: advised, workers })).numStages, advised);
    });

    it('more stages and replicas than there are workers', () => {
      const error = refused(requestOf({ numStages: 2, numReplicas: 2 }), 'NOT_ENOUGH_WORKERS');
      assert.match(error.message, /2 \* 2 = 4 > 2 workers \(worker-0, worker-1\); start 2 more/);
      assert.match(
        refused(requestOf({ workers: [] }), 'NOT_ENOUGH_WORKERS').message,
        /1 > 0 workers \(none\)/,
      );
    });

    it('a batch that replicas cannot share equally', () => {
      refused(requestOf({ numReplicas: 2, numMicroBatches: 3 }), 'CONFIG_INVALID');
    });

    it('more stages than the model can be folded into, naming the most', () => {
      const workers = Array.from({ length: 9 }, (_, i) => worker(i));
      const error = refused(requestOf({ numStages: 9, workers }), 'CONFIG_INVALID');
      const most = Number(error.context.maxStages);
      assert.equal(planRun(requestOf({ numStages: most, workers })).numStages, most);
      refused(requestOf({ numStages: most + 1, workers }), 'CONFIG_INVALID');
    });
  });
});

function planOrRefusal(request: PlanRequest): RunPlan | SaraError {
  try {
    return planRun(request);
  } catch (error) {
    if (error instanceof SaraError && (error.code === 'DOES_NOT_FIT' || error.code === 'CONFIG_INVALID'))
      return error;
    throw error;
  }
}

function refused(request: PlanRequest, code: ErrorCode): SaraError {
  try {
    planRun(request);
  } catch (error) {
    assert.ok(error instanceof SaraError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  return assert.fail('the plan was not refused');
}
