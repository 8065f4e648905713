/**
 * The controllers of a cluster, as far as the manifests need them: pods of StatefulSets and Deployments, rolling updates,
 * service names, certificates. What an API server would store is the list of objects it is given.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../until.ts';
import {
  matches,
  ofKind,
  workloads,
  type KubeObject,
  type Labels,
  type PodTemplate,
  type Workload,
} from '../objects.ts';
import { networkPolicies } from '../network-policy.ts';
import { issueCertificates, type SecretData } from './certificates.ts';
import type { ContainerExit } from './container.ts';
import { filterFor, setFilter } from './firewall.ts';
import { PodNetwork } from './network.ts';
import { Pod, type ClusterVolumes, type ImageContents } from './pod.ts';

/** Starting Node for every pod on two busy cores. */
const READY_TIMEOUT_MS = 300_000;

interface ServiceSpec {
  readonly clusterIP?: string;
  readonly publishNotReadyAddresses?: boolean;
  readonly selector: Labels;
}

export interface KubeClusterOptions {
  readonly objects: readonly KubeObject[];
  readonly images: ReadonlyMap<string, ImageContents>;
}

/** Pods of one workload as they should be. */
interface Wanted {
  readonly workload: Workload;
  replicas: number;
  template: PodTemplate;
  readonly pods: Map<string, Pod>;
}

export class KubeCluster implements ClusterVolumes {
  readonly configMaps: ReadonlyMap<string, Labels>;
  readonly secrets: ReadonlyMap<string, SecretData>;
  readonly namespace: string;
  readonly #options: KubeClusterOptions;
  readonly #folder: string;
  readonly #network: PodNetwork;
  readonly #wanted: ReadonlyMap<string, Wanted>;
  /** Pods that belong to no workload. */
  readonly #single = new Map<string, Pod>();
  /** Of pods that are no more. */
  readonly #oldLogs: string[] = [];
  /** The last telling of names and filters, so that an older one never comes after it. */
  #telling: Promise<void> = Promise.resolve();
  /** The one that has not begun yet: it will tell whatever changes until then. */
  #nextTelling: Promise<void> | null = null;

  private constructor(
    options: KubeClusterOptions,
    folder: string,
    network: PodNetwork,
    secrets: ReadonlyMap<string, SecretData>,
  ) {
    const { objects } = options;
    this.#options = options;
    this.#folder = folder;
    this.#network = network;
    this.secrets = secrets;
    this.namespace = ofKind(objects, 'Namespace')[0].metadata.name;
    this.configMaps = new Map(
      ofKind(objects, 'ConfigMap').map(({ metadata, data = {} }) => [metadata.name, data]),
    );
    this.#wanted = new Map(
      workloads(objects).map((workload) => [
        workload.name,
        { workload, replicas: 0, template: workload.template, pods: new Map() },
      ]),
    );
  }

  /** Everything but the pods. */
  static async create(options: KubeClusterOptions): Promise<KubeCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'sara-kube-'));
    const secrets = await issueCertificates(options.objects, join(folder, 'certificates'));
    const cluster = new KubeCluster(options, folder, await PodNetwork.create(), secrets);
    await mkdir(cluster.#namesFolder);
    await cluster.#tellPods();
    return cluster;
  }

  /** On this machine; what is written there is what pods see. */
  async claim(name: string): Promise<string> {
    const path = join(this.#folder, 'volumes', name);
    await mkdir(path, { recursive: true });
    return path;
  }

  get pods(): readonly Pod[] {
    return [
      ...[...this.#wanted.values()].flatMap(({ pods }) => [...pods.values()]),
      ...this.#single.values(),
    ];
  }

  pod(name: string): Pod {
    const pod = this.pods.find((one) => one.name === name);
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  podsOf(workload: string): readonly Pod[] {
    return [...this.#of(workload).pods.values()];
  }

  /** Logs of all pods there were, by name. */
  get logs(): string {
    return [...this.#oldLogs, ...this.pods.map(titledLog)].join('\n');
  }

  /** As the manifest says it, or `kubectl scale`. @returns how those that had to go ended */
  async scale(name: string, replicas = this.#of(name).workload.spec.replicas ?? 1): Promise<ContainerExit[]> {
    const wanted = this.#of(name);
    wanted.replicas = replicas;
    const names = [...wanted.pods.keys()];
    while (wanted.pods.size < replicas) await this.#add(wanted);
    const surplus = names.slice(replicas).reverse();
    return Promise.all(surplus.map((pod) => this.#remove(wanted, pod)));
  }

  /** As `kubectl delete pod`: another one takes its place, of the same name in a StatefulSet. */
  async deletePod(name: string, graceMs?: number): Promise<ContainerExit> {
    const wanted = [...this.#wanted.values()].find(({ pods }) => pods.has(name));
    if (wanted === undefined) throw new Error(`no workload has a pod ${name}`);
    const exit = await this.#remove(wanted, name, graceMs);
    if (wanted.pods.size < wanted.replicas) await this.#add(wanted);
    return exit;
  }

  /**
   * A rolling update to a template with one more environment variable, one pod at a time, as the controllers do it: a
   * StatefulSet from its last pod to its first, each ready before the next; a Deployment with the new pod first.
   * @returns how the old ones ended
   */
  async rollOut(
    name: string,
    variable: { readonly name: string; readonly value: string },
  ): Promise<ContainerExit[]> {
    const wanted = this.#of(name);
    wanted.template = withVariable(wanted.template, variable);
    const exits: ContainerExit[] = [];
    for (const old of [...wanted.pods.keys()].reverse()) {
      if (wanted.workload.kind === 'Deployment') {
        await this.#whenReady([await this.#add(wanted)]);
        exits.push(await this.#remove(wanted, old));
      } else {
        exits.push(await this.#remove(wanted, old));
        await this.#whenReady([await this.#add(wanted)]);
      }
    }
    return exits;
  }

  /** A pod of its own that runs to its end, such as a pipeline's. @returns how it ended and what it printed */
  async runToEnd(name: string, template: PodTemplate): Promise<ContainerExit & { readonly output: string }> {
    const pod = await this.#makePod(name, template, new Map());
    this.#single.set(name, pod);
    await this.#tellPods();
    const exit = await pod.ended;
    this.#single.delete(name);
    this.#oldLogs.push(titledLog(pod));
    await this.#network.leave(name);
    return { ...exit, output: pod.log };
  }

  /** @throws Error with the logs of those that are not ready in time */
  async whenReady(): Promise<void> {
    await this.#whenReady(this.pods);
  }

  async #whenReady(pods: readonly Pod[]): Promise<void> {
    const waiting = (): Pod[] => pods.filter(({ isReady, isStopping }) => !isReady && !isStopping);
    try {
      await until(() => waiting().length === 0, 'all pods being ready', READY_TIMEOUT_MS);
    } catch (error) {
      throw new Error(`not ready:\n${waiting().map(titledLog).join('\n')}`, { cause: error });
    }
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.stop(0)));
    await this.#telling;
    await this.#network.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #of(name: string): Wanted {
    const wanted = this.#wanted.get(name);
    if (wanted === undefined) throw new Error(`there is no workload ${name}`);
    return wanted;
  }

  async #add(wanted: Wanted): Promise<Pod> {
    const { workload, template, pods } = wanted;
    const isStateful = workload.kind === 'StatefulSet';
    const suffix = isStateful
      ? Array.from({ length: pods.size + 1 }, (_, i) => `${workload.name}-${i}`).find(
          (name) => !pods.has(name),
        )
      : `${workload.name}-${randomBytes(3).toString('hex')}`;
    const name = suffix ?? workload.name;
    const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
    const pod = await this.#makePod(
      name,
      template,
      new Map(claims.map((claim) => [claim, `${claim}-${name}`])),
    );
    pods.set(name, pod);
    await this.#tellPods();
    return pod;
  }

  async #makePod(name: string, template: PodTemplate, ownClaims: ReadonlyMap<string, string>): Promise<Pod> {
    const pod = new Pod({
      name,
      namespace: this.namespace,
      template,
      link: await this.#network.join(name),
      volumes: this,
      ownClaims,
      namesFolder: this.#namesFolder,
      images: this.#options.images,
      folder: join(this.#folder, 'pods', name),
      onChange: () => void this.#tellPods(),
    });
    return pod;
  }

  async #remove(wanted: Wanted, name: string, graceMs?: number): Promise<ContainerExit> {
    const pod = wanted.pods.get(name);
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    const exit = await pod.stop(graceMs);
    wanted.pods.delete(name);
    this.#oldLogs.push(titledLog(pod));
    await this.#tellPods();
    await this.#network.leave(name);
    return exit ?? { code: null, signal: null };
  }

  get #namesFolder(): string {
    return join(this.#folder, 'names');
  }

  /** To all pods: which names there are, and whom the policies let them speak to. As things are when its turn comes. */
  #tellPods(): Promise<void> {
    if (this.#nextTelling !== null) return this.#nextTelling;
    const telling = this.#telling.then(async () => {
      this.#nextTelling = null;
      const file = join(this.#namesFolder, 'hosts');
      await writeFile(`${file}.new`, this.#hosts());
      await rename(`${file}.new`, file);
      const policies = networkPolicies(this.#options.objects);
      const { pods } = this;
      await Promise.all(pods.map((pod) => setFilter(pod.networkNamespace, filterFor(pod, pods, policies))));
    });
    this.#nextTelling = telling;
    this.#telling = telling;
    return telling;
  }

  /**
   * The names that a cluster's DNS would answer, of all services: a service is its ready pods, a headless one also each
   * of them by name. Where a cluster has an address that stands for all, here a name has all addresses.
   */
  #hosts(): string {
    const lines = ['127.0.0.1 localhost'];
    const say = (address: string, name: string): void => {
      lines.push(`${address} ${name} ${name}.${this.namespace} ${name}.${this.namespace}.svc`);
    };
    for (const { metadata, spec } of ofKind(this.#options.objects, 'Service')) {
      const { clusterIP, publishNotReadyAddresses = false, selector } = spec as ServiceSpec;
      for (const pod of this.pods) {
        if (!matches(selector, pod.labels) || !(pod.isReady || publishNotReadyAddresses)) continue;
        say(pod.address, metadata.name);
        if (clusterIP === 'None') say(pod.address, `${pod.name}.${metadata.name}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }
}

function withVariable(
  template: PodTemplate,
  variable: { readonly name: string; readonly value: string },
): PodTemplate {
  const [first, ...others] = template.spec.containers;
  const changed = { ...first, env: [...(first.env ?? []), variable] };
  return { ...template, spec: { ...template.spec, containers: [changed, ...others] } };
}

function titledLog(pod: Pod): string {
  return `== ${pod.name}\n${pod.log}`;
}
