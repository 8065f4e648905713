/**
 * What a process must undo before it ends, and the one place that ends it.
 *
 * Invariants:
 * 1. Cleanups run last-in first-out, one at a time, each exactly once, whether the program succeeds, fails or
 *    is told to stop; a failing or hanging one is logged and does not keep the others from running.
 * 2. SIGINT and SIGTERM abort `signal` with CANCELLED; work notices by itself. A second signal ends at once.
 * 3. The exit code comes from the error's code (shared/errors.ts), 0 when there is none.
 */
import { asSaraError, SaraError } from './errors.ts';
import type { Logger } from './log.ts';
import { silentLogger } from './log.ts';

/** A cleanup may take this long before the next one runs; Kubernetes grants 30 s to all of them. */
const CLEANUP_TIMEOUT_MS = 10_000;

type Cleanup = () => Promise<void> | void;

export class Lifecycle {
  readonly #controller = new AbortController();
  readonly #cleanups: { name: string; cleanup: Cleanup }[] = [];
  readonly #log: Logger;
  #closing: Promise<void> | null = null;

  constructor(log: Logger = silentLogger) {
    this.#log = log;
  }

  /** Aborted when the process was asked to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Asks the work to stop; does not wait. */
  abort(reason: SaraError): void {
    this.#controller.abort(reason);
  }

  /**
   * Registers something to undo.
   * @returns undoes it now instead of later
   */
  defer(name: string, cleanup: Cleanup): () => Promise<void> {
    const entry = { name, cleanup };
    this.#cleanups.push(entry);
    return async () => {
      const index = this.#cleanups.indexOf(entry);
      if (index < 0) return;
      this.#cleanups.splice(index, 1);
      await cleanup();
    };
  }

  /** Runs all cleanups, newest first. Calling it again waits for the same run. */
  close(): Promise<void> {
    this.#closing ??= this.#runCleanups();
    return this.#closing;
  }

  async #runCleanups(): Promise<void> {
    for (let entry = this.#cleanups.pop(); entry !== undefined; entry = this.#cleanups.pop()) {
      try {
        await withTimeout(entry.cleanup, entry.name);
      } catch (error) {
        this.#log.error({ err: asSaraError(error), cleanup: entry.name }, 'a cleanup failed');
      }
    }
  }
}

async function withTimeout(cleanup: Cleanup, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new SaraError('DEADLINE_EXCEEDED', `cleanup '${name}' took longer than ${CLEANUP_TIMEOUT_MS} ms`, {
          cleanup: name,
          timeoutMs: CLEANUP_TIMEOUT_MS,
        }),
      );
    }, CLEANUP_TIMEOUT_MS);
  });
  try {
    await Promise.race([cleanup(), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a program to its end and then exits the process.
 * @param main the program; resolves when it is done
 * @param report told the error that ended it, once; default: its message on stderr
 */
export async function runMain(
  main: (life: Lifecycle) => Promise<void>,
  options: { log?: Logger; report?: (error: SaraError) => void } = {},
): Promise<never> {
  const life = new Lifecycle(options.log);
  const report =
    options.report ?? ((error: SaraError) => process.stderr.write(`${error.code}: ${error.message}\n`));
  const stop = (name: NodeJS.Signals): void => {
    // A supervisor or person that asks twice wants it now; the watchdogs of our child processes clean up.
    if (life.signal.aborted) process.exit(SIGNAL_EXIT_CODE[name] ?? 1);
    life.abort(new SaraError('CANCELLED', `stopped by ${name}`, { signal: name }));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let exitCode = 0;
  try {
    await main(life);
  } catch (thrown) {
    const error = asSaraError(thrown);
    exitCode = error.exitCode;
    report(error);
  }
  await life.close();
  process.exit(exitCode);
}

/** 128 + signal number, as shells report it. */
const SIGNAL_EXIT_CODE: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Ties this process to the one that started it with a pipe on stdin: when that one is gone, however it died,
 * the pipe ends and this process stops. For worker processes of a local cluster; a worker that a person or a
 * container runtime starts does not call this.
 * @returns aborted when that one is gone
 */
export function stopWithParent(life: Lifecycle): AbortSignal {
  const orphaned = new AbortController();
  process.stdin.resume();
  process.stdin.once('close', () => {
    orphaned.abort();
    life.abort(new SaraError('CANCELLED', 'the process that started this one has ended', {}));
  });
  life.defer('parent watch', () => {
    process.stdin.pause();
  });
  return orphaned.signal;
}
