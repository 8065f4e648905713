/** `sara inspect`: what a file is. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { formatBytes } from '../../shared/bytes.ts';
import { SaraError } from '../../shared/errors.ts';
import { alignColumns } from '../../shared/table.ts';
import { inspectFile, type Finding, type Inspection } from '../analysis/inspection.ts';
import { openBaseUNet, type BaseUNet } from '../export/base-unet.ts';
import { modelFamily } from '../export/model-family.ts';
import { count, print, shown } from './output.ts';

interface InspectArguments {
  readonly model?: string;
  readonly json?: boolean;
}

export function inspectCommand(root: Command): void {
  root
    .command('inspect')
    .description('Tell what a file is: kind, counts, digests, base model, metadata. Nothing in it is run.')
    .argument('<path>', 'any .safetensors file, or a model folder')
    .option('--model <path>', 'of an adapter: check it against its base model')
    .option('--json', 'print JSON instead of text, with all metadata in full')
    .addHelpText(
      'after',
      `
Knows adapters of ours, checkpoints of training, LyCORIS and LoRA files, single-file checkpoints, and the parts of
diffusers folders; of anything else it tells the tensors. A file that is cut short, lies about itself or could run
code when loaded is refused. Hashes that a file states of itself are compared: one that is wrong ends with exit code
65.

Examples:
  sara inspect runs/latest/adapter.safetensors --model sd15
  sara inspect downloaded-lora.safetensors
  sara inspect sd15`,
    )
    .action(async (path: string, { model, json }: InspectArguments) => {
      if ((await stat(path).catch(() => null))?.isDirectory() === true) {
        const base = await openBaseUNet(path);
        await base.files.close();
        print(json, folderFacts(path, base), () => factLines(Object.entries(folderFacts(path, base))));
        return;
      }
      const inspection = await inspectFile(path, model ?? null);
      print(json, inspection, () => inspectionText(inspection));
      requireSound(inspection);
    });
}

function folderFacts(path: string, base: BaseUNet): Readonly<Record<string, string | number>> {
  return {
    path,
    kind: 'model folder',
    family: modelFamily(base.config),
    weights: base.numParameters,
    tensors: base.files.entries.size,
    predicts: base.prediction ?? 'unknown: it has no scheduler/',
    'base hash of adapters for it': base.hash,
  };
}

/** The whole is printed first: it shows what is wrong. */
function requireSound({ path, findings }: Inspection): void {
  const wrong = findings.filter(({ isSound }) => isSound === false);
  if (wrong.length === 0) return;
  throw new SaraError(
    'FILE_CORRUPT',
    `${path} is not what its header says: ${wrong.map(({ what }) => what).join(', ')} ` +
      `${wrong.length === 1 ? 'does' : 'do'} not match its bytes; it was changed after it was written, or damaged`,
    { file: path },
  );
}

export function inspectionText(inspection: Inspection): string[] {
  const { path, kind, sizeBytes, headerBytes, numTensors, dtypes, largest, findings } = inspection;
  const metadata = Object.entries(inspection.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${path}: ${kind}`,
    ...factLines([
      ['size', `${formatBytes(sizeBytes)}, of which header ${formatBytes(headerBytes)}`],
      ['tensors', `${count(numTensors)}, ${count(inspection.numElements)} elements`],
      ...dtypes.map((row): [string, string] => [
        row.dtype,
        `${count(row.numTensors)} tensors, ${count(row.numElements)} elements, ${formatBytes(row.sizeBytes)}`,
      ]),
      ['SHA-256 of the file', inspection.fileHash],
      ['SHA-256 of its data', inspection.dataHash],
      ...findings.map((finding): [string, string] => [finding.what, findingText(finding)]),
    ]).map((line) => `  ${line}`),
    ...(largest.length === 0 ? [] : ['largest tensors']),
    ...alignColumns(
      largest.map(({ name, dtype, shape, sizeBytes: bytes }) => [
        `  ${shown(name)}`,
        dtype,
        `[${shape.join(', ')}]`,
        formatBytes(bytes),
      ]),
    ),
    ...(metadata.length === 0 ? ['no metadata'] : ['metadata']),
    ...factLines(metadata.map(([key, value]) => [shown(key), shown(value)])).map((line) => `  ${line}`),
  ];
}

function findingText({ value, isSound }: Finding): string {
  const text =
    typeof value === 'number' ? value.toLocaleString('en-US', { maximumSignificantDigits: 9 }) : shown(value);
  return isSound === null ? text : `${text}  ${isSound ? '(checked)' : '(DOES NOT MATCH)'}`;
}

function factLines(rows: readonly (readonly [string, string | number])[]): string[] {
  return alignColumns(rows.map(([what, value]) => [what, typeof value === 'number' ? count(value) : value]));
}
