/** Where tensors go: into this stage's inbox, or into one bundle for each other stage that reads them. */
import assert from 'node:assert/strict';
import type { TensorBundle } from '../../../shared/actor/protocol.ts';
import type { BatchSpec } from '../../../shared/stage-protocol.ts';
import { floatTensor, type Tensor } from '../../../shared/tensor.ts';
import type { Segment } from '../../../worker/engine/partition.ts';
import { Inbox } from '../../../worker/stage/inbox.ts';
import { isLastTask, requiredInputs, routeInputs, routeOutputs } from '../../../worker/stage/routing.ts';
import type { StageSetup } from '../../../worker/stage/stage-setup.ts';
import { memoryContext } from '../../support/stage-harness.ts';

const BATCH: BatchSpec = { purpose: 'training', step: 3, microBatch: 1 };

const frame = (name: string, producer: number, ...consumers: number[]) => ({ name, producer, consumers });
const skip = frame('skip', 0, 2);
const down = frame('down', 0, 1);
const up = frame('up', 1, 2);

/** Two stages, folded: stage 0 has segments 0 and 2, stage 1 has segment 1. */
const SEGMENTS = [
  { index: 0, inputNames: ['sample'], framesIn: [], framesOut: [skip, down] },
  { index: 1, inputNames: ['text'], framesIn: [down], framesOut: [up] },
  { index: 2, inputNames: ['text', 'target'], framesIn: [skip, up], framesOut: [] },
] as unknown as readonly Segment[];

const stageOf = (segment: number): number => [0, 1, 0][segment];
const setupOf = (stage: number): StageSetup =>
  ({ stage, segments: SEGMENTS, stageOf, ownSegments: stage === 0 ? [0, 2] : [1] }) as unknown as StageSetup;

const tensors = (...names: string[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name, i) => [name, floatTensor([1], [i])]));

/** What a stage keeps and what it sends, by stage. */
function route(
  outgoing: (inbox: Inbox) => ReturnType<typeof routeInputs>,
  expectKept: readonly string[],
): Record<string, readonly string[]> {
  const inbox = new Inbox();
  const store = new Map<string, TensorBundle>();
  const refs = outgoing(inbox).put(memoryContext(store), BATCH);
  assert.deepEqual(Object.keys(inbox.take(expectKept)), expectKept);
  return Object.fromEntries(
    Object.entries(refs).map(([stage, { id }]) => [stage, Object.keys(store.get(id)!)]),
  );
}

describe('routing', () => {
  it('brings each input to every stage that reads it, in one bundle', () => {
    const inputs = tensors('sample', 'text', 'target');
    const sent = route((inbox) => routeInputs(setupOf(0), inbox, inputs), ['sample', 'text', 'target']);
    assert.deepEqual(sent, { 1: ['text'] });
  });

  it('keeps a skip on its stage and sends the frame below to the next', () => {
    const outputs = tensors('skip', 'down');
    const sent = route((inbox) => routeOutputs(setupOf(0), inbox, SEGMENTS[0], 'forward', outputs), ['skip']);
    assert.deepEqual(sent, { 1: ['down'] });
  });

  it('takes the gradient of each frame back to its producer', () => {
    const names = ['gradient:skip:from:2', 'gradient:up:from:2'];
    const sent = route(
      (inbox) => routeOutputs(setupOf(0), inbox, SEGMENTS[2], 'loss', tensors(...names)),
      ['gradient:skip:from:2'],
    );
    assert.deepEqual(sent, { 1: ['gradient:up:from:2'] });
  });

  it('sends nothing of a task that evaluates', () => {
    const sent = route(
      (inbox) => routeOutputs(setupOf(0), inbox, SEGMENTS[2], 'evaluate', tensors('loss')),
      [],
    );
    assert.deepEqual(sent, {});
  });

  it('asks for frames forward, and backward for the gradients of every consumer too', () => {
    assert.deepEqual(requiredInputs(SEGMENTS[1], 'forward'), ['text', 'down']);
    assert.deepEqual(requiredInputs(SEGMENTS[2], 'loss'), ['text', 'target', 'skip', 'up']);
    assert.deepEqual(requiredInputs(SEGMENTS[0], 'backward'), [
      'sample',
      'gradient:skip:from:2',
      'gradient:down:from:1',
    ]);
  });

  it('knows the last task of a micro-batch: backward of the first segment, or evaluation of the last', () => {
    const setup = setupOf(0);
    const validation = { ...BATCH, purpose: 'validation' } as const;
    assert.deepEqual(
      [
        isLastTask(setup, 0, 'forward', BATCH),
        isLastTask(setup, 2, 'loss', BATCH),
        isLastTask(setup, 0, 'backward', BATCH),
        isLastTask(setup, 0, 'forward', validation),
        isLastTask(setup, 2, 'evaluate', validation),
      ],
      [false, false, true, false, true],
    );
  });
});
