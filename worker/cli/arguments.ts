/** How texts on the command line become values. */
import { InvalidArgumentError } from 'commander';
import { parseBytes } from '../../shared/bytes.ts';
import { parseAdapter } from '../sample.ts';

export interface AdapterArgument {
  readonly path: string;
  readonly strength: number;
}

/** For options that may be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** `FILE` or `FILE@STRENGTH`, repeated. */
export function collectAdapters(value: string, previous: readonly AdapterArgument[] = []): AdapterArgument[] {
  return [...previous, parseAdapter(value)];
}

export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('expected a whole number, 0 or more');
  return value;
}

export function positive(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('expected a whole number, 1 or more');
  return value;
}

/** `8GB`, `512MiB`, `8Gi` or plain bytes. */
export function byteSize(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === null || bytes === 0) throw new InvalidArgumentError('expected a size such as 8GB or 512MiB');
  return bytes;
}

export function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`expected one of ${names.join(', ')}`);
    return found;
  };
}
