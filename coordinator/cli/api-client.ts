/** How the commands that ask a coordinator reach it: address, token, certificates. */
import { readFileSync } from 'node:fs';
import { connectCoordinator, type CoordinatorClient } from '../../shared/coordinator-client.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { silentLogger } from '../../shared/log.ts';
import { Certificates } from '../../shared/rpc/certificates.ts';
import type { ChannelSecurity } from '../../shared/rpc/channel.ts';
import { KubeCluster } from './kube/cluster.ts';
import { clientCertificate, clientToken, forwardToAddress, forwardToCoordinator } from './kube/reach.ts';
import { isExposed, tlsFiles, type TlsFlags } from '../../shared/service-options.ts';

/** A person waits for the answer. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface ApiOptions extends TlsFlags {
  /** host:port */
  readonly coordinator: string;
  /** Of a kubeconfig: the coordinator is in that cluster, whatever `coordinator` says. */
  readonly context?: string;
  readonly namespace: string;
  /** File with the bearer token; else SARA_TOKEN, else none. */
  readonly tokenFile?: string;
  /** Allow a token to travel in the clear. */
  readonly insecure?: boolean;
  readonly json?: boolean;
}

/**
 * A client that is closed with the program.
 * @throws SaraError USAGE, FILE_NOT_FOUND, CONFIG_INVALID
 */
export async function connectApi(options: ApiOptions, life: Lifecycle): Promise<CoordinatorClient> {
  const { insecure } = options;
  const cluster = await openCluster(options);
  const coordinator = cluster === null ? options.coordinator : await forwardToCoordinator(cluster, life);
  const token = readToken(options.tokenFile) ?? (cluster === null ? null : await clientToken(cluster));
  const files = tlsFiles(options) ?? (cluster === null ? null : await clientCertificate(cluster, life));
  if (token !== null && files === null && isExposed(coordinator) && insecure !== true) {
    throw new SaraError(
      'CONFIG_INVALID',
      `the token would travel to ${coordinator} in the clear; give --tls-cert, --tls-key and --tls-ca, or say --insecure`,
      { coordinator },
    );
  }
  const client = connectCoordinator(coordinator, {
    timeoutMs: ANSWER_TIMEOUT_MS,
    security: files === null ? { kind: 'insecure' } : await secure(files, life),
    token: () => token,
    ...(cluster === null ? {} : { reach: (address: string) => forwardToAddress(cluster, address, life) }),
  });
  life.defer('coordinator client', () => {
    client.close();
  });
  return client;
}

/** The cluster that the options name; null when they name none. @throws SaraError USAGE */
export async function openCluster({ context, namespace }: ApiOptions): Promise<KubeCluster | null> {
  return context === undefined ? null : KubeCluster.open({ context, namespace });
}

async function secure(
  files: NonNullable<ReturnType<typeof tlsFiles>>,
  life: Lifecycle,
): Promise<ChannelSecurity> {
  const certificates = await Certificates.load(files, { log: silentLogger });
  life.defer('certificates', () => {
    certificates.close();
  });
  return { kind: 'mtls', certificates, peer: 'coordinator' };
}

function readToken(file: string | undefined): string | null {
  if (file === undefined || file === '') {
    const token = process.env.SARA_TOKEN?.trim() ?? '';
    return token === '' ? null : token;
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `cannot read the token ${file}: ${reason}`, { file }, { cause });
  }
}
