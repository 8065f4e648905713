/** The folders that are written to: results and temporary files. */
import { access, constants, mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { formatBytes } from '../../shared/bytes.ts';
import { fail, ok, reasonOf, warn, type Check } from './check.ts';

/** A merged SD1.5 model and a few checkpoints; below, large runs do not fit. */
const ROOMY_BYTES = 10e9;
/** A run of the quickstart leaves about 100 MB. */
const LEAST_BYTES = 500e6;
/** NATS keeps the messages of a local run there. */
const LEAST_TEMPORARY_BYTES = 200e6;

/** @param runsFolder where runs would go; need not exist yet, and is not made */
export async function checkStorage(runsFolder: string): Promise<Check[]> {
  return [
    await checkFolder('runs folder', runsFolder, (free) => judgeSpace('runs folder', runsFolder, free)),
    await checkFolder('temporary files', tmpdir(), (free) => judgeTemporarySpace(tmpdir(), free)),
  ];
}

async function checkFolder(
  what: string,
  folder: string,
  judge: (freeBytes: number) => Check,
): Promise<Check> {
  try {
    const existing = await nearestFolder(resolve(folder));
    await tryToWrite(existing);
    const { bavail, bsize } = await statfs(existing);
    return judge(bavail * bsize);
  } catch (error) {
    return fail(what, `${folder} cannot be written: ${reasonOf(error)}`, ADVICE);
  }
}

const ADVICE = 'give yourself write permission there, or choose another folder: output.dir of a run, TMPDIR';

/** The folder, or the nearest above it that is there, in which it would be made. */
async function nearestFolder(folder: string): Promise<string> {
  const info = await stat(folder).catch(() => null);
  if (info?.isDirectory() === true) return folder;
  if (info !== null) throw new Error(`${folder} is a file`);
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`${folder} is not there`);
  return nearestFolder(parent);
}

/** Permissions alone do not tell: disks are mounted read-only, quotas are used up. */
async function tryToWrite(folder: string): Promise<void> {
  await access(folder, constants.W_OK);
  const probe = join(folder, `.sara-doctor-${process.pid}`);
  try {
    await mkdir(probe);
    await writeFile(join(probe, 'probe'), 'written by sara doctor, and removed');
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

export function judgeSpace(what: string, folder: string, freeBytes: number): Check {
  const found = `${folder}: ${formatBytes(freeBytes)} free`;
  if (freeBytes < LEAST_BYTES) return fail(what, found, 'free space, or set output.dir to another disk');
  if (freeBytes >= ROOMY_BYTES) return ok(what, found);
  return warn(what, found, 'enough for small models; a merged Stable Diffusion 1.5 alone takes 3.4 GB');
}

export function judgeTemporarySpace(folder: string, freeBytes: number): Check {
  const found = `${folder}: ${formatBytes(freeBytes)} free`;
  if (freeBytes >= LEAST_TEMPORARY_BYTES) return ok('temporary files', found);
  return fail('temporary files', found, 'free space there, or set TMPDIR to another disk');
}
