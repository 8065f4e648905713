/** Messages of proto/sara/v1/events.proto and plan.proto as values. */
import { ERROR_CODES } from '../errors.ts';
import type { LogLevel, PlanSummary, RunEvent, RunEventBody, RunState } from '../run-event.ts';
import { errorCodeFromWire } from './actor-codec.ts';
import type { Codec } from './codec.ts';
import {
  bytesField,
  countField,
  enumCodec,
  invalidFrame,
  MAX_PATH,
  MAX_TEXT,
  messageCodec,
  nameField,
  runField,
  textField,
} from './codec.ts';
import { sara } from './generated/sara.js';

export const runStateCodec = enumCodec<RunState>('RunState', {
  queued: sara.v1.RunState.RUN_STATE_QUEUED,
  planning: sara.v1.RunState.RUN_STATE_PLANNING,
  running: sara.v1.RunState.RUN_STATE_RUNNING,
  finishing: sara.v1.RunState.RUN_STATE_FINISHING,
  succeeded: sara.v1.RunState.RUN_STATE_SUCCEEDED,
  failed: sara.v1.RunState.RUN_STATE_FAILED,
  cancelled: sara.v1.RunState.RUN_STATE_CANCELLED,
});

const logLevelCodec = enumCodec<LogLevel>('LogLevel', {
  info: sara.v1.LogLevel.LOG_LEVEL_INFO,
  warn: sara.v1.LogLevel.LOG_LEVEL_WARN,
  error: sara.v1.LogLevel.LOG_LEVEL_ERROR,
});

export const planCodec: Codec<PlanSummary> = messageCodec('Plan', sara.v1.Plan, planToWire, planFromWire);

export const runEventCodec: Codec<RunEvent> = messageCodec(
  'RunEvent',
  sara.v1.RunEvent,
  (event: RunEvent): sara.v1.RunEvent.$Properties => ({
    run: event.run,
    sequence: event.sequence,
    generation: event.generation,
    step: event.step,
    atMs: event.atMs,
    ...bodyToWire(event),
  }),
  (message): RunEvent => ({
    run: runField(message.run, 'RunEvent.run'),
    sequence: countField(message.sequence, 'RunEvent.sequence'),
    generation: countField(message.generation, 'RunEvent.generation'),
    step: countField(message.step, 'RunEvent.step'),
    atMs: message.atMs,
    ...bodyFromWire(message),
  }),
);

function bodyToWire(body: RunEventBody): sara.v1.RunEvent.$Properties {
  switch (body.kind) {
    case 'state-changed':
      return { stateChanged: { state: runStateCodec.toWire(body.state), reason: body.reason } };
    case 'planned':
      return { planned: { plan: planToWire(body.plan) } };
    case 'encoded':
      return { encoded: body };
    case 'step-committed':
      return { stepCommitted: body };
    case 'validated':
      return { validated: body };
    case 'mask-refreshed':
      return { maskRefreshed: body };
    case 'checkpointed':
      return { checkpointed: body };
    case 'artifact':
      return { artifact: body };
    case 'log':
      return { log: { level: logLevelCodec.toWire(body.level), message: body.message, worker: body.worker } };
    case 'failed':
      return { failed: { code: body.code, message: body.message, worker: body.worker } };
  }
}

function bodyFromWire(message: sara.v1.RunEvent.$Properties): RunEventBody {
  if (message.stateChanged) {
    const { state, reason } = message.stateChanged;
    return {
      kind: 'state-changed',
      state: runStateCodec.fromWire(state),
      reason: textOf(reason, 'StateChanged.reason'),
    };
  }
  if (message.planned) return { kind: 'planned', plan: planFromWire(message.planned.plan ?? {}) };
  if (message.encoded) {
    const { numDone, numTotal } = message.encoded;
    return {
      kind: 'encoded',
      numDone: countField(numDone, 'Encoded.num_done'),
      numTotal: countField(numTotal, 'Encoded.num_total'),
    };
  }
  if (message.stepCommitted) {
    const { loss, learningRate, gradNorm, seconds, samplesPerSecond, trainableCount } = message.stepCommitted;
    return {
      kind: 'step-committed',
      loss: loss ?? 0,
      learningRate: learningRate ?? 0,
      gradNorm: gradNorm ?? 0,
      seconds: seconds ?? 0,
      samplesPerSecond: samplesPerSecond ?? 0,
      trainableCount: countField(trainableCount, 'StepCommitted.trainable_count'),
    };
  }
  if (message.validated) {
    const { loss, numExamples } = message.validated;
    return {
      kind: 'validated',
      loss: loss ?? 0,
      numExamples: countField(numExamples, 'Validated.num_examples'),
    };
  }
  if (message.maskRefreshed) {
    const { stage, trainableCount, releasedCount, digest } = message.maskRefreshed;
    return {
      kind: 'mask-refreshed',
      stage: countField(stage, 'MaskRefreshed.stage'),
      trainableCount: countField(trainableCount, 'MaskRefreshed.trainable_count'),
      releasedCount: countField(releasedCount, 'MaskRefreshed.released_count'),
      digest: textField(digest, 'MaskRefreshed.digest', 64),
    };
  }
  if (message.checkpointed) {
    const { path, sizeBytes, digest } = message.checkpointed;
    return {
      kind: 'checkpointed',
      path: textField(path, 'Checkpointed.path', MAX_PATH),
      sizeBytes: bytesField(sizeBytes, 'Checkpointed.size_bytes'),
      digest: textField(digest, 'Checkpointed.digest', 64),
    };
  }
  if (message.artifact) {
    const { name, path, mediaType, sizeBytes } = message.artifact;
    return {
      kind: 'artifact',
      name: nameField(name, 'Artifact.name'),
      path: textField(path, 'Artifact.path', MAX_PATH),
      mediaType: textField(mediaType, 'Artifact.media_type', 256),
      sizeBytes: bytesField(sizeBytes, 'Artifact.size_bytes'),
    };
  }
  if (message.log) {
    const { level, message: text, worker } = message.log;
    return {
      kind: 'log',
      level: logLevelCodec.fromWire(level),
      message: textOf(text, 'LogLine.message'),
      worker: textField(worker, 'LogLine.worker', 256),
    };
  }
  if (message.failed) {
    const code = errorCodeFromWire(message.failed.code);
    return {
      kind: 'failed',
      code,
      message: textOf(message.failed.message, 'RunFailed.message'),
      worker: textField(message.failed.worker, 'RunFailed.worker', 256),
      disposition: ERROR_CODES[code].disposition,
    };
  }
  throw invalidFrame('RunEvent.body', 'must be one this version knows', null);
}

function textOf(value: string | null | undefined, field: string): string {
  return textField(value, field, MAX_TEXT);
}

function planToWire(plan: PlanSummary): sara.v1.Plan.$Properties {
  return { ...plan, stages: plan.stages.map((stage) => ({ ...stage, blocks: [...stage.blocks] })) };
}

function planFromWire(plan: sara.v1.Plan.$Properties): PlanSummary {
  return {
    numStages: countField(plan.numStages, 'Plan.num_stages'),
    numReplicas: countField(plan.numReplicas, 'Plan.num_replicas'),
    stages: (plan.stages ?? []).map((stage) => ({
      stage: countField(stage.stage, 'PlannedStage.stage'),
      replica: countField(stage.replica, 'PlannedStage.replica'),
      worker: textField(stage.worker, 'PlannedStage.worker', 256),
      blocks: (stage.blocks ?? []).map((block) => textField(block, 'PlannedStage.blocks', 512)),
      parameterBytes: bytesField(stage.parameterBytes, 'PlannedStage.parameter_bytes'),
      activationBytes: bytesField(stage.activationBytes, 'PlannedStage.activation_bytes'),
      flops: stage.flops ?? 0,
      seconds: stage.seconds ?? 0,
    })),
    text: textField(plan.text, 'Plan.text', 1024 * 1024),
  };
}
