/**
 * What happens in a run, as values: published on NATS by the coordinator, kept in a stream, shown by whoever
 * watches. The wire form is proto/sara/v1/events.proto.
 */
import type { Disposition, ErrorCode } from './errors.ts';

export type RunState = 'queued' | 'planning' | 'running' | 'finishing' | 'succeeded' | 'failed' | 'cancelled';

/** States a run does not leave by itself. */
export function isTerminal(state: RunState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** Where the parts of the model are, and what each costs. */
export interface PlanSummary {
  readonly numStages: number;
  readonly numReplicas: number;
  /** By replica, then stage. */
  readonly stages: readonly PlannedStage[];
  /** The same as a table for people. */
  readonly text: string;
}

export interface PlannedStage {
  readonly stage: number;
  readonly replica: number;
  /** '' while it is not placed. */
  readonly worker: string;
  /** UNet blocks in execution order. */
  readonly blocks: readonly string[];
  readonly parameterBytes: number;
  readonly activationBytes: number;
  /** Of one micro-batch, forward and backward. */
  readonly flops: number;
  /** Estimated, of one micro-batch, forward and backward. */
  readonly seconds: number;
}

export type LogLevel = 'info' | 'warn' | 'error';

export type RunEventBody =
  | { readonly kind: 'state-changed'; readonly state: RunState; readonly reason: string }
  | { readonly kind: 'planned'; readonly plan: PlanSummary }
  | {
      /** Latents and text states on disk, before the first step. */
      readonly kind: 'encoded';
      readonly numDone: number;
      readonly numTotal: number;
    }
  | {
      readonly kind: 'step-committed';
      /** Mean over the global batch, before the update. */
      readonly loss: number;
      readonly learningRate: number;
      /** 2-norm of the compact gradient before clipping. */
      readonly gradNorm: number;
      readonly seconds: number;
      readonly samplesPerSecond: number;
      readonly trainableCount: number;
    }
  | { readonly kind: 'validated'; readonly loss: number; readonly numExamples: number }
  | {
      readonly kind: 'mask-refreshed';
      /** 1: first selection, 2: after the re-selection. */
      readonly stage: number;
      readonly trainableCount: number;
      readonly releasedCount: number;
      /** SHA-256, hexadecimal. */
      readonly digest: string;
    }
  | {
      readonly kind: 'checkpointed';
      readonly path: string;
      readonly sizeBytes: number;
      readonly digest: string;
    }
  | {
      readonly kind: 'artifact';
      /** adapter, merged-model, samples, loss-curve, report. */
      readonly name: string;
      readonly path: string;
      readonly mediaType: string;
      readonly sizeBytes: number;
    }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly message: string;
      /** '' for the coordinator. */
      readonly worker: string;
    }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      /** '' for the coordinator. */
      readonly worker: string;
      /** Follows from the code. */
      readonly disposition: Disposition;
    };

export type RunEvent = {
  readonly run: string;
  /** Position in the run's history, from 1, without gaps. */
  readonly sequence: number;
  /** 0 before there is a worker group. */
  readonly generation: number;
  /** Step that was current, from 0. */
  readonly step: number;
  /** Milliseconds since 1970-01-01 UTC, on the coordinator's clock. */
  readonly atMs: number;
} & RunEventBody;
