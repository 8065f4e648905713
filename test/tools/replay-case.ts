/**
 * Replays one folder of recorded reference values and prints, as JSON, how far this implementation is from it:
 * per quantity the largest error (relative, ||a - b|| / ||b||), where it occurs, and the tolerance it is held to.
 *
 *   npx tsx test/tools/replay-case.ts DIR [--engine onnx|tfjs] [--provider cpu|webgpu] [--every]
 *
 * Exit code 0: every error is within its tolerance. 1: some is not. Otherwise the folder or the command line was
 * refused, with the exit code of the error (shared/errors.ts) and its reason on stderr.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { asSaraError, SaraError } from '../../shared/errors.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { recogniseCase, replayCase } from '../support/replay/case.ts';
import { largest, type Comparisons } from '../support/replay/comparisons.ts';

const USAGE = 'usage: replay-case.ts DIR [--engine onnx|tfjs] [--provider cpu|webgpu] [--every]';

interface Options {
  readonly folder: string;
  readonly engine: string;
  readonly provider: 'cpu' | 'webgpu';
  /** Print the error of every gradient and step too, not only the largest. */
  readonly every: boolean;
}

function parseCommandLine(args: string[]): Options {
  const { values, positionals } = parseOptions(args);
  const { engine, provider, every } = values;
  if (positionals.length !== 1) throw usage(`expected one folder, got ${positionals.length}`);
  if (provider !== 'cpu' && provider !== 'webgpu') throw usage(`unknown provider ${provider}`);
  if (engine !== 'onnx' && engine !== 'tfjs') throw usage(`unknown engine ${engine}`);
  return { folder: positionals[0], engine, provider, every };
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        engine: { type: 'string', default: 'onnx' },
        provider: { type: 'string', default: 'cpu' },
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

function createEngine({ engine, provider }: Options): Engine {
  if (engine === 'tfjs')
    throw new SaraError('MODEL_UNSUPPORTED', '--engine tfjs is not implemented yet; use onnx');
  return createOnnxEngine({ provider, numThreads: availableParallelism() });
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
  const comparisons = await replayCase(kind, options.folder, createEngine(options));
  const report = {
    case: options.folder,
    kind,
    engine: options.engine,
    provider: options.provider,
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
