/**
 * A coordinator in a Kubernetes cluster as if it were on this machine: a port of our own whose connections go to a
 * coordinator's pod, and the client's certificate and token from the cluster's secrets. Who may read those may submit.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SaraError } from '../../../shared/errors.ts';
import type { Lifecycle } from '../../../shared/lifecycle.ts';
import { splitAddress } from '../../../shared/rpc/address.ts';
import type { TlsFiles } from '../../../shared/rpc/certificates.ts';
import type { KubeCluster, PodFacts } from './cluster.ts';

/** Of the coordinator in k8s/base; what leads is named with it. */
const COORDINATOR_PORT = 7780;

/** Names of k8s/base. */
const CERTIFICATE_SECRET = 'client-tls';
const TOKEN_SECRET = 'client-token';

/** A local port that leads to whichever coordinator is ready when a connection is made. @returns host:port */
export async function forwardToCoordinator(cluster: KubeCluster, life: Lifecycle): Promise<string> {
  requireReady(await cluster.pods('coordinator'), cluster.namespace);
  return openPort(life, async (socket) => {
    const { name } = requireReady(await cluster.pods('coordinator'), cluster.namespace);
    await cluster.forward(name, COORDINATOR_PORT, socket);
  });
}

/** A local port that leads to the coordinator of that address inside the cluster, such as the one that leads. */
export async function forwardToAddress(
  cluster: KubeCluster,
  address: string,
  life: Lifecycle,
): Promise<string> {
  const { host, port } = splitAddress(address);
  const pods = await cluster.pods('coordinator');
  const pod = pods.find((one) => one.address === host);
  if (pod === undefined) {
    throw new SaraError(
      'COORDINATOR_UNREACHABLE',
      `no pod of a coordinator in namespace ${cluster.namespace} has the address ${host} of the one that leads`,
      { address },
    );
  }
  return openPort(life, (socket) => cluster.forward(pod.name, port, socket));
}

/**
 * The client's certificate as files, which are gone when the program ends.
 * @throws SaraError CONFIG_INVALID when the cluster has none
 */
export async function clientCertificate(cluster: KubeCluster, life: Lifecycle): Promise<TlsFiles> {
  const secret = await cluster.secret(CERTIFICATE_SECRET);
  const [cert, key, ca] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => secret?.get(name));
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new SaraError(
      'CONFIG_INVALID',
      `namespace ${cluster.namespace} has no whole secret ${CERTIFICATE_SECRET}; does cert-manager run, and is sara ` +
        'installed there? Or give --tls-cert, --tls-key and --tls-ca',
      { namespace: cluster.namespace },
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'sara-kube-'));
  life.defer('certificate of the client', () => rm(folder, { recursive: true, force: true }));
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return {
    cert: await write('tls.crt', cert),
    key: await write('tls.key', key),
    ca: await write('ca.crt', ca),
  };
}

/** The cluster's token for clients; null when it wants none. */
export async function clientToken(cluster: KubeCluster): Promise<string | null> {
  return (await cluster.secret(TOKEN_SECRET))?.get('token')?.trim() ?? null;
}

/** @returns host:port on loopback, for as long as the program runs */
async function openPort(life: Lifecycle, join: (socket: Socket) => Promise<void>): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    // Nothing is read before there is somewhere to send it.
    socket.pause();
    join(socket).then(
      () => socket.resume(),
      (error: unknown) => socket.destroy(error as Error),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  life.defer('port-forward', () => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function requireReady(pods: readonly PodFacts[], namespace: string): PodFacts {
  const ready = pods.find(({ isReady }) => isReady);
  if (ready !== undefined) return ready;
  const found = pods.map(({ name, status }) => `${name} is ${status}`).join(', ') || 'there is none';
  throw new SaraError(
    'COORDINATOR_UNREACHABLE',
    `no coordinator in namespace ${namespace} is ready: ${found}`,
    { namespace },
  );
}
