/**
 * What supervisors and Prometheus ask over plain HTTP: /healthz, /readyz and /metrics. Nothing can be changed here and
 * nothing of a run's content is told, so it has no TLS; a network policy keeps it inside the cluster.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { joinAddress, splitAddress } from '../rpc/address.ts';
import type { Health } from './health.ts';

/** A request is a line and a few headers. */
const MAX_HEADER_BYTES = 8 * 1024;
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 64;

export interface HttpEndpointOptions {
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  readonly health: Health;
  readonly metrics: MetricsText;
  readonly log: Logger;
}

/** The metrics in Prometheus' text format. */
export interface MetricsText {
  readonly contentType: string;
  render(): Promise<string>;
}

export interface HttpEndpoint {
  /** host:port it answers on. */
  readonly address: string;
  close(): Promise<void>;
}

/** @throws SaraError CONFIG_INVALID when the address cannot be bound */
export async function startHttpEndpoint(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const { listen, log } = options;
  const { host, port } = splitAddress(listen);
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      answer(request, response, options).catch((error: unknown) => {
        log.error({ err: asSaraError(error), path: request.url }, 'could not answer over HTTP');
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `cannot answer over HTTP on ${listen}: ${cause.message}`;
      reject(new SaraError('CONFIG_INVALID', message, { listen }, { cause }));
    });
    server.listen(port, host, resolve);
  });
  return {
    address: joinAddress(host, (server.address() as AddressInfo).port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  { health, metrics }: HttpEndpointOptions,
): Promise<void> {
  const send = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : body);
  };
  if (method !== 'GET' && method !== 'HEAD') {
    send(405, 'only GET\n');
    return;
  }
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      send(200, 'alive\n');
      break;
    case '/readyz': {
      const waiting = Object.entries(health.waitingFor());
      if (waiting.length === 0) send(200, 'ready\n');
      else send(503, waiting.map(([name, reason]) => `${name}: ${reason}\n`).join(''));
      break;
    }
    case '/metrics':
      send(200, await metrics.render(), metrics.contentType);
      break;
    default:
      send(404, 'there are /healthz, /readyz and /metrics\n');
  }
}
