/** Messages of proto/sara/v1/run.proto as values. */
import { isAbsolute } from 'node:path';
import type {
  RunRequest,
  RunSummary,
  SubmitRequest,
  WorkerState,
  WatchRequest,
  WorkerSummary,
} from '../run-api.ts';
import { MAX_PRIORITY } from '../run-api.ts';
import { errorCodeFromWire } from './actor-codec.ts';
import type { Codec } from './codec.ts';
import {
  bytesField,
  bytesOf,
  countField,
  enumCodec,
  invalidFrame,
  MAX_PATH,
  MAX_TEXT,
  messageCodec,
  nameField,
  runField,
  textField,
  wholeField,
} from './codec.ts';
import { runStateCodec } from './event-codec.ts';
import { sara } from './generated/sara.js';

const workerStateCodec = enumCodec<WorkerState>('WorkerState', {
  idle: sara.v1.WorkerState.WORKER_STATE_IDLE,
  busy: sara.v1.WorkerState.WORKER_STATE_BUSY,
  draining: sara.v1.WorkerState.WORKER_STATE_DRAINING,
  lost: sara.v1.WorkerState.WORKER_STATE_LOST,
});

function runRequestToWire(request: RunRequest): sara.v1.SubmitRunRequest.$Properties {
  return { configJson: Buffer.from(request.configJson, 'utf8'), baseDirectory: request.baseDirectory };
}

function runRequestFromWire(message: sara.v1.SubmitRunRequest.$Properties): RunRequest {
  const baseDirectory = textField(message.baseDirectory, 'base_directory', MAX_PATH);
  if (!isAbsolute(baseDirectory))
    throw invalidFrame('base_directory', 'must be an absolute path', baseDirectory);
  return { configJson: Buffer.from(bytesOf(message.configJson)).toString('utf8'), baseDirectory };
}

export const submitRunRequestCodec: Codec<SubmitRequest> = messageCodec(
  'SubmitRunRequest',
  sara.v1.SubmitRunRequest,
  (request: SubmitRequest) => ({ ...runRequestToWire(request), priority: request.priority }),
  (message) => ({
    ...runRequestFromWire(message),
    priority: priorityField(message.priority, 'SubmitRunRequest.priority'),
  }),
);

function priorityField(value: number | null | undefined, field: string): number {
  return wholeField(value, field, -MAX_PRIORITY, MAX_PRIORITY);
}

export const planRunRequestCodec: Codec<RunRequest> = messageCodec(
  'PlanRunRequest',
  sara.v1.PlanRunRequest,
  runRequestToWire,
  runRequestFromWire,
);

export const submitRunReplyCodec: Codec<{ readonly run: string }> = messageCodec(
  'SubmitRunReply',
  sara.v1.SubmitRunReply,
  (reply: { readonly run: string }) => reply,
  (message) => ({ run: runField(message.run, 'SubmitRunReply.run') }),
);

export const getRunRequestCodec: Codec<{ readonly run: string }> = messageCodec(
  'GetRunRequest',
  sara.v1.GetRunRequest,
  (request: { readonly run: string }) => request,
  (message) => ({ run: runField(message.run, 'GetRunRequest.run') }),
);

export const listRunsRequestCodec: Codec<Record<never, never>> = messageCodec(
  'ListRunsRequest',
  sara.v1.ListRunsRequest,
  () => ({}),
  () => ({}),
);

export const listRunsReplyCodec: Codec<{ readonly runs: readonly RunSummary[] }> = messageCodec(
  'ListRunsReply',
  sara.v1.ListRunsReply,
  (reply: { readonly runs: readonly RunSummary[] }) => ({ runs: reply.runs.map(summaryToWire) }),
  (message) => ({ runs: message.runs.map(summaryFromWire) }),
);

export const cancelRunRequestCodec: Codec<{ readonly run: string; readonly reason: string }> = messageCodec(
  'CancelRunRequest',
  sara.v1.CancelRunRequest,
  (request: { readonly run: string; readonly reason: string }) => request,
  (message) => ({
    run: runField(message.run, 'CancelRunRequest.run'),
    reason: textField(message.reason, 'CancelRunRequest.reason', MAX_TEXT),
  }),
);

/** More fields than a configuration has. */
const MAX_ASSIGNMENTS = 256;

export const resumeRunRequestCodec: Codec<{ readonly run: string; readonly set: readonly string[] }> =
  messageCodec(
    'ResumeRunRequest',
    sara.v1.ResumeRunRequest,
    (request: { readonly run: string; readonly set: readonly string[] }) => ({
      run: request.run,
      set: [...request.set],
    }),
    (message) => {
      const { length } = message.set;
      if (length > MAX_ASSIGNMENTS)
        throw invalidFrame('ResumeRunRequest.set', `must have at most ${MAX_ASSIGNMENTS} entries`, length);
      return {
        run: runField(message.run, 'ResumeRunRequest.run'),
        set: message.set.map((text) => textField(text, 'ResumeRunRequest.set', MAX_TEXT)),
      };
    },
  );

export const watchRunRequestCodec: Codec<WatchRequest> = messageCodec(
  'WatchRunRequest',
  sara.v1.WatchRunRequest,
  (request: WatchRequest) => request,
  (message) => ({
    run: runField(message.run, 'WatchRunRequest.run'),
    fromSequence: countField(message.fromSequence, 'WatchRunRequest.from_sequence'),
    historyOnly: message.historyOnly,
  }),
);

export const runSummaryCodec: Codec<RunSummary> = messageCodec(
  'RunSummary',
  sara.v1.RunSummary,
  summaryToWire,
  summaryFromWire,
);

function summaryToWire(summary: RunSummary): sara.v1.RunSummary.$Properties {
  return { ...summary, state: runStateCodec.toWire(summary.state) };
}

function summaryFromWire(message: sara.v1.RunSummary.$Properties): RunSummary {
  const { failure } = message;
  return {
    run: runField(message.run, 'RunSummary.run'),
    name: textField(message.name, 'RunSummary.name', MAX_TEXT),
    state: runStateCodec.fromWire(message.state),
    step: countField(message.step, 'RunSummary.step'),
    totalSteps: countField(message.totalSteps, 'RunSummary.total_steps'),
    priority: priorityField(message.priority, 'RunSummary.priority'),
    generation: countField(message.generation, 'RunSummary.generation'),
    loss: message.loss ?? null,
    createdAtMs: message.createdAtMs ?? 0,
    updatedAtMs: message.updatedAtMs ?? 0,
    failure: failure
      ? {
          code: errorCodeFromWire(failure.code),
          message: textField(failure.message, 'RunFailed.message', MAX_TEXT),
        }
      : null,
  };
}

export const listWorkersRequestCodec: Codec<Record<never, never>> = messageCodec(
  'ListWorkersRequest',
  sara.v1.ListWorkersRequest,
  () => ({}),
  () => ({}),
);

export const listWorkersReplyCodec: Codec<{ readonly workers: readonly WorkerSummary[] }> = messageCodec(
  'ListWorkersReply',
  sara.v1.ListWorkersReply,
  (reply: { readonly workers: readonly WorkerSummary[] }) => ({
    workers: reply.workers.map(workerToWire),
  }),
  (message) => ({ workers: message.workers.map(workerFromWire) }),
);

export const drainWorkerRequestCodec: Codec<{ readonly worker: string }> = messageCodec(
  'DrainWorkerRequest',
  sara.v1.DrainWorkerRequest,
  (request: { readonly worker: string }) => request,
  (message) => ({ worker: nameField(message.worker, 'DrainWorkerRequest.worker') }),
);

export const workerSummaryCodec: Codec<WorkerSummary> = messageCodec(
  'WorkerSummary',
  sara.v1.WorkerSummary,
  workerToWire,
  workerFromWire,
);

function workerToWire(worker: WorkerSummary): sara.v1.WorkerSummary.$Properties {
  return {
    ...worker,
    state: workerStateCodec.toWire(worker.state),
    run: worker.run ?? '',
    // Whole milliseconds: an age is a measurement, its wire field an integer.
    leaseAgeMs: Math.max(0, Math.round(worker.leaseAgeMs)),
  };
}

function workerFromWire(worker: sara.v1.WorkerSummary.$Properties): WorkerSummary {
  return {
    name: nameField(worker.name, 'WorkerSummary.name'),
    address: textField(worker.address, 'WorkerSummary.address', 256),
    state: workerStateCodec.fromWire(worker.state),
    device: textField(worker.device, 'WorkerSummary.device', 256),
    memoryBytes: bytesField(worker.memoryBytes, 'WorkerSummary.memory_bytes'),
    memoryUsedBytes: bytesField(worker.memoryUsedBytes, 'WorkerSummary.memory_used_bytes'),
    run: worker.run ? runField(worker.run, 'WorkerSummary.run') : null,
    leaseAgeMs: countField(worker.leaseAgeMs, 'WorkerSummary.lease_age_ms'),
    version: textField(worker.version, 'WorkerSummary.version', 64),
  };
}
