/** A coordinator that answers over gRPC: the API bound to a port, and its place among others on the same NATS. */
import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../shared/clock.ts';
import { systemClock } from '../shared/clock.ts';
import { coordinatorService } from '../shared/coordinator-client.ts';
import type { SaraError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { joinAddress, splitAddress } from '../shared/rpc/address.ts';
import { startRpcServer, type RpcServerOptions } from '../shared/rpc/server.ts';
import { Coordinator, type CoordinatorParts } from './coordinator.ts';

export interface CoordinatorServerOptions
  extends CoordinatorParts, Pick<RpcServerOptions, 'security' | 'gate' | 'onRefused'> {
  readonly link: NatsLink;
  /** For people and logs; default: the machine's. */
  readonly name?: string;
  /** host:port; port 0: any free one. */
  readonly listen: string;
  /** host:port that clients of other coordinators are sent to; default: where it listens. */
  readonly advertise?: string;
  /** See CoordinatorOptions. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
  readonly log: Logger;
}

export interface CoordinatorServer {
  /** host:port it listens on. */
  readonly address: string;
  readonly coordinator: Coordinator;
  /**
   * Leaves the leadership and the run in progress to others, and closes the port.
   * @param becauseOf ends the run in progress with this instead
   */
  stop(becauseOf?: SaraError): Promise<void>;
}

export async function startCoordinator(options: CoordinatorServerOptions): Promise<CoordinatorServer> {
  const coordinator = await Coordinator.open({ clock: systemClock, name: hostname(), ...options });
  const server = await startRpcServer({ ...options, services: [coordinatorService(coordinator)] });
  await coordinator.stand(options.advertise ?? reachable(server.address));
  return {
    address: server.address,
    coordinator,
    stop: async (becauseOf) => {
      // The run first: those who watch it learn how it ended before their stream does.
      await coordinator.stop(becauseOf);
      await server.stop();
    },
  };
}

/** Where a server that listens on all interfaces is reached: the first address that leads here from elsewhere. */
function reachable(address: string): string {
  const { host, port } = splitAddress(address);
  if (!['0.0.0.0', '::'].includes(host)) return address;
  const outward = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ internal, family }) => !internal && (host === '::' || family === 'IPv4')),
  );
  return joinAddress(outward.at(0)?.address ?? '127.0.0.1', port);
}
