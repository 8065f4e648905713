/**
 * A nats-server of our own, for a local cluster and for tests: a child process with JetStream on a free loopback
 * port, which ends when it is told to or when this process ends, however that comes about.
 *
 * nats-server does not notice the death of its parent, so a shell stands between: it holds the reading end of our
 * pipe and terminates the server when the pipe closes, which the kernel does for us even after kill -9. That works
 * on every Unix, unlike prctl. The group is detached, for a Ctrl-C in the terminal must reach us first: we want to
 * flush through NATS before it goes.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '../bootstrap.mjs';
import { systemClock } from '../clock.ts';
import { SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { silentLogger } from '../log.ts';

export { findNatsServer } from '../bootstrap.mjs';

const READY_TIMEOUT_MS = 20_000;
/** A server that has not ended after this long is killed. */
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
/** Lines of its log that are kept to explain a failure. */
const KEPT_LOG_LINES = 20;

/**
 * Arguments: the folder to remove at the end, then the server's command line. File descriptor 3 keeps our pipe, for
 * `&` gives background jobs /dev/null.
 */
const WATCHDOG = `
exec 3<&0
folder=$1; shift
"$@" </dev/null &
server=$!
{ cat >/dev/null; kill -TERM "$server"; } <&3 2>/dev/null &
wait "$server"
rm -rf "$folder"
`;

export interface NatsServerOptions {
  /** Folder of its JetStream data; made when missing, never removed. */
  readonly storeDir: string;
  /** Port on 127.0.0.1; default: a free one. */
  readonly port?: number;
  /** Largest message, in bytes; default: the server's own, 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** When given, clients must present it. */
  readonly token?: string;
  /** Lines for its configuration, e.g. TLS and permissions. */
  readonly config?: string;
  readonly log?: Logger;
}

export interface NatsServer {
  /** nats://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** Of the server itself. */
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends it cleanly and waits for it. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/**
 * Starts a server and waits until it accepts clients.
 * @throws SaraError NATS_UNAVAILABLE when there is no nats-server, or it does not start; says what it logged
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const binary = findNatsServer();
  if (binary === null) {
    throw new SaraError(
      'NATS_UNAVAILABLE',
      'no nats-server was found in PATH; install it (apt, brew) and try again',
    );
  }
  await mkdir(options.storeDir, { recursive: true });
  const runFolder = await mkdtemp(join(tmpdir(), 'sara-nats-'));
  const configFile = join(runFolder, 'nats.conf');
  await writeFile(configFile, serverConfig(options, runFolder), { mode: 0o600 });

  const child = spawn('/bin/sh', ['-c', WATCHDOG, 'sh', runFolder, binary, '-c', configFile], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const logLines = keepLog(child, options.log ?? silentLogger);
  // The pipe breaks when the server ends first; its end is noticed by `exited`.
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit').then(() => {
    child.stdin.end();
  });
  const { pid, port } = await whenReady(child, runFolder, logLines);
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid,
    exited,
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => {
        signalIfThere(pid, 'SIGKILL');
      }, STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
    kill: async () => {
      signalIfThere(pid, 'SIGKILL');
      await exited;
    },
  };
}

function serverConfig(options: NatsServerOptions, runFolder: string): string {
  const lines = [
    `listen: "127.0.0.1:${options.port ?? -1}"`,
    `ports_file_dir: ${JSON.stringify(runFolder)}`,
    `jetstream { store_dir: ${JSON.stringify(options.storeDir)} }`,
  ];
  if (options.maxPayloadBytes !== undefined) lines.push(`max_payload: ${options.maxPayloadBytes}`);
  if (options.token !== undefined) lines.push(`authorization { token: ${JSON.stringify(options.token)} }`);
  if (options.config !== undefined) lines.push(options.config);
  return `${lines.join('\n')}\n`;
}

function keepLog(child: ChildProcess, log: Logger): readonly string[] {
  const lines: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter(Boolean)) {
      log.debug({ line }, 'nats-server');
      lines.push(line);
      if (lines.length > KEPT_LOG_LINES) lines.shift();
    }
  });
  return lines;
}

/** The server writes `nats-server_<pid>.ports` once it accepts clients. */
async function whenReady(
  child: ChildProcess,
  runFolder: string,
  logLines: readonly string[],
): Promise<{ pid: number; port: number }> {
  const giveUpAtMs = systemClock.nowMs() + READY_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && systemClock.nowMs() < giveUpAtMs) {
    const ready = await readPortsFile(runFolder);
    if (ready !== null) return ready;
    await systemClock.sleep(POLL_MS);
  }
  child.stdin?.end();
  throw new SaraError(
    'NATS_UNAVAILABLE',
    `nats-server did not start within ${READY_TIMEOUT_MS} ms. It said:\n${logLines.join('\n')}`,
    { exitCode: child.exitCode },
  );
}

async function readPortsFile(runFolder: string): Promise<{ pid: number; port: number } | null> {
  try {
    for (const name of await readdir(runFolder)) {
      const pid = /_(\d+)\.ports$/.exec(name)?.[1];
      if (pid === undefined) continue;
      const ports = JSON.parse(await readFile(join(runFolder, name), 'utf8')) as { nats?: string[] };
      const port = Number(/:(\d+)$/.exec(ports.nats?.[0] ?? '')?.[1]);
      if (port > 0) return { pid: Number(pid), port };
    }
  } catch {
    // Half written, or gone with the server: looked at again, or the end is noticed.
  }
  return null;
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
