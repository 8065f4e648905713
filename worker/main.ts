#!/usr/bin/env node
/**
 * The worker program: `serve` is a worker of a cluster; the other commands work alone, on models, pictures and adapter
 * files. Those of the coordinator's CLI that need the engine or the files' contents lead here.
 */
import { Command, CommanderError } from 'commander';
import { cpus } from 'node:os';
import { loadRunConfig, SAMPLER_NAMES } from '../shared/config.ts';
import { SaraError } from '../shared/errors.ts';
import { runMain, type Lifecycle } from '../shared/lifecycle.ts';
import { TOOL_VERSION } from '../shared/version.ts';
import { analyzeCommand } from './cli/analyze.ts';
import { collect, oneOf, positive, whole } from './cli/arguments.ts';
import { benchCommand } from './cli/bench.ts';
import { exportCommand } from './cli/export.ts';
import { inspectCommand } from './cli/inspect.ts';
import { mergeCommand } from './cli/merge.ts';
import { serveCommand } from './cli/serve.ts';
import type { SamplerName } from './diffusion/scheduler-config.ts';
import type { Provider } from './engine/onnx/onnx-engine.ts';
import { profileRun } from './model-actor.ts';
import { probeProvider, PROVIDERS, requireProvider } from './probe.ts';
import { sample } from './sample.ts';

/** What the user typed: `sara worker` leads here too, and helps under that name. */
function nameOf(command: Command): string {
  const { parent } = command;
  if (parent === null) return command.name();
  return process.env.SARA_INVOKED_AS ?? `${parent.name()} ${command.name()}`;
}

function program(life: Lifecycle): Command {
  const root = new Command('sara-worker')
    .version(TOOL_VERSION)
    .description('Computes: hosts the stages of training runs, draws pictures.')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'sara: ')) })
    .configureHelp({ commandUsage: (command) => `${nameOf(command)} ${command.usage()}` })
    .exitOverride();

  serveCommand(root, life);

  root
    .command('sample')
    .description('Draw pictures from a model folder, with or without adapters.')
    .requiredOption('--model <folder>', 'model: a diffusers folder, or a single-file checkpoint')
    .option('--adapter <file[@strength]>', 'adapter to apply, strength 0 to 2 (repeatable)', collect, [])
    .requiredOption('--prompt <text>', 'what to draw (repeatable)', collect, [])
    .option(
      '--seed <n>',
      'seed of the starting noise (repeatable; default 0)',
      (text, seeds: number[]) => [...seeds, whole(text)],
      [],
    )
    .option('--sampler <name>', SAMPLER_NAMES.join(', '), oneOf<SamplerName>(SAMPLER_NAMES), 'ddim')
    .option('--steps <n>', 'inference steps', positive, 25)
    .option('--guidance <scale>', 'classifier-free guidance; 1 switches it off', Number, 3)
    .option('--clip-skip <layers>', 'last layers of the text encoders left off', whole, 0)
    .option('--resolution <px>', "edge of the pictures (default: the model's)", positive)
    .option('--out <path>', 'a .png file for one sheet, else a folder for single pictures', 'samples')
    .option('--provider <name>', 'cpu, cuda or webgpu', oneOf<Provider>(['cpu', 'cuda', 'webgpu']), 'cpu')
    .option('--threads <n>', 'engine threads', positive, cpus().length)
    .action(
      async (o: {
        model: string;
        adapter: string[];
        prompt: string[];
        seed: number[];
        sampler: SamplerName;
        steps: number;
        guidance: number;
        clipSkip: number;
        resolution?: number;
        out: string;
        provider: Provider;
        threads: number;
      }) => {
        const paths = await sample({
          model: o.model,
          adapters: o.adapter,
          prompts: o.prompt,
          seeds: o.seed.length === 0 ? [0] : o.seed,
          sampler: o.sampler,
          numInferenceSteps: o.steps,
          guidanceScale: o.guidance,
          clipSkip: o.clipSkip,
          resolution: o.resolution ?? null,
          out: o.out,
          provider: o.provider,
          numThreads: o.threads,
          signal: life.signal,
        });
        for (const path of paths) process.stdout.write(`${path}\n`);
      },
    );

  root
    .command('profile')
    .description('Print, as JSON, what a run costs block by block. Nothing is trained.')
    .argument('<config>', 'run configuration (YAML)')
    .option('--set <path=value>', 'override a field of the configuration (repeatable)', collect, [])
    .action(async (path: string, o: { set: string[] }) => {
      const config = await loadRunConfig(path, { flags: o.set, environment: process.env });
      process.stdout.write(`${JSON.stringify(await profileRun(config))}\n`);
    });
  root
    .command('probe')
    .description('Print, as JSON, whether a provider computes on this machine.')
    .argument('<provider>', PROVIDERS.join(', '))
    .action(async (name: string) => {
      process.stdout.write(`${JSON.stringify(await probeProvider(requireProvider(name)))}\n`);
    });
  exportCommand(root, life);
  mergeCommand(root);
  analyzeCommand(root);
  inspectCommand(root);
  benchCommand(root);
  return root;
}

await runMain(
  async (life) => {
    try {
      await program(life).parseAsync();
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode !== 0) throw new SaraError('USAGE', error.message, {}, { cause: error });
    }
  },
  {
    report: (error) => {
      // Commander says itself what is wrong with an option.
      if (!(error.cause instanceof CommanderError)) process.stderr.write(`sara: ${error.message}\n`);
    },
  },
);
