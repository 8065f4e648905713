/**
 * `npm test [-- mocha arguments]`: makes a fresh checkout ready, runs mocha, ends with `N passed, N failed`.
 *
 * Plain JavaScript without dependencies, for it installs them. Paths among the arguments replace the default, which
 * is every test but the benchmarks. A test process that does not end by itself once all tests have is a failure: it
 * means that something was left running.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, ensureNatsServer, PROJECT_ROOT } from '../shared/bootstrap.mjs';

const EVERY_TEST = ['test/**/*.test.ts', '--ignore', 'test/bench/**'];

/** How long the test process may take to end after its last test. */
const END_TIMEOUT_MS = 30_000;
const POLL_MS = 250;

/** @returns {{ passes: number, failures: number, pending: number } | null} null until all tests have ended */
function readTally(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null; // Not there yet, or half written.
  }
}

/**
 * Runs mocha in a process group of its own, so that whatever it leaves behind can be ended with it.
 * @returns {Promise<{ exitCode: number, leftRunning: boolean }>}
 */
function runMocha(args, tallyPath) {
  const mocha = join(PROJECT_ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const reporter = join(PROJECT_ROOT, 'test', 'support', 'tally-reporter.mjs');
  const child = spawn(process.execPath, [mocha, '--reporter', reporter, ...args], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SARA_TEST_TALLY: tallyPath },
    detached: true,
  });
  const signalGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended.
    }
  };
  const forward = (signal) => signalGroup(signal);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    let leftRunning = false;
    let endedAtMs = null;
    const watch = setInterval(() => {
      if (endedAtMs === null && readTally(tallyPath) !== null) endedAtMs = Date.now();
      if (endedAtMs === null || Date.now() - endedAtMs < END_TIMEOUT_MS) return;
      leftRunning = true;
      signalGroup('SIGKILL');
    }, POLL_MS);
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(watch);
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve({ exitCode: code ?? 1, leftRunning });
    });
  });
}

async function main(args) {
  await ensureDependencies();
  await ensureNatsServer();
  const namesTests = args.some(
    (arg) => !arg.startsWith('-') && (arg.includes('*') || existsSync(join(PROJECT_ROOT, arg))),
  );
  const folder = mkdtempSync(join(tmpdir(), 'sara-test-'));
  try {
    const tallyPath = join(folder, 'tally.json');
    const { exitCode, leftRunning } = await runMocha(namesTests ? args : [...EVERY_TEST, ...args], tallyPath);
    const { passes, failures, pending } = readTally(tallyPath) ?? { passes: 0, failures: 1, pending: 0 };
    if (leftRunning)
      console.log(
        `The tests have ended and their process had not after ${END_TIMEOUT_MS / 1000} s: it was killed.`,
      );
    if (passes + failures === 0) console.log('No test was run.');
    const numFailed = failures + (leftRunning || (exitCode !== 0 && failures === 0) ? 1 : 0);
    console.log(`${passes} passed, ${numFailed} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
    return numFailed > 0 || passes === 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
