/** report.json: what a finished run has to show for itself. The run driver collects it; this file writes it. */
import { rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeBytesAtomic } from '../shared/atomic-file.ts';
import type { ResolvedRunConfig } from '../shared/config.ts';
import { SaraError } from '../shared/errors.ts';
import type { ReselectionFacts, StepLoss } from './run-history.ts';

export const REPORT_FILE = 'report.json';
/** Beside the run folders: a link to the one that succeeded last. */
export const LATEST_LINK = 'latest';

export interface RunReport {
  readonly run: string;
  readonly name: string;
  readonly method: ResolvedRunConfig['method'];
  /** On the held-out examples, fixed timesteps and noise; null without data.validationPath. */
  readonly validationLossBefore: number | null;
  readonly validationLossAfter: number | null;
  /** Weights that trained at the end, after re-selection. */
  readonly trainableCount: number;
  readonly parameterCount: number;
  readonly numStages: number;
  readonly numReplicas: number;
  /** Workers that hold a stage. */
  readonly numWorkers: number;
  /** Steps committed, over all lives of the run. */
  readonly steps: number;
  /** Median over the steps of this life. */
  readonly secondsPerStep: number;
  readonly samplesPerSecond: number;
  /** Wall time from planning to the last artifact, in seconds. */
  readonly secondsTotal: number;
  /** Highest resident memory of each process, by name: `coordinator` and each worker. */
  readonly peakRssBytes: Readonly<Record<string, number>>;
  readonly trainingLosses: readonly StepLoss[];
  readonly validationLosses: readonly StepLoss[];
  /** Re-selections that took place, with what they released. */
  readonly reselections: readonly ReselectionFacts[];
  /** SHA-256 of the mask at the end. */
  readonly maskDigest: string;
  readonly baseHash: string;
  readonly threshold: number | null;
  readonly learningRate: number;
  /** Worker groups there were: 1 when no worker was lost. */
  readonly numGenerations: number;
  readonly numTrainingExamples: number;
  readonly numValidationSamples: number;
  readonly skippedImages: readonly { readonly path: string; readonly reason: string }[];
  readonly artifacts: readonly { readonly name: string; readonly path: string; readonly sizeBytes: number }[];
  readonly config: ResolvedRunConfig;
  readonly versions: { readonly sara: string; readonly node: string; readonly natsServer: string };
}

/** @throws SaraError DISK_WRITE_FAILED */
export async function writeReport(
  runFolder: string,
  report: RunReport,
): Promise<{ path: string; sizeBytes: number }> {
  const path = join(runFolder, REPORT_FILE);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  await writeBytesAtomic(path, text);
  return { path, sizeBytes: Buffer.byteLength(text) };
}

/** Points `<folder of runs>/latest` at `runFolder`. */
export async function linkLatest(runFolder: string): Promise<void> {
  const link = join(dirname(runFolder), LATEST_LINK);
  try {
    await rm(link, { force: true });
    await symlink(basename(runFolder), link, 'dir');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'DISK_WRITE_FAILED',
      `cannot link ${link} to ${runFolder}: ${reason}`,
      { path: link },
      { cause },
    );
  }
}
