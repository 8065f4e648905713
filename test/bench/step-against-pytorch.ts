/**
 * A SaRA step at SD1.5's size against what users run today, in turns on the same machine: ratios of times and peaks.
 *
 * Run: npx tsx test/bench/step-against-pytorch.ts [latent] [rounds]
 * Needs python3 with torch, diffusers and peft; says so and ends well where they are not.
 * Not measured: pictures, text encoder, VAE, precision other than float32. Quiet the machine first.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { workerCommand, workerEnvironment } from '../../coordinator/worker-program.ts';
import type { StepBenchReport } from '../../worker/bench/step-bench.ts';

const LATENT = Number(process.argv[2] ?? 32);
const NUM_ROUNDS = Number(process.argv[3] ?? 3);
const STEPS_PER_ROUND = 3;
const NUM_THREADS = cpus().length;
const METHODS = ['lora', 'masked', 'full'] as const;
const SCRIPT = fileURLToPath(new URL('pytorch_step.py', import.meta.url));

interface Measured {
  readonly seconds: number[];
  peakRssBytes: number;
}

function main(): void {
  const probe = spawnSync('python3', ['-c', 'import torch, diffusers, peft'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    const reason = probe.error?.message ?? probe.stderr.trim().split('\n').at(-1);
    console.log(`nothing to compare with (${reason}); pip install torch diffusers peft`);
    return;
  }
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  console.log(`commit ${commit}, ${NUM_THREADS} x ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}`);
  console.log(
    `latents ${LATENT}x${LATENT}, batch 1, float32; ${NUM_ROUNDS} rounds of ${STEPS_PER_ROUND} steps each`,
  );
  const results = new Map<string, Measured>();
  for (let round = 0; round < NUM_ROUNDS; round++) {
    add(results, 'sara', saraSteps());
    for (const method of METHODS) add(results, method, pytorchSteps(method));
  }
  const own = results.get('sara')!;
  for (const [name, { seconds, peakRssBytes }] of results) {
    const sorted = seconds.sort((a, b) => a - b);
    const ratio = median(sorted) / median([...own.seconds].sort((a, b) => a - b));
    console.log(
      `${name.padEnd(8)} ${median(sorted).toFixed(2)} s (${sorted[0].toFixed(2)} - ${sorted.at(-1)!.toFixed(2)}), ` +
        `${ratio.toFixed(2)} times sara's; peak ${(peakRssBytes / 2 ** 30).toFixed(2)} GiB, ` +
        `${(peakRssBytes / own.peakRssBytes).toFixed(2)} times`,
    );
  }
}

function add(results: Map<string, Measured>, name: string, measured: Measured): void {
  const known = results.get(name) ?? { seconds: [], peakRssBytes: 0 };
  known.seconds.push(...measured.seconds);
  known.peakRssBytes = Math.max(known.peakRssBytes, measured.peakRssBytes);
  results.set(name, known);
}

function saraSteps(): Measured {
  const options = ['--preset', 'sd15', '--latent', `${LATENT}`, '--steps', `${STEPS_PER_ROUND}`, '--json'];
  const { file, args } = workerCommand(['bench', 'step', ...options]);
  const stdio: ('ignore' | 'pipe' | 'inherit')[] = ['ignore', 'pipe', 'inherit'];
  const report = JSON.parse(
    execFileSync(file, args, { encoding: 'utf8', stdio, env: workerEnvironment() }),
  ) as StepBenchReport;
  return { seconds: [report.stepMs.median / 1000], peakRssBytes: report.peakRssBytes };
}

function pytorchSteps(method: (typeof METHODS)[number]): Measured {
  const numbers = [LATENT, 1, STEPS_PER_ROUND, NUM_THREADS].map(String);
  return JSON.parse(execFileSync('python3', [SCRIPT, method, ...numbers], { encoding: 'utf8' })) as Measured;
}

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1];
}

main();
