/**
 * The optimizer's options: fields of a run's configuration, flat, so that types, ranges and defaults have one home
 * (shared/config). Completing them is pure; what depends on the model's weights comes later.
 */
import { z } from 'zod';
import { runConfigSchema } from '../../shared/config.ts';
import { field, fieldsOf } from '../../shared/config/field.ts';
import { brief, configError, dotted, type FieldPath, type Problem } from '../../shared/config/problem.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
import { learningRateForThreshold, type LrSchedule, type LrScheduleKind } from '../optim/lr-schedule.ts';
import type { RankTermOptions } from '../sara/rank-term.ts';
import type { ReselectMoments } from '../sara/reselect.ts';
import type { TensorFilter } from '../sara/tensor-filter.ts';

/** What may be left out has the paper's value. */
export interface SaraOptions {
  /** Train the weights with |p| below this; > 0. For a share of the weights see `thresholdForFraction`. */
  readonly threshold: number;
  /** Choose only among variables whose whole name matches one of these; `*` stands for any characters. All. */
  readonly include?: readonly string[];
  /** Never choose in variables whose whole name matches one of these. None. */
  readonly exclude?: readonly string[];
  /** The nuclear-norm term: `weight` 5e-3 (0: no term), matrices with both sides above `minDimension` 64. */
  readonly rank?: Partial<RankTermOptions>;
  /** Updates in the run; null: not known beforehand. null. */
  readonly steps?: number | null;
  /** Updates before re-selection; 0: never; null: half of `steps`, or never where those are not known. null. */
  readonly reselectStep?: number | null;
  /** What becomes of the kept entries' moments at re-selection. keep. */
  readonly reselectMoments?: ReselectMoments;
  /** Peak rate; null: 1e-3 exp(-350 threshold), for thresholds up to 1e-2. null. */
  readonly learningRate?: number | null;
  /** How the rate falls to zero over `steps`; null: cosine, or constant where `steps` is not known. null. */
  readonly schedule?: LrScheduleKind | null;
  /** Updates over which the rate first rises to its peak. 0. */
  readonly warmupSteps?: number;
  /** Decay rates of the moments. [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment. 1e-8. */
  readonly epsilon?: number;
  /** Decoupled weight decay, on the trained entries only. 1e-2. */
  readonly weightDecay?: number;
  /** The gradient of all trained entries is scaled down to this norm when it is longer. 1. */
  readonly maxGradNorm?: number;
  /** Decides which matrix the rank term acts on at which step. 0. */
  readonly seed?: number;
}

const saraFields = runConfigSchema.shape.sara.unwrap().unwrap().shape;
const optimizerFields = runConfigSchema.shape.optimizer.unwrap().shape;
const scheduleFields = runConfigSchema.shape.schedule.unwrap().shape;
const trainFields = runConfigSchema.shape.train.unwrap().shape;

const optionsSchema = z.strictObject({
  threshold: field(saraFields.threshold.unwrap().unwrap(), { doc: 'as sara.threshold' }),
  include: saraFields.include,
  exclude: saraFields.exclude,
  rank: saraFields.rank,
  steps: field(trainFields.steps.unwrap().nullable(), { doc: 'as train.steps', default: null }),
  reselectStep: saraFields.reselectStep,
  reselectMoments: saraFields.reselectMoments,
  learningRate: optimizerFields.learningRate,
  schedule: field(scheduleFields.type.unwrap().nullable(), { doc: 'as schedule.type', default: null }),
  warmupSteps: scheduleFields.warmupSteps,
  betas: optimizerFields.betas,
  epsilon: optimizerFields.epsilon,
  weightDecay: optimizerFields.weightDecay,
  maxGradNorm: optimizerFields.maxGradNorm,
  seed: trainFields.seed,
});

/** Every option given, as {@link SaraOptions} has them. */
export type CompleteOptions = Readonly<z.output<typeof optionsSchema>>;

/** Options in the terms of the parts they are for. */
export interface Settings {
  readonly options: CompleteOptions;
  readonly threshold: number;
  readonly filter: TensorFilter;
  readonly rankTerm: RankTermOptions;
  /** 0 for never. */
  readonly reselectStep: number;
  readonly adamw: AdamWOptions;
  readonly schedule: LrSchedule;
}

/**
 * @throws SaraError CONFIG_INVALID naming every option outside its range, unknown, or at odds with another; also when
 *   no learning rate is given and none follows from the threshold
 */
export function settle(given: SaraOptions): Settings {
  const parsed = optionsSchema.safeParse(given);
  if (!parsed.success) throw refuse(parsed.error.issues.flatMap((issue) => problemsOf(issue, given)));
  const options = parsed.data;
  const schedule = options.schedule ?? (options.steps === null ? 'constant' : 'cosine');
  const broken = brokenRelations(options, schedule);
  if (broken.length > 0) throw refuse(broken);
  const { threshold, steps, warmupSteps, betas, epsilon, weightDecay } = options;
  return {
    options,
    threshold,
    filter: { include: options.include, exclude: options.exclude },
    rankTerm: options.rank,
    reselectStep: options.reselectStep ?? Math.floor((steps ?? 0) / 2),
    adamw: { betas, epsilon, weightDecay },
    schedule: {
      kind: schedule,
      learningRate: options.learningRate ?? learningRateForThreshold(threshold),
      warmupSteps,
      totalSteps: steps ?? Infinity,
    },
  };
}

function brokenRelations(options: CompleteOptions, schedule: LrScheduleKind): Problem[] {
  const { steps, warmupSteps } = options;
  const problems: Problem[] = [];
  if (steps === null) {
    if (schedule !== 'constant')
      problems.push(problem('schedule', `is ${schedule}, which falls to zero over steps; give steps`));
    return problems;
  }
  const reselectStep = options.reselectStep ?? 0;
  if (reselectStep >= steps)
    problems.push(problem('reselectStep', `must be below steps, but ${reselectStep} >= ${steps}; 0: never`));
  if (warmupSteps >= steps)
    problems.push(problem('warmupSteps', `must be below steps, but ${warmupSteps} >= ${steps}`));
  return problems;
}

function problem(option: string, what: string): Problem {
  return { path: [option], message: `${option} ${what}` };
}

function problemsOf(issue: z.core.$ZodIssue, given: SaraOptions): Problem[] {
  const fields = fieldsOf(optionsSchema);
  if (issue.code === 'unrecognized_keys') {
    const known = fields.map(({ path }) => path).join(', ');
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path, message: `${dotted(path)} is no option; known are ${known}` };
    });
  }
  const name = dotted(issue.path);
  const declared = fields.find(({ path }) => name === path || name.startsWith(`${path}[`));
  const found = valueAt(given, issue.path);
  const state = found === undefined ? 'is missing' : `is ${brief(found)}`;
  return [{ path: issue.path, message: `${name} ${state}; expected ${declared?.expected ?? 'an object'}` }];
}

function valueAt(tree: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | null)?.[key], tree);
}

function refuse(problems: readonly Problem[]) {
  return configError(problems, () => 'options of sara()');
}
