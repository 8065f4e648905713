/** One thing `sara doctor` looked at. */

/** ok: fine. warn: something will not work, or not well. fail: nothing will. */
export type CheckStatus = 'ok' | 'warn' | 'fail';

export interface Check {
  /** What was looked at, e.g. `NATS`. */
  readonly what: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly found: string;
  /** What to do; null when all is well. */
  readonly advice: string | null;
}

export function ok(what: string, found: string): Check {
  return { what, status: 'ok', found, advice: null };
}

export function warn(what: string, found: string, advice: string): Check {
  return { what, status: 'warn', found, advice };
}

export function fail(what: string, found: string, advice: string): Check {
  return { what, status: 'fail', found, advice };
}

/** Why something failed, in its own words and one line. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
