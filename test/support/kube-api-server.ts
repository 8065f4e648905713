/**
 * The part of a Kubernetes API server that `sara --context` speaks to: pods, secrets, and the port-forward of a pod over
 * a WebSocket (subprotocol v4.channel.k8s.io: of each port a stream of bytes and one of errors, the stream's number in
 * front of every message, the port's number once on each).
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import type { TlsFiles } from '../../shared/rpc/certificates.ts';
import { WebSocketServer, type WebSocket } from 'ws';

export interface FakePod {
  readonly name: string;
  readonly component: 'coordinator' | 'worker';
  readonly podIP: string;
  isReady: boolean;
  /** Where its ports lead to on this machine. */
  readonly target: { readonly host: string; readonly port: number };
}

const BYTES = 0;
const ERRORS = 1;

export class KubeApiServer {
  readonly token: string;
  readonly pods: readonly FakePod[];
  /** By name: files. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Pods that were connected to, in order. */
  readonly forwarded: string[] = [];
  readonly #namespace: string;
  readonly #server: Server;

  private constructor(options: KubeApiServerOptions) {
    this.token = options.token;
    this.pods = options.pods;
    this.secrets = options.secrets;
    this.#namespace = options.namespace;
    const { cert, key } = options.tls;
    this.#server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      const [status, body] =
        request.headers.authorization === `Bearer ${this.token}`
          ? this.#answer(request.url ?? '')
          : [401, failure(401, 'Unauthorized')];
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false),
    });
    this.#server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (link) => {
        this.#forward(request.url ?? '', link);
      });
    });
  }

  static async start(options: KubeApiServerOptions): Promise<KubeApiServer> {
    const api = new KubeApiServer(options);
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #answer(path: string): [number, unknown] {
    const { pathname, searchParams } = new URL(path, this.url);
    const [, collection, name] = new RegExp(
      `^/api/v1/namespaces/${this.#namespace}/(pods|secrets)(?:/([^/]+))?$`,
    ).exec(pathname) ?? ['', '', ''];
    if (collection === 'pods') {
      const component = searchParams.get('labelSelector')?.split('=')[1];
      const items = this.pods.filter((pod) => pod.component === component).map(podObject);
      return [200, { apiVersion: 'v1', kind: 'PodList', metadata: {}, items }];
    }
    const secret = collection === 'secrets' ? this.secrets[name] : undefined;
    if (secret === undefined) return [404, failure(404, `${collection} "${name}" not found`)];
    const data = Object.fromEntries(
      Object.entries(secret).map(([file, text]) => [file, Buffer.from(text).toString('base64')]),
    );
    return [200, { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data }];
  }

  #forward(path: string, link: WebSocket): void {
    const { pathname, searchParams } = new URL(path, this.url);
    const name = pathname.split('/').at(-2);
    const port = Number(searchParams.get('ports'));
    const send = (stream: number, bytes: Buffer): void => {
      link.send(Buffer.concat([Buffer.from([stream]), bytes]));
    };
    const portNumber = Buffer.alloc(2);
    portNumber.writeUInt16LE(port);
    send(BYTES, portNumber);
    send(ERRORS, portNumber);
    const pod = this.pods.find((one) => one.name === name);
    if (pod === undefined) {
      send(ERRORS, Buffer.from(`no pod ${name}`));
      link.close();
      return;
    }
    this.forwarded.push(pod.name);
    const socket = connect(pod.target.port, pod.target.host);
    socket.on('data', (bytes) => {
      send(BYTES, bytes);
    });
    socket.on('error', (error) => {
      send(ERRORS, Buffer.from(error.message));
    });
    socket.on('close', () => {
      link.close();
    });
    link.on('message', (message: Buffer) => socket.write(message.subarray(1)));
    link.on('close', () => socket.destroy());
  }
}

export interface KubeApiServerOptions {
  /** A certificate for 127.0.0.1. */
  readonly tls: TlsFiles;
  readonly namespace: string;
  /** That callers must present. */
  readonly token: string;
  readonly pods: readonly FakePod[];
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A kubeconfig for it, as YAML. @param ca file of the authority that it is known by */
export function kubeconfig(server: string, ca: string, token: string, context: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
    'current-context': '',
  });
}

function podObject({ name, component, podIP, isReady }: FakePod): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'app.kubernetes.io/component': component } },
    spec: { nodeName: 'node-a', containers: [{ name: component, image: 'x' }] },
    status: {
      phase: 'Running',
      podIP,
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      containerStatuses: [
        { name: component, restartCount: 3, ready: isReady, image: 'x', imageID: 'x', state: {} },
      ],
    },
  };
}

function failure(code: number, message: string): unknown {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, message };
}
