/**
 * Messages of proto/sara/v1/actor.proto as values. Arguments and results stay bytes here: shared/actor/value.ts
 * gives them meaning.
 */
import type { ErrorCode, ErrorContext } from '../errors.ts';
import { ERROR_CODES, SaraError } from '../errors.ts';
import { TRACEPARENT_LENGTH } from '../observe/tracing.ts';
import type { Codec } from './codec.ts';
import {
  bytesField,
  bytesOf,
  countField,
  generationField,
  invalidFrame,
  messageCodec,
  nameField,
  runField,
  textField,
  wholeField,
} from './codec.ts';
import { sara } from './generated/sara.js';

/** setTimeout's limit, about 24.8 days. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Ids in one Free; more are sent in several. */
export const MAX_FREED_IDS = 4096;

/** Longest message of a typed error that crosses the wire, in characters; HTTP/2 trailers must stay small. */
export const MAX_FAILURE_MESSAGE = 2048;
const MAX_FAILURE_CONTEXT_BYTES = 2048;

export interface SpawnRequest {
  readonly actorId: string;
  readonly className: string;
  readonly run: string;
  readonly generation: number;
  readonly args: Uint8Array;
  readonly memoryBytes: number;
}

export interface StopRequest {
  /** null: every actor of the run. */
  readonly actorId: string | null;
  readonly run: string;
  readonly generation: number;
}

export interface Invoke {
  readonly kind: 'invoke';
  readonly callId: number;
  readonly actorId: string;
  readonly method: string;
  readonly run: string;
  readonly generation: number;
  readonly timeoutMs: number;
  readonly args: Uint8Array;
  /** Trace context of the caller's span; empty when it does not trace. */
  readonly traceparent: string;
}

export type CallMessage =
  | Invoke
  | { readonly kind: 'cancel'; readonly callId: number }
  | { readonly kind: 'free'; readonly objectIds: readonly string[] };

export type CallReply =
  | { readonly kind: 'result'; readonly callId: number; readonly result: Uint8Array }
  | { readonly kind: 'failure'; readonly callId: number; readonly error: SaraError };

/** One actor as its worker sees it. */
export interface ActorStatus {
  readonly actorId: string;
  readonly className: string;
  readonly run: string;
  /** Generation it was spawned in. */
  readonly generation: number;
  /** Calls waiting in its mailbox. */
  readonly numQueued: number;
  /** Method that runs now. */
  readonly busyMethod: string | null;
  /** Memory it reserved when it was spawned. */
  readonly memoryBytes: number;
}

/** What a worker holds right now. */
export interface WorkerStatus {
  readonly name: string;
  /** host:port under which others reach it. */
  readonly address: string;
  /** Random name of the process: changes when it restarts. */
  readonly incarnation: string;
  readonly pid: number;
  readonly actors: readonly ActorStatus[];
  readonly objects: { readonly count: number; readonly usedBytes: number; readonly capacityBytes: number };
  /** `capacityBytes` is what actors may reserve in all; 0 when not limited. */
  readonly memory: { readonly rssBytes: number; readonly capacityBytes: number };
}

export const spawnRequestCodec: Codec<SpawnRequest> = messageCodec(
  'SpawnRequest',
  sara.v1.SpawnRequest,
  (request: SpawnRequest) => request,
  (message) => ({
    actorId: nameField(message.actorId, 'SpawnRequest.actor_id'),
    className: nameField(message.className, 'SpawnRequest.class_name'),
    run: runField(message.run, 'SpawnRequest.run'),
    generation: generationField(message.generation, 'SpawnRequest.generation'),
    args: bytesOf(message.args),
    memoryBytes: bytesField(message.memoryBytes, 'SpawnRequest.memory_bytes'),
  }),
);

export const spawnReplyCodec: Codec<{ readonly incarnation: string }> = messageCodec(
  'SpawnReply',
  sara.v1.SpawnReply,
  (reply: { readonly incarnation: string }) => reply,
  (message) => ({ incarnation: nameField(message.incarnation, 'SpawnReply.incarnation') }),
);

export const stopRequestCodec: Codec<StopRequest> = messageCodec(
  'StopRequest',
  sara.v1.StopRequest,
  (request: StopRequest) => ({ ...request, actorId: request.actorId ?? '' }),
  (message) => ({
    actorId: message.actorId ? nameField(message.actorId, 'StopRequest.actor_id') : null,
    run: runField(message.run, 'StopRequest.run'),
    generation: generationField(message.generation, 'StopRequest.generation'),
  }),
);

export const stopReplyCodec: Codec<{ readonly numStopped: number }> = messageCodec(
  'StopReply',
  sara.v1.StopReply,
  (reply: { readonly numStopped: number }) => reply,
  (message) => ({ numStopped: countField(message.numStopped, 'StopReply.num_stopped') }),
);

export const callMessageCodec: Codec<CallMessage> = messageCodec(
  'CallMessage',
  sara.v1.CallMessage,
  (message: CallMessage): sara.v1.CallMessage.$Properties => {
    switch (message.kind) {
      case 'invoke':
        return { invoke: message };
      case 'cancel':
        return { cancel: message };
      case 'free':
        return { free: { objectIds: [...message.objectIds] } };
    }
  },
  (message): CallMessage => {
    if (message.invoke) return invokeFromWire(message.invoke);
    if (message.cancel)
      return { kind: 'cancel', callId: callIdField(message.cancel.callId, 'Cancel.call_id') };
    if (message.free) {
      const objectIds = message.free.objectIds ?? [];
      wholeField(objectIds.length, 'number of Free.object_ids', 0, MAX_FREED_IDS);
      return { kind: 'free', objectIds: objectIds.map((id) => nameField(id, 'Free.object_ids')) };
    }
    throw invalidFrame('CallMessage.message', 'must be invoke, cancel or free', null);
  },
);

function invokeFromWire(invoke: sara.v1.Invoke.$Properties): Invoke {
  return {
    kind: 'invoke',
    callId: callIdField(invoke.callId, 'Invoke.call_id'),
    actorId: nameField(invoke.actorId, 'Invoke.actor_id'),
    method: nameField(invoke.method, 'Invoke.method'),
    run: runField(invoke.run, 'Invoke.run'),
    generation: generationField(invoke.generation, 'Invoke.generation'),
    timeoutMs: wholeField(invoke.timeoutMs, 'Invoke.timeout_ms', 1, MAX_TIMEOUT_MS),
    args: bytesOf(invoke.args),
    traceparent: textField(invoke.traceparent, 'Invoke.traceparent', TRACEPARENT_LENGTH),
  };
}

function callIdField(value: number | null | undefined, field: string): number {
  return wholeField(value, field, 1, 0xffff_ffff);
}

export const callReplyCodec: Codec<CallReply> = messageCodec(
  'CallReply',
  sara.v1.CallReply,
  (reply: CallReply): sara.v1.CallReply.$Properties =>
    reply.kind === 'result'
      ? { callId: reply.callId, result: reply.result }
      : { callId: reply.callId, failure: failureToWire(reply.error) },
  (message): CallReply => {
    const callId = callIdField(message.callId, 'CallReply.call_id');
    if (message.failure) return { kind: 'failure', callId, error: failureFromWire(message.failure) };
    if (message.result) return { kind: 'result', callId, result: message.result };
    throw invalidFrame('CallReply.outcome', 'must be result or failure', null);
  },
);

/** A typed error in trailing metadata. */
export const failureCodec: Codec<SaraError> = messageCodec(
  'Failure',
  sara.v1.Failure,
  failureToWire,
  failureFromWire,
);

function failureToWire(error: SaraError): sara.v1.Failure.$Properties {
  const context = Buffer.from(JSON.stringify(error.context), 'utf8');
  return {
    code: error.code,
    message: error.message.slice(0, MAX_FAILURE_MESSAGE),
    // Values explain an error, they do not carry data: rather none than half a JSON text.
    context: context.length <= MAX_FAILURE_CONTEXT_BYTES ? context : new Uint8Array(0),
  };
}

function failureFromWire(failure: sara.v1.Failure.$Properties): SaraError {
  const message = textField(failure.message, 'Failure.message', MAX_FAILURE_MESSAGE);
  return new SaraError(errorCodeFromWire(failure.code), message, contextFromWire(failure.context));
}

/** A code as sent by a process that may know more codes than this one. */
export function errorCodeFromWire(code: string | null | undefined): ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'INTERNAL';
}

function contextFromWire(bytes: Uint8Array | null | undefined): ErrorContext {
  if (!bytes || bytes.length === 0 || bytes.length > MAX_FAILURE_CONTEXT_BYTES) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {};
  const context: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(parsed as Record<string, unknown>)) {
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
    ) {
      context[key] = value;
    }
  }
  return context;
}

export const statusRequestCodec: Codec<Record<never, never>> = messageCodec(
  'StatusRequest',
  sara.v1.StatusRequest,
  () => ({}),
  () => ({}),
);

export const statusReplyCodec: Codec<WorkerStatus> = messageCodec(
  'StatusReply',
  sara.v1.StatusReply,
  (status: WorkerStatus): sara.v1.StatusReply.$Properties => ({
    worker: status.name,
    address: status.address,
    incarnation: status.incarnation,
    pid: status.pid,
    actors: status.actors.map((actor) => ({ ...actor, busyMethod: actor.busyMethod ?? '' })),
    numObjects: status.objects.count,
    objectBytes: status.objects.usedBytes,
    objectCapacityBytes: status.objects.capacityBytes,
    rssBytes: status.memory.rssBytes,
    memoryCapacityBytes: status.memory.capacityBytes,
  }),
  (message): WorkerStatus => ({
    name: nameField(message.worker, 'StatusReply.worker'),
    address: textField(message.address, 'StatusReply.address', 256),
    incarnation: nameField(message.incarnation, 'StatusReply.incarnation'),
    pid: countField(message.pid, 'StatusReply.pid'),
    actors: message.actors.map((actor) => ({
      actorId: nameField(actor.actorId, 'ActorStatus.actor_id'),
      className: nameField(actor.className, 'ActorStatus.class_name'),
      run: runField(actor.run, 'ActorStatus.run'),
      generation: generationField(actor.generation, 'ActorStatus.generation'),
      numQueued: countField(actor.numQueued, 'ActorStatus.num_queued'),
      busyMethod: actor.busyMethod ? nameField(actor.busyMethod, 'ActorStatus.busy_method') : null,
      memoryBytes: bytesField(actor.memoryBytes, 'ActorStatus.memory_bytes'),
    })),
    objects: {
      count: countField(message.numObjects, 'StatusReply.num_objects'),
      usedBytes: bytesField(message.objectBytes, 'StatusReply.object_bytes'),
      capacityBytes: bytesField(message.objectCapacityBytes, 'StatusReply.object_capacity_bytes'),
    },
    memory: {
      rssBytes: bytesField(message.rssBytes, 'StatusReply.rss_bytes'),
      capacityBytes: bytesField(message.memoryCapacityBytes, 'StatusReply.memory_capacity_bytes'),
    },
  }),
);
