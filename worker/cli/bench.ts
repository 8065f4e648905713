/** `sara bench`: what this machine makes of a training step. */
import type { Command } from 'commander';
import { cpus } from 'node:os';
import { formatBytes } from '../../shared/bytes.ts';
import { alignColumns } from '../../shared/table.ts';
import {
  benchStep,
  DEFAULT_CACHE_FOLDER,
  STEP_BENCH_PRESETS,
  type Spread,
  type StepBenchPreset,
  type StepBenchReport,
} from '../bench/step-bench.ts';
import type { Provider } from '../engine/onnx/onnx-engine.ts';
import { oneOf, positive } from './arguments.ts';
import { count, print } from './output.ts';

export function benchCommand(root: Command): void {
  const bench = root.command('bench').description('Measure this machine at training.');
  bench
    .command('step')
    .description(
      'Time real SaRA steps of a published UNet size, with drawn weights, against the arithmetic floor. ' +
        'Draws and keeps the weights at the first call (3.4 GB for sd15, 5.1 GB for sdxl).',
    )
    .option(
      '--preset <name>',
      Object.keys(STEP_BENCH_PRESETS).join(', '),
      oneOf(Object.keys(STEP_BENCH_PRESETS) as StepBenchPreset[]),
      'sd15',
    )
    .option('--latent <pixels>', 'edge of the latents: picture pixels / 8', positive, 64)
    .option('--batch <n>', 'samples', positive, 1)
    .option('--steps <n>', 'timed steps, after one that compiles', positive, 5)
    .option('--threshold <theta>', 'train weights below it', Number, 2e-3)
    .option('--rank-weight <lambda>', 'of the nuclear-norm term; 0 switches it off', Number, 5e-3)
    .option('--provider <name>', 'cpu, cuda or webgpu', oneOf<Provider>(['cpu', 'cuda', 'webgpu']), 'cpu')
    .option('--threads <n>', 'engine threads', positive, cpus().length)
    .option('--cache <folder>', 'where drawn weights are kept', DEFAULT_CACHE_FOLDER)
    .option('--json', 'print the report as JSON', false)
    .action(
      async (o: {
        preset: StepBenchPreset;
        latent: number;
        batch: number;
        steps: number;
        threshold: number;
        rankWeight: number;
        provider: Provider;
        threads: number;
        cache: string;
        json: boolean;
      }) => {
        const report = await benchStep({
          preset: o.preset,
          latent: o.latent,
          batch: o.batch,
          numSteps: o.steps,
          threshold: o.threshold,
          rankWeight: o.rankWeight,
          provider: o.provider,
          numThreads: o.threads,
          cacheFolder: o.cache,
          progress: (line) => process.stderr.write(`${line}\n`),
        });
        print(o.json, report, () => describe(report));
      },
    );
}

function describe(report: StepBenchReport): string[] {
  const { stepMs, phasesMs, start } = report;
  const ms = ({ median, min, max }: Spread): string[] => [
    `${median.toFixed(0)} ms`,
    `${min.toFixed(0)} to ${max.toFixed(0)}`,
    `${((100 * median) / stepMs.median).toFixed(1)} %`,
  ];
  return [
    `${report.preset}, latents ${report.latent}x${report.latent}, batch ${report.batch}, ${report.provider}, ${report.numThreads} threads, ${report.numSteps} steps`,
    `${count(report.trainableCount)} of ${count(report.parameterCount)} weights trained (|w| < ${report.threshold}), rank weight ${report.rankWeight}`,
    '',
    ...alignColumns([
      ['', 'median', 'range', 'share'],
      ['step', ...ms(stepMs)],
      ['  forward and gradients', ...ms(phasesMs.gradients)],
      ['  rank term', ...ms(phasesMs.rankTerm)],
      ['  clipping, AdamW, write back', ...ms(phasesMs.update)],
    ]),
    '',
    `floor        ${report.floorMs.toFixed(0)} ms: ${(report.stepFlops / 1e9).toFixed(0)} GFLOP at ${(report.gemmFlopsPerSecond / 1e9).toFixed(0)} GFLOP/s; the step takes ${report.ratioToFloor.toFixed(2)} times that`,
    `peak memory  ${formatBytes(report.peakRssBytes)}`,
    `start        ${((start.selectMs + start.bindMs + start.firstStepMs) / 1000).toFixed(1)} s: select ${(start.selectMs / 1000).toFixed(1)}, bind ${(start.bindMs / 1000).toFixed(1)}, first step with compilation ${(start.firstStepMs / 1000).toFixed(1)}`,
  ];
}
