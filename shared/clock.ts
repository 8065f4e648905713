/**
 * Time as a value that is handed in. Everything that waits or measures takes a Clock, so that tests decide
 * what time it is and no test sleeps.
 */
import { SaraError } from './errors.ts';

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
  /**
   * Resolves after `ms`.
   * @throws the signal's reason as soon as it aborts
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortReason(signal));
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(abortReason(signal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** Why a signal was aborted, as an Error: its reason when that is one, else CANCELLED. */
export function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof SaraError) return reason;
  return new SaraError('CANCELLED', 'cancelled by the caller', {}, { cause: reason });
}
