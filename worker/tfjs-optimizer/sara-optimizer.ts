/**
 * SaRA as a `tf.Optimizer`. One update, as `applyGradients` makes it:
 *
 *   1. values written from outside since the last update are taken over
 *   2. re-selection, when it is due: M' = M and |P| < theta
 *   3. the masked entries of the gradients become one compact vector
 *   4. rank term of the matrix that (seed, step) names; clipping by the norm of the vector
 *   5. AdamW on the vector, at the learning rate of this step; the masked entries are written back
 *
 * Invariants:
 *   I1  no entry outside the active mask ever changes, nor any entry of a variable that has no gradient
 *   I2  an update is made whole or, when it throws, not at all
 *   I3  tensors kept between updates: the active mask's indices, nothing dense
 *
 * The variables are the truth, `state.values` the host's copy of their masked entries. All steps are the functions a
 * run's stages call (sara/, optim/); this file only has them follow each other without waiting.
 */
import {
  Optimizer,
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { SaraError } from '../../shared/errors.ts';
import { TOOL_VERSION } from '../../shared/version.ts';
import { readCheckpoint, writeCheckpoint } from '../checkpoint/stage-checkpoint.ts';
import { adamwStep, type AdamWUpdate } from '../optim/adamw.ts';
import { clipByGlobalNorm, squaredNorm } from '../optim/clip.ts';
import { learningRateAt } from '../optim/lr-schedule.ts';
import { writeAdapter, type DeltaType } from '../sara/adapter-file.ts';
import { makeAdapter } from '../sara/adapter.ts';
import { entryView, flatIndex, type SparseMask } from '../sara/mask.ts';
import { addRankGradient, chooseRankMatrices, type RankGradient } from '../sara/rank-term.ts';
import { reselect } from '../sara/reselect.ts';
import { TrainableState } from '../sara/trainable-state.ts';
import { MaskedVariables } from './masked-variables.ts';
import { settle, type CompleteOptions, type SaraOptions, type Settings } from './options.ts';
import { candidatesAmong, rankGradientOf } from './rank-gradient.ts';
import { countWeights, selectFromVariables } from './selection.ts';
import { variablesHash, type NamedVariables } from './variables.ts';

/** tfjs' own type of this name, which it does not export. */
interface NamedTensor {
  name: string;
  tensor: Tensor;
}

/** What the last update was. */
export interface UpdateReport {
  /** Updates applied before it. */
  readonly step: number;
  readonly learningRate: number;
  /** Of the compact gradient with the rank term, before clipping. */
  readonly gradientNorm: number;
  /** Matrices the rank term acted on. */
  readonly rankMatrices: readonly string[];
  /** Sum of their nuclear norms before the update; 0 when there are none. */
  readonly nuclearNorm: number;
}

/** What was selected, and where training starts from. */
interface Origin {
  readonly mask: SparseMask;
  /** [mask.count] the base model's; never changed. */
  readonly baseValues: Float32Array;
  readonly rankCandidates: readonly string[];
}

export class SaraOptimizer extends Optimizer {
  static readonly className = 'Sara';
  readonly #settings: Settings;
  readonly #variables: NamedVariables;
  /** Our name of each variable by the one tfjs gives it; they differ where a model was loaded twice. */
  readonly #nameOf: ReadonlyMap<string, string>;
  #origin: Origin;
  #state: TrainableState;
  #active: MaskedVariables;
  /** What each variable's memory was when we last looked: another one means that someone has assigned to it. */
  #dataIds: ReadonlyMap<string, object>;
  #lastUpdate: UpdateReport | null = null;

  /**
   * Selects what is trained from the variables' present values.
   * @throws SaraError as {@link settle} and {@link selectFromVariables}
   */
  constructor(variables: NamedVariables, options: SaraOptions) {
    super();
    this.#settings = settle(options);
    this.#variables = variables;
    this.#nameOf = new Map([...variables].map(([name, variable]) => [variable.name, name]));
    this.#origin = originOf(variables, this.#settings);
    this.#state = initialState(this.#origin);
    this.#active = new MaskedVariables(this.#state.activeMask, variables);
    this.#dataIds = dataIdsOf(variables);
  }

  /** Entries that train now: fewer after re-selection. */
  get trainableCount(): number {
    return this.#state.activeMask.count;
  }

  /** Weights of all variables, frozen ones included. */
  get parameterCount(): number {
    return countWeights(this.#variables);
  }

  /** Fingerprint of the active mask. */
  get maskDigest(): string {
    return this.#state.activeMask.digest;
  }

  get numReselections(): number {
    return this.#state.numReselections;
  }

  /** Of the next update. */
  get learningRate(): number {
    return learningRateAt(this.#settings.schedule, this.iterations);
  }

  /** null before the first update. */
  get lastUpdate(): UpdateReport | null {
    return this.#lastUpdate;
  }

  /** As tfjs does it, but without a list with respect to this optimizer's variables, not to all there are. */
  override computeGradients(
    f: () => Scalar,
    variables: Variable[] = [...this.#variables.values()],
  ): { value: Scalar; grads: NamedTensorMap } {
    return super.computeGradients(f, variables);
  }

  /**
   * One update; what `minimize` and `LayersModel.fit` call. Several micro-batches make one update when their gradients
   * are added first.
   *
   * @param gradients by the name tfjs gives the variable; those of other variables are not looked at, and a variable
   *   without one (a frozen layer's) keeps its values and moments
   * @throws SaraError NOT_FINITE when a gradient is not finite; CONFIG_INVALID when none is of this optimizer's variables
   */
  override applyGradients(gradients: NamedTensorMap | NamedTensor[]): void {
    const { reselectStep, options, schedule } = this.#settings;
    const own = this.#ownGradients(gradients);
    const step = this.iterations;
    this.#takeOverForeignValues();
    if (step > 0 && step === reselectStep && this.#state.numReselections === 0) this.reselect();

    const gradient = new Float32Array(this.#state.activeMask.count);
    this.#active.gather(own, gradient);
    const terms = this.#rankTerms(step, (name) => own.has(name));
    for (const term of terms) addRankGradient(gradient, term);
    const { coefficient, gradientNorm } = clipByGlobalNorm([squaredNorm(gradient)], options.maxGradNorm);

    const learningRate = learningRateAt(schedule, step);
    this.#update(gradient, (name) => own.has(name), {
      gradientScale: coefficient,
      step: step + 1,
      learningRate,
    });
    this.#lastUpdate = {
      step,
      learningRate,
      gradientNorm,
      rankMatrices: terms.map(({ entry }) => entry.name),
      nuclearNorm: terms.reduce((sum, term) => sum + term.nuclearNorm, 0),
    };
    this.incrementIterations();
  }

  /**
   * Progressive re-selection now: what has grown past the threshold keeps its value and stops training. `applyGradients`
   * does it by itself at `reselectStep`, unless it has been done before.
   *
   * @throws SaraError NOT_FINITE when a trained value is not finite
   */
  reselect(): void {
    this.#takeOverForeignValues();
    const { threshold, options } = this.#settings;
    this.#adopt(reselect(this.#state, threshold, options.reselectMoments).state);
  }

  /**
   * Writes what is needed to go on later: trained values, masks, moments, step. Training may go on meanwhile. Not in
   * it: the options, and what is no trainable weight (batch normalisation's statistics).
   *
   * @param path a safetensors file, written whole or not at all
   * @throws SaraError DISK_WRITE_FAILED
   */
  async save(path: string): Promise<void> {
    this.#takeOverForeignValues();
    const snapshot = this.#snapshot();
    const checkpoint = { state: snapshot, average: null, step: this.iterations };
    await writeCheckpoint(path, checkpoint, { baseHash: await this.#baseHash() });
  }

  /**
   * Goes on where {@link save} left off. The variables hold the base model, in whatever state of training, and the
   * options are those of the optimizer that saved.
   *
   * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT; ADAPTER_MISMATCH when the file is of another base model or selection.
   *   Nothing is changed then
   */
  async load(path: string): Promise<void> {
    this.#takeOverForeignValues();
    const baseHash = await this.#baseHash();
    const { state, step } = await readCheckpoint([path], { baseHash, owns: () => true });
    const { mask } = this.#origin;
    if (state.initialMask.digest !== mask.digest) {
      throw new SaraError(
        'ADAPTER_MISMATCH',
        `${path} trains ${state.initialMask.count} weights (mask ${state.initialMask.digest}), this optimizer selected ` +
          `${mask.count} (mask ${mask.digest}); give the threshold and patterns it was saved with`,
        { file: path, own: mask.digest, saved: state.initialMask.digest },
      );
    }
    this.#adopt(state);
    const whole = new MaskedVariables(state.initialMask, this.#variables);
    whole.scatter(state.values);
    whole.dispose();
    this.#dataIds = dataIdsOf(this.#variables);
    this.iterations_ = step;
    this.#lastUpdate = null;
  }

  /**
   * Writes the trained change alone, for `applyAdapters`.
   *
   * @param deltaType float16 halves the file and rounds the change to 11 bits
   * @throws SaraError DISK_WRITE_FAILED; NOT_FINITE when training left NaN or infinity
   */
  async saveAdapter(path: string, deltaType: DeltaType = 'float32'): Promise<void> {
    this.#takeOverForeignValues();
    const { initialMask, values, numReselections } = this.#snapshot();
    const { threshold, rankTerm, schedule, options } = this.#settings;
    const step = this.iterations;
    const adapter = makeAdapter(initialMask, values, this.#origin.baseValues, {
      baseModelHash: await this.#baseHash(),
      threshold,
      fraction: null,
      stage: numReselections,
      step,
      rankWeight: rankTerm.weight,
      learningRate: schedule.learningRate,
      seed: BigInt(options.seed),
      zeroTerminalSnr: false,
      toolVersion: TOOL_VERSION,
    });
    await writeAdapter(path, adapter, deltaType);
  }

  /** The options, complete. */
  override getConfig(): CompleteOptions {
    return this.#settings.options;
  }

  /** Refused, and with it `model.save(..., { includeOptimizer: true })`, whose file tfjs could not load again. */
  override async getWeights(): Promise<NamedTensor[]> {
    throw notAmongModelFiles();
  }

  override async setWeights(): Promise<void> {
    throw notAmongModelFiles();
  }

  /** Frees the indices; the variables are their owner's. */
  override dispose(): void {
    this.#active.dispose();
    super.dispose();
  }

  #ownGradients(gradients: NamedTensorMap | NamedTensor[]): Map<string, Tensor> {
    // What tfjs found no gradient for is absent here and null there, whatever the type says.
    const given: [string, Tensor | null | undefined][] = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor])
      : Object.entries(gradients);
    const own = new Map<string, Tensor>();
    for (const [tfjsName, gradient] of given) {
      const name = this.#nameOf.get(tfjsName);
      if (name !== undefined && gradient != null) own.set(name, gradient);
    }
    if (own.size > 0) return own;
    throw new SaraError(
      'CONFIG_INVALID',
      `none of the ${given.length} gradients is of a variable this optimizer was made for; an optimizer serves the ` +
        'one model or list of variables that was given to sara()',
      { numGradients: given.length },
    );
  }

  /** The rank term's shares at this step; a matrix that has no gradient has none of the term either. */
  #rankTerms(step: number, hasGradient: (name: string) => boolean): RankGradient[] {
    const { rankTerm, options } = this.#settings;
    return chooseRankMatrices(this.#origin.rankCandidates, rankTerm, options.seed, step)
      .filter(hasGradient)
      .map((name) => rankGradientOf(this.#state, name, rankTerm.weight))
      .filter((term) => term !== null);
  }

  /** AdamW on the variables that have a gradient, here and where they live. */
  #update(
    gradient: Float32Array,
    hasGradient: (name: string) => boolean,
    rates: Pick<AdamWUpdate, 'gradientScale' | 'step' | 'learningRate'>,
  ): void {
    const { activeMask, activePositions, moments, values } = this.#state;
    for (const entry of activeMask.entries) {
      if (!hasGradient(entry.name)) continue;
      const own = {
        values: activePositions === null ? entryView(entry, values) : values,
        positions: activePositions === null ? null : entryView(entry, activePositions),
        gradient: entryView(entry, gradient),
        moments: { first: entryView(entry, moments.first), second: entryView(entry, moments.second) },
      };
      adamwStep({ ...own, ...rates }, this.#settings.adamw);
    }
    this.#active.scatter(this.#state.allActiveValues(), hasGradient);
    this.#dataIds = dataIdsOf(this.#variables);
  }

  /** Others may write to the variables too: an average to evaluate, weights of an earlier epoch. Then those count. */
  #takeOverForeignValues(): void {
    const written = new Map(
      [...this.#variables].filter(([name, { dataId }]) => dataId !== this.#dataIds.get(name)),
    );
    if (written.size === 0) return;
    this.#dataIds = dataIdsOf(this.#variables);
    if (this.iterations === 0) {
      // Weights loaded after the optimizer was made: they are the base model, so they decide what is selected.
      this.#origin = originOf(this.#variables, this.#settings);
      this.#adopt(initialState(this.#origin));
      return;
    }
    const whole = new MaskedVariables(this.#state.initialMask, this.#variables);
    whole.gather(written, this.#state.values);
    whole.dispose();
  }

  #adopt(state: TrainableState): void {
    this.#active.dispose();
    this.#state = state;
    this.#active = new MaskedVariables(state.activeMask, this.#variables);
  }

  /** The state with vectors of its own: what is written from it does not move when training does. */
  #snapshot(): TrainableState {
    return this.#state.shard(() => true);
  }

  /** Of the base model: what is frozen still has its values, and of the rest we do. */
  #baseHash(): Promise<string> {
    const { mask, baseValues } = this.#origin;
    return variablesHash(this.#variables, (name, data) => {
      const entry = mask.get(name);
      if (entry === undefined) return;
      const values = entryView(entry, baseValues);
      for (let k = 0; k < entry.count; k++) data[flatIndex(entry, k)] = values[k];
    });
  }
}

function originOf(variables: NamedVariables, { threshold, filter, rankTerm }: Settings): Origin {
  const { mask, values } = selectFromVariables(variables, threshold, filter);
  return { mask, baseValues: values, rankCandidates: candidatesAmong(mask, rankTerm) };
}

function initialState({ mask, baseValues }: Origin): TrainableState {
  return TrainableState.initial({ mask, values: baseValues.slice() });
}

function dataIdsOf(variables: NamedVariables): ReadonlyMap<string, object> {
  return new Map([...variables].map(([name, { dataId }]) => [name, dataId]));
}

function notAmongModelFiles(): SaraError {
  return new SaraError(
    'USAGE',
    "a SaRA optimizer's state refers to its base model and is no part of a tfjs model file: save the model without " +
      'includeOptimizer and the state with optimizer.save(path)',
  );
}
