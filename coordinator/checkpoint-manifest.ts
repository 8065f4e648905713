/**
 * Which files make up a checkpoint: a folder `checkpoints/step-<n>/` with one file per stage and a manifest.
 *
 * The manifest is written last and by a rename, so a folder without one is a torn checkpoint and is passed over, as is
 * one whose files are not, byte for byte, those it names. What is in them is worker/checkpoint's business. Stage files
 * of one replica suffice: replicas are bit-equal.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeBytesAtomic } from '../shared/atomic-file.ts';
import { fileDigest } from '../shared/digest.ts';
import { SaraError } from '../shared/errors.ts';

const FORMAT = 'sara-checkpoint';
const FORMAT_VERSION = 2;
const MANIFEST_FILE = 'manifest.json';
const CHECKPOINTS = 'checkpoints';
const MAX_MANIFEST_BYTES = 2 ** 20;

const stageFileSchema = z.object({
  /** Name inside the checkpoint's folder. */
  file: z.string().regex(/^stage-\d+\.safetensors$/),
  sizeBytes: z.int().min(1),
  /** SHA-256 of the file. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  maskDigest: z.string(),
});

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  run: z.string(),
  /** Updates applied. */
  step: z.int().min(0),
  /** Of the base UNet. */
  baseHash: z.string(),
  /** Resolved selection threshold; null for method full. */
  threshold: z.number().nullable(),
  numReselections: z.int().min(0),
  stages: z.array(stageFileSchema).min(1).max(1024),
});

export type CheckpointManifest = Omit<z.output<typeof manifestSchema>, 'format' | 'formatVersion'>;

/** A whole checkpoint: its manifest and the absolute paths of its stage files. */
export interface Checkpoint extends CheckpointManifest {
  readonly folder: string;
  readonly files: readonly string[];
}

/** Folder that the checkpoint of `step` goes to; made. What an earlier life left there is no checkpoint any more. */
export async function checkpointFolder(runFolder: string, step: number): Promise<string> {
  const folder = join(runFolder, CHECKPOINTS, `step-${String(step).padStart(8, '0')}`);
  await mkdir(folder, { recursive: true });
  await rm(join(folder, MANIFEST_FILE), { force: true });
  return folder;
}

export function stageFileName(stage: number): string {
  return `stage-${stage}.safetensors`;
}

/** Makes the checkpoint whole. @throws SaraError DISK_WRITE_FAILED */
export async function writeManifest(folder: string, manifest: CheckpointManifest): Promise<number> {
  const text = `${JSON.stringify({ format: FORMAT, formatVersion: FORMAT_VERSION, ...manifest }, null, 2)}\n`;
  await writeBytesAtomic(join(folder, MANIFEST_FILE), text);
  return Buffer.byteLength(text) + manifest.stages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Removes all but the newest `keepLast` whole checkpoints; torn ones do not count and go too. */
export async function pruneCheckpoints(runFolder: string, keepLast: number): Promise<void> {
  let numKept = 0;
  for (const folder of await checkpointFolders(runFolder)) {
    const isWhole = typeof (await readCheckpoint(folder)) !== 'string';
    if (isWhole && numKept < keepLast) numKept++;
    else await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The newest whole checkpoint of a run.
 * @param onSkipped told of each folder that is passed over, and why
 * @returns null when there is none
 */
export async function newestCheckpoint(
  runFolder: string,
  baseHash: string,
  onSkipped: (folder: string, reason: string) => void,
): Promise<Checkpoint | null> {
  for (const folder of await checkpointFolders(runFolder)) {
    const read = await readCheckpoint(folder);
    const result = typeof read === 'string' ? read : ((await damageOf(read)) ?? read);
    if (typeof result === 'string') {
      onSkipped(folder, result);
    } else if (result.baseHash !== baseHash) {
      throw new SaraError(
        'ADAPTER_MISMATCH',
        `${folder} was made from base model ${result.baseHash}, this run's base is ${baseHash}; resume with the model it was made from`,
        { folder, own: result.baseHash, base: baseHash },
      );
    } else {
      return result;
    }
  }
  return null;
}

/** Step of the newest whole checkpoint, by its manifest alone; null when there is none. */
export async function newestCheckpointStep(runFolder: string): Promise<number | null> {
  for (const folder of await checkpointFolders(runFolder)) {
    const result = await readCheckpoint(folder);
    if (typeof result !== 'string') return result.step;
  }
  return null;
}

/** Reads every byte. @returns why it is not what was written, or null */
async function damageOf({ files, stages }: Checkpoint): Promise<string | null> {
  for (const [i, file] of files.entries()) {
    const digest = await fileDigest(file);
    if (digest !== stages[i].digest)
      return `${file} has SHA-256 ${digest}, the manifest says ${stages[i].digest}: it was damaged`;
  }
  return null;
}

/** Newest first. */
async function checkpointFolders(runFolder: string): Promise<string[]> {
  const names = await readdir(join(runFolder, CHECKPOINTS)).catch(() => []);
  return names
    .filter((name) => /^step-\d{8,}$/.test(name))
    .sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)))
    .map((name) => join(runFolder, CHECKPOINTS, name));
}

/** @returns the checkpoint, or why it is not whole */
async function readCheckpoint(folder: string): Promise<Checkpoint | string> {
  const path = join(folder, MANIFEST_FILE);
  const info = await stat(path).catch(() => null);
  if (info === null) return 'it has no manifest: writing it was interrupted';
  if (info.size > MAX_MANIFEST_BYTES) return `its manifest has ${info.size} bytes > ${MAX_MANIFEST_BYTES}`;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return 'its manifest is not JSON';
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) return `its manifest is not valid: ${z.prettifyError(parsed.error)}`;
  const files = parsed.data.stages.map(({ file }) => join(folder, file));
  for (const [i, file] of files.entries()) {
    const sizeBytes = (await stat(file).catch(() => null))?.size ?? 0;
    const wanted = parsed.data.stages[i].sizeBytes;
    if (sizeBytes !== wanted) return `${file} has ${sizeBytes} bytes, the manifest says ${wanted}`;
  }
  return { ...parsed.data, folder, files };
}
