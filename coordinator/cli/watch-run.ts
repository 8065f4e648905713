/** Following a run to its end: progress while it goes on, and what came of it as a value or an error. */
import type { CoordinatorClient } from '../../shared/coordinator-client.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Progress } from './progress.ts';
import type { RunView } from './run-view.ts';

/** A run that is told to stop stops its actors and writes nothing more. */
const CANCEL_TIMEOUT_MS = 20_000;

/**
 * Shows a run until it has ended.
 * @param onAbort what to do when `signal` aborts: leave the run alone, or cancel it and see it end
 * @throws SaraError the run's failure with its own code; CANCELLED; the signal's reason; COORDINATOR_UNREACHABLE
 */
export async function followRun(
  client: CoordinatorClient,
  run: string,
  progress: Progress,
  options: { readonly signal: AbortSignal; readonly onAbort: 'leave' | 'cancel' },
): Promise<RunView> {
  const stopWatching = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    if (options.onAbort === 'leave') {
      stopWatching.abort();
      return;
    }
    progress.line('stopping the run ...');
    timer = setTimeout(() => {
      stopWatching.abort();
    }, CANCEL_TIMEOUT_MS);
    client.cancelRun({ run, reason: 'stopped at the terminal' }).catch(() => {
      stopWatching.abort();
    });
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  try {
    for await (const event of client.watchRun({ run, fromSequence: 0 }, { signal: stopWatching.signal })) {
      progress.show(event);
    }
  } catch (error) {
    if (!stopWatching.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
    progress.end();
  }
  return outcomeOf(progress.view, options.signal);
}

function outcomeOf(view: RunView, signal: AbortSignal): RunView {
  const { run, state, reason, failure } = view;
  switch (state) {
    case 'succeeded':
      return view;
    case 'failed':
      throw new SaraError(failure?.code ?? 'RUN_FAILED', failure?.message ?? reason, { run });
    case 'cancelled':
      throw new SaraError('CANCELLED', `run ${run} was cancelled at step ${view.step}: ${reason}`, { run });
    default:
      if (signal.aborted) throw signal.reason;
      throw new SaraError('COORDINATOR_UNREACHABLE', `the coordinator stopped telling about run ${run}`, {
        run,
      });
  }
}
