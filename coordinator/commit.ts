/**
 * A run's record and history as the driver of one run writes them: states, generations, step commits, events.
 *
 * A step counts when its commit is in KV: a compare-and-set from s to s+1 in the generation that computed it.
 * Of two drivers that believe they own a run, at most one can commit a step; the other learns that it is stale.
 */
import type { SaraError } from '../shared/errors.ts';
import type { EventBus } from '../shared/messaging/bus.ts';
import type { PlanSummary, RunEventBody, RunState } from '../shared/run-event.ts';
import type { CommittedReselection, RunChange, RunRecord } from './run-state.ts';
import type { RunStore } from './run-store.ts';

/** What is known once every stage and replica has reported a finite gradient and the same mask. */
export interface StepFacts {
  readonly step: number;
  readonly loss: number;
  readonly maskDigest: string;
  /** Of the gradient, by stage. */
  readonly squaredNorms: readonly number[];
}

/** @param step updates applied */
export type RunObserver = (event: RunEventBody, step: number) => Promise<void>;

export class RunJournal {
  readonly #store: RunStore;
  readonly #events: EventBus;
  #record: RunRecord;
  #observer: RunObserver | null = null;

  constructor(store: RunStore, events: EventBus, record: RunRecord) {
    this.#store = store;
    this.#events = events;
    this.#record = record;
  }

  /** As it stood after the last change made here. */
  get record(): RunRecord {
    return this.#record;
  }

  get run(): string {
    return this.#record.run;
  }

  /** Generation of the worker group in force; 0 before there is one. */
  get generation(): number {
    return this.#record.generation;
  }

  /** Steps committed. */
  get step(): number {
    return this.#record.step;
  }

  /** From now on `observer` is told every event before those who watch from elsewhere; null: nobody is. */
  observe(observer: RunObserver | null): void {
    this.#observer = observer;
  }

  /** Tells those who watch the run, as of the current generation and step. */
  async publish(body: RunEventBody): Promise<void> {
    await this.#observer?.(body, this.step);
    await this.#events.publish(this.run, { ...body, generation: this.generation, step: this.step });
  }

  get state(): RunState {
    return this.#record.state;
  }

  /** Enters a state and tells about it; in that state already, does nothing. */
  async enter(
    state: 'planning' | 'running' | 'finishing' | 'succeeded' | 'cancelled',
    reason = '',
  ): Promise<void> {
    if (this.state === state) return;
    await this.#change({ kind: 'enter', state });
    await this.publish({ kind: 'state-changed', state, reason });
  }

  async fail(error: SaraError): Promise<void> {
    await this.#change({ kind: 'fail', failure: { code: error.code, message: error.message } });
    const worker = typeof error.context.worker === 'string' ? error.context.worker : '';
    const { code, message, disposition } = error;
    await this.publish({ kind: 'failed', code, message, worker, disposition });
    await this.publish({ kind: 'state-changed', state: 'failed', reason: message });
  }

  async recordPlan(plan: PlanSummary): Promise<void> {
    await this.#change({ kind: 'plan', plan });
    await this.publish({ kind: 'planned', plan });
  }

  /**
   * Claims the next generation, for a new worker group. Whoever still works in the one before is stale from here on.
   * @returns the generation now in force
   */
  async advanceGeneration(): Promise<number> {
    const from = this.generation;
    await this.#change({ kind: 'advance-generation', from, generation: from + 1 });
    return this.generation;
  }

  /**
   * Sets the first step of a worker group, to what its checkpoint has.
   * @throws SaraError STATE_CONFLICT when that is ahead of what was committed in this life of the run
   */
  async startAt(step: number): Promise<void> {
    if (step !== this.step) await this.#change({ kind: 'start-at', generation: this.generation, step });
  }

  /**
   * Commits a step, exactly once; waits for NATS when it is away.
   * @throws SaraError STALE_GENERATION, STATE_CONFLICT, CANCELLED, NATS_UNAVAILABLE; in each case the step is not to
   *   be applied
   */
  async commitStep(facts: StepFacts): Promise<void> {
    await this.#change({ kind: 'commit-step', generation: this.generation, ...facts });
  }

  /** From here on the run trains `step` with these masks, whoever drives it. @throws as commitStep */
  async commitReselection(reselection: CommittedReselection): Promise<void> {
    await this.#change({ kind: 'commit-reselection', generation: this.generation, ...reselection });
  }

  async #change(change: RunChange): Promise<void> {
    this.#record = await this.#store.change(this.run, change);
  }
}
