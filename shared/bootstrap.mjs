/**
 * Set-up of a fresh clone: dependencies, build, and a nats-server. Plain JavaScript without dependencies, for it
 * runs before there are any. Every step looks first and does nothing when nothing is missing; what it does, it
 * says in one line; what it cannot do, it says in one sentence that tells the user how.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
} from 'node:fs';
import { chmodSync, createReadStream, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

/** Folder with package.json: above this file in the sources and in dist/. */
export const PROJECT_ROOT = findProjectRoot(dirname(fileURLToPath(import.meta.url)));

/** Names a nats-server to use, before any other is looked for. */
const SERVER_VARIABLE = 'SARA_NATS_SERVER';

/** Debian puts it into sbin, which is not in every user's PATH. */
const USUAL_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

const CACHE_FOLDER = join(PROJECT_ROOT, '.cache', 'bin');

/**
 * The official release that is downloaded when nothing else is there, with the checksums of its SHA256SUMS file; those
 * for Linux are also the ones the official container images check. A platform without a known one is not listed.
 */
const RELEASE_VERSION = '2.14.5';
const RELEASE_SHA256 = {
  'linux-amd64': '5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355',
  'linux-arm64': '673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c',
  'darwin-amd64': 'f95c98d6b6ed2b63c5681b46b092c9585c99767d547cf495730c329234625e96',
  'darwin-arm64': 'ddd907854d9a2de834af133fa396915fe6442fe6d8909ae31390d1ea7a0fea50',
};

/** @returns {string | null} path of a nats-server that can be run */
export function findNatsServer() {
  const named = process.env[SERVER_VARIABLE];
  if (named) return isExecutable(named) ? named : null;
  const folders = [...(process.env.PATH ?? '').split(':').filter(Boolean), ...USUAL_FOLDERS, CACHE_FOLDER];
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable) ?? null;
}

/** Installs what package-lock.json says, when that has not been done since it last changed. */
export async function ensureDependencies() {
  const installed = modifiedMs(join(PROJECT_ROOT, 'node_modules', '.package-lock.json'));
  if (installed !== null && installed >= (modifiedMs(join(PROJECT_ROOT, 'package-lock.json')) ?? 0)) return;
  say('installing dependencies (npm ci)');
  await run(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    'Dependencies could not be installed',
  );
}

/** Compiles the sources, when one is newer than the last build. */
export async function ensureBuild() {
  const built = modifiedMs(join(PROJECT_ROOT, 'dist', 'coordinator', 'main.js'));
  const sources = ['shared', 'coordinator', 'worker'].map((folder) => join(PROJECT_ROOT, folder));
  if (built !== null && newestMs([...sources, join(PROJECT_ROOT, 'tsconfig.build.json')]) <= built) return;
  say('building (npm run build)');
  await run('npm', ['run', '--silent', 'build'], 'The build failed');
}

/**
 * Makes sure there is a nats-server.
 * @returns {Promise<string>} its path
 */
export async function ensureNatsServer() {
  const found = findNatsServer();
  if (found !== null) return found;
  const failures = [];
  for (const install of [installFromDistribution, installRelease]) {
    const why = await install();
    const installed = findNatsServer();
    if (installed !== null) return installed;
    failures.push(why);
  }
  throw new Error(
    `No nats-server was found and none could be installed (${failures.join('; ')}). ` +
      `Install it with your package manager (apt install nats-server, brew install nats-server) or from ` +
      `https://github.com/nats-io/nats-server/releases, put it into PATH or name it in ${SERVER_VARIABLE}, and try again.`,
  );
}

/** @returns {Promise<string>} why not, when there is none afterwards */
async function installFromDistribution() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'no package installed: not root on Linux';
  if (!existsSync('/usr/bin/apt-get')) return 'no apt-get here';
  say('installing nats-server (apt-get)');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-qq', '--no-install-recommends', 'nats-server'];
  // Package lists of a fresh container are empty; those of a machine in use need no refresh.
  if ((await runQuietly('apt-get', install, env)).code === 0) return 'apt-get installed no nats-server';
  await runQuietly('apt-get', ['update', '-qq'], env);
  const { code, lastLine } = await runQuietly('apt-get', install, env);
  return code === 0 ? 'apt-get installed no nats-server' : `apt-get failed: ${lastLine}`;
}

/** @returns {Promise<string>} why not, when there is none afterwards */
async function installRelease() {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const sha256 = RELEASE_SHA256[platform];
  if (sha256 === undefined) return `no release with a known checksum for ${platform}`;
  const name = `nats-server-v${RELEASE_VERSION}-${platform}`;
  const url = `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/${name}.tar.gz`;
  say(`downloading nats-server ${RELEASE_VERSION}`);
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(CACHE_FOLDER, 'download-'));
  try {
    const archive = join(folder, 'release.tar.gz');
    const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
    if (!response.ok || response.body === null) return `${url} answered ${response.status}`;
    await pipeline(Readable.fromWeb(response.body), createWriteStream(archive));
    const actual = await sha256Of(archive);
    if (actual !== sha256) return `${url} has SHA-256 ${actual} instead of ${sha256}`;
    const { code, lastLine } = await runQuietly('tar', ['-xzf', archive, '-C', folder], process.env);
    if (code !== 0) return `tar failed: ${lastLine}`;
    const binary = join(folder, name, 'nats-server');
    chmodSync(binary, 0o755);
    renameSync(binary, join(CACHE_FOLDER, 'nats-server'));
    return 'the release held no nats-server';
  } catch (error) {
    return `${url} could not be downloaded: ${error.cause?.message ?? error.message}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sha256Of(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function run(command, args, what) {
  const { code, output } = await runQuietly(command, args, process.env);
  if (code !== 0) throw new Error(`${what}: '${command} ${args.join(' ')}' ended with ${code}.\n${output}`);
}

/** Runs a command in the project; shows nothing, keeps the end of what it says. */
function runQuietly(command, args, env) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: PROJECT_ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (bytes) => {
      output = (output + bytes).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => done({ code: 127, output: error.message, lastLine: error.message }));
    child.on('close', (code) =>
      done({ code: code ?? 1, output, lastLine: output.trimEnd().split('\n').at(-1) ?? '' }),
    );
  });
}

function say(line) {
  process.stderr.write(`sara: ${line}\n`);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function modifiedMs(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return null;
  }
}

function newestMs(paths) {
  let newest = 0;
  for (const path of paths) {
    const stats = statSync(path);
    newest = Math.max(newest, stats.mtimeMs);
    if (stats.isDirectory())
      newest = Math.max(newest, newestMs(readdirSync(path).map((name) => join(path, name))));
  }
  return newest;
}

function findProjectRoot(folder) {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (at === dirname(at)) return resolve(folder);
  }
}
