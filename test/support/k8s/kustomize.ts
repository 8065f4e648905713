/** The overlays as a cluster would receive them: built by kustomize, parsed, with the parts that tests look at typed. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from './objects.ts';

/** Programs that build a kustomization, the one that is named alone first. */
const BUILDERS = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
] as const;

const builder = BUILDERS.find(([program]) => {
  const { error } = spawnSync(program, ['version', ...(program === 'kubectl' ? ['--client'] : [])]);
  return error === undefined;
});

/** null: overlays can be built here; else why not. */
export const kustomizeAbsence: string | null =
  builder === undefined ? 'neither kustomize nor kubectl is installed' : null;

export const OVERLAYS: readonly string[] = readdirSync('k8s/overlays').sort();

const built = new Map<string, readonly KubeObject[]>();

/** @returns the objects of k8s/overlays/`name`, in the order they are applied */
export function buildOverlay(name: string): readonly KubeObject[] {
  const known = built.get(name);
  if (known !== undefined) return known;
  if (builder === undefined) throw new Error(kustomizeAbsence ?? '');
  const [program, ...args] = builder;
  const { status, stdout, stderr } = spawnSync(program, [...args, `k8s/overlays/${name}`], {
    encoding: 'utf8',
  });
  // A warning is about a field that the next version takes away.
  if (status !== 0 || stderr.trim() !== '') throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject);
  built.set(name, objects);
  return objects;
}
