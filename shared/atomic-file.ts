/**
 * Files that exist whole or not at all: written beside their final name, flushed to the device, then renamed.
 * A reader, or a process restarted after a crash, never sees half of one.
 */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SaraError } from './errors.ts';

/** Appends bytes to the file being written; resolves when the kernel has taken them all. */
export type AppendBytes = (bytes: Uint8Array) => Promise<void>;

/** One write call stays below Node's 2 GiB limit, and small enough not to lock up the thread pool. */
const WRITE_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Write `path` by way of `<path>.tmp`. The folder is made if absent. When `produce` or the disk fails, the
 * temporary file is removed and whatever stood at `path` before stands there still.
 * @param produce writes the content, in order, through the function it is given
 * @throws SaraError DISK_WRITE_FAILED when the file system refuses (full, read-only, no permission)
 */
export async function writeFileAtomic(
  path: string,
  produce: (append: AppendBytes) => Promise<void>,
): Promise<void> {
  const temporaryPath = `${path}.tmp`;
  const file = await attempt(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    return open(temporaryPath, 'w');
  });
  try {
    try {
      await produce((bytes) => attempt(path, () => writeAll(file, bytes)));
      await attempt(path, () => file.sync());
    } finally {
      await file.close();
    }
    await attempt(path, () => rename(temporaryPath, path));
  } catch (error) {
    await rm(temporaryPath, { force: true }).catch(() => undefined); // the first failure is the one to report
    throw error;
  }
  await attempt(path, () => syncFolder(dirname(path)));
}

/** {@link writeFileAtomic} for content already at hand. */
export function writeBytesAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return writeFileAtomic(path, (append) => append(bytes));
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.byteLength) {
    const length = Math.min(WRITE_CHUNK_BYTES, bytes.byteLength - offset);
    const { bytesWritten } = await file.write(bytes, offset, length);
    offset += bytesWritten;
  }
}

/** A rename is durable only once its folder is: fsync it, where the platform lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'DISK_WRITE_FAILED',
      `cannot write ${path}: ${reason}; free space or choose another output folder, then try again`,
      { path, reason },
      { cause },
    );
  }
}
