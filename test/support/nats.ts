/** A real nats-server for a test file, gone when the tests are. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNatsServer } from '../../shared/bootstrap.mjs';
import { silentLogger } from '../../shared/log.ts';
import type { NatsLink } from '../../shared/messaging/connection.ts';
import { connectNats } from '../../shared/messaging/connection.ts';
import type { NatsServer, NatsServerOptions } from '../../shared/messaging/nats-server.ts';
import { startNatsServer } from '../../shared/messaging/nats-server.ts';

export interface TestNats {
  readonly server: NatsServer;
  readonly storeDir: string;
  /** A connection that is closed with the rest. */
  connect(name?: string): Promise<NatsLink>;
  /** Starts a server again on the same port and data. */
  restart(): Promise<NatsServer>;
  stop(): Promise<void>;
}

export async function startTestNats(options: Partial<NatsServerOptions> = {}): Promise<TestNats> {
  await ensureNatsServer();
  const storeDir = options.storeDir ?? (await mkdtemp(join(tmpdir(), 'sara-test-nats-')));
  let server = await startNatsServer({ ...options, storeDir });
  const links: NatsLink[] = [];
  return {
    get server() {
      return server;
    },
    storeDir,
    connect: async (name = 'test') => {
      const link = await connectNats({
        servers: server.url,
        name,
        log: silentLogger,
        ...(options.token === undefined ? {} : { token: options.token }),
      });
      links.push(link);
      return link;
    },
    restart: async () => {
      server = await startNatsServer({ ...options, storeDir, port: server.port });
      return server;
    },
    stop: async () => {
      await Promise.all(links.map((link) => link.close()));
      await server.stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}
