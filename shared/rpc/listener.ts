/**
 * The port of a gRPC server: accepts connections, lets only peers with a certificate of our authority through when
 * there are certificates, and hands the sockets on. A listener of our own, for grpc-js tells nobody of handshakes that
 * failed, has no bound on connections, and reads certificates once.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { SaraError } from '../errors.ts';
import { splitAddress } from './address.ts';
import type { Certificates } from './certificates.ts';

/** A peer that opens a connection and says nothing holds a socket this long, not forever. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Two per worker pair and one per client are normal; beyond this somebody opens them for their own sake. */
const MAX_CONNECTIONS = 4_096;

/** Why a connection was not accepted. */
export type ConnectionRefusal = 'tls' | 'too-many-connections';

export interface ListenerOptions {
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  /** null: whoever connects is let in. */
  readonly certificates: Certificates | null;
  readonly onConnection: (socket: Socket) => void;
  readonly onRefused: (reason: ConnectionRefusal, peer: string, message: string) => void;
}

export interface Listener {
  readonly port: number;
  /** Accepts nothing more; open connections are their owner's. */
  close(): void;
}

/** @throws SaraError CONFIG_INVALID when the address cannot be bound */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { certificates, onConnection, onRefused } = options;
  const server = certificates === null ? createServer({ noDelay: true }) : secureServer(certificates);
  server.maxConnections = MAX_CONNECTIONS;
  server.on(certificates === null ? 'connection' : 'secureConnection', (socket: Socket) => {
    // The session that takes the socket over notices its end; an error before that is nobody's.
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.on('drop', (peer: { remoteAddress?: string } | undefined) => {
    onRefused('too-many-connections', peer?.remoteAddress ?? '', `${MAX_CONNECTIONS} are open`);
  });
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    onRefused('tls', socket.remoteAddress ?? '', error.message);
    socket.destroy();
  });
  const stopRenewing = certificates?.onRenewed((set) => {
    (server as TlsServer).setSecureContext(set);
  });
  await bind(server, options.listen);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      stopRenewing?.();
      server.close();
    },
  };
}

function secureServer(certificates: Certificates): TlsServer {
  return createTlsServer({
    ...certificates.current,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
  });
}

async function bind(server: Server, listen: string): Promise<void> {
  const { host, port } = splitAddress(listen);
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => {
      reject(new SaraError('CONFIG_INVALID', `cannot listen on ${listen}: ${error.message}`, { listen }));
    };
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      server.on('error', () => undefined);
      resolve();
    });
  });
}
