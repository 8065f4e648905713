/**
 * The one error type of the project and the table that says what each error code means outside the process.
 *
 * A throw names what failed, the broken relation with its values, and what to do. `disposition` tells the
 * caller what may be done about it; the exit code and the gRPC status follow from the code alone, so a user,
 * a supervisor and a Kubernetes podFailurePolicy all read the same fact.
 */

/** What a caller may do about an error. */
export type Disposition = 'fatal-user' | 'fatal-bug' | 'retry' | 'roll-back' | 'leave-group' | 'drop';

interface CodeFacts {
  readonly exitCode: number;
  readonly grpcStatus: number;
  readonly disposition: Disposition;
}

/**
 * Exit codes follow BSD sysexits where one fits, so that supervisors need no table of their own.
 * gRPC status numbers are those of grpc.StatusCode.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: { exitCode: 78, grpcStatus: 3, disposition: 'fatal-user' }, // EX_CONFIG
  USAGE: { exitCode: 64, grpcStatus: 3, disposition: 'fatal-user' }, // EX_USAGE
  DATA_INVALID: { exitCode: 65, grpcStatus: 3, disposition: 'fatal-user' }, // EX_DATAERR
  FILE_NOT_FOUND: { exitCode: 66, grpcStatus: 5, disposition: 'fatal-user' }, // EX_NOINPUT
  FILE_CORRUPT: { exitCode: 65, grpcStatus: 15, disposition: 'fatal-user' },
  MODEL_UNSUPPORTED: { exitCode: 65, grpcStatus: 12, disposition: 'fatal-user' },
  ADAPTER_MISMATCH: { exitCode: 65, grpcStatus: 9, disposition: 'fatal-user' },
  DOES_NOT_FIT: { exitCode: 69, grpcStatus: 8, disposition: 'fatal-user' },
  NOT_ENOUGH_WORKERS: { exitCode: 69, grpcStatus: 8, disposition: 'retry' },
  COORDINATOR_UNREACHABLE: { exitCode: 69, grpcStatus: 14, disposition: 'retry' }, // EX_UNAVAILABLE
  NATS_UNAVAILABLE: { exitCode: 69, grpcStatus: 14, disposition: 'retry' },
  ACTOR_DIED: { exitCode: 75, grpcStatus: 14, disposition: 'roll-back' }, // EX_TEMPFAIL
  DEADLINE_EXCEEDED: { exitCode: 75, grpcStatus: 4, disposition: 'roll-back' },
  CANCELLED: { exitCode: 130, grpcStatus: 1, disposition: 'drop' },
  OBJECT_STORE_FULL: { exitCode: 75, grpcStatus: 8, disposition: 'roll-back' },
  OBJECT_GONE: { exitCode: 75, grpcStatus: 5, disposition: 'roll-back' },
  UNAUTHENTICATED: { exitCode: 77, grpcStatus: 16, disposition: 'fatal-user' }, // EX_NOPERM
  PERMISSION_DENIED: { exitCode: 77, grpcStatus: 7, disposition: 'fatal-user' },
  FRAME_INVALID: { exitCode: 76, grpcStatus: 3, disposition: 'drop' }, // EX_PROTOCOL
  MAILBOX_FULL: { exitCode: 75, grpcStatus: 8, disposition: 'retry' },
  NOT_LEADER: { exitCode: 75, grpcStatus: 9, disposition: 'leave-group' },
  STATE_LOST: { exitCode: 69, grpcStatus: 15, disposition: 'leave-group' },
  REPLICAS_DIVERGED: { exitCode: 70, grpcStatus: 10, disposition: 'roll-back' },
  STALE_GENERATION: { exitCode: 75, grpcStatus: 10, disposition: 'leave-group' },
  STATE_CONFLICT: { exitCode: 75, grpcStatus: 10, disposition: 'roll-back' },
  MASK_DIVERGED: { exitCode: 70, grpcStatus: 10, disposition: 'roll-back' },
  NOT_FINITE: { exitCode: 65, grpcStatus: 11, disposition: 'fatal-user' },
  RUN_NOT_FOUND: { exitCode: 66, grpcStatus: 5, disposition: 'fatal-user' },
  WORKER_NOT_FOUND: { exitCode: 66, grpcStatus: 5, disposition: 'fatal-user' },
  RUN_FAILED: { exitCode: 1, grpcStatus: 10, disposition: 'fatal-user' },
  DISK_WRITE_FAILED: { exitCode: 74, grpcStatus: 14, disposition: 'retry' }, // EX_IOERR
  ENGINE_FAILED: { exitCode: 70, grpcStatus: 13, disposition: 'fatal-bug' }, // EX_SOFTWARE
  INTERNAL: { exitCode: 70, grpcStatus: 13, disposition: 'fatal-bug' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Values of the broken relation, kept typed for logs and for the wire. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null>>;

/** Every error thrown on purpose in this project. */
export class SaraError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  /**
   * @param code one of {@link ERROR_CODES}; decides exit code, gRPC status and disposition
   * @param message what failed, the relation with its values, what to do about it
   * @param context the same values by name
   */
  constructor(code: ErrorCode, message: string, context: ErrorContext = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SaraError';
    this.code = code;
    this.context = context;
  }

  get disposition(): Disposition {
    return ERROR_CODES[this.code].disposition;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exitCode;
  }

  get grpcStatus(): number {
    return ERROR_CODES[this.code].grpcStatus;
  }
}

/** Any thrown value as a {@link SaraError}: ours unchanged, everything else as INTERNAL with its cause. */
export function asSaraError(thrown: unknown): SaraError {
  if (thrown instanceof SaraError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SaraError('INTERNAL', message, {}, { cause: thrown });
}
