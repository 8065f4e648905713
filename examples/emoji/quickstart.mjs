/**
 * The README's first command: sets everything up and fine-tunes the bundled emoji model on real pictures.
 *
 * Plain JavaScript, for it starts before there are dependencies. What it does not need to do, it skips; what follows
 * its own arguments is handed to `sara train`, e.g. `npm run quickstart -- --set train.steps=100`.
 */
import { spawn } from 'node:child_process';
import { ensureBuild, ensureDependencies, ensureNatsServer, PROJECT_ROOT } from '../../shared/bootstrap.mjs';

const CONFIG = 'examples/emoji/finetune.yaml';
const NUM_WORKERS = 2;

try {
  await ensureDependencies();
  await ensureBuild();
  await ensureNatsServer();
} catch (error) {
  process.stderr.write(`sara: ${error.message}\n`);
  process.exit(69);
}
await runNode(['--import=tsx', 'examples/emoji/prepare.ts']);
await runNode([
  'dist/coordinator/main.js',
  'train',
  CONFIG,
  '--workers',
  String(NUM_WORKERS),
  ...process.argv.slice(2),
]);

/** Runs node in the project and ends with its exit code unless that is 0. Ctrl-C reaches the child by itself. */
async function runNode(args) {
  const env = { ...process.env, SARA_COMMAND: 'npx sara' };
  const child = spawn(process.execPath, args, { cwd: PROJECT_ROOT, stdio: 'inherit', env });
  const forward = (signal) => child.kill(signal);
  // A terminal signals the whole group; a supervisor only us. The child takes a second signal as "at once", so
  // Ctrl-C is left to the terminal.
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  const code = await new Promise((resolve) =>
    child.on('exit', (exitCode, signal) => resolve(exitCode ?? (signal ? 130 : 1))),
  );
  process.off('SIGINT', ignore);
  process.off('SIGTERM', forward);
  if (code !== 0) process.exit(code);
}

function ignore() {}
