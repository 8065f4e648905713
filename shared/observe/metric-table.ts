/**
 * Every metric of the project: name, unit, labels and meaning, in one table. What is exported, the README's table and
 * the dashboards' names follow from it.
 *
 * Names are Prometheus': base units, `_total` on counters. Labels have few values, known beforehand; `run` is on gauges
 * of the run in progress only and goes with it.
 */
import type { Part } from '../parts.ts';

type Exporter = Exclude<Part, 'client'>;

export interface MetricFacts {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly labels: readonly string[];
  readonly parts: readonly Exporter[];
  /** With the unit, where there is one. */
  readonly help: string;
}

const BOTH: readonly Exporter[] = ['coordinator', 'worker'];
const COORDINATOR: readonly Exporter[] = ['coordinator'];
const WORKER: readonly Exporter[] = ['worker'];

export const METRICS = {
  steps: {
    kind: 'counter',
    name: 'sara_steps_total',
    labels: [],
    parts: COORDINATOR,
    help: 'Steps that were committed and applied.',
  },
  samples: {
    kind: 'counter',
    name: 'sara_samples_total',
    labels: [],
    parts: COORDINATOR,
    help: 'Training samples of those steps.',
  },
  stepSeconds: {
    kind: 'histogram',
    name: 'sara_step_seconds',
    labels: [],
    parts: COORDINATOR,
    help: 'Duration of a step from its first call to its last update, in seconds.',
  },
  phaseSeconds: {
    kind: 'histogram',
    name: 'sara_step_phase_seconds',
    labels: ['phase'],
    parts: COORDINATOR,
    help: 'Duration of a phase of a step, in seconds: pipeline (forward and backward), gradients (rank term, sum over replicas), commit, update.',
  },
  runStep: {
    kind: 'gauge',
    name: 'sara_run_step',
    labels: ['run'],
    parts: COORDINATOR,
    help: 'Steps committed of the run in progress.',
  },
  runLoss: {
    kind: 'gauge',
    name: 'sara_run_loss',
    labels: ['run'],
    parts: COORDINATOR,
    help: 'Training loss of its last step.',
  },
  runValidationLoss: {
    kind: 'gauge',
    name: 'sara_run_validation_loss',
    labels: ['run'],
    parts: COORDINATOR,
    help: 'Its last loss on the held-out set.',
  },
  runGeneration: {
    kind: 'gauge',
    name: 'sara_run_generation',
    labels: ['run'],
    parts: COORDINATOR,
    help: 'Its worker group, counted from 1; grows with every loss of a worker.',
  },
  runsEnded: {
    kind: 'counter',
    name: 'sara_runs_ended_total',
    labels: ['state'],
    parts: COORDINATOR,
    help: 'Runs that ended, by how: succeeded, failed or cancelled.',
  },
  checkpoints: {
    kind: 'counter',
    name: 'sara_checkpoints_total',
    labels: [],
    parts: COORDINATOR,
    help: 'Checkpoints written.',
  },
  restarts: {
    kind: 'counter',
    name: 'sara_restarts_total',
    labels: [],
    parts: COORDINATOR,
    help: 'Worker groups that were lost and made anew.',
  },
  runs: {
    kind: 'gauge',
    name: 'sara_runs',
    labels: ['state'],
    parts: COORDINATOR,
    help: 'Runs that have not ended, by state: queued, or running.',
  },
  workers: {
    kind: 'gauge',
    name: 'sara_workers',
    labels: ['state'],
    parts: COORDINATOR,
    help: 'Workers with a lease, by state: available, or draining.',
  },
  pipelinesWanted: {
    kind: 'gauge',
    name: 'sara_pipelines_wanted',
    labels: [],
    parts: COORDINATOR,
    help: 'Pipelines (replicas of a whole model) that the run in progress, or else the first in the queue, asks for; 0 when there is none. Scale workers by it.',
  },
  workersWanted: {
    kind: 'gauge',
    name: 'sara_workers_wanted',
    labels: [],
    parts: COORDINATOR,
    help: 'Workers that it asks for: stages times replicas.',
  },
  refusals: {
    kind: 'counter',
    name: 'sara_refusals_total',
    labels: ['reason'],
    parts: BOTH,
    help: 'Connections and calls turned away: tls (handshake), too-many-connections, unauthenticated (token), permission (role or part), frame (bytes that are no message).',
  },
  natsConnected: {
    kind: 'gauge',
    name: 'sara_nats_connected',
    labels: [],
    parts: BOTH,
    help: '1 while the connection to NATS is up, else 0.',
  },
  certificateExpiry: {
    kind: 'gauge',
    name: 'sara_certificate_expiry_timestamp_seconds',
    labels: [],
    parts: BOTH,
    help: 'When the certificate in use ends, in seconds since 1970; 0 without TLS.',
  },
  objectStoreBytes: {
    kind: 'gauge',
    name: 'sara_object_store_bytes',
    labels: [],
    parts: WORKER,
    help: 'Tensors kept for others, in bytes.',
  },
  objectStoreCapacityBytes: {
    kind: 'gauge',
    name: 'sara_object_store_capacity_bytes',
    labels: [],
    parts: WORKER,
    help: 'What may be kept, in bytes.',
  },
  actors: {
    kind: 'gauge',
    name: 'sara_actors',
    labels: [],
    parts: WORKER,
    help: 'Actors that are hosted.',
  },
  actorCallSeconds: {
    kind: 'histogram',
    name: 'sara_actor_call_seconds',
    labels: ['method', 'outcome'],
    parts: WORKER,
    help: 'Duration of an actor call from its arrival, waiting included, in seconds; outcome is ok or the error code.',
  },
  tensorBytes: {
    kind: 'counter',
    name: 'sara_tensor_bytes_total',
    labels: ['direction'],
    parts: WORKER,
    help: 'Tensor bytes that went to other processes (sent) or came from them (received) over gRPC.',
  },
} as const satisfies Record<string, MetricFacts>;

export type MetricId = keyof typeof METRICS;

/** A value for each label of a metric. */
export type LabelsOf<M extends MetricId> = Readonly<Record<(typeof METRICS)[M]['labels'][number], string>>;
