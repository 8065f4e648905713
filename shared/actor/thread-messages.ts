/**
 * What a worker's main thread and the thread of one actor say to each other, and errors in a form that crosses.
 *
 * Arguments and results travel as text (value.ts), tensors as bundles whose buffers are transferred. Messages arrive in
 * the order they were posted; what a call put is therefore known before its result.
 */
import { SaraError, type ErrorCode, type ErrorContext } from '../errors.ts';
import type { ObjectRef } from './object-ref.ts';
import type { PutTag, TensorBundle, WorkerEndpoint } from './protocol.ts';

/** What a thread is told of its actor before anything else. */
export interface ThreadActor {
  readonly run: string;
  readonly actorId: string;
  readonly worker: WorkerEndpoint;
}

/** A call of the actor, answered by one `result` or `failure`. */
export type CallMessage =
  /** The first message of a thread. */
  | {
      readonly kind: 'create';
      readonly callId: number;
      readonly generation: number;
      readonly className: string;
      readonly actor: ThreadActor;
      readonly logLevel: string;
      readonly args: string;
    }
  | {
      readonly kind: 'call';
      readonly callId: number;
      readonly generation: number;
      readonly method: string;
      readonly args: string;
    }
  /** The last one: when the actor has cleaned up, the thread ends. */
  | { readonly kind: 'dispose'; readonly callId: number };

export type MessageToThread =
  | CallMessage
  | { readonly kind: 'abort'; readonly callId: number; readonly reason: PlainError }
  | { readonly kind: 'pulled'; readonly pullId: number; readonly bundle: TensorBundle }
  | { readonly kind: 'not-pulled'; readonly pullId: number; readonly error: PlainError };

export type MessageFromThread =
  | { readonly kind: 'result'; readonly callId: number; readonly result: string }
  | { readonly kind: 'failure'; readonly callId: number; readonly error: PlainError }
  | {
      readonly kind: 'put';
      readonly callId: number;
      readonly id: string;
      readonly bundle: TensorBundle;
      readonly tag: PutTag;
    }
  | { readonly kind: 'pull'; readonly callId: number; readonly pullId: number; readonly ref: PlainRef }
  | { readonly kind: 'free'; readonly refs: readonly PlainRef[] }
  /** One line of the log, as pino writes it. */
  | { readonly kind: 'log'; readonly line: string };

/** An ObjectRef without its class, which cloning loses. */
export type PlainRef = Pick<ObjectRef, 'address' | 'id' | 'sizeBytes'>;

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly context: ErrorContext;
  /** Where it was thrown; of what is behind it, when that says more. */
  readonly stack: string | undefined;
}

export function toPlainError(error: SaraError): PlainError {
  const { code, message, context, cause } = error;
  return { code, message, context, stack: cause instanceof Error ? cause.stack : error.stack };
}

/** The error again, with the stack it had where it was thrown. */
export function fromPlainError({ code, message, context, stack }: PlainError): SaraError {
  const error = new SaraError(code, message, context);
  if (stack !== undefined) error.stack = stack;
  return error;
}
