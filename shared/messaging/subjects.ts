/**
 * Every name this project uses on NATS: subjects, streams and buckets, in one table.
 *
 * | name                                        | kind            | who writes           | who reads            |
 * | sara.events.<run>                           | JetStream       | coordinator          | watchers             |
 * | sara.steps.<run>.<generation>.<topic>       | JetStream       | workers, coordinator | workers, coordinator |
 * | sara.exchange.<run>.<gen>.<stage>.to.<r>    | core, receipted | replicas             | replica r            |
 * | sara.exchange.<run>.<gen>.<stage>.all       | core, receipted | replicas             | all replicas         |
 * | sara-runs, sara-workers, sara-leases        | KV              | coordinator, workers | coordinator          |
 */
import { SaraError } from '../errors.ts';
import type { Part } from '../parts.ts';

/** Names that become part of a subject: no dot, space or wildcard can widen what they match. */
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

/** @throws SaraError CONFIG_INVALID when `name` cannot be one token of a subject */
export function subjectToken(name: string): string {
  if (!TOKEN.test(name)) {
    throw new SaraError(
      'CONFIG_INVALID',
      `'${name}' must be 1 to 128 characters of [A-Za-z0-9_-] to name a NATS subject`,
      {
        name,
      },
    );
  }
  return name;
}

/** Under which replies to a part come: nobody else may listen there. */
export function inboxPrefix(part: Part): string {
  return `_INBOX_${part}`;
}

export const SUBJECTS = {
  /** What happens in a run (proto/sara/v1/events.proto). */
  runEvents: (run: string): string => `sara.events.${subjectToken(run)}`,
  /** Step-critical data of a run, e.g. topic 'mask' for mask digests. */
  step: (run: string, generation: number, topic: string): string =>
    `sara.steps.${subjectToken(run)}.${generation}.${subjectToken(topic)}`,
  /** Sparse gradients for one replica of a stage. */
  exchangeTo: (run: string, generation: number, stage: number, replica: number): string =>
    `sara.exchange.${subjectToken(run)}.${generation}.${stage}.to.${replica}`,
  /** Sums of sparse gradients for all replicas of a stage. */
  exchangeAll: (run: string, generation: number, stage: number): string =>
    `sara.exchange.${subjectToken(run)}.${generation}.${stage}.all`,
} as const;

/** Everything below a root, for permissions. */
export const SUBJECT_TREES = { exchange: 'sara.exchange.>' } as const;

export interface StreamFacts {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Messages older than this are dropped, in ms. */
  readonly maxAgeMs: number;
  /** Oldest messages are dropped beyond it. */
  readonly maxBytes: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const STREAMS = {
  events: {
    name: 'SARA_EVENTS',
    subjects: ['sara.events.*'],
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 512 * 1024 * 1024,
  },
  steps: { name: 'SARA_STEPS', subjects: ['sara.steps.>'], maxAgeMs: DAY_MS, maxBytes: 512 * 1024 * 1024 },
} as const satisfies Record<string, StreamFacts>;

/** KV buckets. */
export const BUCKETS = {
  /** State of runs, by run. */
  runs: 'sara-runs',
  /** Workers that are alive, by name; entries end with their lease. */
  workers: 'sara-workers',
  /** Who may do what only one may do, e.g. lead; entries end with their lease. */
  leases: 'sara-leases',
} as const;
