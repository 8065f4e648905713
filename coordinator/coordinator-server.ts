/** A coordinator that answers over gRPC: the API bound to a port. */
import type { Clock } from '../shared/clock.ts';
import { systemClock } from '../shared/clock.ts';
import { coordinatorService } from '../shared/coordinator-client.ts';
import type { Logger } from '../shared/log.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import { startRpcServer, type RpcServerOptions } from '../shared/rpc/server.ts';
import { Coordinator, type CoordinatorParts } from './coordinator.ts';

export interface CoordinatorServerOptions
  extends CoordinatorParts, Pick<RpcServerOptions, 'security' | 'gate' | 'onRefused'> {
  readonly link: NatsLink;
  /** host:port; port 0: any free one. */
  readonly listen: string;
  readonly clock?: Clock;
  readonly log: Logger;
}

export interface CoordinatorServer {
  /** host:port it listens on. */
  readonly address: string;
  readonly coordinator: Coordinator;
  /** Cancels the run in progress, waits for it, and closes the port. */
  stop(): Promise<void>;
}

export async function startCoordinator(options: CoordinatorServerOptions): Promise<CoordinatorServer> {
  const coordinator = await Coordinator.open({ clock: systemClock, ...options });
  const server = await startRpcServer({ ...options, services: [coordinatorService(coordinator)] });
  return {
    address: server.address,
    coordinator,
    stop: async () => {
      // The run first: those who watch it learn how it ended before their stream does.
      await coordinator.stop();
      await server.stop();
    },
  };
}
