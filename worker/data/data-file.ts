/**
 * The encoded bytes of one picture or text: a whole file, or a stretch of an archive. Read as a whole and bounded,
 * so that what a file claims to be is looked at before any decoder sees it.
 */
import { open } from 'node:fs/promises';
import { SaraError } from '../../shared/errors.ts';

export interface DataFile {
  /** For messages: the path or, inside an archive, its path and the member's name. */
  readonly name: string;
  readonly path: string;
  /** null: the whole file. */
  readonly range: { readonly offset: number; readonly sizeBytes: number } | null;
}

export function wholeFile(path: string): DataFile {
  return { name: path, path, range: null };
}

/**
 * @param maxBytes more than this is refused unread
 * @throws SaraError DATA_INVALID naming the file, with the reason alone in its context
 */
export async function readDataFile({ name, path, range }: DataFile, maxBytes: number): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const offset = range?.offset ?? 0;
      const sizeBytes = range?.sizeBytes ?? (await file.stat()).size;
      if (sizeBytes > maxBytes)
        throw new Error(`holds ${sizeBytes} bytes, more than ${maxBytes} are not read`);
      const bytes = Buffer.allocUnsafe(sizeBytes);
      let done = 0;
      while (done < sizeBytes) {
        const { bytesRead } = await file.read(bytes, done, sizeBytes - done, offset + done);
        if (bytesRead === 0) throw new Error(`ends after ${done} of ${sizeBytes} bytes`);
        done += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'DATA_INVALID',
      `${name} cannot be read: ${reason}`,
      { path: name, reason },
      { cause },
    );
  }
}
