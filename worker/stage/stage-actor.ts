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
import type {
  BatchSpec,
  GradientReport,
  ReselectionReport,
  SelectionReport,
  StageProtocol,
  TaskKind,
  TaskResult,
} from '../../shared/stage-protocol.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { frameGradientName, LOSS, type Segment } from '../engine/partition.ts';
import type { SparseAllReduce } from '../exchange/sparse-all-reduce.ts';
import { adamwStep } from '../optim/adamw.ts';
import { clipByGlobalNorm, squaredNorm } from '../optim/clip.ts';
import { emaDecay, updateEma } from '../optim/ema.ts';
import { learningRateAt, type LrSchedule } from '../optim/lr-schedule.ts';
import {
  addHistograms,
  histogramLower,
  histogramUpper,
  locateFraction,
  thresholdFromHistograms,
} from '../sara/magnitude-quantile.ts';
import { PolarFactors } from '../sara/polar-express.ts';
import { addRankGradient, chooseRankMatrices, rankCandidates, rankGradient } from '../sara/rank-term.ts';
import { reselect, type Reselection } from '../sara/reselect.ts';
import { selectAll, selectByThreshold, type NamedTensor } from '../sara/selection.ts';
import { TrainableState } from '../sara/trainable-state.ts';
import { readCheckpoint, writeCheckpoint } from '../checkpoint/stage-checkpoint.ts';
import { exportBundle } from '../checkpoint/exported-values.ts';
import type { BatchSource } from './batch-source.ts';
import { GradientAccumulator } from './gradient-accumulator.ts';
import { Inboxes, type Inbox } from './inbox.ts';
import { SegmentPrograms } from './segment-programs.ts';
import type { StageSetup } from './stage-setup.ts';
import { TrainableWeights } from './trainable-weights.ts';

/** What `select` fixes for the rest of the run. */
interface Training {
  state: TrainableState;
  readonly weights: TrainableWeights;
  readonly programs: SegmentPrograms;
  gradients: GradientAccumulator;
  /** Average of the values over steps; null unless optimizer.ema.decay is set. What is validated and exported. */
  readonly average: Float32Array | null;
  /** Which of `state.values` and `average` the engine reads now. */
  shown: Float32Array;
  /** Selection threshold; null where every entry is trained. */
  readonly threshold: number | null;
  readonly schedule: LrSchedule;
  /** Updates applied. */
  step: number;
  prepared: Reselection | null;
}

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
    const tensors = this.#baseTensors();
    const counts =
      upperBin === null
        ? await histogramUpper(tensors, this.#setup.filter)
        : await histogramLower(tensors, upperBin, this.#setup.filter);
    return {
      counts: ctx.put({
        counts: { dtype: 'uint32', shape: [counts.length], data: Uint32Array.from(counts) },
      }),
    };
  }

  async resolveThreshold(
    ctx: ActorContext,
    { fraction, upper, lower }: StageProtocol['resolveThreshold']['args'],
  ): Promise<{ upperBin: number | null; threshold: number | null }> {
    const total = async (refs: readonly ObjectRef[]): Promise<Float64Array> => {
      const bundles = await Promise.all(refs.map((ref) => ctx.pull(ref)));
      return addHistograms(bundles.map((bundle) => Float64Array.from(bundle.counts.data as Uint32Array)));
    };
    const position = locateFraction(await total(upper), fraction);
    if (lower.length === 0) return { upperBin: position.upperBin, threshold: null };
    return { upperBin: position.upperBin, threshold: thresholdFromHistograms(position, await total(lower)) };
  }

  async select(_: ActorContext, { source }: StageProtocol['select']['args']): Promise<SelectionReport> {
    const { filter, names, config } = this.#setup;
    let state: TrainableState;
    let average: Float32Array | null = null;
    let step = 0;
    switch (source.kind) {
      case 'threshold':
        state = TrainableState.initial(
          await selectByThreshold(this.#baseTensors(), source.threshold, filter),
        );
        break;
      case 'everything':
        state = TrainableState.initial(await selectAll(this.#baseTensors(), filter));
        break;
      case 'checkpoint': {
        const loaded = await readCheckpoint(source.files, {
          baseHash: this.#setup.baseHash,
          owns: (name) => names.has(name),
        });
        ({ state, average, step } = loaded);
        break;
      }
    }
    const threshold = source.kind === 'everything' ? null : source.threshold;
    if (average === null && config.optimizer.ema.decay !== null) average = state.values.slice();
    await this.#training?.programs.dispose();
    const weights = await TrainableWeights.bind(this.#setup.base, names, state, this.#setup.weightMode);
    this.#training = {
      state,
      weights,
      programs: new SegmentPrograms(this.#setup.engine, weights.store, TrainableWeights.numSelected(state)),
      gradients: new GradientAccumulator(state.activeMask),
      average,
      shown: state.values,
      threshold,
      schedule: this.#setup.learningRateSchedule(threshold),
      step,
      prepared: null,
    };
    return {
      trainableCount: state.activeMask.count,
      parameterCount: this.#setup.parameterCount,
      maskDigest: state.activeMask.digest,
      numReselections: state.numReselections,
      rankCandidates: rankCandidates(state.initialMask.entries, this.#setup.rankTerm),
      learningRate: this.#training.schedule.learningRate,
      step,
    };
  }

  async prepareBatch(
    ctx: ActorContext,
    { batch }: StageProtocol['prepareBatch']['args'],
  ): Promise<{ outgoing: TaskResult['outgoing'] }> {
    if (this.#batches === null)
      throw new SaraError('INTERNAL', `stage ${this.#setup.stage} does not own segment 0 and has no data`);
    const tensors = await this.#batches.prepare(batch);
    const routed = new Outgoing(this.#setup.stage, this.#inboxes.of(batch));
    for (const segment of this.#setup.segments) {
      const stage = this.#setup.stageOf(segment.index);
      for (const name of segment.inputNames) routed.send(stage, name, tensors[name]);
    }
    return { outgoing: routed.put(ctx, batch) };
  }

  async runTask(
    ctx: ActorContext,
    { kind, segment: index, batch, incoming }: StageProtocol['runTask']['args'],
  ): Promise<TaskResult> {
    const training = this.#trainingAt(batch);
    const segment = this.#setup.segments[index];
    const inbox = this.#inboxes.of(batch);
    for (const bundle of await Promise.all(incoming.map((ref) => ctx.pull(ref)))) inbox.receive(bundle);

    showValues(training, batch.purpose);
    const program = await training.programs.get(segment, kind);
    const outputs = await program.run(inbox.take(requiredInputs(segment, kind)));
    if (kind === 'loss' || kind === 'backward') training.gradients.add(outputs, this.#setup.microBatchShare);

    const routed = new Outgoing(this.#setup.stage, inbox);
    if (kind === 'forward') {
      for (const frame of segment.framesOut) {
        for (const consumer of frame.consumers)
          routed.send(this.#setup.stageOf(consumer), frame.name, outputs[frame.name]);
      }
    } else if (kind !== 'evaluate') {
      for (const frame of segment.framesIn) {
        const name = frameGradientName(frame.name, index);
        routed.send(this.#setup.stageOf(frame.producer), name, outputs[name]);
      }
    }
    const outgoing = routed.put(ctx, batch);
    if (this.#isLastTask(index, kind, batch)) this.#inboxes.drop(batch);
    return { outgoing, loss: LOSS in outputs ? (outputs[LOSS].data[0] as number) : null };
  }

  async finishGradients(
    ctx: ActorContext,
    { step, rankCandidates }: StageProtocol['finishGradients']['args'],
  ): Promise<GradientReport> {
    const { state, gradients } = this.#trainingAtStep(step);
    const { rankTerm, config, replica } = this.#setup;
    let rankMatrix: string | null = null;
    let nuclearNorm: number | null = null;
    // Replica 0 adds the term for all: what replicas compute alike on unlike hardware may differ by a rounding, what
    // they receive does not.
    for (const name of replica === 0
      ? chooseRankMatrices(rankCandidates, rankTerm, config.train.seed, step)
      : []) {
      const term = await rankGradient(state, name, rankTerm.weight, this.#polarFactors.compute);
      if (term === null) continue;
      addRankGradient(gradients.vector, term);
      rankMatrix = name;
      nuclearNorm = (nuclearNorm ?? 0) + term.nuclearNorm;
    }
    const maskDigest = state.activeMask.digest;
    const summed = await this.#exchange.sum(gradients.vector, { step, maskDigest, signal: ctx.signal });
    if (summed !== gradients.vector) gradients.vector.set(summed);
    const squared = squaredNorm(gradients.vector);
    return { squaredNorm: squared, isFinite: Number.isFinite(squared), maskDigest, rankMatrix, nuclearNorm };
  }

  async applyUpdate(
    _: ActorContext,
    { step, squaredNorms }: StageProtocol['applyUpdate']['args'],
  ): Promise<{ learningRate: number; gradientNorm: number }> {
    const training = this.#requireTraining();
    const { config } = this.#setup;
    const { coefficient, gradientNorm } = clipByGlobalNorm(squaredNorms, config.optimizer.maxGradNorm);
    const learningRate = learningRateAt(training.schedule, step);
    if (training.step === step + 1) return { learningRate, gradientNorm };
    this.#trainingAtStep(step);

    const { state, gradients } = training;
    adamwStep(
      {
        values: state.values,
        positions: state.activePositions,
        gradient: gradients.vector,
        gradientScale: coefficient,
        moments: state.moments,
        step: step + 1,
        learningRate,
      },
      this.#setup.adamw,
    );
    if (training.average !== null && config.optimizer.ema.decay !== null) {
      updateEma(training.average, state.values, emaDecay(step + 1, config.optimizer.ema.decay));
    }
    training.weights.writeActive(state);
    gradients.reset();
    training.step = step + 1;
    return { learningRate, gradientNorm };
  }

  async prepareReselection(
    _: ActorContext,
    { step }: StageProtocol['prepareReselection']['args'],
  ): Promise<ReselectionReport> {
    const training = this.#trainingAtStep(step);
    if (training.threshold === null)
      throw new SaraError('INTERNAL', 'a run that trains every entry has nothing to re-select');
    training.prepared = reselect(
      training.state,
      training.threshold,
      this.#setup.config.sara?.reselectMoments ?? 'keep',
    );
    return reselectionReport(training.prepared);
  }

  async commitReselection(
    _: ActorContext,
    { step, maskDigest }: StageProtocol['commitReselection']['args'],
  ): Promise<ReselectionReport> {
    const training = this.#trainingAtStep(step);
    const { prepared } = training;
    if (prepared?.state.activeMask.digest !== maskDigest) {
      throw new SaraError(
        'MASK_DIVERGED',
        `stage ${this.#setup.stage} prepared mask ${prepared?.state.activeMask.digest ?? 'none'}, the run committed ${maskDigest}`,
        { maskDigest },
      );
    }
    training.state = prepared.state;
    training.weights.setMask(prepared.state);
    training.gradients = new GradientAccumulator(prepared.state.activeMask);
    training.prepared = null;
    return reselectionReport(prepared);
  }

  async abortStep(): Promise<Record<string, never>> {
    this.#inboxes.clear();
    const training = this.#requireTraining();
    training.gradients.reset();
    training.prepared = null;
    return {};
  }

  async checkpoint(
    _: ActorContext,
    { file }: StageProtocol['checkpoint']['args'],
  ): Promise<{ sizeBytes: number; maskDigest: string }> {
    const { state, average, step } = this.#requireTraining();
    const sizeBytes = await writeCheckpoint(
      file,
      { state, average, step },
      { baseHash: this.#setup.baseHash },
    );
    return { sizeBytes, maskDigest: state.activeMask.digest };
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
    await this.#training?.programs.dispose();
    await this.#batches?.dispose();
    await this.#polarFactors.dispose();
    await this.#exchange.leave();
    await this.#setup.close();
  }

  /** Base values of this stage's tensors, one at a time, as float32. */
  async *#baseTensors(): AsyncGenerator<NamedTensor> {
    for (const name of this.#setup.names) {
      const shape = this.#setup.base.entries.get(name)?.shape ?? [];
      yield { name, shape, data: await this.#setup.base.readFloat32(name) };
    }
  }

  #requireTraining(): Training {
    if (this.#training === null)
      throw new SaraError('INTERNAL', `stage ${this.#setup.stage} was asked to train before select`);
    return this.#training;
  }

  #trainingAtStep(step: number): Training {
    const training = this.#requireTraining();
    if (training.step !== step) {
      throw new SaraError(
        'STATE_CONFLICT',
        `stage ${this.#setup.stage} is at step ${training.step}, the driver asked for step ${step}`,
        {
          stage: this.#setup.stage,
          own: training.step,
          asked: step,
        },
      );
    }
    return training;
  }

  #trainingAt(batch: BatchSpec): Training {
    return batch.purpose === 'training' ? this.#trainingAtStep(batch.step) : this.#requireTraining();
  }

  /** Whether this stage has no further task of the micro-batch after this one (I2). */
  #isLastTask(segment: number, kind: TaskKind, { purpose }: BatchSpec): boolean {
    const own = this.#setup.ownSegments;
    if (purpose === 'validation') return segment === own[own.length - 1];
    return kind !== 'forward' && segment === own[0];
  }
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

  put(ctx: ActorContext, { step, microBatch }: BatchSpec): Record<string, ObjectRef> {
    return Object.fromEntries(
      [...this.#bundles].map(([stage, bundle]) => [String(stage), ctx.put(bundle, { step, microBatch })]),
    );
  }
}

/** Has the engine read what the batch is for: the trained values, or where there is an average, that to validate it. */
function showValues(training: Training, purpose: BatchSpec['purpose']): void {
  const { state, average, weights } = training;
  const wanted = purpose === 'training' ? state.values : (average ?? state.values);
  if (training.shown === wanted) return;
  weights.show(state.initialMask, wanted);
  training.shown = wanted;
}

function requiredInputs(segment: Segment, kind: TaskKind): string[] {
  const inputs = [...segment.inputNames, ...segment.framesIn.map((frame) => frame.name)];
  if (kind !== 'backward') return inputs;
  const gradients = segment.framesOut.flatMap((frame) =>
    frame.consumers.map((consumer) => frameGradientName(frame.name, consumer)),
  );
  return [...inputs, ...gradients];
}

function reselectionReport({ state, released }: Reselection): ReselectionReport {
  return {
    trainableCount: state.activeMask.count,
    releasedCount: released.mask.count,
    maskDigest: state.activeMask.digest,
  };
}
