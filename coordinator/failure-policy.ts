/**
 * What becomes of a run when something fails: a table from an error's disposition to an action.
 *
 * The error says what it is (shared/errors.ts), this file what follows; the driver does it.
 */
import { SaraError, type Disposition } from '../shared/errors.ts';

export type FailureAction =
  /** End the run as failed with this error. */
  | { readonly kind: 'fail'; readonly error: SaraError }
  /** Form a new worker group in the next generation and replay from the last committed step. */
  | { readonly kind: 'respawn'; readonly error: SaraError }
  /** Stop driving and change nothing: another driver owns the run. */
  | { readonly kind: 'leave'; readonly error: SaraError }
  /** End the run as cancelled. */
  | { readonly kind: 'cancel'; readonly error: SaraError };

export interface RestartBudget {
  readonly numRestarts: number;
  /** faults.maxRestarts. */
  readonly maxRestarts: number;
}

export function decideFailure(error: SaraError, budget: RestartBudget): FailureAction {
  const disposition: Disposition = error.disposition;
  switch (disposition) {
    // Trying again gives the same: the configuration, the data or the code has to change first.
    case 'fatal-user':
    case 'fatal-bug':
      return { kind: 'fail', error };
    // Too few workers yet, NATS away, a full disk: the group is formed anew, which waits for what is missing.
    case 'retry':
    // A stage or its results are gone: nothing of the open step was applied, so it can be replayed.
    case 'roll-back':
      return respawnWithin(budget, error);
    case 'leave-group':
      return { kind: 'leave', error };
    case 'drop':
      // Cancelling is the one thing that is dropped on purpose; a broken frame only lost a step's values.
      return error.code === 'CANCELLED' ? { kind: 'cancel', error } : respawnWithin(budget, error);
  }
}

function respawnWithin({ numRestarts, maxRestarts }: RestartBudget, error: SaraError): FailureAction {
  if (numRestarts < maxRestarts) return { kind: 'respawn', error };
  const message =
    maxRestarts === 0
      ? `${error.message} (faults.maxRestarts = 0, so the run ends here)`
      : `${error.message} (after ${numRestarts} restarts, faults.maxRestarts = ${maxRestarts})`;
  const context = { ...error.context, numRestarts, maxRestarts };
  return { kind: 'fail', error: new SaraError(error.code, message, context, { cause: error }) };
}
