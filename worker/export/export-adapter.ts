/**
 * From adapters to a file that another program opens.
 */
import { SaraError } from '../../shared/errors.ts';
import { combineAdapters } from '../sara/adapter.ts';
import { openBaseUNet, readAdapters, type AdapterChoice, type BaseUNet } from './base-unet.ts';
import { writeExport, type ExportDType, type WrittenExport } from './export-file.ts';
import { exportMetadata, type Description, type NetworkKind } from './export-metadata.ts';
import { FULL_DIFF_NETWORK, fullDiffTensors } from './full-diff.ts';
import type { LoraLayout } from './key-names.ts';
import { loraNetwork, loraOf, type Lora } from './lora.ts';
import { modelFamily, type ModelFamily } from './model-family.ts';

export const EXPORT_FORMATS = ['lycoris', 'lora', 'lora-diffusers'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  /** Model folder the adapters were trained on. */
  readonly model: string;
  readonly adapters: readonly AdapterChoice[];
  readonly format: ExportFormat;
  /** Of a LoRA; null for lycoris, which has none. */
  readonly rank: number | null;
  readonly dtype: ExportDType;
  readonly out: string;
  readonly description: Description;
  readonly date: Date;
  readonly onLayer?: (numDone: number, numLayers: number) => void;
  readonly signal?: AbortSignal;
}

export interface ExportReport extends WrittenExport {
  readonly path: string;
  readonly format: ExportFormat;
  readonly dtype: ExportDType;
  readonly family: ModelFamily;
  readonly baseModelHash: string;
  /** Weights that the adapters change. */
  readonly numChanged: number;
  /** What a LoRA keeps; null for lycoris, which keeps everything. */
  readonly kept: Omit<Lora, 'tensors'> | null;
  /** What the user should know. */
  readonly notes: readonly string[];
}

const LORA_LAYOUTS: Readonly<Record<Exclude<ExportFormat, 'lycoris'>, LoraLayout>> = {
  lora: 'kohya',
  'lora-diffusers': 'diffusers',
};

/**
 * @throws SaraError ADAPTER_MISMATCH when an adapter belongs to another model; CONFIG_INVALID for strengths out of
 *   range or adapters that change nothing; NOT_FINITE when a change leaves the range of `dtype`; DISK_WRITE_FAILED
 */
export async function exportAdapter(request: ExportRequest): Promise<ExportReport> {
  const { format, dtype, out, description, date } = request;
  const base = await openBaseUNet(request.model);
  try {
    const adapters = await readAdapters(base, request.adapters);
    const deltas = combineAdapters(adapters);
    const { tensors, network, kept } = await contentOf(base, deltas, request);
    if (tensors.length === 0) {
      throw new SaraError('CONFIG_INVALID', 'the adapters change nothing that this format can hold', {
        format,
      });
    }
    const metadata = exportMetadata(base, adapters, network, description, date);
    const written = await writeExport(out, tensors, metadata);
    return {
      ...written,
      path: out,
      format,
      dtype,
      family: modelFamily(base.config),
      baseModelHash: base.hash,
      numChanged: deltas.mask.count,
      kept,
      notes: notesOf(base, format),
    };
  } finally {
    await base.files.close();
  }
}

interface Content {
  readonly tensors: Lora['tensors'];
  readonly network: NetworkKind;
  readonly kept: ExportReport['kept'];
}

async function contentOf(
  base: BaseUNet,
  deltas: ReturnType<typeof combineAdapters>,
  { format, rank, dtype, onLayer, signal }: ExportRequest,
): Promise<Content> {
  if (format === 'lycoris')
    return { tensors: fullDiffTensors(base, deltas, dtype), network: FULL_DIFF_NETWORK, kept: null };
  if (rank === null) throw new SaraError('USAGE', 'a LoRA needs a rank', { format });
  const { tensors, ...kept } = await loraOf(base, deltas, {
    rank,
    layout: LORA_LAYOUTS[format],
    dtype,
    ...(onLayer === undefined ? {} : { onLayer }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { tensors, network: loraNetwork(rank), kept };
}

function notesOf({ config, prediction }: BaseUNet, format: ExportFormat): string[] {
  const notes: string[] = [];
  if (modelFamily(config) === 'pixel' && format !== 'lora-diffusers')
    notes.push(
      'the base draws pixels; ComfyUI and A1111 know latent models only and will not load this file',
    );
  if (prediction === null)
    notes.push('the model folder has no scheduler/, so the file says that the model predicts epsilon');
  return notes;
}
