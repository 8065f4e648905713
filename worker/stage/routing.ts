/**
 * Which tensors a task reads and where those it makes are read next: in this stage, which keeps them in the
 * micro-batch's inbox, or in another, which is sent one bundle per task.
 */
import type { ObjectRef } from '../../shared/actor/object-ref.ts';
import type { ActorContext } from '../../shared/actor/protocol.ts';
import type { BatchSpec, TaskKind } from '../../shared/stage-protocol.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { frameGradientName, type Segment } from '../engine/partition.ts';
import type { Inbox } from './inbox.ts';
import type { StageSetup } from './stage-setup.ts';

type Tensors = Readonly<Record<string, Tensor>>;

/** Names of what a task takes from its inbox. */
export function requiredInputs(segment: Segment, kind: TaskKind): string[] {
  const inputs = [...segment.inputNames, ...segment.framesIn.map((frame) => frame.name)];
  if (kind !== 'backward') return inputs;
  const gradients = segment.framesOut.flatMap((frame) =>
    frame.consumers.map((consumer) => frameGradientName(frame.name, consumer)),
  );
  return [...inputs, ...gradients];
}

/** The inputs of a micro-batch on their way to the segments that read them. */
export function routeInputs(setup: StageSetup, inbox: Inbox, inputs: Tensors): Outgoing {
  const outgoing = new Outgoing(setup.stage, inbox);
  for (const segment of setup.segments) {
    const stage = setup.stageOf(segment.index);
    for (const name of segment.inputNames) outgoing.send(stage, name, inputs[name]);
  }
  return outgoing;
}

/** What a task has made, on its way: frames to their consumers, gradients of frames to their producers. */
export function routeOutputs(
  setup: StageSetup,
  inbox: Inbox,
  segment: Segment,
  kind: TaskKind,
  outputs: Tensors,
): Outgoing {
  const outgoing = new Outgoing(setup.stage, inbox);
  switch (kind) {
    case 'forward':
      for (const frame of segment.framesOut) {
        for (const consumer of frame.consumers)
          outgoing.send(setup.stageOf(consumer), frame.name, outputs[frame.name]);
      }
      break;
    case 'loss':
    case 'backward':
      for (const frame of segment.framesIn) {
        const name = frameGradientName(frame.name, segment.index);
        outgoing.send(setup.stageOf(frame.producer), name, outputs[name]);
      }
      break;
    case 'evaluate':
  }
  return outgoing;
}

/** Whether the stage has no further task of a micro-batch after this one. */
export function isLastTask(
  { ownSegments }: StageSetup,
  segment: number,
  kind: TaskKind,
  { purpose }: BatchSpec,
): boolean {
  if (purpose === 'validation') return segment === ownSegments[ownSegments.length - 1];
  return kind !== 'forward' && segment === ownSegments[0];
}

/** Tensors on their way from one task: kept here when this stage reads them, else bundled per stage. */
class Outgoing {
  readonly #ownStage: number;
  readonly #inbox: Inbox;
  readonly #bundles = new Map<number, Record<string, Tensor>>();

  constructor(ownStage: number, inbox: Inbox) {
    this.#ownStage = ownStage;
    this.#inbox = inbox;
  }

  send(stage: number, name: string, tensor: Tensor): void {
    if (stage === this.#ownStage) {
      this.#inbox.receive({ [name]: tensor });
      return;
    }
    const bundle = this.#bundles.get(stage) ?? {};
    bundle[name] = tensor;
    this.#bundles.set(stage, bundle);
  }

  /** Puts the bundles into the object store. @returns their refs by stage number */
  put(ctx: ActorContext, { step, microBatch }: BatchSpec): Record<string, ObjectRef> {
    return Object.fromEntries(
      [...this.#bundles].map(([stage, bundle]) => [String(stage), ctx.put(bundle, { step, microBatch })]),
    );
  }
}
