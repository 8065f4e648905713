/**
 * A worker process: hosts actors, announces itself, and ends in order. The main thread computes nothing, so that it
 * answers and renews its lease whatever its actors do in their threads.
 *
 * Asked to end, by a signal or by `sara drain`, it drains: it says that it takes nothing new, goes on until the run that
 * has actors here has gone on without it, and ends in order, last started first: the announcement is taken back, actors
 * are disposed, the connection is closed. A worker whose name another process has taken over stops at once, as does
 * one whose parent has ended: then there is nobody left to drain for.
 */
import { cpus, hostname, totalmem } from 'node:os';
import { ActorHost } from '../shared/actor/host.ts';
import { threadedRegistry } from '../shared/actor/threaded.ts';
import { systemClock } from '../shared/clock.ts';
import { asSaraError, SaraError } from '../shared/errors.ts';
import { stopWithParent, type Lifecycle } from '../shared/lifecycle.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { Reminder, retry, type BackoffPolicy } from '../shared/retry.ts';
import type { ServiceOptions } from '../shared/service-options.ts';
import { startService } from '../shared/service.ts';
import type { ActorClasses } from '../shared/stage-protocol.ts';
import { TOOL_VERSION } from '../shared/version.ts';
import { WorkerAnnouncement, type WorkerFacts } from '../shared/worker-announcement.ts';
import { ACTOR_METHODS } from './actor-methods.ts';
import type { ThreadSurroundings } from './actors.ts';

export interface ServeOptions extends ServiceOptions {
  readonly name: string;
  /** host:port of the actor host; port 0 takes a free one. */
  readonly listen: string;
  /** host:port that others reach it by; default: where it listens. */
  readonly advertise?: string;
  /** Memory that actors may use; default: all of the machine's. */
  readonly memoryBytes?: number;
  /** Engine threads; default: all cores. */
  readonly numThreads?: number;
  readonly exitWithParent: boolean;
  /** Longest time to drain, in ms. */
  readonly graceMs: number;
  /** Tensors that actors may hold for each other, in bytes; default: a quarter of the memory. */
  readonly objectStoreBytes?: number;
}

/** Compiled beside this file, or from source like it. */
const ACTOR_THREAD = new URL(
  `actor-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url,
);

/** Share of a worker's memory that frames and exported values may take. */
const OBJECT_STORE_SHARE = 0.25;

/** A coordinator starts within seconds, or somebody has to be told that there is none. */
const REGISTRATION_BACKOFF: BackoffPolicy = { firstMs: 500, factor: 2, maxMs: 10_000 };
const REMINDER_MS = 10_000;
const DRAIN_POLL_MS = 50;

export function defaultWorkerName(): string {
  return hostname()
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 64);
}

/** Serves until asked to stop. @throws SaraError NATS_UNAVAILABLE, CONFIG_INVALID, STATE_CONFLICT */
export async function serve(options: ServeOptions, life: Lifecycle): Promise<void> {
  const log = createLogger({ name: 'worker', bindings: { worker: options.name } });
  const orphaned = options.exitWithParent ? stopWithParent(life) : null;
  const memoryBytes = options.memoryBytes ?? totalmem();
  const service = await startService('worker', `worker ${options.name}`, options, { life, log });
  const { link, metrics, conditions } = service;
  let isRegistered = false;
  conditions.set('registration', () => (isRegistered ? null : 'not registered as a worker yet'));
  const host = await ActorHost.start({
    name: options.name,
    registry: threadedRegistry<ActorClasses, ThreadSurroundings>(ACTOR_METHODS, {
      program: ACTOR_THREAD,
      surroundings: { nats: options.nats },
    }),
    listen: options.listen,
    ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    security: service.serverSecurity,
    pullSecurity: service.channelTo('worker'),
    onRefused: service.onRefused,
    observer: {
      called: (method, outcome, seconds) => {
        metrics.observe('actorCallSeconds', seconds, { method: knownMethod(method), outcome });
      },
      moved: (direction, sizeBytes) => {
        metrics.add('tensorBytes', sizeBytes, { direction });
      },
    },
    objectStoreBytes: options.objectStoreBytes ?? Math.floor(memoryBytes * OBJECT_STORE_SHARE),
    capacity: { memoryBytes },
    log,
  });
  life.defer('actor host', () => host.stop());
  metrics.read('objectStoreBytes', () => host.objects.usedBytes);
  metrics.read('objectStoreCapacityBytes', () => host.objects.capacityBytes);
  metrics.read('actors', () => host.status().actors.length);
  const announcement = await announce(
    link,
    {
      name: options.name,
      address: host.endpoint.address,
      device: 'cpu',
      memoryBytes,
      numThreads: options.numThreads ?? cpus().length,
      pid: process.pid,
      startedAtMs: Date.now(),
      version: TOOL_VERSION,
    },
    life.signal,
    log,
  );
  life.defer('announcement', () => announcement.release());
  isRegistered = true;
  log.info({ address: host.endpoint.address }, `worker ${options.name} serves at ${host.endpoint.address}`);
  await aborted(AbortSignal.any([life.signal, announcement.draining, announcement.lost]));
  isRegistered = false;
  announcement.lost.throwIfAborted();
  if (orphaned?.aborted !== true) await drain(host, announcement, options.graceMs, log);
}

/** Waits until the worker has no actors, its time is up, or its name is another's. */
async function drain(
  host: ActorHost,
  announcement: WorkerAnnouncement,
  graceMs: number,
  log: Logger,
): Promise<void> {
  const giveUpAtMs = systemClock.nowMs() + graceMs;
  const numActors = (): number => host.status().actors.length;
  if (numActors() === 0) return;
  log.info({ numActors: numActors(), graceMs }, 'draining');
  // Without NATS nobody can be told, and nobody can go on without us.
  await announcement.drain().catch((error: unknown) => {
    log.warn({ err: asSaraError(error) }, 'cannot say that this worker drains');
  });
  while (numActors() > 0 && systemClock.nowMs() < giveUpAtMs && !announcement.lost.aborted) {
    await systemClock.sleep(DRAIN_POLL_MS);
  }
  if (numActors() > 0) log.warn({ numActors: numActors() }, 'ended before it was drained');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const METHODS: ReadonlySet<string> = new Set(Object.values(ACTOR_METHODS).flatMap(Object.keys));

/** A label's values are few and known: what a caller makes up is none of them. */
function knownMethod(method: string): string {
  return METHODS.has(method) ? method : 'unknown';
}

/**
 * Registers this worker. The table of workers is the coordinator's to make: where NATS does not let workers make it, the
 * first coordinator is waited for.
 */
function announce(
  link: NatsLink,
  facts: WorkerFacts,
  signal: AbortSignal,
  log: Logger,
): Promise<WorkerAnnouncement> {
  const reminder = new Reminder(REMINDER_MS);
  return retry(() => WorkerAnnouncement.put(link, facts, { signal, log }), {
    policy: REGISTRATION_BACKOFF,
    timeoutMs: Infinity,
    retryable: (error) =>
      error instanceof SaraError && ['NATS_UNAVAILABLE', 'PERMISSION_DENIED'].includes(error.code),
    signal,
    onRetry: (error) => {
      if (reminder.isDue())
        log.info({ why: asSaraError(error).message }, 'waiting for a coordinator, or for NATS, to register');
    },
  });
}
