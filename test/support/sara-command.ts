/**
 * The program `sara` as a user starts it, from source: its output, its exit code, and every process it has started,
 * known by a mark in their environment so that none can hide by leaving its parent or its process group.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

export type Program = 'coordinator/main.ts' | 'worker/main.ts';
const MARK = 'SARA_TEST_MARK';

/** A command that has not ended by then is stuck: the tiny run takes seconds, on a busy machine a minute. */
const COMMAND_TIMEOUT_MS = 150_000;

/** Where processes can be looked up by their environment; elsewhere what is left running is not seen. */
const HAS_PROC = existsSync('/proc/self/environ');

export interface SaraExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  readonly pid: number;
  readonly commandLine: readonly string[];
}

export class SaraCommand {
  readonly #child: ChildProcess;
  readonly #mark: string;
  /** Its temporary files, apart from everyone else's. */
  readonly #temporaryFolder: string;
  readonly #exited: Promise<SaraExit>;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, mark: string, temporaryFolder: string) {
    this.#child = child;
    this.#mark = mark;
    this.#temporaryFolder = temporaryFolder;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#exited = once(child, 'close').then(([code, signal]) => {
      return {
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        stdout: this.#stdout,
        stderr: this.#stderr,
      };
    });
  }

  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    program: Program = 'coordinator/main.ts',
  ): Promise<SaraCommand> {
    const mark = randomUUID();
    const temporaryFolder = await mkdtemp(join(tmpdir(), 'sara-command-'));
    const child = spawn(process.execPath, [...programArguments(program), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SARA_LOG_LEVEL: 'info', TMPDIR: temporaryFolder, ...env, [MARK]: mark },
    });
    return new SaraCommand(child, mark, temporaryFolder);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it has said something on stderr. @throws Error with all it said, when it ends before */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const hasEnded = (): boolean => this.#child.exitCode !== null || this.#child.signalCode !== null;
    const what = `${String(pattern)} in the output`;
    await until(() => pattern.test(this.#stderr) || hasEnded(), what, COMMAND_TIMEOUT_MS);
    const match = pattern.exec(this.#stderr);
    if (match === null) throw new Error(`sara ended without saying ${String(pattern)}:\n${this.#stderr}`);
    return match;
  }

  /** Waits for its end. One that is stuck is killed. */
  async exit(timeoutMs = COMMAND_TIMEOUT_MS): Promise<SaraExit> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** It and what it started, as far as they are still running. */
  async processes(): Promise<RunningProcess[]> {
    if (!HAS_PROC) return [];
    const found: RunningProcess[] = [];
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
      if (!environment.includes(`${MARK}=${this.#mark}`)) continue;
      const commandLine = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''))
        .split('\0')
        .slice(0, -1);
      // One that has ended and waits to be asked for its exit code has no command line any more.
      if (commandLine.length > 0) found.push({ pid: Number(name), commandLine });
    }
    return found;
  }

  /** Processes and temporary files that it left behind when it ended. */
  async leftBehind(): Promise<string[]> {
    await this.exit();
    const processes = (await this.processes()).map(
      ({ pid, commandLine }) => `process ${pid}: ${commandLine.join(' ')}`,
    );
    // The loader's cache of compiled sources is no business of the program.
    const files = (await readdir(this.#temporaryFolder)).filter((name) => !name.startsWith('tsx-'));
    return [...processes, ...files];
  }

  /** Ends it and all it started, however the test went. */
  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.exit();
    for (const { pid } of await this.processes()) process.kill(pid, 'SIGKILL');
    await rm(this.#temporaryFolder, { recursive: true, force: true });
  }
}

/** From source, or, where SARA_TEST_COMPILED names the folder of `npm run build`, compiled: starts in a third of the time. */
function programArguments(program: Program): string[] {
  const compiled = process.env.SARA_TEST_COMPILED ?? '';
  return compiled === '' ? ['--import=tsx', program] : [join(compiled, program.replace(/\.ts$/, '.js'))];
}

/** Runs a command to its end. @returns also what it left behind */
export async function runSara(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<SaraExit & { readonly leftBehind: readonly string[] }> {
  const command = await SaraCommand.start(args, env);
  try {
    return { ...(await command.exit(timeoutMs)), leftBehind: await command.leftBehind() };
  } finally {
    await command.dispose();
  }
}
