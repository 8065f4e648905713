/**
 * Trying again: one loop with exponential back-off, a deadline and a signal.
 *
 * The delay is a pure function of the attempt and a random number; "full jitter" (uniform in [0, ceiling])
 * because many workers lose the same server at the same moment and must not come back at the same moment.
 */
import type { Clock } from './clock.ts';
import { abortReason, systemClock } from './clock.ts';

export interface BackoffPolicy {
  /** Ceiling of the first delay, in ms. */
  readonly firstMs: number;
  /** Growth of the ceiling per attempt. */
  readonly factor: number;
  /** No ceiling is higher, in ms. */
  readonly maxMs: number;
}

/** For servers that start or restart: quick at first, then twice a second at most. */
export const CONNECT_BACKOFF: BackoffPolicy = { firstMs: 50, factor: 2, maxMs: 1000 };

/**
 * Delay before attempt `attempt + 1`.
 * @param attempt failed attempts so far, from 1
 * @param random uniform in [0, 1)
 * @returns ms in [0, min(maxMs, firstMs * factor^(attempt - 1)))
 */
export function backoffMs(attempt: number, policy: BackoffPolicy, random: number): number {
  return random * Math.min(policy.maxMs, policy.firstMs * policy.factor ** (attempt - 1));
}

export interface RetryOptions {
  readonly policy: BackoffPolicy;
  /** No attempt starts later than this after the first, in ms. */
  readonly timeoutMs: number;
  /** Whether this error may go away by itself. */
  readonly retryable: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * Calls `attempt` until it succeeds.
 * @param attempt given the number of the attempt, from 1
 * @throws the last error when it is not retryable or time is up; the signal's reason when that aborts
 */
export async function retry<T>(
  attempt: (attemptNumber: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const giveUpAtMs = clock.nowMs() + options.timeoutMs;
  for (let attemptNumber = 1; ; attemptNumber++) {
    if (options.signal?.aborted) throw abortReason(options.signal);
    try {
      return await attempt(attemptNumber);
    } catch (error) {
      const delayMs = backoffMs(attemptNumber, options.policy, random());
      if (!options.retryable(error) || clock.nowMs() + delayMs >= giveUpAtMs) throw error;
      options.onRetry?.(error, attemptNumber, delayMs);
      await clock.sleep(delayMs, options.signal);
    }
  }
}

/** Lets what is being waited for be said at once, and again after a while. */
export class Reminder {
  readonly #everyMs: number;
  #saidAtMs = -Infinity;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  isDue(): boolean {
    if (performance.now() - this.#saidAtMs < this.#everyMs) return false;
    this.#saidAtMs = performance.now();
    return true;
  }
}
