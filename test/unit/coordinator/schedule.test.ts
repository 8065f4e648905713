import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import {
  drawSchedule,
  maxInFlight,
  nominalBubble,
  numSegmentsOf,
  schedule,
  stageOfSegment,
  timedSchedule,
  type ScheduleMode,
  type Task,
} from '../../../coordinator/schedule.ts';
import { SaraError } from '../../../shared/errors.ts';

const sizes = { numStages: fc.integer({ min: 1, max: 6 }), numMicroBatches: fc.integer({ min: 0, max: 14 }) };
const anySize = fc.record({ ...sizes, mode: fc.constantFrom<ScheduleMode>('train', 'evaluate') });

describe('schedule', () => {
  it('is the one drawn at the head of its file', async () => {
    const source = await readFile(new URL('../../../coordinator/schedule.ts', import.meta.url), 'utf8');
    const drawn = source
      .split('\n')
      .filter((line) => /^ \* {5}(stage \d| {7})/.test(line))
      .map((line) => line.slice(' *     '.length))
      .join('\n');
    assert.equal(drawSchedule(timedSchedule(2, 4, 'train')), drawn);
  });

  it('of one stage is one loss task for each micro-batch in order', () => {
    const expected = [0, 1, 2].map((microBatch) => ({ kind: 'loss', segment: 0, microBatch }));
    assert.deepEqual(schedule(1, 3, 'train'), [expected]);
    assert.deepEqual(schedule(1, 3, 'evaluate'), [expected.map((task) => ({ ...task, kind: 'evaluate' }))]);
  });

  it('of two stages brings each micro-batch back to the stage where it began', () => {
    const [outer, inner] = schedule(2, 1, 'train');
    assert.deepEqual(outer.map(nameOf), ['forward 0', 'loss 2', 'backward 0']);
    assert.deepEqual(inner.map(nameOf), ['forward 1', 'backward 1']);
    const [evaluated] = schedule(2, 1, 'evaluate');
    assert.deepEqual(evaluated.map(nameOf), ['forward 0', 'evaluate 2']);
  });

  it('gives each stage its own segments, each once for each micro-batch', () => {
    fc.assert(
      fc.property(anySize, ({ numStages, numMicroBatches, mode }) => {
        const lists = schedule(numStages, numMicroBatches, mode);
        for (const [stage, tasks] of lists.entries()) {
          for (const task of tasks) assert.equal(stageOfSegment(task.segment, numStages), stage);
        }
        const last = numSegmentsOf(numStages) - 1;
        const expected: string[] = [];
        for (let microBatch = 0; microBatch < numMicroBatches; microBatch++) {
          for (let segment = 0; segment < last; segment++) {
            expected.push(`forward ${segment}.${microBatch}`);
            if (mode === 'train') expected.push(`backward ${segment}.${microBatch}`);
          }
          expected.push(`${mode === 'train' ? 'loss' : 'evaluate'} ${last}.${microBatch}`);
        }
        assert.deepEqual(lists.flat().map(keyOf).sort(), expected.sort());
      }),
    );
  });

  it('never waits for itself, whatever the tasks take, and keeps its bound on micro-batches in flight', () => {
    const anyDuration = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(anySize, anyDuration, ({ numStages, numMicroBatches, mode }, durations) => {
        const lists = schedule(numStages, numMicroBatches, mode);
        const { unfinished, mostInFlight } = playInOrder(
          lists,
          numStages,
          mode,
          (n) => durations[n % durations.length],
        );
        assert.deepEqual(unfinished, [], 'tasks whose inputs never came');
        assert.ok(
          mostInFlight <= maxInFlight(numStages),
          `${mostInFlight} > ${maxInFlight(numStages)} in flight`,
        );
      }),
    );
  });

  it('idles less the more micro-batches a step has, towards the bubble of a straight pipeline', () => {
    const bubbles = [2, 4, 8, 16, 32].map((m) => nominalBubble(timedSchedule(2, m, 'train')));
    for (let i = 1; i < bubbles.length; i++) assert.ok(bubbles[i] < bubbles[i - 1], bubbles.join(' > '));
    // Stages of unequal nominal work (8 and 10 passes) leave a tenth of the time idle however long the step.
    const STRAIGHT_BUBBLE_OF_8 = 1 / 9;
    assert.ok(bubbles[2] < STRAIGHT_BUBBLE_OF_8 + 0.05, `${bubbles[2]}`);
  });

  it('refuses counts that are none', () => {
    for (const [numStages, numMicroBatches] of [
      [0, 1],
      [1.5, 1],
      [1, -1],
      [1, Number.NaN],
    ]) {
      assert.throws(
        () => schedule(numStages, numMicroBatches, 'train'),
        (error) => error instanceof SaraError && error.code === 'INTERNAL',
      );
    }
  });
});

const nameOf = ({ kind, segment }: Task): string => `${kind} ${segment}`;
const keyOf = ({ kind, segment, microBatch }: Task): string => `${kind} ${segment}.${microBatch}`;

/** Key of the task whose result `task` reads, or null for the first. */
function neededBy(task: Task, numStages: number, mode: ScheduleMode): string | null {
  const last = numSegmentsOf(numStages) - 1;
  const { segment, microBatch } = task;
  if (task.kind !== 'backward') return segment === 0 ? null : `forward ${segment - 1}.${microBatch}`;
  assert.equal(mode, 'train');
  return segment === last - 1 ? `loss ${last}.${microBatch}` : `backward ${segment + 1}.${microBatch}`;
}

/** Runs every stage's list strictly in order, each task as soon as its input exists. */
function playInOrder(
  lists: readonly (readonly Task[])[],
  numStages: number,
  mode: ScheduleMode,
  durationOf: (taskNumber: number) => number,
): { unfinished: Task[]; mostInFlight: number } {
  const finishedAt = new Map<string, number>();
  const startedAt = new Map<string, number>();
  const next = lists.map(() => 0);
  const freeAt = lists.map(() => 0);
  let progressed = true;
  while (progressed) {
    progressed = false;
    for (const [stage, tasks] of lists.entries()) {
      const task = tasks[next[stage]] as Task | undefined;
      if (task === undefined) continue;
      const needed = neededBy(task, numStages, mode);
      const inputAt = needed === null ? 0 : finishedAt.get(needed);
      if (inputAt === undefined) continue;
      const start = Math.max(freeAt[stage], inputAt);
      startedAt.set(keyOf(task), start);
      freeAt[stage] = start + durationOf(startedAt.size);
      finishedAt.set(keyOf(task), freeAt[stage]);
      next[stage]++;
      progressed = true;
    }
  }
  const spans = new Map<number, { from: number; to: number }>();
  for (const task of lists.flat()) {
    const from = startedAt.get(keyOf(task)) ?? Infinity;
    const to = finishedAt.get(keyOf(task)) ?? -Infinity;
    const span = spans.get(task.microBatch) ?? { from, to };
    spans.set(task.microBatch, { from: Math.min(span.from, from), to: Math.max(span.to, to) });
  }
  const all = [...spans.values()];
  const inFlightAt = (time: number): number => all.filter(({ from, to }) => from <= time && time < to).length;
  return {
    unfinished: lists.flatMap((tasks, stage) => tasks.slice(next[stage])),
    mostInFlight: Math.max(0, ...all.map(({ from }) => inFlightAt(from))),
  };
}
