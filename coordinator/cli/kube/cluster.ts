/**
 * The parts of sara in a Kubernetes namespace, seen with the rights of the user's kubeconfig: pods, the certificate of a
 * client, and connections to the ports of pods through the API server.
 *
 * With the client library and not with `kubectl port-forward`: that one holds on to the pod it began with and ends with
 * it, a new connection here goes to a pod that is ready now; and kubectl need not be installed.
 */
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { CoreV1Api, KubeConfig, V1Pod } from '@kubernetes/client-node';
import { SaraError } from '../../../shared/errors.ts';

export interface KubePlace {
  /** Of the kubeconfig. */
  readonly context: string;
  readonly namespace: string;
}

export interface PodFacts {
  readonly name: string;
  readonly address: string;
  readonly isReady: boolean;
  /** What Kubernetes says of it: Running, Pending, CrashLoopBackOff, ... */
  readonly status: string;
  readonly node: string;
  readonly numRestarts: number;
}

const COMPONENT = 'app.kubernetes.io/component';

export class KubeCluster {
  readonly #place: KubePlace;
  readonly #config: KubeConfig;
  readonly #api: CoreV1Api;

  private constructor(place: KubePlace, config: KubeConfig, api: CoreV1Api) {
    this.#place = place;
    this.#config = config;
    this.#api = api;
  }

  /** @throws SaraError USAGE when the kubeconfig has no such context */
  static async open(place: KubePlace): Promise<KubeCluster> {
    // Not loaded by commands that do not need it: it takes longer than they do.
    const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromDefault();
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(place.context)) {
      throw new SaraError(
        'USAGE',
        `the kubeconfig has no context '${place.context}'; it has ${known.join(', ') || 'none'}`,
        { context: place.context },
      );
    }
    config.setCurrentContext(place.context);
    return new KubeCluster(place, config, config.makeApiClient(CoreV1Api));
  }

  get namespace(): string {
    return this.#place.namespace;
  }

  /** By name. @throws SaraError COORDINATOR_UNREACHABLE, PERMISSION_DENIED */
  async pods(component: 'coordinator' | 'worker'): Promise<PodFacts[]> {
    const { items } = await this.#ask('list pods', () =>
      this.#api.listNamespacedPod({
        namespace: this.namespace,
        labelSelector: `${COMPONENT}=${component}`,
      }),
    );
    return items.map(factsOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @returns null when there is none. @throws SaraError as pods */
  async secret(name: string): Promise<ReadonlyMap<string, string> | null> {
    try {
      const { data = {} } = await this.#ask(`read the secret ${name}`, () =>
        this.#api.readNamespacedSecret({ namespace: this.namespace, name }),
      );
      return new Map(
        Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]),
      );
    } catch (error) {
      if (error instanceof SaraError && error.context.status === 404) return null;
      throw error;
    }
  }

  /** Joins a socket with a port of a pod until either ends. @throws SaraError as pods */
  async forward(pod: string, port: number, socket: Socket): Promise<void> {
    const { PortForward } = await import('@kubernetes/client-node');
    // What comes on the second stream says why the pod's end was closed; the socket's end tells the client enough.
    const complaints = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        // Nothing is left of the message that begins the stream, for it only names the port.
        if (bytes.length > 0) socket.destroy();
        done();
      },
    });
    const link = await this.#ask(`connect to ${pod}`, () =>
      new PortForward(this.#config).portForward(this.namespace, pod, [port], socket, complaints, socket),
    );
    if (typeof link === 'function')
      throw new SaraError('INTERNAL', 'a port-forward that starts itself again');
    socket.once('close', () => {
      link.close();
    });
    link.on('close', () => {
      socket.destroy();
    });
    link.on('error', () => {
      socket.destroy();
    });
  }

  async #ask<T>(doing: string, call: () => Promise<T>): Promise<T> {
    const { context, namespace } = this.#place;
    try {
      return await call();
    } catch (cause) {
      const status = (cause as { code?: unknown }).code;
      const where = `in namespace ${namespace} of ${context}`;
      if (status === 401 || status === 403) {
        throw new SaraError(
          'PERMISSION_DENIED',
          `Kubernetes does not let you ${doing} ${where}; the role 'client' there has the rights that are needed`,
          { context, namespace, status },
          { cause },
        );
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SaraError(
        'COORDINATOR_UNREACHABLE',
        `could not ${doing} ${where}: ${reason.split('\n', 1)[0]}`,
        { context, namespace, ...(typeof status === 'number' ? { status } : {}) },
        { cause },
      );
    }
  }
}

function factsOf({ metadata, spec, status }: V1Pod): PodFacts {
  const containers = status?.containerStatuses ?? [];
  const waiting = containers
    .map(({ state }) => state?.waiting?.reason)
    .find((reason) => reason !== undefined);
  const isGoing = metadata?.deletionTimestamp !== undefined;
  return {
    name: metadata?.name ?? '',
    address: status?.podIP ?? '',
    isReady:
      !isGoing &&
      (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    status: isGoing ? 'Terminating' : (waiting ?? status?.phase ?? 'Unknown'),
    node: spec?.nodeName ?? '',
    numRestarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
  };
}
