/** `sara coordinator`: the service that many machines share. */
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { createLogger } from '../../shared/log.ts';
import { connectNats } from '../../shared/messaging/connection.ts';
import { startCoordinator } from '../coordinator-server.ts';
import { profileModelOnWorker } from '../plan/profile-model.ts';
import { driveRun } from '../run-driver.ts';

/** Serves until the process is asked to stop. @throws SaraError NATS_UNAVAILABLE; CONFIG_INVALID for a bad address */
export async function serveCoordinator(
  options: { nats: string; listen: string },
  life: Lifecycle,
): Promise<void> {
  const log = createLogger({ name: 'coordinator' });
  const servers = options.nats.split(',');
  const link = await connectNats({ servers, name: 'coordinator', signal: life.signal, log });
  life.defer('NATS connection', () => link.close());
  const server = await startCoordinator({
    link,
    listen: options.listen,
    driveRun,
    profileModel: profileModelOnWorker,
    log,
  });
  life.defer('coordinator', () => server.stop());
  log.info({ address: server.address, nats: options.nats }, 'coordinator ready');
  await new Promise<void>((resolve) => {
    life.signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
