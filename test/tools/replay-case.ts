/**
 * Replays one folder of recorded reference values and prints, as JSON, how far this implementation is from it:
 * per quantity the largest error (relative, ||a - b|| / ||b||), where it occurs, and the tolerance it is held to.
 *
 *   npx tsx test/tools/replay-case.ts DIR [--engine onnx] [--provider cpu|webgpu] [--every]
 *   npx tsx test/tools/replay-case.ts DIR --engine tfjs [--backend auto|node-gpu|node|wasm|cpu] [--every]
 *
 * A WebGPU provider runs on the software driver of the chromium package, unless VK_ICD_FILENAMES names another.
 *
 * Exit code 0: every error is within its tolerance. 1: some is not. Otherwise the folder or the command line was
 * refused, with the exit code of the error (shared/errors.ts) and its reason on stderr.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { asSaraError, SaraError } from '../../shared/errors.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { BACKENDS, type BackendName } from '../../worker/engine/tfjs/backend.ts';
import { createTfjsEngine } from '../../worker/engine/tfjs/tfjs-engine.ts';
import { recogniseCase, replayCase } from '../support/replay/case.ts';
import { largest, type Comparisons } from '../support/replay/comparisons.ts';
import { softwareVulkanRefusal, useSoftwareVulkan } from '../support/software-vulkan.ts';

const USAGE =
  'usage: replay-case.ts DIR [--engine onnx] [--provider cpu|webgpu] [--every]\n' +
  `       replay-case.ts DIR --engine tfjs [--backend auto|${BACKENDS.join('|')}] [--every]`;

interface Options {
  readonly folder: string;
  readonly engine:
    | { readonly name: 'onnx'; readonly provider: 'cpu' | 'webgpu' }
    | { readonly name: 'tfjs'; readonly backend: BackendName | 'auto' };
  /** Print the error of every gradient and step too, not only the largest. */
  readonly every: boolean;
}

function parseCommandLine(args: string[]): Options {
  const { values, positionals } = parseOptions(args);
  if (positionals.length !== 1) throw usage(`expected one folder, got ${positionals.length}`);
  return { folder: positionals[0], engine: parseEngine(values), every: values.every };
}

function parseEngine({
  engine,
  provider,
  backend,
}: ReturnType<typeof parseOptions>['values']): Options['engine'] {
  switch (engine) {
    case 'onnx':
      if (backend !== undefined) throw usage('--backend is for --engine tfjs');
      if (provider === undefined || provider === 'cpu') return { name: engine, provider: 'cpu' };
      if (provider === 'webgpu') return { name: engine, provider };
      throw usage(`unknown provider ${provider}`);
    case 'tfjs': {
      if (provider !== undefined && provider !== 'cpu')
        throw usage(`--provider ${provider} is for --engine onnx; use --backend`);
      if (backend === undefined || backend === 'auto') return { name: engine, backend: 'auto' };
      const known = BACKENDS.find((name) => name === backend);
      if (known === undefined) throw usage(`unknown backend ${backend}`);
      return { name: engine, backend: known };
    }
    default:
      throw usage(`unknown engine ${engine}`);
  }
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        engine: { type: 'string', default: 'onnx' },
        provider: { type: 'string' },
        backend: { type: 'string' },
        every: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw usage(asSaraError(cause).message);
  }
}

function usage(reason: string): SaraError {
  return new SaraError('USAGE', `${reason}\n${USAGE}`);
}

async function createEngine({ engine }: Options): Promise<Engine> {
  const numThreads = availableParallelism();
  if (engine.name === 'tfjs') return createTfjsEngine({ backend: engine.backend, numThreads });
  if (engine.provider === 'webgpu' && softwareVulkanRefusal() === null) useSoftwareVulkan();
  return createOnnxEngine({ provider: engine.provider, numThreads });
}

/** JSON has no NaN and no Infinity. */
function jsonNumber(x: number): number | string {
  return Number.isFinite(x) ? x : String(x);
}

function summary(comparisons: Comparisons): Record<string, unknown> {
  return Object.fromEntries(
    [...comparisons.quantities].map(([name, quantity]) => {
      const { error, at } = largest(quantity);
      return [
        name,
        { error: jsonNumber(error), at, tolerance: quantity.tolerance, count: quantity.errors.size },
      ];
    }),
  );
}

function everyError(comparisons: Comparisons): Record<string, unknown> {
  return Object.fromEntries(
    [...comparisons.quantities].map(([name, { errors }]) => [
      name,
      Object.fromEntries([...errors].map(([at, error]) => [at, jsonNumber(error)])),
    ]),
  );
}

try {
  const options = parseCommandLine(process.argv.slice(2));
  const kind = await recogniseCase(options.folder);
  const engine = await createEngine(options);
  const comparisons = await replayCase(kind, options.folder, engine);
  const report = {
    case: options.folder,
    kind,
    engine: options.engine.name,
    ...(options.engine.name === 'onnx'
      ? { provider: options.engine.provider }
      : { backend: options.engine.backend }),
    device: engine.device,
    passed: comparisons.passed,
    ...summary(comparisons),
    ...(options.every && { every: everyError(comparisons) }),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = comparisons.passed ? 0 : 1;
} catch (thrown) {
  const error = asSaraError(thrown);
  process.stderr.write(`replay-case: ${error.code}: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
