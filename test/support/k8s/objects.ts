/** Kubernetes objects as far as tests read them. That they are whole and right is for schema.ts to say. */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export type Labels = Readonly<Record<string, string>>;

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly data?: Labels;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly resourceFieldRef?: { readonly resource: string };
  };
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly exec?: { readonly command: readonly string[] } } };
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: Readonly<Record<string, unknown>> & {
    readonly capabilities?: { readonly drop?: readonly string[] };
  };
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string; readonly optional?: boolean };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly emptyDir?: { readonly sizeLimit?: string };
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly restartPolicy?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Labels };
  readonly spec: PodSpec;
}

/** A template of pods and where it stands. */
export interface Workload {
  /** e.g. `StatefulSet worker`, `JobSet run, submit`. */
  readonly title: string;
  readonly kind: string;
  readonly name: string;
  readonly template: PodTemplate;
  /** Of the objects that have them. */
  readonly spec: WorkloadSpec;
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly serviceName?: string;
  readonly selector?: { readonly matchLabels: Labels };
  readonly template: PodTemplate;
  readonly volumeClaimTemplates?: readonly { readonly metadata: Metadata }[];
  readonly backoffLimit?: number;
  readonly podFailurePolicy?: { readonly rules: readonly FailureRule[] };
}

export interface FailureRule {
  readonly action: string;
  readonly onExitCodes?: { readonly operator: string; readonly values: readonly number[] };
}

interface JobSetSpec {
  readonly replicatedJobs: readonly {
    readonly name: string;
    readonly template: { readonly spec: WorkloadSpec };
  }[];
}

/** Everything that makes pods. */
export function workloads(objects: readonly KubeObject[]): Workload[] {
  return objects.flatMap(({ kind, metadata: { name }, spec }) => {
    if (kind === 'Deployment' || kind === 'StatefulSet' || kind === 'Job') {
      const own = spec as WorkloadSpec;
      return [{ title: `${kind} ${name}`, kind, name, template: own.template, spec: own }];
    }
    if (kind === 'JobSet') {
      return (spec as JobSetSpec).replicatedJobs.map((job) => ({
        title: `${kind} ${name}, ${job.name}`,
        kind,
        name: job.name,
        template: job.template.spec.template,
        spec: job.template.spec,
      }));
    }
    return [];
  });
}

export function ofKind(objects: readonly KubeObject[], kind: string): KubeObject[] {
  return objects.filter((object) => object.kind === kind);
}

/** Whether labels have every pair of a selector. */
export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
