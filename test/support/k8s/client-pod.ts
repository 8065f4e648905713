/** The pod that submits a run from inside the cluster, as the overlay kueue has it, for any command of `sara`. */
import { buildOverlay } from './kustomize.ts';
import { workloads, type KubeObject, type PodTemplate } from './objects.ts';

/** What the pod mounts at /etc/sara/run. */
const CONFIG_MAP = 'run';
export const RUN_CONFIG = '/etc/sara/run/run.yaml';

export function runConfigMap(yaml: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CONFIG_MAP }, data: { 'run.yaml': yaml } };
}

export function clientPod(args: readonly string[]): PodTemplate {
  const submit = workloads(buildOverlay('kueue')).find(({ name }) => name === 'submit');
  if (submit === undefined) throw new Error('the overlay kueue has no job submit');
  const { metadata, spec } = submit.template;
  const [container] = spec.containers;
  const volumes = (spec.volumes ?? []).map((volume) =>
    volume.configMap === undefined ? volume : { ...volume, configMap: { name: CONFIG_MAP } },
  );
  return { metadata, spec: { ...spec, volumes, containers: [{ ...container, args }] } };
}
