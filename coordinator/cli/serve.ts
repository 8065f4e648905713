/** `sara coordinator`: the service that many machines share. */
import { systemClock } from '../../shared/clock.ts';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { createLogger, type Logger } from '../../shared/log.ts';
import type { Gate } from '../../shared/rpc/gate.ts';
import {
  isExposed,
  serviceOptions,
  type ServiceFlags,
  type ServiceOptions,
} from '../../shared/service-options.ts';
import { startService } from '../../shared/service.ts';
import { TokenGate } from '../access/token-gate.ts';
import { startCoordinator } from '../coordinator-server.ts';
import { publishDemand } from '../observe/demand.ts';
import { runTelemetry } from '../observe/run-telemetry.ts';
import { profileModelOnWorker } from '../plan/profile-model.ts';
import { driveRun } from '../run-driver.ts';
import { RunStore } from '../run-store.ts';

export interface CoordinatorFlags extends ServiceFlags {
  readonly listen: string;
  readonly name: string;
  readonly advertise?: string;
  /** ms */
  readonly lease?: number;
  readonly tokens?: string;
}

/**
 * Serves until the process is asked to stop; then another coordinator leads, and drives on what this one drove.
 * @throws SaraError STATE_LOST when NATS loses its data; USAGE, CONFIG_INVALID, FILE_NOT_FOUND; UNAUTHENTICATED when NATS refuses
 */
export async function serveCoordinator(flags: CoordinatorFlags, life: Lifecycle): Promise<void> {
  const log = createLogger({ name: 'coordinator', bindings: { coordinator: flags.name } });
  const options = serviceOptions(flags);
  const gate = await openGate(flags, options, life, log);
  const service = await startService('coordinator', `coordinator ${flags.name}`, options, { life, log });
  let isServing = false;
  service.conditions.set('coordinator', () => (isServing ? null : 'not serving yet'));
  const server = await startCoordinator({
    link: service.link,
    name: flags.name,
    listen: flags.listen,
    ...(flags.advertise === undefined || flags.advertise === '' ? {} : { advertise: flags.advertise }),
    ...(flags.lease === undefined ? {} : { leaseMs: flags.lease }),
    driveRun,
    profileModel: profileModelOnWorker,
    security: service.serverSecurity,
    workerSecurity: service.channelTo('worker'),
    ...(gate === null ? {} : { gate }),
    onRefused: service.onRefused,
    telemetry: runTelemetry(service.metrics),
    log,
  });
  life.defer('coordinator', () => server.stop());
  publishDemand(service.metrics, {
    runs: await RunStore.open(service.link, systemClock),
    workers: server.coordinator.registry,
  });
  isServing = true;
  log.info({ address: server.address, nats: options.nats.servers.join(',') }, 'coordinator ready');
  const stopped = new Promise<void>((resolve) => {
    life.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  try {
    await Promise.race([stopped, server.coordinator.failed]);
  } finally {
    isServing = false;
  }
}

async function openGate(
  { tokens, listen }: CoordinatorFlags,
  { insecure, tls }: ServiceOptions,
  life: Lifecycle,
  log: Logger,
): Promise<Gate | null> {
  if (tokens !== undefined && tokens !== '') {
    const gate = await TokenGate.open(tokens, { clock: systemClock, log });
    life.defer('tokens', () => {
      gate.close();
    });
    return gate;
  }
  // With TLS the certificate of a client is what opens the API; tokens tell clients apart.
  if (isExposed(listen) && tls === null && !insecure) {
    throw new SaraError(
      'CONFIG_INVALID',
      `refusing to listen on ${listen} without TLS and tokens: whoever reaches it could submit runs. Give --tls-cert, ` +
        "--tls-key, --tls-ca and, for roles, --tokens (see 'sara token --help'); listen on 127.0.0.1; or say --insecure.",
      { listen },
    );
  }
  return null;
}
