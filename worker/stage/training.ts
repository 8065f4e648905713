/**
 * What a stage trains, from its selection to the end of the run: values, mask and moments, the weights and programs
 * that compute with them, and the gradient of the open step. Everything that changes them is here.
 *
 * Invariants:
 *   1. Nothing trained changes between two `applyUpdate`s; what a step has added up can be dropped by `abortStep`.
 *   2. A mask changes only to the one that was prepared and whose digest the whole run has committed.
 */
import { SaraError } from '../../shared/errors.ts';
import type {
  BatchSpec,
  InputSize,
  ReselectionReport,
  SelectionReport,
  StageProtocol,
  TaskKind,
} from '../../shared/stage-protocol.ts';
import type { Tensor } from '../../shared/tensor.ts';
import type { Executable } from '../engine/engine.ts';
import type { Segment } from '../engine/partition.ts';
import { adamwStep } from '../optim/adamw.ts';
import { clipByGlobalNorm } from '../optim/clip.ts';
import { emaDecay, updateEma } from '../optim/ema.ts';
import { learningRateAt, type LrSchedule } from '../optim/lr-schedule.ts';
import { rankCandidates } from '../sara/rank-term.ts';
import { reselect, type Reselection } from '../sara/reselect.ts';
import type { TrainableState } from '../sara/trainable-state.ts';
import type { StageSelection } from './entry-selection.ts';
import { GradientAccumulator } from './gradient-accumulator.ts';
import { SegmentPrograms } from './segment-programs.ts';
import type { TrainingSetup } from './stage-setup.ts';
import { TrainableWeights } from './trainable-weights.ts';

export class Training {
  readonly #setup: TrainingSetup;
  readonly #weights: TrainableWeights;
  readonly #programs: SegmentPrograms;
  readonly #schedule: LrSchedule;
  readonly #threshold: number | null;
  readonly #average: Float32Array | null;
  #state: TrainableState;
  #gradients: GradientAccumulator;
  /** Which of the values and their average the engine reads now. */
  #shown: Float32Array;
  #step: number;
  #prepared: Reselection | null = null;

  private constructor(setup: TrainingSetup, selection: StageSelection, weights: TrainableWeights) {
    const { state, average, threshold, step } = selection;
    this.#setup = setup;
    this.#weights = weights;
    this.#programs = new SegmentPrograms(
      setup.engine,
      weights.store,
      TrainableWeights.numSelected(state),
      setup.lossScale,
    );
    this.#schedule = setup.learningRateSchedule(threshold);
    this.#threshold = threshold;
    this.#average = average;
    this.#state = state;
    this.#gradients = new GradientAccumulator(state.activeMask);
    this.#shown = state.values;
    this.#step = step;
  }

  /** @throws SaraError FILE_CORRUPT when the model's files lack a tensor of the stage */
  static async begin(setup: TrainingSetup, selection: StageSelection): Promise<Training> {
    const { base, names, weightMode } = setup;
    return new Training(
      setup,
      selection,
      await TrainableWeights.bind(base, names, selection.state, weightMode),
    );
  }

  get state(): TrainableState {
    return this.#state;
  }

  /** Average of the values over steps; null unless optimizer.ema.decay is set. What is validated and exported. */
  get average(): Float32Array | null {
    return this.#average;
  }

  /** Resolved selection threshold; null for method full. */
  get threshold(): number | null {
    return this.#threshold;
  }

  /** Updates applied: the step that is open. */
  get step(): number {
    return this.#step;
  }

  /** Sum over the open step's micro-batches, in the order of the active mask. */
  get gradient(): Float32Array {
    return this.#gradients.vector;
  }

  report(): SelectionReport {
    const { initialMask, activeMask, numReselections } = this.#state;
    return {
      trainableCount: activeMask.count,
      parameterCount: this.#setup.parameterCount,
      maskDigest: activeMask.digest,
      numReselections,
      rankCandidates: rankCandidates(initialMask.entries, this.#setup.rankTerm),
      learningRate: this.#schedule.learningRate,
      step: this.#step,
    };
  }

  /** Runs one task's program on the values it is for: the trained ones, or their average to validate it. */
  async run(
    segment: Segment,
    size: InputSize,
    kind: TaskKind,
    purpose: BatchSpec['purpose'],
    inputs: Readonly<Record<string, Tensor>>,
  ): Promise<Awaited<ReturnType<Executable['run']>>> {
    this.#show(purpose === 'training' ? this.#state.values : (this.#average ?? this.#state.values));
    const program = await this.#programs.get(segment, size, kind);
    if (kind !== 'loss' && kind !== 'backward') return program.run(inputs);
    const { microBatchShare, lossScale } = this.#setup;
    return this.#gradients.add(segment.weightNames, microBatchShare / lossScale, (into) =>
      program.run(inputs, into),
    );
  }

  #show(values: Float32Array): void {
    if (this.#shown === values) return;
    this.#weights.show(this.#state.initialMask, values);
    this.#shown = values;
  }

  /** Ends the open step, or has done so already. @throws SaraError STATE_CONFLICT for any other step */
  applyUpdate({ step, squaredNorms }: StageProtocol['applyUpdate']['args']): {
    learningRate: number;
    gradientNorm: number;
  } {
    const { config } = this.#setup;
    const { coefficient, gradientNorm } = clipByGlobalNorm(squaredNorms, config.optimizer.maxGradNorm);
    const learningRate = learningRateAt(this.#schedule, step);
    if (this.#step === step + 1) return { learningRate, gradientNorm };
    this.requireStep(step);

    const { values, activePositions, moments } = this.#state;
    adamwStep(
      {
        values,
        positions: activePositions,
        gradient: this.#gradients.vector,
        gradientScale: coefficient,
        moments,
        step: step + 1,
        learningRate,
      },
      this.#setup.adamw,
    );
    if (this.#average !== null && config.optimizer.ema.decay !== null) {
      updateEma(this.#average, values, emaDecay(step + 1, config.optimizer.ema.decay));
    }
    this.#weights.writeActive(this.#state);
    this.#gradients.reset();
    this.#step = step + 1;
    return { learningRate, gradientNorm };
  }

  /** Computes the next mask and keeps it beside the one that holds. */
  prepareReselection(): ReselectionReport {
    if (this.#threshold === null)
      throw new SaraError('INTERNAL', 'a run that trains every entry has nothing to re-select');
    const moments = this.#setup.config.sara?.reselectMoments ?? 'keep';
    this.#prepared = reselect(this.#state, this.#threshold, moments);
    return reselectionReport(this.#prepared);
  }

  /** @throws SaraError MASK_DIVERGED when another mask was prepared, or none */
  commitReselection(maskDigest: string): ReselectionReport {
    const prepared = this.#prepared;
    if (prepared?.state.activeMask.digest !== maskDigest) {
      throw new SaraError(
        'MASK_DIVERGED',
        `stage ${this.#setup.stage} prepared mask ${prepared?.state.activeMask.digest ?? 'none'}, the run committed ${maskDigest}`,
        { maskDigest },
      );
    }
    this.#state = prepared.state;
    this.#weights.setMask(prepared.state);
    this.#gradients = new GradientAccumulator(prepared.state.activeMask);
    this.#prepared = null;
    return reselectionReport(prepared);
  }

  /**
   * Carries out what the run has committed and drops what it has not.
   * @throws SaraError STATE_CONFLICT when this is further off than the one update that may be outstanding
   */
  settle({ committedSteps, squaredNorms, reselection }: StageProtocol['settle']['args']): void {
    if (this.#step === committedSteps - 1) this.applyUpdate({ step: this.#step, squaredNorms });
    this.requireStep(committedSteps);
    this.abortStep();
    // Committed before the step that is open, and before this stage was told.
    if (reselection?.step !== committedSteps || this.#state.numReselections > 0) return;
    this.prepareReselection();
    this.commitReselection(reselection.maskDigest);
  }

  abortStep(): void {
    this.#gradients.reset();
    this.#prepared = null;
  }

  /** @throws SaraError STATE_CONFLICT when another step is open */
  requireStep(step: number): void {
    if (this.#step === step) return;
    throw new SaraError(
      'STATE_CONFLICT',
      `stage ${this.#setup.stage} is at step ${this.#step}, the driver asked for step ${step}`,
      { stage: this.#setup.stage, own: this.#step, asked: step },
    );
  }

  dispose(): Promise<void> {
    return this.#programs.dispose();
  }
}

function reselectionReport({ state, released }: Reselection): ReselectionReport {
  return {
    trainableCount: state.activeMask.count,
    releasedCount: released.mask.count,
    maskDigest: state.activeMask.digest,
  };
}
