/** Programs of the system that the cluster is made with. */
import { execFile } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What is called, and the Debian package that brings it. */
const NEEDED: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  chroot: 'coreutils',
  curl: 'curl',
  openssl: 'openssl',
  nft: 'nftables',
};

/** @returns what it printed. @throws Error with what it complained of */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await execute(program, args)).stdout;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`, { cause: error });
  }
}

/** Installs what is missing where that is possible. @returns null when pods can be run here, else why not */
export function clusterAbsence(): string | null {
  if (process.platform !== 'linux') return 'pods need the namespaces of Linux';
  if (process.getuid?.() !== 0) return 'making namespaces needs root';
  const missing = missingPackages();
  if (missing.length > 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
    if (spawnSync('apt-get', install, { env }).status !== 0) {
      spawnSync('apt-get', ['update', '-qq'], { env });
      spawnSync('apt-get', install, { env });
    }
  }
  const still = missingPackages();
  if (still.length > 0) return `not installed: ${still.join(', ')}`;
  const { status, stderr } = spawnSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true'], {
    encoding: 'utf8',
  });
  return status === 0 ? null : `namespaces are not to be had here: ${stderr.trim()}`;
}

function missingPackages(): string[] {
  const isThere = (program: string): boolean =>
    spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
  return [
    ...new Set(
      Object.entries(NEEDED)
        .filter(([program]) => !isThere(program))
        .map(([, name]) => name),
    ),
  ];
}
