import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Replica, type StageRef } from '../../../coordinator/replica.ts';
import { schedule, stageOfSegment, taskChain, type ScheduleMode } from '../../../coordinator/schedule.ts';
import { ObjectRef } from '../../../shared/actor/object-ref.ts';
import { SaraError } from '../../../shared/errors.ts';
import type { BatchSpec, StageProtocol, TaskResult } from '../../../shared/stage-protocol.ts';
import { saraError } from '../../support/sara-error.ts';

const OPTIONS = { timeoutMs: 1000 };
const STEP = 3;

type RunTask = StageProtocol['runTask']['args'];

interface FakeOptions {
  readonly numStages: number;
  readonly mode: ScheduleMode;
  /** Which of the bundles that could be sent are: by a number that stands for sender, receiver and micro-batch. */
  readonly sends: (choice: number) => boolean;
  /** Turns of the event loop that a task takes. */
  readonly duration: (choice: number) => number;
  readonly fail?: (task: RunTask) => SaraError | null;
}

/** Stages that compute nothing, send bundles along the chain, and write down what they are asked. */
class FakeStages {
  readonly tasks: RunTask[][];
  readonly prepared: BatchSpec[] = [];
  readonly freed: ObjectRef[] = [];
  /** Bundles by id: to whom, and from which place of which micro-batch's chain. */
  readonly sent = new Map<string, { to: number; microBatch: number; position: number }>();
  readonly #options: FakeOptions;
  readonly #chain: { kind: string; segment: number }[];

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#chain = taskChain(options.numStages, options.mode);
    this.tasks = Array.from({ length: options.numStages }, () => []);
  }

  replica(): Replica {
    const stages = this.tasks.map((_, stage) => {
      const methods: Pick<StageRef, 'prepareBatch' | 'runTask'> = {
        prepareBatch: ({ batch }) => {
          this.prepared.push(batch);
          const size = { height: 8, width: 8 + batch.microBatch };
          return Promise.resolve({ outgoing: this.#outgoing(stage, -1, batch.microBatch), size });
        },
        runTask: (task) => this.#run(stage, task),
      };
      return methods as StageRef;
    });
    return new Replica({ stages, free: (...refs) => this.freed.push(...refs) });
  }

  positionOf({ kind, segment }: Pick<RunTask, 'kind' | 'segment'>): number {
    return this.#chain.findIndex((task) => task.kind === kind && task.segment === segment);
  }

  stageAt(position: number): number {
    return stageOfSegment(this.#chain[position].segment, this.#options.numStages);
  }

  /** The next task of `stage` after a place in the chain; -1 when it has none. */
  nextTurn(stage: number, after: number): number {
    return this.#chain.findIndex((_, position) => position > after && this.stageAt(position) === stage);
  }

  async #run(stage: number, task: RunTask): Promise<TaskResult> {
    this.tasks[stage].push(task);
    const position = this.positionOf(task);
    const { microBatch } = task.batch;
    assert.deepEqual(task.size, { height: 8, width: 8 + microBatch });
    for (let turns = this.#options.duration(position + 31 * microBatch); turns > 0; turns--) await turn();
    const failure = this.#options.fail?.(task) ?? null;
    if (failure !== null) throw failure;
    const isLoss = task.kind === 'loss' || task.kind === 'evaluate';
    return { outgoing: this.#outgoing(stage, position, microBatch), loss: isLoss ? microBatch + 0.5 : null };
  }

  #outgoing(from: number, position: number, microBatch: number): Record<string, ObjectRef> {
    const outgoing: Record<string, ObjectRef> = {};
    for (let to = 0; to < this.#options.numStages; to++) {
      if (to === from || this.nextTurn(to, position) < 0) continue;
      if (!this.#options.sends(position + 1 + 17 * to + 101 * microBatch)) continue;
      const id = `${microBatch}:${position}>${to}`;
      this.sent.set(id, { to, microBatch, position });
      outgoing[String(to)] = new ObjectRef(`stage-${from}`, id, 1);
    }
    return outgoing;
  }
}

/** A choice for every number, from a list that repeats. */
function choices<T>(values: readonly T[]): (choice: number) => T {
  return (choice) => values[choice % values.length];
}

describe('replica', () => {
  const arbitrary = fc.record({
    numStages: fc.integer({ min: 1, max: 4 }),
    numMicroBatches: fc.integer({ min: 1, max: 6 }),
    mode: fc.constantFrom<ScheduleMode>('train', 'evaluate'),
    sends: fc.array(fc.boolean(), { minLength: 1, maxLength: 23 }),
    durations: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 19 }),
  });

  it('gives every stage its tasks in the order of the schedule, each with the bundles sent to it since its last turn, and frees them', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ numStages, numMicroBatches, mode, sends, durations }) => {
        const fake = new FakeStages({ numStages, mode, sends: choices(sends), duration: choices(durations) });
        const replica = fake.replica();
        const loss = await (mode === 'train'
          ? replica.trainStep(STEP, numMicroBatches, OPTIONS)
          : replica.evaluate(STEP, numMicroBatches, OPTIONS));
        assert.equal(loss, (numMicroBatches - 1) / 2 + 0.5, 'the mean over the micro-batches');

        const lists = schedule(numStages, numMicroBatches, mode);
        for (const [stage, tasks] of fake.tasks.entries()) {
          const ran = tasks.map(({ kind, segment, batch }) => ({
            kind,
            segment,
            microBatch: batch.microBatch,
          }));
          assert.deepEqual(ran, lists[stage]);
          for (const task of tasks) {
            const position = fake.positionOf(task);
            const expected = [...fake.sent].filter(
              ([, bundle]) =>
                bundle.to === stage &&
                bundle.microBatch === task.batch.microBatch &&
                fake.nextTurn(stage, bundle.position) === position,
            );
            assert.deepEqual(task.incoming.map(({ id }) => id).sort(), expected.map(([id]) => id).sort());
          }
        }
        assert.deepEqual(
          fake.freed.map(({ id }) => id).sort(),
          [...fake.sent.keys()].sort(),
          'each freed once',
        );
        const purpose = mode === 'train' ? 'training' : 'validation';
        assert.deepEqual(
          fake.prepared.sort((a, b) => a.microBatch - b.microBatch),
          Array.from({ length: numMicroBatches }, (_, microBatch) => ({ purpose, step: STEP, microBatch })),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('fails with the first error as soon as a stage fails, whatever the others wait for', async () => {
    for (const failing of [0, 1, 2]) {
      const fake = new FakeStages({
        numStages: 3,
        mode: 'train',
        sends: () => true,
        duration: () => 1,
        fail: ({ segment, batch }) =>
          stageOfSegment(segment, 3) === failing && batch.microBatch === 1
            ? new SaraError('ACTOR_DIED', `stage ${failing} is gone`)
            : null,
      });
      await assert.rejects(
        fake.replica().trainStep(STEP, 4, OPTIONS),
        saraError('ACTOR_DIED', new RegExp(`stage ${failing} is gone`)),
      );
    }
  });
});
