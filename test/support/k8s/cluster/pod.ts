/**
 * One pod of the harness, from its template: its place in the network, its volumes, and its container, which is started
 * again when it ends before it was told to. The kubelet's part of a cluster.
 */
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { imageConfig } from '../dockerfile.ts';
import type { Container as ContainerSpec, Labels, PodTemplate, Probe, Volume } from '../objects.ts';
import { Container, NAMES, type ContainerExit, type Mount } from './container.ts';
import type { SecretData } from './certificates.ts';
import type { PodLink } from './network.ts';
import { run } from './run.ts';

/** The kubelet waits from ten seconds on before it starts a container again; here nobody is to be spared. */
const RESTART_PAUSE_MS = 300;
const PROBE_PAUSE_MS = 300;
/** Of one look. */
const PROBE_TIMEOUT_S = 2;

/** What the cluster has that pods mount. */
export interface ClusterVolumes {
  /** Files by name. */
  readonly configMaps: ReadonlyMap<string, Labels>;
  readonly secrets: ReadonlyMap<string, SecretData>;
  /** Folders on this machine, made when first asked for. */
  claim(name: string): Promise<string>;
}

export interface PodOptions {
  readonly name: string;
  readonly namespace: string;
  readonly template: PodTemplate;
  readonly link: PodLink;
  readonly volumes: ClusterVolumes;
  /** Of a StatefulSet: its template's name to the claim's. */
  readonly ownClaims: ReadonlyMap<string, string>;
  /** One for all pods: in it the file `hosts` with the names of services and pods. */
  readonly namesFolder: string;
  /** By image without its tag: the folder that is its /app, and programs that it brings. */
  readonly images: ReadonlyMap<string, ImageContents>;
  readonly folder: string;
  readonly onChange: () => void;
}

export interface ImageContents {
  /** Target in the Dockerfile; null: another project's image, whose manifest says the whole command. */
  readonly target: string | null;
  readonly app: string | null;
  readonly programs: Readonly<Record<string, string>>;
}

export class Pod {
  readonly name: string;
  readonly labels: Labels;
  readonly address: string;
  readonly #options: PodOptions;
  readonly #spec: ContainerSpec;
  #container: Container | null = null;
  #isReady = false;
  #isStopping = false;
  #numStarts = 0;
  #logs = '';
  readonly #running: Promise<ContainerExit>;

  constructor(options: PodOptions) {
    this.name = options.name;
    this.labels = options.template.metadata.labels;
    this.address = options.link.address;
    this.#options = options;
    [this.#spec] = options.template.spec.containers;
    this.#running = this.#run();
  }

  get networkNamespace(): string {
    return this.#options.link.namespace;
  }

  portNamed(name: string): number | null {
    return this.#spec.ports?.find((port) => port.name === name)?.containerPort ?? null;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isStopping;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  get numRestarts(): number {
    return Math.max(0, this.#numStarts - 1);
  }

  /** Of all its containers, one after the other. */
  get log(): string {
    return this.#logs + (this.#container?.log ?? '');
  }

  /** How its last container ended, when it has ended for good. */
  get ended(): Promise<ContainerExit> {
    return this.#running;
  }

  async exec(command: readonly string[]): Promise<string> {
    if (this.#container === null) throw new Error(`${this.name} has no container`);
    return this.#container.exec(command);
  }

  /** Its container ends at once and is started again, as after a crash. */
  async crash(): Promise<void> {
    await this.#container?.signal('SIGKILL');
  }

  /**
   * As `kubectl delete pod`: the hook, SIGTERM, the grace period, SIGKILL.
   * @param graceMs default: the template's
   * @returns how its container ended
   */
  async stop(graceMs?: number): Promise<ContainerExit | null> {
    const { template } = this.#options;
    const grace = graceMs ?? 1000 * (template.spec.terminationGracePeriodSeconds ?? 30);
    this.#isStopping = true;
    this.#options.onChange();
    const container = this.#container;
    if (container === null || container.hasEnded) return null;
    const kill = setTimeout(() => void container.signal('SIGKILL'), grace);
    const hook = this.#spec.lifecycle?.preStop?.exec?.command;
    if (grace > 0 && hook !== undefined) await container.exec(hook).catch(() => undefined);
    await container.signal(grace > 0 ? 'SIGTERM' : 'SIGKILL');
    const exit = await container.exited;
    clearTimeout(kill);
    await this.#running;
    await rm(this.#options.folder, { recursive: true, force: true });
    return exit;
  }

  /** Runs the container until the pod is stopped or, where it is not to be started again, once. */
  async #run(): Promise<ContainerExit> {
    for (;;) {
      const container = await this.#start();
      this.#numStarts++;
      this.#container = container;
      const ended = new AbortController();
      const watching = this.#watch(container, ended.signal);
      const exit = await container.exited;
      ended.abort();
      await watching;
      this.#setReady(false);
      this.#logs += container.log;
      this.#container = null;
      if (this.#options.template.spec.restartPolicy === 'Never') return exit;
      if (!this.#isStopping) await pause(RESTART_PAUSE_MS);
      if (this.#isStopping) return exit;
    }
  }

  /** Asks until it has started, then whether it is ready, as the manifest says. */
  async #watch(container: Container, signal: AbortSignal): Promise<void> {
    const { startupProbe, readinessProbe } = this.#spec;
    let hasStarted = startupProbe === undefined;
    while (!signal.aborted && !container.hasEnded) {
      if (!hasStarted) hasStarted = await this.#succeeds(startupProbe);
      else this.#setReady(readinessProbe === undefined || (await this.#succeeds(readinessProbe)));
      await pause(PROBE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Whether a probe of the manifest is answered as it should be. */
  async #succeeds(probe: Probe | undefined): Promise<boolean> {
    const { httpGet } = probe ?? {};
    if (httpGet === undefined) return true;
    const { port: given } = httpGet;
    const port = typeof given === 'number' ? given : (this.portNamed(given) ?? given);
    const url = `http://${this.address}:${port}${httpGet.path}`;
    const curl = ['curl', '-fsS', '-o', '/dev/null', '--max-time', String(PROBE_TIMEOUT_S), url];
    return run('ip', 'netns', 'exec', this.networkNamespace, ...curl).then(
      () => true,
      () => false,
    );
  }

  async isAlive(): Promise<boolean> {
    return this.#succeeds(this.#spec.livenessProbe);
  }

  #setReady(isReady: boolean): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.#options.onChange();
  }

  async #start(): Promise<Container> {
    const { template, images, name, link } = this.#options;
    const spec = this.#spec;
    const [imageName] = spec.image.split(':');
    const image = images.get(imageName);
    if (image === undefined) throw new Error(`no image ${imageName}`);
    const config = image.target === null ? null : imageConfig(image.target);
    const env = this.#environment(config?.env ?? {});
    const entry = spec.command ?? config?.entrypoint ?? [];
    const args = spec.args ?? (spec.command === undefined ? (config?.cmd ?? []) : []);
    const security = template.spec.securityContext as {
      runAsUser: number;
      runAsGroup: number;
      fsGroup: number;
    };
    await mkdir(this.#options.folder, { recursive: true });
    const folder = await mkdtemp(join(this.#options.folder, `${spec.name}-`));
    return Container.start({
      folder,
      networkNamespace: link.namespace,
      hostname: name,
      mounts: [
        { source: this.#options.namesFolder, target: NAMES, readOnly: true },
        ...(image.app === null
          ? []
          : [{ source: image.app, target: config?.workdir ?? '/app', readOnly: true }]),
        ...(await this.#mounts(folder, security.fsGroup)),
      ],
      programs: image.programs,
      readOnlyRoot: spec.securityContext?.readOnlyRootFilesystem === true,
      user: { uid: security.runAsUser, gid: security.runAsGroup, groups: [security.fsGroup] },
      env,
      workdir: config?.workdir ?? '/',
      command: [...entry, ...args].map((text) => expand(text, env)),
    });
  }

  /** The image's variables, then the manifest's, in order: later ones may speak of earlier ones. */
  #environment(ofImage: Labels): Labels {
    const env: Record<string, string> = { ...ofImage };
    for (const { name, value = '', valueFrom } of this.#spec.env ?? []) {
      const { fieldRef, resourceFieldRef } = valueFrom ?? {};
      if (fieldRef !== undefined) env[name] = this.#field(fieldRef.fieldPath);
      else if (resourceFieldRef !== undefined) env[name] = this.#limit(resourceFieldRef.resource);
      else env[name] = expand(value, env);
    }
    return env;
  }

  #field(path: string): string {
    if (path === 'metadata.name') return this.name;
    if (path === 'metadata.namespace') return this.#options.namespace;
    if (path === 'status.podIP') return this.address;
    throw new Error(`the harness does not know the field ${path}`);
  }

  /** Whole cores, as the downward API rounds them. */
  #limit(resource: string): string {
    const text = this.#spec.resources?.limits?.cpu ?? '';
    if (resource !== 'limits.cpu') throw new Error(`the harness does not know the resource ${resource}`);
    return String(Math.ceil(text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text)));
  }

  async #mounts(folder: string, group: number): Promise<Mount[]> {
    const { template, volumes: cluster, ownClaims } = this.#options;
    const declared = new Map((template.spec.volumes ?? []).map((volume) => [volume.name, volume]));
    return Promise.all(
      (this.#spec.volumeMounts ?? []).map(async ({ name, mountPath, readOnly = false }) => {
        const claim = ownClaims.get(name) ?? declared.get(name)?.persistentVolumeClaim?.claimName;
        const source =
          claim === undefined
            ? await makeVolume(join(folder, `volume-${name}`), declared.get(name), cluster, group)
            : await cluster.claim(claim);
        if (claim !== undefined) await shareWith(source, group);
        return { source, target: mountPath, readOnly };
      }),
    );
  }
}

/** A volume that lives as long as the container: a ConfigMap's or Secret's files, or an empty folder. */
async function makeVolume(
  path: string,
  volume: Volume | undefined,
  cluster: ClusterVolumes,
  group: number,
): Promise<string> {
  await mkdir(path);
  const { configMap, secret } = volume ?? {};
  const files =
    configMap !== undefined
      ? cluster.configMaps.get(configMap.name)
      : secret !== undefined
        ? cluster.secrets.get(secret.secretName)
        : {};
  if (files === undefined) throw new Error(`volume ${volume?.name ?? path} is not there`);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(path, name), text);
    await chown(join(path, name), 0, group);
    await chmod(join(path, name), secret === undefined ? 0o644 : 0o440);
  }
  await shareWith(path, group);
  return path;
}

/** As fsGroup does for volumes. */
async function shareWith(path: string, group: number): Promise<void> {
  await chown(path, 0, group);
  await chmod(path, 0o2775);
}

function expand(text: string, env: Labels): string {
  return text.replace(/\$\((\w+)\)/g, (whole, name: string) => env[name] ?? whole);
}
