/**
 * The worker program as child processes. The coordinator imports nothing of the worker: it knows its command line.
 *
 * A child lives in a process group of its own, so that Ctrl-C in a terminal reaches this process only, which then
 * stops its children in order; and it is given a pipe as stdin with `--exit-with-parent`, so that it ends with us
 * however we end.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SaraError } from '../shared/errors.ts';
import { HeldLog } from './held-log.ts';

/** A child that has not ended this long after SIGTERM is killed; less than a cleanup's deadline. */
const STOP_TIMEOUT_MS = 8_000;

/** How this process was started decides how the worker is: compiled beside us, or from source by the same loader. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
const PROGRAM = fileURLToPath(new URL(`../worker/main.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url));

/** Command line of the worker program with `args`. */
export function workerCommand(args: readonly string[]): {
  readonly file: string;
  readonly args: readonly string[];
} {
  return { file: process.execPath, args: [...(IS_SOURCE ? process.execArgv : []), PROGRAM, ...args] };
}

/**
 * What the worker program's environment has unless the user's says otherwise. glibc would give every large buffer back
 * to the system as it is freed, and every engine thread a heap of its own; a training step allocates the same buffers
 * again and again, and was slowed by a third by the page faults. Other C libraries ignore these. The images' environment
 * has them too.
 */
export const ALLOCATOR_SETTINGS = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: String(2 ** 32),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
} as const;

/** This process's environment, completed for the worker program. */
export function workerEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...ALLOCATOR_SETTINGS, ...process.env, ...more };
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One `worker serve` of a local cluster. */
export class WorkerProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<WorkerExit>;
  /** What it says. */
  readonly log = new HeldLog();
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.name = name;
    this.pid = pid;
    this.#child = child;
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => ({ code, signal }) as WorkerExit);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.log.write(text);
      });
    }
    // Breaks when the child ends first, which `exited` tells.
    child.stdin?.on('error', () => undefined);
  }

  /** @throws SaraError INTERNAL when the process cannot be made */
  static async start(name: string, args: readonly string[]): Promise<WorkerProcess> {
    const command = workerCommand(args);
    const child = spawn(command.file, command.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: workerEnvironment(),
    });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SaraError('INTERNAL', `cannot start ${name}: ${reason}`, { worker: name }, { cause });
    }
    return new WorkerProcess(name, child, child.pid!);
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Asks it to end and waits; kills it when it does not. Idempotent. */
  async stop(): Promise<void> {
    if (!this.hasExited) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
    await this.log.close();
  }
}

/** A child program's own failure, told by it already: only its exit code is passed on. */
export class ChildFailed extends SaraError {
  readonly #exitCode: number;

  constructor(what: string, { code, signal }: WorkerExit) {
    super('INTERNAL', `${what} ended with ${signal ?? `exit code ${code}`}`, { exitCode: code, signal });
    this.name = 'ChildFailed';
    this.#exitCode = code ?? 1;
  }

  override get exitCode(): number {
    return this.#exitCode;
  }
}

/**
 * Runs a command of the worker program in the foreground: it speaks to the user itself.
 * @param options.signal when it aborts, the child is asked to end
 * @param options.invokedAs what the user typed, for the child's help texts
 * @throws ChildFailed when it does not succeed
 */
export async function runWorkerCommand(
  args: readonly string[],
  options: { signal: AbortSignal; captureStdout?: boolean; invokedAs?: string },
): Promise<string> {
  const command = workerCommand(args);
  const { invokedAs } = options;
  const child = spawn(command.file, command.args, {
    stdio: ['pipe', options.captureStdout === true ? 'pipe' : 'inherit', 'inherit'],
    detached: true,
    env: workerEnvironment(invokedAs === undefined ? {} : { SARA_INVOKED_AS: invokedAs }),
  });
  child.stdin?.on('error', () => undefined);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code !== 0) throw new ChildFailed(`the worker program (${args[0]})`, { code, signal });
    return output;
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}
