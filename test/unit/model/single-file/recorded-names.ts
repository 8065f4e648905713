/**
 * Lists of names in published checkpoints and in diffusers, recorded from others' conversion tables (`source` in each
 * file of test/golden/single-file). A group holds every leaf in every module: pairs of [stored, diffusers].
 */
import { readFile } from 'node:fs/promises';

export interface RecordedNames {
  readonly prefix: string;
  /** Parameters of each stored tensor in order, by stored name. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  readonly numParameters: number;
}

interface RecordedFile {
  readonly prefix: string;
  readonly numStored: number;
  readonly numParameters: number;
  readonly groups: readonly {
    readonly modules: readonly (readonly [stored: string, diffusers: string])[];
    readonly leaves: readonly (readonly [stored: string, diffusers: string])[];
  }[];
}

export async function recordedNames(
  name: 'sd1-unet' | 'sdxl-unet' | 'vae' | 'clip-l' | 'clip-g',
): Promise<RecordedNames> {
  const text = await readFile(`test/golden/single-file/${name}.json`, 'utf8');
  const { prefix, numStored, numParameters, groups } = JSON.parse(text) as RecordedFile;
  const parameters = new Map<string, string[]>();
  for (const { modules, leaves } of groups) {
    for (const [storedModule, module] of modules) {
      for (const [storedLeaf, leaf] of leaves) {
        const stored = prefix + within(storedModule, storedLeaf);
        parameters.set(stored, [...(parameters.get(stored) ?? []), within(module, leaf)]);
      }
    }
  }
  if (parameters.size !== numStored)
    throw new Error(`${name}: ${parameters.size} names, ${numStored} recorded`);
  return { prefix, parameters, numParameters };
}

function within(module: string, leaf: string): string {
  return module === '' ? leaf : `${module}.${leaf}`;
}
