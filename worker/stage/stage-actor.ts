/**
 * One stage of one replica: the segments of the UNet a worker owns, and everything trained in them.
 *
 * The life of a stage, each phase one method the run driver calls:
 *   1. select            mask and values, from the threshold or a checkpoint; programs are compiled on first use
 *   2. prepareBatch      (stage of segment 0) images, noise, timesteps, text states of one micro-batch
 *   3. runTask           forward, loss or backward of one segment; frames go to their reader, here or elsewhere
 *   4. finishGradients   rank term, sum over replicas; the driver commits the step or aborts it
 *   5. applyUpdate       clipping and AdamW on the compact vector
 *   6. re-selection, checkpoint, export
 *
 * Invariants:
 *   I1  nothing trained changes between two `applyUpdate`s; every step can be aborted and run again
 *   I2  inputs and frames of a micro-batch live in its inbox until this stage's last task of it, and no longer
 *   I3  all randomness is a function of (seed, step, sample, purpose); a replayed step is the same step
 *
 * The memory of an update is the compact vector's; no dense copy of anything is made here.
 */
import type { ActorContext, ActorMethods } from '../../shared/actor/protocol.ts';
import type { ObjectRef } from '../../shared/actor/object-ref.ts';
import { SaraError } from '../../shared/errors.ts';
import { faultPoint } from '../../shared/fault-point.ts';
import type {
  BatchSpec,
  GradientReport,
  ReselectionReport,
  SelectionReport,
  StagePosition,
  StageProtocol,
  TaskResult,
} from '../../shared/stage-protocol.ts';
import { writeCheckpoint } from '../checkpoint/stage-checkpoint.ts';
import { exportBundle } from '../checkpoint/exported-values.ts';
import { LOSS } from '../engine/partition.ts';
import type { SparseAllReduce } from '../exchange/sparse-all-reduce.ts';
import { squaredNorm } from '../optim/clip.ts';
import { PolarFactors } from '../sara/polar-express.ts';
import { addRankGradient, chooseRankMatrices, rankGradient } from '../sara/rank-term.ts';
import { stateDigest } from '../sara/state-digest.ts';
import type { BatchSource } from './batch-source.ts';
import { countMagnitudes, locateThreshold, selectEntries } from './entry-selection.ts';
import { Inboxes } from './inbox.ts';
import { isLastTask, requiredInputs, routeInputs, routeOutputs } from './routing.ts';
import type { StageSetup } from './stage-setup.ts';
import { Training } from './training.ts';

export class StageActor implements ActorMethods<StageProtocol> {
  readonly #setup: StageSetup;
  readonly #exchange: SparseAllReduce;
  readonly #batches: BatchSource | null;
  readonly #inboxes = new Inboxes();
  readonly #polarFactors: PolarFactors;
  #training: Training | null = null;

  /**
   * @param batches present in the stage that owns segment 0
   */
  constructor(setup: StageSetup, exchange: SparseAllReduce, batches: BatchSource | null) {
    this.#setup = setup;
    this.#exchange = exchange;
    this.#batches = batches;
    this.#polarFactors = new PolarFactors(setup.engine);
  }

  async magnitudeHistogram(
    ctx: ActorContext,
    { upperBin }: StageProtocol['magnitudeHistogram']['args'],
  ): Promise<{ counts: ObjectRef }> {
    const counts = Uint32Array.from(await countMagnitudes(this.#setup, upperBin));
    return { counts: ctx.put({ counts: { dtype: 'uint32', shape: [counts.length], data: counts } }) };
  }

  async resolveThreshold(
    ctx: ActorContext,
    { fraction, upper, lower }: StageProtocol['resolveThreshold']['args'],
  ): Promise<{ upperBin: number | null; threshold: number | null }> {
    const pulled = async (refs: readonly ObjectRef[]): Promise<Float64Array[]> => {
      const bundles = await Promise.all(refs.map((ref) => ctx.pull(ref)));
      return bundles.map((bundle) => Float64Array.from(bundle.counts.data as Uint32Array));
    };
    return locateThreshold(fraction, await pulled(upper), await pulled(lower));
  }

  async select(_: ActorContext, { source }: StageProtocol['select']['args']): Promise<SelectionReport> {
    const selection = await selectEntries(this.#setup, source);
    await this.#training?.dispose();
    this.#training = await Training.begin(this.#setup, selection);
    return this.#training.report();
  }

  async prepareBatch(
    ctx: ActorContext,
    { batch }: StageProtocol['prepareBatch']['args'],
  ): Promise<StageProtocol['prepareBatch']['result']> {
    if (this.#batches === null)
      throw new SaraError('INTERNAL', `stage ${this.#setup.stage} does not own segment 0 and has no data`);
    const { tensors, size } = await this.#batches.prepare(batch);
    return { outgoing: routeInputs(this.#setup, this.#inboxes.of(batch), tensors).put(ctx, batch), size };
  }

  async runTask(
    ctx: ActorContext,
    { kind, segment: index, batch, size, incoming }: StageProtocol['runTask']['args'],
  ): Promise<TaskResult> {
    const training = this.#trainingOf(batch);
    faultPoint('receive', batch.step);
    const segment = this.#setup.segmentsAt(size)[index];
    const inbox = this.#inboxes.of(batch);
    for (const bundle of await Promise.all(incoming.map((ref) => ctx.pull(ref)))) inbox.receive(bundle);

    const inputs = inbox.take(requiredInputs(segment, kind));
    const outputs = await training.run(segment, size, kind, batch.purpose, inputs);
    const outgoing = routeOutputs(this.#setup, inbox, segment, kind, outputs).put(ctx, batch);
    if (isLastTask(this.#setup, index, kind, batch)) this.#inboxes.drop(batch);
    return { outgoing, loss: LOSS in outputs ? (outputs[LOSS].data[0] as number) : null };
  }

  async finishGradients(
    ctx: ActorContext,
    { step, rankCandidates }: StageProtocol['finishGradients']['args'],
  ): Promise<GradientReport> {
    const { state, gradient } = this.#trainingAtStep(step);
    const { rankTerm, config, replica, numReplicas } = this.#setup;
    let rankMatrix: string | null = null;
    let nuclearNorm: number | null = null;
    // Replica 0 adds the term for all: what replicas compute alike on unlike hardware may differ by a rounding, what
    // they receive does not.
    for (const name of replica === 0
      ? chooseRankMatrices(rankCandidates, rankTerm, config.train.seed, step)
      : []) {
      const term = await rankGradient(state, name, rankTerm.weight, this.#polarFactors.compute);
      if (term === null) continue;
      addRankGradient(gradient, term);
      rankMatrix = name;
      nuclearNorm = (nuclearNorm ?? 0) + term.nuclearNorm;
    }
    const maskDigest = state.activeMask.digest;
    const digest = numReplicas === 1 ? '' : stateDigest(state.values);
    faultPoint('reduce', step);
    const summed = await this.#exchange.sum(gradient, { step, maskDigest, signal: ctx.signal });
    if (summed !== gradient) gradient.set(summed);
    faultPoint('reduced', step);
    const squared = squaredNorm(gradient);
    return {
      squaredNorm: squared,
      isFinite: Number.isFinite(squared),
      maskDigest,
      stateDigest: digest,
      rankMatrix,
      nuclearNorm,
    };
  }

  async applyUpdate(
    _: ActorContext,
    args: StageProtocol['applyUpdate']['args'],
  ): Promise<{ learningRate: number; gradientNorm: number }> {
    const training = this.#requireTraining();
    faultPoint('apply', args.step);
    const applied = training.applyUpdate(args);
    faultPoint('applied', args.step, training.state.values);
    return applied;
  }

  async prepareReselection(
    _: ActorContext,
    { step }: StageProtocol['prepareReselection']['args'],
  ): Promise<ReselectionReport> {
    return this.#trainingAtStep(step).prepareReselection();
  }

  async commitReselection(
    _: ActorContext,
    { step, maskDigest }: StageProtocol['commitReselection']['args'],
  ): Promise<ReselectionReport> {
    faultPoint('switch', step);
    return this.#trainingAtStep(step).commitReselection(maskDigest);
  }

  async settle(_: ActorContext, args: StageProtocol['settle']['args']): Promise<StagePosition> {
    this.#inboxes.clear();
    const training = this.#requireTraining();
    training.settle(args);
    const { step, threshold, state } = training;
    return {
      step,
      baseHash: this.#setup.baseHash,
      threshold,
      numReselections: state.numReselections,
      maskDigest: state.activeMask.digest,
      stateDigest: stateDigest(state.values),
    };
  }

  async abortStep(): Promise<Record<string, never>> {
    this.#inboxes.clear();
    this.#requireTraining().abortStep();
    return {};
  }

  async checkpoint(
    _: ActorContext,
    { file }: StageProtocol['checkpoint']['args'],
  ): Promise<StageProtocol['checkpoint']['result']> {
    const { state, average, step } = this.#requireTraining();
    faultPoint('checkpoint', step);
    const written = await writeCheckpoint(file, { state, average, step }, { baseHash: this.#setup.baseHash });
    return { ...written, maskDigest: state.activeMask.digest };
  }

  async exportValues(ctx: ActorContext): Promise<{ values: ObjectRef }> {
    const { state, average } = this.#requireTraining();
    return { values: ctx.put(exportBundle(state.initialMask, average ?? state.values)) };
  }

  async peakMemory(): Promise<{ rssBytes: number; peakRssBytes: number }> {
    return { rssBytes: process.memoryUsage.rss(), peakRssBytes: process.resourceUsage().maxRSS * 1024 };
  }

  async dispose(): Promise<void> {
    this.#inboxes.clear();
    await this.#training?.dispose();
    await this.#batches?.dispose();
    await this.#exchange.leave();
    await this.#setup.close();
  }

  #requireTraining(): Training {
    if (this.#training === null)
      throw new SaraError('INTERNAL', `stage ${this.#setup.stage} was asked to train before select`);
    return this.#training;
  }

  #trainingAtStep(step: number): Training {
    const training = this.#requireTraining();
    training.requireStep(step);
    return training;
  }

  #trainingOf({ purpose, step }: BatchSpec): Training {
    return purpose === 'training' ? this.#trainingAtStep(step) : this.#requireTraining();
  }
}
