/** Paths that strangers write: in a table beside the pictures, in an archive. */
import { posix } from 'node:path';

/** Whether `path` names something below what it is relative to, on every system. */
export function staysInside(path: string): boolean {
  return (
    path !== '' &&
    !/[\0\\]/.test(path) &&
    !/^[A-Za-z]:/.test(path) &&
    !posix.isAbsolute(path) &&
    !posix.normalize(path).split('/').includes('..')
  );
}
