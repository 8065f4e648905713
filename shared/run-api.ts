/**
 * What the coordinator can be asked, as values. The coordinator implements CoordinatorApi; shared/coordinator-client.ts
 * is the same on the other side of the wire. The wire form is proto/sara/v1/run.proto.
 */
import type { ErrorCode } from './errors.ts';
import type { CallInfo } from './rpc/server.ts';
import type { PlanSummary, RunEvent, RunState } from './run-event.ts';

export type { CallInfo } from './rpc/server.ts';
export type { PlannedStage, PlanSummary, RunState } from './run-event.ts';

/** A run's configuration on its way to the coordinator. */
export interface RunRequest {
  /** The whole configuration, JSON text. */
  readonly configJson: string;
  /** Absolute folder against which its relative paths are resolved. */
  readonly baseDirectory: string;
}

/** A configuration that is to become a run. */
export interface SubmitRequest extends RunRequest {
  /** Of the runs that wait, the one with the highest is next; a whole number of at most MAX_PRIORITY, or minus that. */
  readonly priority: number;
}

export const MAX_PRIORITY = 1000;

export interface RunSummary {
  readonly run: string;
  /** The author's label; may be empty. */
  readonly name: string;
  readonly state: RunState;
  /** Steps committed. */
  readonly step: number;
  readonly totalSteps: number;
  readonly priority: number;
  readonly generation: number;
  /** Of the last committed step. */
  readonly loss: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
}

export type WorkerState = 'idle' | 'busy' | 'draining' | 'lost';

export interface WorkerSummary {
  readonly name: string;
  readonly address: string;
  readonly state: WorkerState;
  /** 'cpu', or the name of the GPU. */
  readonly device: string;
  readonly memoryBytes: number;
  readonly memoryUsedBytes: number;
  readonly run: string | null;
  readonly leaseAgeMs: number;
  /** Of its software. */
  readonly version: string;
}

export interface WatchRequest {
  readonly run: string;
  /** First event wanted; 0: all. */
  readonly fromSequence: number;
  /** Whether to end with what has happened so far. */
  readonly historyOnly: boolean;
}

export interface CoordinatorApi {
  submitRun(request: SubmitRequest, call: CallInfo): Promise<{ readonly run: string }>;
  getRun(request: { readonly run: string }, call: CallInfo): Promise<RunSummary>;
  listRuns(request: Record<never, never>, call: CallInfo): Promise<{ readonly runs: readonly RunSummary[] }>;
  cancelRun(request: { readonly run: string; readonly reason: string }, call: CallInfo): Promise<RunSummary>;
  /** @param request.set fields of its configuration to set otherwise, `path=value` each */
  resumeRun(
    request: { readonly run: string; readonly set: readonly string[] },
    call: CallInfo,
  ): Promise<RunSummary>;
  /** History, then what happens, until the run ends. */
  watchRun(request: WatchRequest, call: CallInfo): AsyncIterable<RunEvent>;
  listWorkers(
    request: Record<never, never>,
    call: CallInfo,
  ): Promise<{ readonly workers: readonly WorkerSummary[] }>;
  drainWorker(request: { readonly worker: string }, call: CallInfo): Promise<WorkerSummary>;
  planRun(request: RunRequest, call: CallInfo): Promise<PlanSummary>;
}
