/** The relations between fields that no single field can check. Each message has the relation with its values. */
import type { Problem } from './problem.ts';
import type { ParsedRunConfig } from './run-config.ts';

/** Equation 12 was fitted to thresholds up to here; beyond, exp(-350 * threshold) says nothing. */
export const MAX_THRESHOLD_FOR_LEARNING_RATE = 1e-2;

type Rule = (config: ParsedRunConfig) => Problem | undefined;

const RULES: readonly Rule[] = [
  batchDividesIntoMicroBatches,
  methodFullHasNoSara,
  methodFullHasLearningRate,
  exactlyOneSelection,
  learningRateFollowsFromThreshold,
  textEncoderOnlyInFull,
  previewsOfOneNetwork,
  reselectionInsideRun,
  warmupInsideRun,
  timestepsInOrder,
  scheduleFieldsHaveMeaning,
  bucketEdgesInOrder,
  engineFieldsHaveMeaning,
];

export function brokenRules(config: ParsedRunConfig): Problem[] {
  return RULES.map((rule) => rule(config)).filter((problem) => problem !== undefined);
}

function batchDividesIntoMicroBatches({ train, pipeline }: ParsedRunConfig): Problem | undefined {
  const { batchSize, microBatchSize } = train;
  const replicas = pipeline.replicas ?? 1;
  const divisor = microBatchSize * replicas;
  if (batchSize % divisor === 0) return undefined;
  return problem(
    'train.batchSize',
    `train.batchSize % (train.microBatchSize * pipeline.replicas) must be 0, but ${batchSize} % (${microBatchSize} * ` +
      `${replicas}) = ${batchSize % divisor}; choose a batch size that is a multiple of ${divisor}`,
  );
}

function methodFullHasNoSara({ method, sara }: ParsedRunConfig): Problem | undefined {
  if (method !== 'full' || sara === null) return undefined;
  return problem(
    'sara',
    'method full trains every weight, so it has no sara section; remove it or set method: sara',
  );
}

function methodFullHasLearningRate({ method, optimizer }: ParsedRunConfig): Problem | undefined {
  if (method !== 'full' || optimizer.learningRate !== null) return undefined;
  return problem(
    'optimizer.learningRate',
    'optimizer.learningRate is null, but method full has no threshold to derive it from; give a number, e.g. 1e-4',
  );
}

function exactlyOneSelection({ method, sara }: ParsedRunConfig): Problem | undefined {
  if (method !== 'sara') return undefined;
  const threshold = sara?.threshold ?? null;
  const fraction = sara?.fraction ?? null;
  if ((threshold === null) !== (fraction === null)) return undefined;
  return problem(
    'sara',
    `exactly one of sara.threshold (${threshold}) and sara.fraction (${fraction}) must be given, got ` +
      (threshold === null
        ? 'none; e.g. threshold: 2e-3 trains 50M of the 860M weights of SD 1.5'
        : 'both; remove one'),
  );
}

function learningRateFollowsFromThreshold({ sara, optimizer }: ParsedRunConfig): Problem | undefined {
  const threshold = sara?.threshold ?? null;
  if (optimizer.learningRate !== null || threshold === null || threshold <= MAX_THRESHOLD_FOR_LEARNING_RATE) {
    return undefined;
  }
  return problem(
    'optimizer.learningRate',
    `optimizer.learningRate is null, so it would follow from sara.threshold ${threshold} by 1e-3 * exp(-350 * threshold) ` +
      `(Eq. 12), which was fitted only up to ${MAX_THRESHOLD_FOR_LEARNING_RATE} and is meaningless above; ` +
      'give optimizer.learningRate or lower the threshold',
  );
}

function textEncoderOnlyInFull({ method, train }: ParsedRunConfig): Problem | undefined {
  if (!train.textEncoder || method === 'full') return undefined;
  return problem(
    'train.textEncoder',
    `train.textEncoder is true, but method ${method} leaves the text encoder frozen; set false`,
  );
}

function previewsOfOneNetwork({ preview, train }: ParsedRunConfig): Problem | undefined {
  if (preview.everySteps === 0 || !train.textEncoder) return undefined;
  return problem(
    'preview.everySteps',
    `preview.everySteps is ${preview.everySteps}, but pictures cannot be drawn on the way while train.textEncoder is true, only ` +
      'before and after; set it to 0',
  );
}

function reselectionInsideRun({ sara, train }: ParsedRunConfig): Problem | undefined {
  const reselectStep = sara?.reselectStep ?? 0;
  if (reselectStep < train.steps) return undefined;
  return problem(
    'sara.reselectStep',
    `sara.reselectStep must be below train.steps, but ${reselectStep} >= ${train.steps}; 0 turns re-selection off`,
  );
}

function warmupInsideRun({ schedule, train }: ParsedRunConfig): Problem | undefined {
  if (schedule.warmupSteps < train.steps) return undefined;
  return problem(
    'schedule.warmupSteps',
    `schedule.warmupSteps must be below train.steps, but ${schedule.warmupSteps} >= ${train.steps}`,
  );
}

function timestepsInOrder({ objective }: ParsedRunConfig): Problem | undefined {
  const { minTimestep, maxTimestep } = objective;
  if (maxTimestep === null || minTimestep <= maxTimestep) return undefined;
  return problem(
    'objective.maxTimestep',
    `objective.minTimestep must not be above objective.maxTimestep, but ${minTimestep} > ${maxTimestep}`,
  );
}

/** A field that the schedule has no use for was meant for another. */
function scheduleFieldsHaveMeaning({ schedule }: ParsedRunConfig): Problem | undefined {
  const { type, cycles, power, endRatio } = schedule;
  const unused =
    cycles !== 1 && type !== 'cosine-restarts'
      ? `cycles ${cycles} is for cosine-restarts`
      : power !== 1 && type !== 'polynomial'
        ? `power ${power} is for polynomial`
        : endRatio !== 0 && type === 'constant'
          ? `endRatio ${endRatio} is for a rate that falls`
          : null;
  return unused === null
    ? undefined
    : problem('schedule', `schedule.type is ${type}, but schedule.${unused}`);
}

/** A device named for the other engine would be passed over in silence. */
function engineFieldsHaveMeaning({ engine }: ParsedRunConfig): Problem | undefined {
  const { name, provider, backend, precision } = engine;
  if (name === 'tfjs' && provider !== 'cpu')
    return problem(
      'engine.provider',
      `engine.provider ${provider} is for engine.name onnx, but it is tfjs; choose its device by engine.backend`,
    );
  if (name === 'tfjs' && precision !== 'float32')
    return problem(
      'engine.precision',
      `engine.precision ${precision} is for engine.name onnx, but it is tfjs, whose kernels are float32`,
    );
  if (name === 'onnx' && backend !== 'auto')
    return problem(
      'engine.backend',
      `engine.backend ${backend} is for engine.name tfjs, but it is onnx; choose its device by engine.provider`,
    );
  return undefined;
}

function bucketEdgesInOrder({ data }: ParsedRunConfig): Problem | undefined {
  if (data.buckets === null || data.buckets.minEdge <= data.buckets.maxEdge) return undefined;
  const { minEdge, maxEdge } = data.buckets;
  return problem(
    'data.buckets',
    `data.buckets.minEdge must not be above data.buckets.maxEdge, but ${minEdge} > ${maxEdge}`,
  );
}

function problem(path: string, message: string): Problem {
  return { path: path.split('.'), message };
}
