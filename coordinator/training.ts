/**
 * Training with one worker group: selection, then step after step until the end.
 *
 * Every change of state is in two halves: all stages prepare and report, then, once it is known that all agree, all
 * are told to go ahead. A step is applied, and a mask switched, only after its commit stands in KV, so a step that was
 * committed is never computed on other values, and one that was not is as if it had never been.
 */
import type { ObjectRef } from '../shared/actor/object-ref.ts';
import type { CallOptions } from '../shared/actor/protocol.ts';
import type { SaraConfig } from '../shared/config.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import { faultPoint } from '../shared/fault-point.ts';
import type { GradientReport, ModelProfile, SelectionSource } from '../shared/stage-protocol.ts';
import type { Checkpoint } from './checkpoint-manifest.ts';
import { drawPreview } from './preview.ts';
import { longCall, type RunContext } from './run-context.ts';
import type { RunHistory } from './run-history.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
import { StepDeadline } from './step-deadline.ts';
import { sumOf, type WorkerGroup } from './worker-group.ts';

const MS_PER_MINUTE = 60_000;

/** What is fixed by the selection, and what a re-selection changes. */
export interface Selected {
  /** Resolved selection threshold; null for method full. */
  readonly threshold: number | null;
  /** Peak rate. */
  readonly learningRate: number;
  /** Of all stages, sorted: the choice of a step's matrix needs them all. */
  readonly rankCandidates: readonly string[];
  readonly parameterCount: number;
  trainableCount: number;
  maskDigest: string;
  numReselections: number;
}

export class Training {
  readonly selected: Selected;
  readonly #context: RunContext;
  readonly #group: WorkerGroup;
  readonly #profile: ModelProfile;
  readonly #history: RunHistory;
  readonly #deadline = new StepDeadline();
  /** When the last checkpoint was complete, or this group began. */
  #savedAtMs = 0;

  private constructor(
    context: RunContext,
    group: WorkerGroup,
    profile: ModelProfile,
    history: RunHistory,
    selected: Selected,
  ) {
    this.#context = context;
    this.#group = group;
    this.#profile = profile;
    this.#history = history;
    this.selected = selected;
  }

  /** One threshold for the whole model, then every stage's own entries; or those of a checkpoint. */
  static async select(
    context: RunContext,
    group: WorkerGroup,
    profile: ModelProfile,
    history: RunHistory,
    checkpoint: Checkpoint | null,
  ): Promise<Training> {
    const { config, journal } = context;
    const options = longCall(context);
    const source = await selectionSource(group, config.sara, checkpoint, options);
    const reports = await Promise.all(group.stages.map((stage) => stage.select({ source }, options)));
    group.requireEqualReplicas(reports);
    const own = group.ofModel(reports);
    const threshold = source.kind === 'everything' ? null : source.threshold;
    const selected: Selected = {
      threshold,
      learningRate: own[0].learningRate,
      rankCandidates: own.flatMap(({ rankCandidates }) => rankCandidates).sort(),
      parameterCount: sumOf(own, ({ parameterCount }) => parameterCount),
      trainableCount: sumOf(own, ({ trainableCount }) => trainableCount),
      maskDigest: group.maskDigest(own),
      numReselections: own[0].numReselections,
    };
    if (selected.trainableCount === 0) {
      throw new SaraError(
        'CONFIG_INVALID',
        `sara.threshold ${threshold} selects none of ${selected.parameterCount} weights; raise it, or give sara.fraction`,
        { threshold, parameterCount: selected.parameterCount },
      );
    }
    await journal.publish({
      kind: 'mask-refreshed',
      stage: 1 + selected.numReselections,
      trainableCount: selected.trainableCount,
      releasedCount: 0,
      digest: selected.maskDigest,
    });
    return new Training(context, group, profile, history, selected);
  }

  /**
   * Steps [firstStep, train.steps), with validation, re-selection and checkpoints where they are due.
   * @param mayLeave asked before every step: why the group should be formed anew, or null
   * @returns that reason, or null when all steps are done
   */
  async run(firstStep: number, mayLeave: () => string | null): Promise<string | null> {
    const { config, signal, clock } = this.#context;
    const { validation, checkpoint, train } = config;
    const isDue = (everySteps: number, done: number): boolean =>
      done === train.steps || (everySteps > 0 && done % everySteps === 0);
    const { validationLosses } = this.#history;
    const isFirst = validationLosses.length === 0;
    // A group that ended between a step and its validation leaves that to the next.
    const isOwed = isDue(validation.everySteps, firstStep) && validationLosses.at(-1)?.step !== firstStep;
    if (isFirst || isOwed) await this.#validate(firstStep);
    if (firstStep === 0) await this.#preview(0);
    this.#savedAtMs = clock.nowMs();
    for (let step = firstStep; step < train.steps; step++) {
      const reason = mayLeave();
      if (reason !== null) return reason;
      if (this.#isReselectionDue(step)) await this.#reselect(step);
      signal.throwIfAborted();
      const { telemetry, run, journal } = this.#context;
      await telemetry.step({ run, generation: journal.generation, step }, () => this.#trainStep(step));
      const done = step + 1;
      if (isDue(validation.everySteps, done)) await this.#validate(done);
      if (isDue(checkpoint.everySteps, done) || this.#isCheckpointOverdue()) await this.#checkpoint(done);
      // The last step's pictures are on the sheet that the run ends with.
      if (done < train.steps) await this.#preview(done);
    }
    return null;
  }

  #isCheckpointOverdue(): boolean {
    const { config, clock } = this.#context;
    const { everyMinutes } = config.checkpoint;
    return everyMinutes !== null && clock.nowMs() - this.#savedAtMs >= everyMinutes * MS_PER_MINUTE;
  }

  /** When there are pictures to draw at this step. */
  async #preview(step: number): Promise<void> {
    const { everySteps, prompts } = this.#context.config.preview;
    if (everySteps === 0 || prompts.length === 0 || step % everySteps !== 0) return;
    await drawPreview(this.#context, this.#group, this.#profile.baseHash, step, longCall(this.#context));
  }

  #isReselectionDue(step: number): boolean {
    const { sara } = this.#context.config;
    return sara !== null && step > 0 && step === sara.reselectStep && this.selected.numReselections === 0;
  }

  async #trainStep(step: number): Promise<void> {
    const { journal, config, signal, clock, telemetry } = this.#context;
    const group = this.#group;
    const startedAtMs = clock.nowMs();
    const options = { timeoutMs: this.#deadline.timeoutMs, signal };

    const losses = await telemetry.phase('pipeline', () =>
      Promise.all(
        group.replicas.map((replica) => replica.trainStep(step, group.plan.microBatchesPerReplica, options)),
      ),
    );
    const loss = sumOf(losses, (part) => part) / losses.length;
    const { rankCandidates } = this.selected;
    const reports = await telemetry.phase('gradients', () =>
      Promise.all(group.stages.map((stage) => stage.finishGradients({ step, rankCandidates }, options))),
    );
    requireFinite(step, loss, reports);
    group.requireEqualReplicas(reports);
    group.requireEqualStates(reports);

    const squaredNorms = group.ofModel(reports).map(({ squaredNorm }) => squaredNorm);
    faultPoint('commit', step);
    await telemetry.phase('commit', () =>
      journal.commitStep({ step, loss, maskDigest: group.maskDigest(reports), squaredNorms }),
    );
    this.#history.addStep(step, loss);
    faultPoint('committed', step);

    const [{ learningRate, gradientNorm }] = await telemetry.phase('update', () =>
      Promise.all(group.stages.map((stage) => stage.applyUpdate({ step, squaredNorms }, options))),
    );
    const durationMs = clock.nowMs() - startedAtMs;
    this.#deadline.observe(durationMs);
    this.#history.addDuration(durationMs / 1000);
    await journal.publish({
      kind: 'step-committed',
      loss,
      learningRate,
      gradNorm: gradientNorm,
      seconds: durationMs / 1000,
      samplesPerSecond: (config.train.batchSize * 1000) / durationMs,
      trainableCount: this.selected.trainableCount,
    });
  }

  async #reselect(step: number): Promise<void> {
    const group = this.#group;
    const options = longCall(this.#context);
    const prepared = await Promise.all(
      group.stages.map((stage) => stage.prepareReselection({ step }, options)),
    );
    group.requireEqualReplicas(prepared);
    const own = group.ofModel(prepared);
    const trainableCount = sumOf(own, (report) => report.trainableCount);
    const releasedCount = sumOf(own, (report) => report.releasedCount);
    const digest = group.maskDigest(prepared);
    const { journal } = this.#context;
    await journal.commitReselection({ step, maskDigests: own.map(({ maskDigest }) => maskDigest) });
    await journal.publish({
      kind: 'mask-refreshed',
      stage: 2 + this.selected.numReselections,
      trainableCount,
      releasedCount,
      digest,
    });
    await Promise.all(
      group.stages.map((stage, i) =>
        stage.commitReselection({ step, maskDigest: prepared[i].maskDigest }, options),
      ),
    );
    this.selected.trainableCount = trainableCount;
    this.selected.maskDigest = digest;
    this.selected.numReselections++;
    this.#history.reselections.push({ step, trainableCount, releasedCount });
  }

  async #validate(step: number): Promise<void> {
    const { numValidationSamples } = this.#profile;
    if (numValidationSamples === 0) return;
    const { microBatchSize } = this.#group.plan;
    // Whole micro-batches only, so that every sample weighs the same.
    const numMicroBatches = Math.max(1, Math.floor(numValidationSamples / microBatchSize));
    const loss = await this.#group.replicas[0].evaluate(step, numMicroBatches, longCall(this.#context));
    this.#history.validationLosses.push({ step, loss });
    await this.#context.journal.publish({
      kind: 'validated',
      loss,
      numExamples: numMicroBatches * microBatchSize,
    });
  }

  /** A full disk ends no run: the checkpoint before stays the newest, and the next one may fit. The last one must. */
  async #checkpoint(step: number): Promise<void> {
    const { config, journal, log } = this.#context;
    const { threshold, numReselections } = this.selected;
    const { baseHash } = this.#profile;
    const { stages } = this.#group.replicas[0];
    const facts = { step, baseHash, threshold, numReselections, stages, history: this.#history };
    try {
      await saveCheckpoint(this.#context, facts);
      this.#savedAtMs = this.#context.clock.nowMs();
    } catch (thrown) {
      const error = asSaraError(thrown);
      if (error.code !== 'DISK_WRITE_FAILED' || step === config.train.steps) throw error;
      log.error({ err: error, step }, 'no checkpoint');
      const message = `no checkpoint at step ${step}: ${error.message}`;
      await journal.publish({ kind: 'log', level: 'error', message, worker: '' });
    }
  }
}

async function selectionSource(
  group: WorkerGroup,
  sara: SaraConfig | null,
  checkpoint: Checkpoint | null,
  options: CallOptions,
): Promise<SelectionSource> {
  if (checkpoint !== null)
    return { kind: 'checkpoint', files: checkpoint.files, threshold: checkpoint.threshold };
  if (sara === null) return { kind: 'everything' };
  if (sara.threshold !== null) return { kind: 'threshold', threshold: sara.threshold };
  return { kind: 'threshold', threshold: await thresholdOfFraction(group, sara.fraction!, options) };
}

/** The exact quantile over all stages, in two passes of counting; no stage ever holds another's weights. */
async function thresholdOfFraction(
  { system, replicas }: WorkerGroup,
  fraction: number,
  options: CallOptions,
): Promise<number> {
  const { stages } = replicas[0];
  const histograms = (upperBin: number | null): Promise<ObjectRef[]> =>
    Promise.all(stages.map(async (stage) => (await stage.magnitudeHistogram({ upperBin }, options)).counts));
  const upper = await histograms(null);
  const { upperBin } = await stages[0].resolveThreshold({ fraction, upper, lower: [] }, options);
  const lower = await histograms(upperBin);
  const { threshold } = await stages[0].resolveThreshold({ fraction, upper, lower }, options);
  system.free(...upper, ...lower);
  if (threshold === null) throw new SaraError('INTERNAL', `no threshold was found for fraction ${fraction}`);
  return threshold;
}

/** @throws SaraError NOT_FINITE: the step is not committed, nothing is applied */
function requireFinite(step: number, loss: number, reports: readonly GradientReport[]): void {
  if (Number.isFinite(loss) && reports.every(({ isFinite }) => isFinite)) return;
  throw new SaraError(
    'NOT_FINITE',
    `step ${step} gave loss ${loss} and a gradient that is not finite; lower optimizer.learningRate or optimizer.maxGradNorm, or, under engine.precision float16, engine.lossScale`,
    { step, loss: String(loss) },
  );
}
