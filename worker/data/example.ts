/** A dataset: captioned pictures in an order that depends on nothing but their names, and what was found beside them. */
import { SaraError } from '../../shared/errors.ts';
import type { DataFile } from './data-file.ts';

export interface Example {
  /** Path of the picture inside the folder, with forward slashes; unique there, and the sort key. */
  readonly id: string;
  readonly picture: DataFile;
  /** One line, not empty; as it stands in the dataset, without prefix and the like. */
  readonly caption: string;
  /** A picture of the same size, white where the loss counts; null where there is none. */
  readonly mask: DataFile | null;
  /** How often it is seen per epoch; at least 1. */
  readonly repeats: number;
}

export interface BrokenImage {
  readonly path: string;
  /** Why it cannot be used: completes "the picture". */
  readonly reason: string;
}

export interface Dataset {
  /** The folder or archive, for messages. */
  readonly place: string;
  /** Sorted by id in code-unit order. */
  readonly examples: readonly Example[];
  /** Pictures in formats that are not decoded here. */
  readonly broken: readonly BrokenImage[];
  /** Sentences about what is there and not used, for the user's log: nothing is passed over in silence. */
  readonly remarks: readonly string[];
}

/** How many offenders a message lists before it only counts. */
const MAX_LISTED = 5;

/** `a, b and 3 more` */
export function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** `3 pictures are broken: a, b, c` or `1 picture is broken: a` */
export function counted(names: readonly string[], one: string, several: string): string {
  return `${names.length} ${names.length === 1 ? one : several}: ${listed(names)}`;
}

export function invalidData(place: string, message: string, cause?: unknown): SaraError {
  return new SaraError('DATA_INVALID', message, { place }, { cause });
}
