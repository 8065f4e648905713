/** `sara export`: an adapter as a file for other programs. */
import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { formatBytes } from '../../shared/bytes.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { alignColumns } from '../../shared/table.ts';
import {
  EXPORT_FORMATS,
  exportAdapter,
  type ExportFormat,
  type ExportReport,
} from '../export/export-adapter.ts';
import { EXPORT_DTYPES, type ExportDType } from '../export/export-file.ts';
import type { LoraLayer } from '../export/lora.ts';
import { parameterKind, PARAMETER_KINDS } from '../export/parameter-kind.ts';
import { collectAdapters, oneOf, positive, type AdapterArgument } from './arguments.ts';
import { count, endProgress, percent, print, showProgress } from './output.ts';

const DEFAULT_RANK = 32;
const EXTENSION = '.safetensors';

const READERS: Readonly<Record<ExportFormat, string>> = {
  lycoris: 'LyCORIS full, for ComfyUI and A1111',
  lora: 'LoRA, for ComfyUI, A1111 and diffusers',
  'lora-diffusers': "LoRA in diffusers' layout",
};

interface ExportArguments {
  readonly model: string;
  readonly adapter: readonly AdapterArgument[];
  readonly format: ExportFormat;
  readonly rank?: number;
  readonly dtype: ExportDType;
  readonly out: string;
  readonly title?: string;
  readonly author?: string;
  readonly description?: string;
  readonly license?: string;
  readonly trigger?: string;
  readonly layers?: boolean;
  readonly json?: boolean;
}

export function exportCommand(root: Command, life: Lifecycle): void {
  root
    .command('export')
    .description('Write an adapter as a file that ComfyUI, A1111 or diffusers load.')
    .requiredOption(
      '--model <path>',
      'model the adapters were trained on: a diffusers folder, its unet folder, or a single file',
    )
    .requiredOption(
      '--adapter <file[@strength]>',
      'adapter, strength 0 to 2 (repeatable: they add up)',
      collectAdapters,
    )
    .requiredOption('--out <file>', 'where to write it, a .safetensors file')
    .addOption(
      new Option('--format <name>', EXPORT_FORMATS.join(', '))
        .argParser(oneOf(EXPORT_FORMATS))
        .default('lycoris'),
    )
    .option('--rank <n>', `rank of a LoRA (default ${DEFAULT_RANK})`, positive)
    .option('--dtype <type>', EXPORT_DTYPES.join(', '), oneOf(EXPORT_DTYPES), 'float16')
    .option('--title <text>', "name shown by user interfaces (default: the file's)")
    .option('--author <text>', 'who made it')
    .option('--description <text>', 'what it does')
    .option('--license <text>', 'terms of use')
    .option('--trigger <phrase>', 'what calls it up in a prompt')
    .option('--layers', 'list what a LoRA keeps of every layer')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      `
Formats:
  lycoris         every change, exactly (.diff and .diff_b): as large as the UNet, but nothing is lost
  lora            the best approximation of a rank (lora_up, lora_down, alpha), convolutions included
  lora-diffusers  the same under the names of diffusers' load_lora_weights
A whole model, with the adapter in it, is made by sara merge: as a folder or as one file.

A sparse change is not of low rank: a LoRA keeps a part of it, which is measured and told. Biases and norms
have no place in a LoRA. Names follow what ComfyUI and A1111 read: diffusers' for SD1 and SD2, those of
single-file checkpoints for SDXL.

Examples:
  sara export --model sd15 --adapter runs/latest/adapter.safetensors --out style.safetensors
  sara export --model sd15 --adapter runs/latest/adapter.safetensors@0.8 --format lora --rank 64 --out style-lora.safetensors`,
    )
    .action(async (args: ExportArguments) => {
      const report = await runExport(args, life.signal);
      print(args.json, report, () => exportText(report, args.layers === true));
    });
}

async function runExport(args: ExportArguments, signal: AbortSignal): Promise<ExportReport> {
  if (args.adapter.length === 0)
    throw new SaraError('USAGE', 'nothing to export: give at least one --adapter');
  if (!args.out.endsWith(EXTENSION))
    throw new SaraError(
      'USAGE',
      `--out ${args.out} must end in ${EXTENSION}: programs tell the format by it`,
    );
  if (args.format === 'lycoris' && args.rank !== undefined)
    throw new SaraError('USAGE', 'lycoris keeps every change and has no --rank; --format lora has one');
  try {
    return await exportAdapter({
      model: args.model,
      adapters: args.adapter,
      format: args.format,
      rank: args.format === 'lycoris' ? null : (args.rank ?? DEFAULT_RANK),
      dtype: args.dtype,
      out: args.out,
      description: {
        title: args.title ?? basename(args.out, EXTENSION),
        author: args.author ?? null,
        description: args.description ?? null,
        license: args.license ?? null,
        trigger: args.trigger ?? null,
      },
      date: new Date(),
      onLayer: (numDone, numLayers) => {
        showProgress(`decomposing layer ${numDone} of ${numLayers}`);
      },
      signal,
    });
  } finally {
    endProgress();
  }
}

/** @param withLayers a line for every layer of a LoRA */
export function exportText(report: ExportReport, withLayers: boolean): string[] {
  const lines = [
    report.path,
    `  ${READERS[report.format]}; ${report.dtype}, ${count(report.numTensors)} tensors, ${formatBytes(report.sizeBytes)}`,
    `  ${count(report.numChanged)} weights changed`,
  ];
  if (report.kept !== null) lines.push(...keptText(report.kept, withLayers).map((line) => `  ${line}`));
  return [...lines, ...report.notes.map((note) => `  note: ${note}`)];
}

type Kept = NonNullable<ExportReport['kept']>;

function keptText({ layers, energy, capturedEnergy }: Kept, withLayers: boolean): string[] {
  const inLayers = layers.reduce((sum, layer) => sum + layer.energy, 0);
  const rows = PARAMETER_KINDS.flatMap((kind) => {
    const own = layers.filter(({ module }) => parameterKind(`${module}.weight`) === kind);
    if (own.length === 0) return [];
    const total = own.reduce((sum, layer) => sum + layer.energy, 0);
    const kept = own.reduce((sum, layer) => sum + layer.capturedEnergy, 0);
    return [[kind, `${own.length} layers`, percent(share(kept, total)), percent(share(total, energy))]];
  });
  const lost = ['biases and norms', '', percent(0), percent(share(energy - inLayers, energy))];
  return [
    `keeps ${percent(share(capturedEnergy, energy))} of the change, by the sum of squares:`,
    ...alignColumns([['', '', 'kept', 'of all change'], ...rows, lost]).map((line) => `  ${line}`),
    ...(withLayers ? alignColumns(layers.map(layerRow)).map((line) => `  ${line}`) : []),
  ];
}

function layerRow({ module, rank, energy, capturedEnergy }: LoraLayer): string[] {
  return [module, `rank ${rank}`, percent(share(capturedEnergy, energy))];
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
