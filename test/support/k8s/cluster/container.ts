/**
 * One container as a runtime would start it, from this machine's own /usr: namespaces for processes, mounts, host name
 * and network; a root filesystem that holds /usr, the image's /app and what the manifest mounts, and is read-only when
 * the manifest says so; a user without privileges; only the manifest's environment. The program is process 1 there, and
 * when it ends, everything it started ends with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../until.ts';
import { run } from './run.ts';

export interface Mount {
  /** On this machine. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerOptions {
  /** Of its own, on this machine: its root is put together there. */
  readonly folder: string;
  readonly networkNamespace: string;
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  /** Programs that the image brings and /usr may not have: name to path on this machine. */
  readonly programs: Readonly<Record<string, string>>;
  readonly readOnlyRoot: boolean;
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly command: readonly string[];
}

export interface ContainerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const PROGRAMS = '/opt/bin';
const PATH = `${PROGRAMS}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;
/** Where the folder with the file `hosts` is mounted. */
export const NAMES = '/etc/names';
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];

export class Container {
  readonly #options: ContainerOptions;
  readonly #child: ChildProcess;
  /** Resolves when it has ended. */
  readonly exited: Promise<ContainerExit>;
  #log = '';
  #hasEnded = false;

  private constructor(options: ContainerOptions, child: ChildProcess) {
    this.#options = options;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.#hasEnded = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  static async start(options: ContainerOptions): Promise<Container> {
    const script = join(options.folder, 'start.sh');
    await writeFile(script, startScript(options));
    const child = spawn(
      'ip',
      [
        ...['netns', 'exec', options.networkNamespace],
        ...['unshare', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child=SIGKILL'],
        ...['sh', '-e', script],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return new Container(options, child);
  }

  /** What it has printed. */
  get log(): string {
    return this.#log;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a signal to its process 1, if it is still there. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.#processOne();
    if (pid === null) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }

  /** Runs a command inside, as its user. @returns what it printed */
  async exec(command: readonly string[]): Promise<string> {
    const pid = await this.#processOne();
    if (pid === null) throw new Error(`${this.#options.hostname} has ended`);
    return run(
      'nsenter',
      ...['-t', String(pid), '-m', '-u', '-i', '-n', '-p', '-r', '--'],
      ...asUser(this.#options, command),
    );
  }

  /** Its process id on this machine; null when it has ended. */
  async #processOne(): Promise<number | null> {
    let pid: number | null = null;
    const look = async (): Promise<boolean> => {
      if (this.#hasEnded) return true;
      const path = `/proc/${this.#child.pid}/task/${this.#child.pid}/children`;
      const children = await readFile(path, 'utf8').catch(() => '');
      pid = children === '' ? null : Number(children.split(' ')[0]);
      return pid !== null;
    };
    await until(look, `process 1 of ${this.#options.hostname}`);
    return pid;
  }
}

/** Becomes the container's user, without a way back, and runs `command`. */
function asUser({ user, env, workdir }: ContainerOptions, command: readonly string[]): string[] {
  return [
    ...['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`],
    user.groups.length === 0 ? '--clear-groups' : `--groups=${user.groups.join(',')}`,
    ...['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'],
    ...['env', '-i', '-C', workdir, `PATH=${PATH}`],
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...command,
  ];
}

function startScript(options: ContainerOptions): string {
  const { folder, hostname, mounts, programs, readOnlyRoot } = options;
  const root = join(folder, 'root');
  const at = (path: string): string => quote(root + path);
  const isFile = (path: string): string => `[ -f ${quote(path)} ]`;
  const bind = ({ source, target, readOnly }: Mount): string[] => [
    `mkdir -p ${at(join(target, '..'))}`,
    `if ${isFile(source)}; then touch ${at(target)}; else mkdir -p ${at(target)}; fi`,
    `mount --bind ${quote(source)} ${at(target)}`,
    ...(readOnly ? [`mount -o remount,bind,ro ${at(target)}`] : []),
  ];
  return [
    'mount --make-rprivate /',
    `hostname ${quote(hostname)}`,
    `mkdir -p ${quote(root)}`,
    `mount -t tmpfs -o mode=755,size=16m tmpfs ${quote(root)}`,
    ...bind({ source: '/usr', target: '/usr', readOnly: true }),
    ...['bin', 'sbin', 'lib', 'lib64'].map((name) => `ln -s usr/${name} ${at(`/${name}`)}`),
    `mkdir -p ${at('/etc')} ${at('/proc')} ${at('/dev')}`,
    `cp /etc/ld.so.cache ${at('/etc/ld.so.cache')}`,
    `printf 'root:x:0:0::/:/bin/sh\\n' > ${at('/etc/passwd')}`,
    `printf 'hosts: files\\n' > ${at('/etc/nsswitch.conf')}`,
    // Names come from a folder, for a file that is mounted could not be replaced in one go.
    `ln -s ${NAMES}/hosts ${at('/etc/hosts')}`,
    `mount -t proc proc ${at('/proc')}`,
    ...DEVICES.flatMap((name) =>
      bind({ source: `/dev/${name}`, target: `/dev/${name}`, readOnly: false }),
    ).map((line) => line.replace(/\[ -f /, '[ -e ')),
    ...Object.entries(programs).flatMap(([name, source]) =>
      bind({ source, target: `${PROGRAMS}/${name}`, readOnly: true }),
    ),
    ...mounts.flatMap(bind),
    ...(readOnlyRoot ? [`mount -o remount,ro ${quote(root)}`] : []),
    `exec chroot ${quote(root)} ${asUser(options, options.command).map(quote).join(' ')}`,
    '',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
