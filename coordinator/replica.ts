/**
 * One replica of the pipeline: its stages, and how a batch passes through them.
 *
 * Stages work through their lists of the schedule at the same time; a task waits for the bundles that other stages
 * address to its stage, and for nothing else. A bundle is freed as soon as its reader has answered.
 */
import type { ObjectRef } from '../shared/actor/object-ref.ts';
import type { ActorRef, CallOptions } from '../shared/actor/protocol.ts';
import type { BatchSpec, InputSize, StageProtocol } from '../shared/stage-protocol.ts';
import { schedule, stageOfSegment, taskChain, type ScheduleMode, type Task } from './schedule.ts';

export type StageRef = ActorRef<StageProtocol>;

export interface ReplicaOptions {
  /** By stage. */
  readonly stages: readonly StageRef[];
  readonly free: (...refs: ObjectRef[]) => void;
}

export class Replica {
  readonly #options: ReplicaOptions;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  get stages(): readonly StageRef[] {
    return this.#options.stages;
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

  async #run(
    mode: ScheduleMode,
    batch: Omit<BatchSpec, 'microBatch'>,
    numMicroBatches: number,
    options: CallOptions,
  ): Promise<number> {
    const passage = new Passage(this.#options, batch, mode, options);
    const lists = schedule(this.stages.length, numMicroBatches, mode);
    await Promise.all(lists.map((tasks, stage) => passage.runStage(stage, tasks)));
    return passage.meanLoss();
  }
}

/** What another stage's task sends to one stage: the bundle's ref, or null when there is none. */
interface Delivery {
  readonly arrived: Promise<ObjectRef | null>;
  readonly deliver: (ref: ObjectRef | null) => void;
}

/** Where the inputs of a micro-batch stand in its chain: before every task. */
const INPUTS = -1;

/**
 * One batch on its way through the stages.
 *
 * Every micro-batch passes the same chain of tasks. What a task sends to stage s is taken in by the next task of s
 * along the chain, which may keep it for a later one; so each task awaits the bundles of the tasks between its
 * stage's previous turn and its own, each exactly once.
 */
class Passage {
  readonly #stages: readonly StageRef[];
  readonly #batch: Omit<BatchSpec, 'microBatch'>;
  readonly #free: ReplicaOptions['free'];
  readonly #options: CallOptions;
  readonly #chain: readonly Pick<Task, 'kind' | 'segment'>[];
  readonly #deliveries = new Map<string, Delivery>();
  readonly #losses: number[] = [];
  /** By micro-batch; known when its first task begins, which every other waits for. */
  readonly #sizes: InputSize[] = [];
  /** Rejects when a stage fails, so that no other waits for a bundle that will never come. */
  readonly #failed: Promise<never>;
  #fail: (reason: unknown) => void = () => undefined;

  constructor(
    { stages, free }: ReplicaOptions,
    batch: Omit<BatchSpec, 'microBatch'>,
    mode: ScheduleMode,
    options: CallOptions,
  ) {
    this.#stages = stages;
    this.#batch = batch;
    this.#free = free;
    this.#options = options;
    this.#chain = taskChain(stages.length, mode);
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

  async #runTask(stage: number, { kind, segment, microBatch }: Task): Promise<void> {
    const batch: BatchSpec = { ...this.#batch, microBatch };
    const position = this.#chain.findIndex((task) => task.kind === kind && task.segment === segment);
    if (position === 0) {
      const { outgoing, size } = await this.#stages[stage].prepareBatch({ batch }, this.#options);
      this.#sizes[microBatch] = size;
      this.#deliverAll(INPUTS, stage, microBatch, outgoing);
    }
    const incoming = await this.#incoming(stage, position, microBatch);
    const { outgoing, loss } = await this.#stages[stage].runTask(
      { kind, segment, batch, size: this.#sizes[microBatch], incoming },
      this.#options,
    );
    this.#free(...incoming);
    if (loss !== null) this.#losses[microBatch] = loss;
    this.#deliverAll(position, stage, microBatch, outgoing);
  }

  async #incoming(stage: number, position: number, microBatch: number): Promise<ObjectRef[]> {
    const awaited: Promise<ObjectRef | null>[] = [];
    let from = position - 1;
    for (; from > INPUTS && this.#stageAt(from) !== stage; from--) {
      awaited.push(this.#delivery(from, stage, microBatch).arrived);
    }
    if (from === INPUTS && stage !== this.#stageAt(0))
      awaited.push(this.#delivery(INPUTS, stage, microBatch).arrived);
    const bundles = await Promise.race([Promise.all(awaited), this.#failed]);
    return bundles.filter((ref) => ref !== null);
  }

  /** Every other stage learns whether there is a bundle for it. */
  #deliverAll(
    position: number,
    from: number,
    microBatch: number,
    outgoing: Readonly<Record<string, ObjectRef>>,
  ): void {
    for (let stage = 0; stage < this.#stages.length; stage++) {
      if (stage === from) continue;
      const ref = (outgoing[String(stage)] as ObjectRef | undefined) ?? null;
      this.#delivery(position, stage, microBatch).deliver(ref);
    }
  }

  #delivery(position: number, stage: number, microBatch: number): Delivery {
    const key = `${position}>${stage}:${microBatch}`;
    let delivery = this.#deliveries.get(key);
    if (delivery === undefined) {
      let deliver: Delivery['deliver'] = () => undefined;
      const arrived = new Promise<ObjectRef | null>((resolve) => (deliver = resolve));
      this.#deliveries.set(key, (delivery = { arrived, deliver }));
    }
    return delivery;
  }

  #stageAt(position: number): number {
    return stageOfSegment(this.#chain[position].segment, this.#stages.length);
  }
}
