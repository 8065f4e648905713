/** `sara analyze`: what SaRA would train in a model, before anything is trained. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { formatBytes } from '../../shared/bytes.ts';
import { loadRunConfig } from '../../shared/config.ts';
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import { SaraError } from '../../shared/errors.ts';
import { alignColumns } from '../../shared/table.ts';
import { renderAnalysis } from '../analysis/analysis-picture.ts';
import {
  analyseModel,
  BYTES_PER_TRAINED_WEIGHT,
  WITHOUT_CONFIG,
  type AnalysisOptions,
  type ModelAnalysis,
} from '../analysis/model-analysis.ts';
import { openUNet } from '../export/base-unet.ts';
import { collect } from './arguments.ts';
import { count, percent, print } from './output.ts';

/** float32 gradient and two moments of every weight, and the weight: what full fine-tuning would hold. */
const BYTES_PER_WEIGHT_OF_FULL_TRAINING = 16;

interface AnalyzeArguments {
  readonly config?: string;
  readonly set?: string[];
  readonly threshold?: readonly number[];
  readonly out: string;
  /** False for --no-picture. */
  readonly picture: boolean;
  readonly json?: boolean;
}

interface AnalysisReport extends ModelAnalysis {
  readonly model: string;
  /** Paths of the pictures. */
  readonly pictures: readonly string[];
}

export function analyzeCommand(root: Command): void {
  root
    .command('analyze')
    .description(
      'Show how large the weights of a model are and what SaRA would train of them. Nothing is trained.',
    )
    .argument(
      '[model]',
      "a diffusers folder, its unet folder, or a single file (default: the configuration's)",
    )
    .option(
      '--config <file>',
      'run configuration (YAML): its threshold or fraction and its patterns are shown',
    )
    .option('--set <path=value>', 'override a field of the configuration (repeatable)', collect)
    .option('--threshold <magnitude>', 'threshold to list (repeatable; default: a range)', collectThresholds)
    .option('--out <stem>', 'where the picture goes: <stem>.png and <stem>.svg', 'analysis')
    .option('--no-picture', 'print the tables only')
    .option('--json', 'print JSON instead of tables, with every tensor')
    .addHelpText(
      'after',
      `
For every threshold: how many weights lie below it, the size of the adapter, the memory of what is trained
(${BYTES_PER_TRAINED_WEIGHT} bytes a weight: value, gradient, two moments, index) and the paper's learning rate
(equation 12, up to a threshold of 0.01). Then the weights by kind of layer, and where the mask falls, block by block.
Tensors are read one at a time, so memory is that of the largest.

Examples:
  sara analyze runs/base
  sara analyze --config run.yaml --out reports/base
  sara analyze v1-5-pruned.safetensors --threshold 2e-4 --threshold 8e-4 --threshold 2e-3`,
    )
    .action(async (model: string | undefined, args: AnalyzeArguments) => {
      const report = await runAnalysis(model, args);
      print(args.json, report, () => analysisText(report));
    });
}

async function runAnalysis(named: string | undefined, args: AnalyzeArguments): Promise<AnalysisReport> {
  const config =
    args.config === undefined
      ? null
      : await loadRunConfig(args.config, { flags: args.set ?? [], environment: process.env });
  const model = named ?? config?.model.path;
  if (model === undefined)
    throw new SaraError('USAGE', 'nothing to analyze: name a model, or a configuration with --config');
  const unet = await openUNet(model);
  try {
    const chosen = config === null ? WITHOUT_CONFIG : optionsOf(config);
    const thresholds = args.threshold ?? chosen.thresholds;
    const analysis = await analyseModel(unet.files, { ...chosen, thresholds });
    const pictures = args.picture ? await draw(analysis, model, resolve(args.out)) : [];
    return { model, pictures, ...analysis };
  } finally {
    await unet.files.close();
  }
}

function optionsOf({ sara }: ResolvedRunConfig): AnalysisOptions {
  if (sara === null)
    throw new SaraError('CONFIG_INVALID', 'method full trains every weight and has no threshold to look at');
  const { thresholds } = WITHOUT_CONFIG;
  const filter = { include: sara.include, exclude: sara.exclude };
  if (sara.threshold !== null) return { thresholds, filter, chosen: { threshold: sara.threshold } };
  return { thresholds, filter, chosen: sara.fraction === null ? null : { fraction: sara.fraction } };
}

async function draw(analysis: ModelAnalysis, title: string, stem: string): Promise<string[]> {
  const { svg, png } = await renderAnalysis(analysis, title);
  await mkdir(dirname(stem), { recursive: true });
  await writeFile(`${stem}.png`, png);
  await writeFile(`${stem}.svg`, svg);
  return [`${stem}.png`, `${stem}.svg`];
}

export function analysisText(report: AnalysisReport): string[] {
  const { model, numWeights, numTensors, weightBytes, thresholds, shown, isChosen, kinds, blocks } = report;
  const detail = thresholds[shown].threshold;
  return [
    `${model}: ${count(numWeights)} weights in ${count(numTensors)} tensors, ${formatBytes(weightBytes)}`,
    '',
    ...alignColumns([
      ['', 'threshold', 'trained', 'of all', 'adapter', 'in float16', 'state', 'learning rate'],
      ...thresholds.map((row, i) => [
        i === shown && isChosen ? '>' : '',
        String(row.threshold),
        count(row.numTrained),
        percent(row.share),
        formatBytes(row.adapterBytes.float32),
        formatBytes(row.adapterBytes.float16),
        formatBytes(row.trainedBytes),
        row.learningRate?.toPrecision(3) ?? 'set your own',
      ]),
    ]),
    ...(isChosen ? ["> the configuration's choice"] : []),
    `state: memory of what is trained, beside ${formatBytes(4 * numWeights)} of weights in float32 and the pass through`,
    `the model ('sara plan' reckons that). Training every weight would take ${formatBytes(BYTES_PER_WEIGHT_OF_FULL_TRAINING * numWeights)} with the weights.`,
    '',
    ...alignColumns([
      ['kind of layer', 'tensors', 'weights', 'median |w|', `below ${detail}`],
      ...kinds.map((row) => [
        row.kind,
        count(row.numTensors),
        count(row.numWeights),
        row.medianMagnitude.toPrecision(2),
        percent(row.numTrained[shown] / row.numWeights),
      ]),
    ]),
    '',
    ...alignColumns([
      ['block', 'weights', ...thresholds.map(({ threshold }) => String(threshold))],
      ...blocks.map((row) => [
        row.block,
        count(row.numWeights),
        ...row.numTrained.map((trained) => percent(trained / row.numWeights)),
      ]),
    ]),
    ...(report.pictures.length === 0 ? [] : ['', ...report.pictures]),
  ];
}

function collectThresholds(text: string, previous: readonly number[] = []): number[] {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('expected a number above 0');
  return [...previous, value];
}
