/**
 * A model folder made from another: everything is copied but the weights that are new, and the result appears whole
 * or not at all, also where an older model stands.
 *
 * Leaves the new weights to merge-model.ts and full-model.ts. There is no rename that exchanges two folders, so for
 * one moment of a replacement the old model lies under `<folder>.replaced` and nothing at `<folder>`; what a process
 * that died in that moment left there is put back by the next one.
 */
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { withZeroTerminalSnr } from '../diffusion/scheduler-config.ts';
import { asObject, readJsonFile } from '../model/json-fields.ts';

/** Files that hold weights, of any program. */
const WEIGHT_FILE = /\.(safetensors|bin|ckpt|pt|pth|msgpack|onnx)$/i;

/** Any component's list of shards, whatever the format of the shards. */
const INDEX_FILE = /\.index(\.fp16)?\.json$/;

/** What may become of a folder that is there already; an empty one is always taken. */
export type ExistingFolder = 'refuse' | 'replace';

/**
 * Makes `outFolder` by way of `<outFolder>.partial`. When `fill` fails, whatever stood at `outFolder` stands there
 * still, and nothing else is left.
 *
 * @param fill writes the new folder's content into the folder it is given, which exists
 * @throws SaraError CONFIG_INVALID when `existing` is refuse and the folder holds files; DISK_WRITE_FAILED when the
 *   file system refuses; whatever `fill` throws
 */
export async function writeFolder(
  outFolder: string,
  existing: ExistingFolder,
  fill: (staging: string) => Promise<void>,
): Promise<void> {
  const folder = resolve(outFolder);
  const staging = `${folder}.partial`;
  const replaced = `${folder}.replaced`;
  if ((await namesIn(folder)) === null && (await namesIn(replaced)) !== null) await rename(replaced, folder);
  const names = await namesIn(folder);
  if (existing === 'refuse' && names !== null && names.length > 0) {
    throw new SaraError(
      'CONFIG_INVALID',
      `${outFolder} already holds ${names.length} files; choose a new folder for the model, or --replace it`,
      { outFolder },
    );
  }
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    await fill(staging);
    await rm(replaced, { recursive: true, force: true });
    if (names !== null) await rename(folder, replaced);
    await rename(staging, folder);
    await rm(replaced, { recursive: true, force: true });
  } catch (error) {
    if ((await namesIn(folder)) === null && names !== null) await rename(replaced, folder);
    await rm(staging, { recursive: true, force: true });
    throw error instanceof SaraError ? error : writeFailure(outFolder, error);
  }
}

/** @throws SaraError CONFIG_INVALID when `outFolder` is `baseFolder` or lies inside it */
export function requireOutside(baseFolder: string, outFolder: string): void {
  const [first] = relative(resolve(baseFolder), resolve(outFolder)).split(sep);
  if (first === '..') return;
  throw new SaraError(
    'CONFIG_INVALID',
    `the new model cannot be written to ${outFolder}, inside its base ${baseFolder}`,
    { baseFolder, outFolder },
  );
}

/**
 * Copies a pipeline folder, or a component's folder alone, without the weights that will be new: those in
 * `components`, and weight files beside them, which hold the whole old model in one piece. Hidden files stay behind;
 * links, as download caches have them, become files.
 *
 * @param components names of folders in `baseFolder`
 * @param outFolder exists
 */
export async function copyModelFolder(
  baseFolder: string,
  outFolder: string,
  components: readonly string[],
): Promise<void> {
  await copyFolder(baseFolder, outFolder, (path) => {
    const [top, ...below] = path;
    const hasNewWeights = below.length === 0 || components.includes(top);
    return !(hasNewWeights && isWeightFile(path[path.length - 1]));
  });
}

/** @param keeps told a file's path from the outermost folder on, one name an element */
async function copyFolder(
  from: string,
  to: string,
  keeps: (path: readonly string[]) => boolean,
  inside: readonly string[] = [],
): Promise<void> {
  for (const entry of await readdir(from)) {
    if (entry.startsWith('.')) continue;
    const [source, target, path] = [join(from, entry), join(to, entry), [...inside, entry]];
    if (await isFolder(source)) {
      await mkdir(target, { recursive: true });
      await copyFolder(source, target, keeps, path);
    } else if (keeps(path)) {
      await copyFile(source, target);
    }
  }
}

/** Of a copied model that was fine-tuned under zero terminal SNR; a UNet folder alone has no scheduler. */
export async function rescaleScheduler(folder: string): Promise<void> {
  const path = join(folder, 'scheduler', 'scheduler_config.json');
  if (!(await isFolder(join(folder, 'scheduler')))) return;
  const rescaled = withZeroTerminalSnr(asObject(await readJsonFile(path), path));
  await writeFile(path, `${JSON.stringify(rescaled, null, 2)}\n`);
}

function isWeightFile(name: string): boolean {
  return WEIGHT_FILE.test(name) || INDEX_FILE.test(name);
}

export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** null when there is no such folder. */
async function namesIn(folder: string): Promise<string[] | null> {
  return readdir(folder).catch(() => null);
}

function writeFailure(outFolder: string, cause: unknown): SaraError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SaraError(
    'DISK_WRITE_FAILED',
    `cannot write the model folder ${outFolder}: ${reason}; free space or choose another folder, then try again`,
    { outFolder, reason },
    { cause },
  );
}
