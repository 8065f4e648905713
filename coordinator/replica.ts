/**
 * One replica of the pipeline: its stages, and how a batch passes through them.
 *
 * Stages work through their lists of the schedule at the same time; a task waits for the bundles that other stages
 * address to its stage, and for nothing else. A bundle is freed as soon as its reader has answered.
 */
import type { ObjectRef } from '../shared/actor/object-ref.ts';
import type { ActorRef, CallOptions } from '../shared/actor/protocol.ts';
import type { BatchSpec, StageProtocol } from '../shared/stage-protocol.ts';
import { numSegmentsOf, schedule, stageOfSegment, type ScheduleMode, type Task } from './schedule.ts';

export type StageRef = ActorRef<StageProtocol>;

export interface ReplicaOptions {
  /** By stage. */
  readonly stages: readonly StageRef[];
  readonly free: (...refs: ObjectRef[]) => void;
}

export class Replica {
  readonly stages: readonly StageRef[];
  readonly #free: ReplicaOptions['free'];

  constructor({ stages, free }: ReplicaOptions) {
    this.stages = stages;
    this.#free = free;
  }

  /**
   * Forward and backward of the replica's share of step `step`; gradients stay with the stages.
   * @returns mean loss over the micro-batches
   */
  trainStep(step: number, numMicroBatches: number, options: CallOptions): Promise<number> {
    return this.#run('train', { purpose: 'training', step }, numMicroBatches, options);
  }

  /** Mean loss over the held-out samples; changes nothing. */
  evaluate(step: number, numMicroBatches: number, options: CallOptions): Promise<number> {
    return this.#run('evaluate', { purpose: 'validation', step }, numMicroBatches, options);
  }

  async #run(mode: ScheduleMode, batch: Omit<BatchSpec, 'microBatch'>, numMicroBatches: number, options: CallOptions): Promise<number> {
    const passage = new Passage(this.stages, batch, this.#free, options);
    const lists = schedule(this.stages.length, numMicroBatches, mode);
    await Promise.all(lists.map((tasks, stage) => passage.runStage(stage, tasks)));
    return passage.meanLoss();
  }
}

/** A promise that another stage's task resolves: the bundle it addresses to one stage, or that there is none. */
interface Delivery {
  readonly arrived: Promise<ObjectRef | null>;
  readonly deliver: (ref: ObjectRef | null) => void;
}

/** One batch on its way through the stages. */
class Passage {
  readonly #stages: readonly StageRef[];
  readonly #batch: Omit<BatchSpec, 'microBatch'>;
  readonly #free: ReplicaOptions['free'];
  readonly #options: CallOptions;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #losses: number[] = [];
  /** Rejects when a stage fails, so that no other waits for a bundle that will never come. */
  readonly #failed: Promise<never>;
  #fail: (reason: unknown) => void = () => undefined;

  constructor(stages: readonly StageRef[], batch: Omit<BatchSpec, 'microBatch'>, free: ReplicaOptions['free'], options: CallOptions) {
    this.#stages = stages;
    this.#batch = batch;
    this.#free = free;
    this.#options = options;
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined);
  }

  async runStage(stage: number, tasks: readonly Task[]): Promise<void> {
    try {
      for (const task of tasks) await this.#runTask(stage, task);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  meanLoss(): number {
    return this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#losses.length;
  }

  async #runTask(stage: number, task: Task): Promise<void> {
    const batch: BatchSpec = { ...this.#batch, microBatch: task.microBatch };
    if (task.segment === 0 && task.kind !== 'backward') {
      const { outgoing } = await this.#stages[stage].prepareBatch({ batch }, this.#options);
      this.#deliverAll(inputKey(task.microBatch), stage, outgoing);
    }
    const incoming = await this.#incoming(stage, task);
    const { outgoing, loss } = await this.#stages[stage].runTask({ kind: task.kind, segment: task.segment, batch, incoming }, this.#options);
    this.#free(...incoming);
    if (loss !== null) this.#losses[task.microBatch] = loss;
    this.#deliverAll(taskKey(task), stage, outgoing);
  }

  /** Bundles that a task reads: what its predecessors sent to this stage, and at its first task the batch's inputs. */
  async #incoming(stage: number, task: Task): Promise<ObjectRef[]> {
    const keys = predecessorKeys(task, this.#stages.length).filter((key) => key.stage !== stage);
    if (isFirstTask(stage, task) && stage !== 0) keys.push({ key: inputKey(task.microBatch), stage: 0 });
    const bundles = await Promise.all(keys.map(({ key }) => Promise.race([this.#delivery(key, stage).arrived, this.#failed])));
    return bundles.filter((ref) => ref !== null);
  }

  /** Every other stage learns whether there is a bundle for it. */
  #deliverAll(key: string, from: number, outgoing: Readonly<Record<string, ObjectRef>>): void {
    for (let stage = 0; stage < this.#stages.length; stage++) {
      if (stage !== from) this.#delivery(key, stage).deliver((outgoing[String(stage)] as ObjectRef | undefined) ?? null);
    }
  }

  #delivery(key: string, stage: number): Delivery {
    const id = `${key}>${stage}`;
    let delivery = this.#deliveries.get(id);
    if (delivery === undefined) {
      let deliver: Delivery['deliver'] = () => undefined;
      const arrived = new Promise<ObjectRef | null>((resolve) => (deliver = resolve));
      this.#deliveries.set(id, (delivery = { arrived, deliver }));
    }
    return delivery;
  }
}

/** A stage meets a micro-batch first on the way down, in the segment of its own number. */
function isFirstTask(stage: number, { kind, segment }: Task): boolean {
  return kind !== 'backward' && segment === stage;
}

/**
 * Tasks of other stages whose bundles a task may read. A segment reads frames of any segment before it (the time
 * embedding is read everywhere) and, on the way back, frame gradients of any segment after it; each such bundle is
 * awaited once, by the stage's next task.
 */
function predecessorKeys(task: Task, numStages: number): { key: string; stage: number }[] {
  const last = numSegmentsOf(numStages) - 1;
  const ownStage = stageOfSegment(task.segment, numStages);
  const keyOf = (kind: Task['kind'], segment: number) => ({
    key: taskKey({ kind, segment, microBatch: task.microBatch }),
    stage: stageOfSegment(segment, numStages),
  });
  if (task.kind !== 'backward') {
    // On the way up, what came before this stage's visit on the way down has been read then.
    const from = task.segment >= numStages ? ownStage + 1 : 0;
    return range(from, task.segment).map((segment) => keyOf('forward', segment));
  }
  // Segments after this one have run backward; those after this stage's later visit were read at that visit.
  const laterVisit = last - ownStage;
  const until = task.segment < numStages - 1 ? laterVisit : last + 1;
  return range(task.segment + 1, until).map((segment) => (segment === last ? keyOf('loss', segment) : keyOf('backward', segment)));
}

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

function taskKey({ kind, segment, microBatch }: Task): string {
  // The last segment's forward is its loss or evaluation; nothing waits for it by another name.
  return `${kind}:${segment}:${microBatch}`;
}

function inputKey(microBatch: number): string {
  return `inputs:${microBatch}`;
}
