/**
 * What every part that serves needs first, whatever else it does: its certificates, its HTTP endpoint, which answers
 * while the rest is still waited for, and NATS. In which order the parts of a deployment start does not matter.
 */
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './log.ts';
import { connectNats, type NatsLink } from './messaging/connection.ts';
import { Conditions } from './observe/health.ts';
import { startHttpEndpoint } from './observe/http-endpoint.ts';
import { Metrics } from './observe/metrics.ts';
import { startTracing } from './observe/tracing.ts';
import type { Part } from './parts.ts';
import { Certificates } from './rpc/certificates.ts';
import type { ChannelSecurity } from './rpc/channel.ts';
import type { RpcServerOptions, ServerSecurity } from './rpc/server.ts';
import type { ServiceOptions } from './service-options.ts';

export interface Service {
  readonly link: NatsLink;
  readonly metrics: Metrics;
  /** What readiness depends on; the connection to NATS is one already. */
  readonly conditions: Conditions;
  readonly serverSecurity: ServerSecurity;
  channelTo(peer: Part): ChannelSecurity;
  readonly onRefused: NonNullable<RpcServerOptions['onRefused']>;
}

/**
 * Waits for NATS as long as it takes, and says so.
 * @param name of the process, e.g. `worker gpu-0`
 * @throws SaraError CONFIG_INVALID, FILE_NOT_FOUND; UNAUTHENTICATED when NATS refuses; the signal's reason
 */
export async function startService(
  part: Exclude<Part, 'client'>,
  name: string,
  options: ServiceOptions,
  { life, log }: { readonly life: Lifecycle; readonly log: Logger },
): Promise<Service> {
  const metrics = new Metrics(part);
  const conditions = new Conditions();
  let link: NatsLink | null = null;
  conditions.set('nats', () => {
    const servers = options.nats.servers.join(', ');
    if (link === null) return `no connection to ${servers} yet`;
    return link.connected ? null : `lost the connection to ${servers}`;
  });
  metrics.read('natsConnected', () => (link?.connected === true ? 1 : 0));
  const certificates = options.tls === null ? null : await Certificates.load(options.tls, { log });
  metrics.read('certificateExpiry', () => (certificates === null ? 0 : certificates.expiresAtMs / 1000));
  if (certificates !== null) {
    life.defer('certificates', () => {
      certificates.close();
    });
  }
  if (options.insecure)
    log.warn('--insecure: whoever reaches this process may use it, and can read what it says');
  if (options.http !== null) {
    metrics.collectProcess();
    const http = await startHttpEndpoint({ listen: options.http, health: conditions, metrics, log });
    life.defer('HTTP endpoint', () => http.close());
    log.info({ address: http.address }, `answers HTTP at ${http.address}`);
  }
  await startTracing(part, name, { life, log });
  const connected = await connectNats({
    ...options.nats,
    part,
    name,
    timeoutMs: Infinity,
    signal: life.signal,
    log,
  });
  link = connected;
  life.defer('NATS connection', () => connected.close());
  return {
    link: connected,
    metrics,
    conditions,
    serverSecurity:
      certificates === null
        ? { kind: 'insecure', allowBeyondLoopback: options.insecure }
        : { kind: 'mtls', certificates },
    channelTo: (peer) =>
      certificates === null ? { kind: 'insecure' } : { kind: 'mtls', certificates, peer },
    onRefused: (reason, peer, message) => {
      metrics.add('refusals', 1, { reason });
      log.warn({ reason, peer }, `refused: ${message}`);
    },
  };
}
