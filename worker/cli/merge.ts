/** `sara merge`: several adapters as one, or baked into a copy of their model. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { formatBytes } from '../../shared/bytes.ts';
import { SaraError } from '../../shared/errors.ts';
import { alignColumns } from '../../shared/table.ts';
import { openBaseUNet, readAdapters } from '../export/base-unet.ts';
import { describeAdapters } from '../export/export-metadata.ts';
import { mergeAdapters } from '../export/merge-adapters.ts';
import { mergeCheckpoint, mergeModel } from '../export/merge-model.ts';
import { writeAdapter, type DeltaType } from '../sara/adapter-file.ts';
import type { Adapter, WeightedAdapter } from '../sara/adapter.ts';
import { collectAdapters, oneOf, type AdapterArgument } from './arguments.ts';
import { count, percent, print, shown } from './output.ts';

/** One adapter; the model as a diffusers folder; the model as one file for user interfaces. */
const MERGE_KINDS = ['adapter', 'folder', 'checkpoint'] as const;
type MergeKind = (typeof MERGE_KINDS)[number];

const KIND_TEXTS: Readonly<Record<MergeKind, string>> = {
  adapter: 'adapter',
  folder: 'model folder',
  checkpoint: 'single-file checkpoint',
};

const EXTENSION = '.safetensors';

interface MergeArguments {
  readonly model: string;
  readonly adapter: readonly AdapterArgument[];
  readonly out: string;
  readonly as?: MergeKind;
  readonly dtype: DeltaType;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export interface MergeReport {
  readonly path: string;
  readonly kind: MergeKind;
  /** null for a folder. */
  readonly sizeBytes: number | null;
  readonly baseModelHash: string;
  /** Weights of the union. */
  readonly numChanged: number;
  /** Out of this many. */
  readonly numParameters: number;
  readonly adapters: readonly {
    readonly path: string;
    readonly strength: number;
    readonly numChanged: number;
    readonly maskDigest: string;
  }[];
}

export function mergeCommand(root: Command): void {
  root
    .command('merge')
    .description(
      'Add adapters of one model up, each at its strength: to one adapter, or into a copy of the model.',
    )
    .requiredOption(
      '--model <path>',
      'model the adapters were trained on: a diffusers folder, its unet folder, or a single file',
    )
    .requiredOption('--adapter <file[@strength]>', 'adapter, strength 0 to 2 (repeatable)', collectAdapters)
    .requiredOption('--out <path>', 'a .safetensors file, or the new model folder')
    .option(
      '--as <kind>',
      `${MERGE_KINDS.join(', ')} (default: adapter for a .safetensors file, else folder)`,
      oneOf(MERGE_KINDS),
    )
    .option(
      '--dtype <type>',
      'of the new adapter: float32, float16',
      oneOf<DeltaType>(['float32', 'float16']),
      'float32',
    )
    .option('--replace', 'put the new model in the place of a folder that is there')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      `
P = P0 + a1 dP1 + a2 dP2 + ...: where two adapters change one weight, their changes add up. One adapter alone is
scaled. A model is written in the element types its base has; the base is left as it is.

  adapter      one adapter of ours, for sara sample, merge and export
  folder       a diffusers folder, with the files its base has, or would have
  checkpoint   the whole model in one file, as ComfyUI and A1111 open it

Examples:
  sara merge --model sd15 --adapter style.safetensors@0.8 --adapter face.safetensors@0.5 --out both.safetensors
  sara merge --model sd15 --adapter style.safetensors --out sd15-style
  sara merge --model v1-5-pruned.safetensors --adapter style.safetensors --as checkpoint --out sd15-style.safetensors`,
    )
    .action(async (args: MergeArguments) => {
      const report = await runMerge(args);
      print(args.json, report, () => mergeText(report));
    });
}

async function runMerge(args: MergeArguments): Promise<MergeReport> {
  const { model, adapter, out } = args;
  const kind = args.as ?? (out.endsWith(EXTENSION) ? 'adapter' : 'folder');
  if (kind !== 'folder' && !out.endsWith(EXTENSION))
    throw new SaraError('USAGE', `--out ${out} must end in ${EXTENSION}: programs tell the format by it`);
  const base = await openBaseUNet(model);
  try {
    const weighted = await readAdapters(base, adapter);
    const merged = mergeAdapters(weighted);
    await write(kind, args, weighted, merged);
    return {
      path: out,
      kind,
      sizeBytes: kind === 'folder' ? null : (await stat(out)).size,
      baseModelHash: base.hash,
      numChanged: merged.mask.count,
      numParameters: base.numParameters,
      adapters: weighted.map((one, i) => described(one, adapter[i].path)),
    };
  } finally {
    await base.files.close();
  }
}

async function write(
  kind: MergeKind,
  { model, out, dtype, replace }: MergeArguments,
  weighted: readonly WeightedAdapter[],
  merged: Adapter,
): Promise<void> {
  switch (kind) {
    case 'adapter':
      return writeAdapter(out, merged, dtype, { merged_from: describeAdapters(weighted) });
    case 'folder':
      return mergeModel(model, weighted, out, replace === true ? 'replace' : 'refuse');
    case 'checkpoint':
      return mergeCheckpoint(model, weighted, out, basename(out, EXTENSION), new Date());
  }
}

function described({ adapter, strength }: WeightedAdapter, path: string): MergeReport['adapters'][number] {
  return { path, strength, numChanged: adapter.mask.count, maskDigest: adapter.mask.digest };
}

export function mergeText(report: MergeReport): string[] {
  const { path, kind, sizeBytes, numChanged, numParameters, adapters } = report;
  const sum = adapters.reduce((total, adapter) => total + adapter.numChanged, 0);
  const rows = adapters.map((adapter) => [
    `  ${adapter.strength}`,
    'x',
    shown(adapter.path),
    `${count(adapter.numChanged)} weights`,
  ]);
  return [
    `${path}  ${KIND_TEXTS[kind]}${sizeBytes === null ? '' : `, ${formatBytes(sizeBytes)}`}`,
    ...alignColumns(rows),
    `  ${count(numChanged)} of ${count(numParameters)} weights changed (${percent(numChanged / numParameters)})` +
      (sum > numChanged
        ? `; ${count(sum - numChanged)} changes fall on a weight that another adapter changes too`
        : ''),
  ];
}
