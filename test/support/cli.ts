/** The programs as a user starts them: child processes, with what they print and how they end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MAIN = fileURLToPath(new URL('../../coordinator/main.ts', import.meta.url));
/** By its file, for the program runs in other folders than this one. */
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `sara` that has been started. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed on stderr so far. */
  readonly stderr: string;
  readonly ended: Promise<CliResult>;
  /** Every process that it started, directly or not, and that still runs; itself too. */
  processes(): Promise<number[]>;
}

/**
 * Starts `sara` in a temporary folder of its own for temporary files, which marks all its descendants.
 * @param folder its current folder
 */
export async function startSara(
  args: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<CliProcess> {
  const temporaryFolder = await mkdtemp(join(tmpdir(), 'sara-test-cli-'));
  const child = spawn(process.execPath, ['--import', LOADER, MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment, TMPDIR: temporaryFolder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([exitCode, signal]: unknown[]) => {
    return { exitCode, signal, stdout, stderr } as CliResult;
  });
  void ended.then(() => rm(temporaryFolder, { recursive: true, force: true }));
  return {
    child,
    pid: child.pid!,
    get stderr() {
      return stderr;
    },
    ended,
    processes: () => processesWith(`TMPDIR=${temporaryFolder}`),
  };
}

export async function runSara(
  args: readonly string[],
  folder = process.cwd(),
  environment: NodeJS.ProcessEnv = {},
): Promise<CliResult> {
  return (await startSara(args, folder, environment)).ended;
}

/** Whether this system tells the environment of processes. */
export const CAN_LIST_PROCESSES = process.platform === 'linux';

async function processesWith(variable: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.split('\0').includes(variable) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
