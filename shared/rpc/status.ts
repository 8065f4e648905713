/**
 * Typed errors across gRPC: a SaraError leaves a process as a gRPC status whose trailing metadata holds its
 * code and context, and is the same SaraError again on the other side.
 */
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { Metadata, status as grpcStatus } from '@grpc/grpc-js';
import type { ErrorCode } from '../errors.ts';
import { asSaraError, SaraError } from '../errors.ts';
import { failureCodec } from './actor-codec.ts';

/** Binary trailing metadata (keys that end in -bin are base64 on the wire). */
const FAILURE_KEY = 'sara-failure-bin';

/** Longest `details`; they are percent-encoded into a header. */
const MAX_DETAILS = 1024;

/** @returns what a server ends a call with */
export function toStatus(thrown: unknown): StatusObject {
  const error = asSaraError(thrown);
  const metadata = new Metadata();
  metadata.set(FAILURE_KEY, failureCodec.encode(error));
  return { code: error.grpcStatus, details: error.message.slice(0, MAX_DETAILS), metadata };
}

/** Which peer a channel leads to: decides the code of an error that only says nobody answered. */
export interface Peer {
  /** For messages, e.g. "worker 'w0' at 127.0.0.1:4711". */
  readonly description: string;
  readonly unreachableCode: 'ACTOR_DIED' | 'COORDINATOR_UNREACHABLE';
}

/** @returns the error of the other process, or the transport's own failure in our terms */
export function fromStatus(thrown: unknown, peer: Peer): SaraError {
  if (thrown instanceof SaraError) return thrown;
  if (!isServiceError(thrown)) return asSaraError(thrown);
  const sent = thrown.metadata.get(FAILURE_KEY).at(0);
  if (Buffer.isBuffer(sent)) {
    try {
      return failureCodec.decode(sent);
    } catch {
      // A peer that cannot even fail well: the status below still says what happened.
    }
  }
  const context = { peer: peer.description, grpcStatus: grpcStatus[thrown.code] };
  return new SaraError(
    codeOf(thrown, peer),
    `${peer.description}: ${thrown.details || thrown.message}`,
    context,
    {
      cause: thrown,
    },
  );
}

function codeOf(error: ServiceError, peer: Peer): ErrorCode {
  switch (error.code) {
    case grpcStatus.CANCELLED:
      return 'CANCELLED';
    case grpcStatus.DEADLINE_EXCEEDED:
      return 'DEADLINE_EXCEEDED';
    case grpcStatus.UNAVAILABLE:
      return peer.unreachableCode;
    case grpcStatus.UNAUTHENTICATED:
      return 'UNAUTHENTICATED';
    case grpcStatus.PERMISSION_DENIED:
      return 'PERMISSION_DENIED';
    // The transport's own words for a message above the limit or one it cannot read.
    case grpcStatus.RESOURCE_EXHAUSTED:
    case grpcStatus.INVALID_ARGUMENT:
      return 'FRAME_INVALID';
    default:
      return 'INTERNAL';
  }
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return (
    thrown instanceof Error && 'code' in thrown && 'metadata' in thrown && thrown.metadata instanceof Metadata
  );
}
