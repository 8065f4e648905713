/** What the coordinator hands to the driver of a run, and what it gets back. */
import type { CallOptions } from '../shared/actor/protocol.ts';
import type { Clock } from '../shared/clock.ts';
import type { ResolvedRunConfig } from '../shared/config.ts';
import type { Logger } from '../shared/log.ts';
import type { EventBus } from '../shared/messaging/bus.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import type { ChannelSecurity } from '../shared/rpc/channel.ts';
import type { RunJournal } from './commit.ts';
import type { RunTelemetry } from './observe/run-telemetry.ts';
import type { RunReport } from './report.ts';
import type { WorkerRegistry } from './worker-registry.ts';

export interface RunContext {
  readonly run: string;
  readonly config: ResolvedRunConfig;
  /** The same, as it goes to the workers. */
  readonly configJson: string;
  /**
   * Absolute; exists; holds `config.json`. Checkpoints, artifacts and report.json go here; the run begins at the newest
   * whole checkpoint there, if there is one.
   */
  readonly runFolder: string;
  readonly link: NatsLink;
  readonly registry: WorkerRegistry;
  /** How workers are reached. */
  readonly workerSecurity: ChannelSecurity;
  readonly telemetry: RunTelemetry;
  /** What was told of this run before. */
  readonly events: EventBus;
  /** States, generations, step commits and events of this run. */
  readonly journal: RunJournal;
  /** Aborted when the run is cancelled or the coordinator stops; the reason is a SaraError. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface RunOutcome {
  /** As written to report.json. */
  readonly report: RunReport;
}

/**
 * Takes a queued run through planning, running and finishing. The coordinator records success, failure and
 * cancellation, so a driver leaves by returning or throwing, with its actors stopped.
 */
export type DriveRun = (context: RunContext) => Promise<RunOutcome>;

/**
 * Selection reads every weight, artifacts draw pictures, a first evaluation compiles a program, a picture of a megapixel
 * is encoded in half a minute on a slow machine, a checkpoint goes to a slow volume.
 */
const LONG_CALL_TIMEOUT_MS = 1_800_000;

/** Options of a call whose duration no step tells. */
export function longCall({ signal }: Pick<RunContext, 'signal'>): CallOptions {
  return { timeoutMs: LONG_CALL_TIMEOUT_MS, signal };
}
