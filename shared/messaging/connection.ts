/**
 * The connection to NATS: waits for the server at first, comes back by itself afterwards, and says so.
 *
 * A run outlives a restart of NATS, so reconnecting never gives up (maxReconnectAttempts -1); whoever waits for a
 * message has a deadline of its own. Works with servers from 2.9 (Debian stable) on; what newer ones can do is
 * asked for by feature, never assumed.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { AuthorizationError, connect, tokenAuthenticator } from '@nats-io/transport-node';
import { abortReason } from '../clock.ts';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { CONNECT_BACKOFF, retry } from '../retry.ts';

/** First connect: long enough for a container runtime to start the server beside us. */
const FIRST_CONNECT_TIMEOUT_MS = 30_000;
/** One attempt. */
const ATTEMPT_TIMEOUT_MS = 5_000;
/** A silent server is noticed after PING_INTERVAL_MS * MAX_PINGS_OUT, not after the default's four minutes. */
const PING_INTERVAL_MS = 10_000;
const MAX_PINGS_OUT = 2;
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 250;

export interface NatsOptions {
  /** nats://host:port, one or several of a cluster. */
  readonly servers: string | readonly string[];
  /** Shown in the server's connection list. */
  readonly name: string;
  /** Longest wait for the first connection, in ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly token?: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly log: Logger;
}

export interface NatsLink {
  readonly nc: NatsConnection;
  /** Largest message the server takes, in bytes. */
  readonly maxPayloadBytes: number;
  readonly serverVersion: string;
  /** False while the connection is down. */
  readonly connected: boolean;
  /** Resolves at once, or when the connection is back. @throws the signal's reason; NATS_UNAVAILABLE when closed */
  whenConnected(signal?: AbortSignal): Promise<void>;
  /** Sends what is buffered, ends subscriptions and the connection. */
  close(): Promise<void>;
}

/**
 * @throws SaraError NATS_UNAVAILABLE when there is no server in time or it refuses us; says where it looked
 */
export async function connectNats(options: NatsOptions): Promise<NatsLink> {
  const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers];
  const timeoutMs = options.timeoutMs ?? FIRST_CONNECT_TIMEOUT_MS;
  const where = servers.join(', ');
  try {
    const nc = await retry(() => connectOnce(servers, options), {
      policy: CONNECT_BACKOFF,
      timeoutMs,
      retryable: (error) => !(error instanceof AuthorizationError),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onRetry: (error, attempt) => {
        // Said once: the first attempt of a process that starts beside the server often comes too early.
        if (attempt === 3) options.log.info({ servers: where, why: messageOf(error) }, 'waiting for NATS');
      },
    });
    return new Link(nc, options.log);
  } catch (error) {
    if (error instanceof SaraError) throw error;
    const why =
      error instanceof AuthorizationError
        ? `it refused our credentials (${error.message})`
        : `no connection within ${timeoutMs} ms (${messageOf(error)})`;
    throw new SaraError(
      'NATS_UNAVAILABLE',
      `NATS at ${where}: ${why}. Is nats-server running there?`,
      { servers: where },
      {
        cause: error,
      },
    );
  }
}

function connectOnce(servers: string[], options: NatsOptions): Promise<NatsConnection> {
  return connect({
    servers,
    name: options.name,
    timeout: ATTEMPT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    ...(options.token === undefined ? {} : { authenticator: tokenAuthenticator(options.token) }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
}

class Link implements NatsLink {
  readonly nc: NatsConnection;
  readonly #log: Logger;
  #connected = true;
  #closed = false;
  readonly #waiting = new Set<{ resolve: () => void; reject: (error: Error) => void }>();

  constructor(nc: NatsConnection, log: Logger) {
    this.nc = nc;
    this.#log = log;
    void this.#follow();
  }

  get maxPayloadBytes(): number {
    return this.nc.info?.max_payload ?? 1024 * 1024;
  }

  get serverVersion(): string {
    return this.nc.info?.version ?? 'unknown';
  }

  get connected(): boolean {
    return this.#connected;
  }

  whenConnected(signal?: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#connected) return Promise.resolve();
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    return new Promise((resolve, reject) => {
      const waiter = {
        resolve: () => {
          leave();
          resolve();
        },
        reject: (error: Error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => {
        waiter.reject(abortReason(signal));
      };
      const leave = (): void => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Follows the client's status until the connection is closed. Never rejects. */
  async #follow(): Promise<void> {
    for await (const status of this.nc.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#connected = false;
          this.#log.warn({ server: status.server }, 'lost NATS, trying to come back');
          break;
        case 'reconnect':
          this.#connected = true;
          this.#log.info({ server: status.server }, 'NATS is back');
          for (const waiter of [...this.#waiting]) waiter.resolve();
          break;
        case 'error':
          this.#log.error({ err: asSaraError(status.error) }, 'NATS reports an error');
          break;
        case 'slowConsumer':
          this.#log.warn(
            { subject: status.sub.getSubject(), pending: status.pending },
            'slow NATS subscription',
          );
          break;
        default:
      }
    }
    this.#closed = true;
    this.#connected = false;
    for (const waiter of [...this.#waiting]) waiter.reject(closedError());
  }

  async close(): Promise<void> {
    if (this.#closed || this.nc.isClosed()) return;
    // drain() waits for the server; without one there is nothing to wait for.
    if (this.#connected) await this.nc.drain();
    else await this.nc.close();
  }
}

function closedError(): SaraError {
  return new SaraError('NATS_UNAVAILABLE', 'the connection to NATS was closed', {});
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
