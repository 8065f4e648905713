/**
 * Who computes what in which order: folded 1F1B as a pure function.
 *
 * A folded pipeline of S stages passes each micro-batch through 2S-1 segments: down to the last stage and back up,
 * so that stage s owns segments s and 2S-2-s. Each stage works through its list in order and waits, at each task,
 * only for the values that the task reads. The order is found by playing the step once with nominal durations: a
 * free stage takes, of the tasks whose inputs exist, the one least far along (ties: the older micro-batch), because
 * that one feeds the stages further down. The bound on micro-batches in flight turns this into 1F1B: once it is
 * reached, one forward may start for each backward that ends.
 *
 * Two stages, four micro-batches, one column per unit of time. Upper line: F forward, B backward with its forward
 * recomputed, L the last segment with the loss (forward and backward in one), lower case on the way back up; lower
 * line: the micro-batch.
 *
 *     stage 0  FFFLLLLLLLLL...BBBBF...BBBBLLL...BBBB....BBBB
 *              012000111222...00003...1111333...2222....3333
 *     stage 1  .FFFFFFBBBBBBBBBBBBBBBBFFBBBBBBBBBBBBBBBB
 *              .0011220000000011111111332222222233333333
 *
 * Decision: the bound is 2S-1 micro-batches, one per segment, not S. A micro-batch visits 2S-1 segments one after
 * the other, so S of them cannot keep S stages busy: played as above for two balanced stages and eight
 * micro-batches, a bound of 2 leaves 27 % of the time idle, 3 leaves 15 %, 4 no less. What it costs is one more
 * set of segment inputs per micro-batch, a small part of what one segment's activations take.
 */
import { SaraError } from '../shared/errors.ts';
import type { TaskKind } from '../shared/stage-protocol.ts';

export interface Task {
  readonly kind: TaskKind;
  /** Segment in execution order, [0, numSegments). */
  readonly segment: number;
  /** Within the replica's share of the step, [0, numMicroBatches). */
  readonly microBatch: number;
}

export type ScheduleMode = 'train' | 'evaluate';

/** A task with the nominal time at which its stage runs it; the unit is one forward pass of one segment. */
export interface TimedTask extends Task {
  readonly startsAt: number;
  readonly endsAt: number;
}

/**
 * Nominal durations, in forward passes. Only their ratio matters, and only for the order: a backward recomputes its
 * forward and then does about twice its work; the last segment runs forward and backward without recomputing.
 */
const FORWARD_PASSES: Readonly<Record<TaskKind, number>> = { forward: 1, evaluate: 1, loss: 3, backward: 4 };

/** Segments a micro-batch passes in a pipeline of `numStages`. */
export function numSegmentsOf(numStages: number): number {
  return 2 * numStages - 1;
}

/** Stage that owns `segment`: down through the encoder, back up through the decoder. */
export function stageOfSegment(segment: number, numStages: number): number {
  return segment < numStages ? segment : 2 * numStages - 2 - segment;
}

/** Most micro-batches that have started and not ended, in a pipeline of `numStages`. */
export function maxInFlight(numStages: number): number {
  return numSegmentsOf(numStages);
}

/**
 * The order of one step.
 * @param numStages pipeline stages of the replica, from 1
 * @param numMicroBatches micro-batches the replica takes in the step, from 0
 * @returns per stage its tasks in the order it runs them
 * @throws SaraError INTERNAL when a count is not a whole number in range
 */
export function schedule(numStages: number, numMicroBatches: number, mode: ScheduleMode): Task[][] {
  return timedSchedule(numStages, numMicroBatches, mode).map((tasks) =>
    tasks.map(({ kind, segment, microBatch }) => ({ kind, segment, microBatch })),
  );
}

/** {@link schedule} with the nominal times it was found with. */
export function timedSchedule(numStages: number, numMicroBatches: number, mode: ScheduleMode): TimedTask[][] {
  requireWhole('numStages', numStages, 1);
  requireWhole('numMicroBatches', numMicroBatches, 0);
  const chain = taskChain(numStages, mode);
  // Position along the chain and the time the last task ended, per micro-batch.
  const progress = Array.from({ length: numMicroBatches }, () => ({ next: 0, readyAt: 0 }));
  const lists = Array.from({ length: numStages }, (): TimedTask[] => []);
  const freeAt = new Array<number>(numStages).fill(0);

  for (let now = 0; progress.some(({ next }) => next < chain.length); now++) {
    for (let stage = 0; stage < numStages; stage++) {
      if (freeAt[stage] > now) continue;
      const microBatch = chooseMicroBatch(stage, now);
      if (microBatch === null) continue;
      const { kind, segment } = chain[progress[microBatch].next];
      const endsAt = now + nominalDuration(kind, segment, numStages);
      lists[stage].push({ kind, segment, microBatch, startsAt: now, endsAt });
      progress[microBatch] = { next: progress[microBatch].next + 1, readyAt: endsAt };
      freeAt[stage] = endsAt;
    }
  }
  return lists;

  function chooseMicroBatch(stage: number, now: number): number | null {
    const numInFlight = progress.filter(
      ({ next, readyAt }) => next > 0 && (next < chain.length || readyAt > now),
    ).length;
    let chosen: number | null = null;
    for (const [microBatch, { next, readyAt }] of progress.entries()) {
      if (next === chain.length || readyAt > now) continue;
      if (next === 0 && numInFlight >= maxInFlight(numStages)) continue;
      if (stageOfSegment(chain[next].segment, numStages) !== stage) continue;
      if (chosen === null || next < progress[chosen].next) chosen = microBatch;
    }
    return chosen;
  }
}

/** The plan gives each stage about the same work, so the last stage's one segment counts for two. */
function nominalDuration(kind: TaskKind, segment: number, numStages: number): number {
  return FORWARD_PASSES[kind] * (numStages > 1 && segment === numStages - 1 ? 2 : 1);
}

/**
 * Share of the pipeline's time in which stages wait, at nominal durations.
 * @returns [0, 1); compare (p - 1) / (m + p - 1), the bubble of a straight pipeline of p stages and m micro-batches
 */
export function nominalBubble(timed: readonly (readonly TimedTask[])[]): number {
  const all = timed.flat();
  const span = Math.max(0, ...all.map(({ endsAt }) => endsAt));
  const busy = all.reduce((sum, { startsAt, endsAt }) => sum + endsAt - startsAt, 0);
  return span === 0 ? 0 : 1 - busy / (span * timed.length);
}

const LETTER: Readonly<Record<TaskKind, string>> = { forward: 'F', loss: 'L', backward: 'B', evaluate: 'E' };

/** The schedule as the picture in this file's head. */
export function drawSchedule(timed: readonly (readonly TimedTask[])[]): string {
  return timed
    .flatMap((tasks, stage) => {
      let letters = '';
      let microBatches = '';
      for (const { kind, segment, microBatch, startsAt, endsAt } of tasks) {
        const letter = segment >= timed.length && kind !== 'loss' ? LETTER[kind].toLowerCase() : LETTER[kind];
        letters = letters.padEnd(startsAt, '.') + letter.repeat(endsAt - startsAt);
        microBatches = microBatches.padEnd(startsAt, '.') + String(microBatch % 10).repeat(endsAt - startsAt);
      }
      const name = `stage ${stage}  `;
      return [name + letters, ' '.repeat(name.length) + microBatches];
    })
    .join('\n');
}

/** What happens to every micro-batch, in order; each task needs the one before it. */
export function taskChain(numStages: number, mode: ScheduleMode): { kind: TaskKind; segment: number }[] {
  const last = numSegmentsOf(numStages) - 1;
  const forwards = Array.from({ length: last }, (_, segment) => ({ kind: 'forward' as const, segment }));
  switch (mode) {
    case 'evaluate':
      return [...forwards, { kind: 'evaluate', segment: last }];
    case 'train': {
      const backwards = forwards.map(({ segment }) => ({ kind: 'backward' as const, segment })).reverse();
      return [...forwards, { kind: 'loss', segment: last }, ...backwards];
    }
  }
}

function requireWhole(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new SaraError('INTERNAL', `${name} = ${value} is not a whole number of at least ${minimum}`, {
    [name]: value,
  });
}
