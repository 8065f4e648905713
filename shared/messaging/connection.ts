/**
 * The connection to NATS: waits for the server at first, comes back by itself afterwards, and says so.
 *
 * A run outlives a restart of NATS, so reconnecting never gives up (maxReconnectAttempts -1); whoever waits for a
 * message has a deadline of its own. Works with servers from 2.9 (Debian stable) on; what newer ones can do is
 * asked for by feature, never assumed.
 */
import { readFileSync } from 'node:fs';
import type { Authenticator, NatsConnection, TlsOptions } from '@nats-io/transport-node';
import {
  AuthorizationError,
  connect,
  createInbox,
  credsAuthenticator,
  PermissionViolationError,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { abortReason } from '../clock.ts';
import { asSaraError, SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Part } from '../parts.ts';
import { CONNECT_BACKOFF, Reminder, retry } from '../retry.ts';
import type { TlsFiles } from '../rpc/certificates.ts';
import { inboxPrefix } from './subjects.ts';

/** First connect: long enough for a container runtime to start the server beside us. */
const FIRST_CONNECT_TIMEOUT_MS = 30_000;
/** One attempt. */
const ATTEMPT_TIMEOUT_MS = 5_000;
/** A silent server is noticed after PING_INTERVAL_MS * MAX_PINGS_OUT, not after the default's four minutes. */
const PING_INTERVAL_MS = 10_000;
const MAX_PINGS_OUT = 2;
/** JetStream decides by majority: of three, one may be away. More make every write slower. */
const COPIES_IN_CLUSTER = 3;
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 250;
/** How often a part that waits for the server says so. */
const REMINDER_MS = 10_000;

/**
 * How a part reaches NATS: plain values, for it is handed to the threads of a worker. Files are read at every connect,
 * so that renewed ones count.
 */
export interface NatsAccess {
  /** nats://host:port or tls://host:port, one or several of a cluster. */
  readonly servers: readonly string[];
  /** For tls:// servers: our certificate and the authorities, or none of ours and those of the system. */
  readonly tls: TlsFiles | 'default-authorities' | null;
  readonly credentials:
    | { readonly kind: 'creds'; readonly file: string }
    | { readonly kind: 'password'; readonly user: string; readonly passwordFile: string }
    | null;
}

export interface NatsOptions extends Partial<Omit<NatsAccess, 'servers'>> {
  readonly servers: string | readonly string[];
  /** Whose replies come under a prefix of their own, which permissions of NATS can keep from others. */
  readonly part?: Part;
  /** Shown in the server's connection list. */
  readonly name: string;
  /** Longest wait for the first connection, in ms; Infinity for services, which wait until they are stopped. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly token?: string;
  readonly log: Logger;
}

export interface NatsLink {
  readonly nc: NatsConnection;
  /** Largest message the server takes, in bytes. */
  readonly maxPayloadBytes: number;
  readonly serverVersion: string;
  /** Servers that should hold each stream and bucket: three in a cluster, which may then lose one. */
  readonly numCopies: number;
  /** A subject nobody else uses, where this part may listen. */
  createInbox(): string;
  /** False while the connection is down. */
  readonly connected: boolean;
  /** Resolves at once, or when the connection is back. @throws the signal's reason; NATS_UNAVAILABLE when closed */
  whenConnected(signal?: AbortSignal): Promise<void>;
  /** Has `listener` called whenever the connection is back after a loss. @returns ends that */
  onReconnect(listener: () => void): () => void;
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
  const said = new Reminder(REMINDER_MS);
  try {
    const nc = await retry(() => connectOnce(servers, options), {
      policy: CONNECT_BACKOFF,
      timeoutMs,
      retryable: (error) => !isRefusal(error),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onRetry: (error, attempt) => {
        // The first attempts of a process that starts beside the server often come too early.
        if (attempt >= 3 && said.isDue())
          options.log.info({ servers: where, why: messageOf(error) }, 'waiting for NATS');
      },
    });
    return new Link(nc, options.part, options.log);
  } catch (error) {
    if (error instanceof SaraError) throw error;
    const context = { servers: where };
    if (isRefusal(error)) {
      const message = `NATS at ${where} refused our credentials (${messageOf(error)})`;
      throw new SaraError('UNAUTHENTICATED', message, context, { cause: error });
    }
    throw new SaraError(
      'NATS_UNAVAILABLE',
      `NATS at ${where}: no connection within ${timeoutMs} ms (${messageOf(error)}). Is nats-server running there?`,
      context,
      { cause: error },
    );
  }
}

/** An answer that does not change by asking again. */
function isRefusal(error: unknown): boolean {
  return error instanceof AuthorizationError;
}

function connectOnce(servers: string[], options: NatsOptions): Promise<NatsConnection> {
  const { tls = null, part } = options;
  const authenticator = authenticatorOf(options);
  return connect({
    servers,
    name: options.name,
    timeout: ATTEMPT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    ...(part === undefined ? {} : { inboxPrefix: inboxPrefix(part) }),
    ...(authenticator === null ? {} : { authenticator }),
    ...(tls === null ? {} : { tls: tls === 'default-authorities' ? {} : tlsOptions(tls) }),
  });
}

function tlsOptions({ cert, key, ca }: TlsFiles): TlsOptions {
  return { certFile: cert, keyFile: key, caFile: ca };
}

function authenticatorOf({ credentials = null, token }: NatsOptions): Authenticator | null {
  if (token !== undefined) return tokenAuthenticator(token);
  switch (credentials?.kind) {
    case undefined:
      return null;
    case 'creds':
      return credsAuthenticator(() => readFileSync(credentials.file));
    case 'password':
      return usernamePasswordAuthenticator(credentials.user, () =>
        readFileSync(credentials.passwordFile, 'utf8').trim(),
      );
  }
}

class Link implements NatsLink {
  readonly nc: NatsConnection;
  readonly #part: Part | undefined;
  readonly #log: Logger;
  #connected = true;
  #closed = false;
  readonly #onReconnect = new Set<() => void>();
  readonly #waiting = new Set<{ resolve: () => void; reject: (error: Error) => void }>();

  constructor(nc: NatsConnection, part: Part | undefined, log: Logger) {
    this.nc = nc;
    this.#part = part;
    this.#log = log;
    void this.#follow();
  }

  get maxPayloadBytes(): number {
    return this.nc.info?.max_payload ?? 1024 * 1024;
  }

  get serverVersion(): string {
    return this.nc.info?.version ?? 'unknown';
  }

  get numCopies(): number {
    return this.nc.info?.cluster === undefined ? 1 : COPIES_IN_CLUSTER;
  }

  createInbox(): string {
    return createInbox(this.#part === undefined ? undefined : inboxPrefix(this.#part));
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

  onReconnect(listener: () => void): () => void {
    this.#onReconnect.add(listener);
    return () => {
      this.#onReconnect.delete(listener);
    };
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
          for (const listener of [...this.#onReconnect]) listener();
          break;
        case 'error':
          // Of a request its caller is told, who may know how to wait.
          if (isRefusedRequest(status.error)) this.#log.debug({ why: status.error.message }, 'NATS refused');
          else this.#log.error({ err: asSaraError(status.error) }, 'NATS reports an error');
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

function isRefusedRequest(error: Error): boolean {
  return error instanceof PermissionViolationError && error.subject.startsWith('$JS.API.');
}

function closedError(): SaraError {
  return new SaraError('NATS_UNAVAILABLE', 'the connection to NATS was closed', {});
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
