/**
 * A gRPC server of typed services: handlers see decoded values and throw SaraErrors; bytes, statuses and
 * back-pressure stay here.
 *
 * Messages cross grpc-js as plain Buffers and are decoded in the handlers' wrappers, so that bytes that are
 * not the expected message end a call with FRAME_INVALID and its reason instead of the transport's INTERNAL.
 */
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { SaraError } from '../errors.ts';
import type { Method, MethodKind } from './method.ts';
import { toStatus } from './status.ts';
import { serverOptions } from './transport-options.ts';

export type ServerSecurity =
  | { readonly kind: 'insecure'; readonly allowBeyondLoopback?: boolean }
  | { readonly kind: 'mtls'; readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

/** What a handler may know about the call it serves. */
export interface CallInfo {
  /** Aborted when the caller gives up or its connection breaks. */
  readonly signal: AbortSignal;
  /** Address of the caller. */
  readonly peer: string;
}

/** The server's end of a bidirectional stream. */
export interface ServerStream<Request, Reply> extends CallInfo {
  /** Messages in the order they were sent. A handler that throws ends the stream with that error. */
  onMessage(handler: (message: Request) => void): void;
  /** Called once, when no more messages will come and none can be sent. */
  onClose(handler: () => void): void;
  send(reply: Reply): void;
  /** Ends the stream: nothing more is read or sent. */
  end(): void;
}

type AnyMethod = Method<MethodKind, unknown, unknown>;

type HandlerOf<M> =
  M extends Method<infer K, infer Request, infer Reply>
    ? K extends 'unary'
      ? (request: Request, call: CallInfo) => Promise<Reply>
      : K extends 'server-stream'
        ? (request: Request, call: CallInfo) => AsyncIterable<Reply> | Iterable<Reply>
        : (stream: ServerStream<Request, Reply>) => void
    : never;

/** A handler for each method of a service table. */
export type HandlersOf<S> = { readonly [M in keyof S]: HandlerOf<S[M]> };

type RawHandler =
  | ((call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void)
  | ((call: ServerWritableStream<Buffer, Buffer>) => void)
  | ((call: ServerDuplexStream<Buffer, Buffer>) => void);

export interface ServiceBinding {
  readonly methods: readonly {
    readonly path: string;
    readonly kind: MethodKind;
    readonly handler: RawHandler;
  }[];
}

/** Joins a service table with its handlers. */
export function bindService<S extends object>(service: S, handlers: HandlersOf<S>): ServiceBinding {
  const table = service as Record<string, AnyMethod>;
  const handlerTable = handlers as Record<string, unknown>;
  return {
    methods: Object.entries(table).map(([name, method]) => ({
      path: method.path,
      kind: method.kind,
      handler: rawHandler(method, handlerTable[name]),
    })),
  };
}

function rawHandler(method: AnyMethod, handler: unknown): RawHandler {
  switch (method.kind) {
    case 'unary':
      return unaryHandler(method, handler as (request: unknown, call: CallInfo) => Promise<unknown>);
    case 'server-stream':
      return serverStreamHandler(
        method,
        handler as (request: unknown, call: CallInfo) => AsyncIterable<unknown>,
      );
    case 'bidi':
      return bidiHandler(method, handler as (stream: ServerStream<unknown, unknown>) => void);
  }
}

function unaryHandler(
  method: AnyMethod,
  handler: (request: unknown, call: CallInfo) => Promise<unknown>,
): (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void {
  return (call, reply) => {
    const serve = async (): Promise<Buffer> =>
      method.reply.encode(await handler(method.request.decode(call.request), callInfo(call)));
    serve().then(
      (bytes) => {
        reply(null, bytes);
      },
      (error: unknown) => {
        reply(toStatus(error));
      },
    );
  };
}

function serverStreamHandler(
  method: AnyMethod,
  handler: (request: unknown, call: CallInfo) => AsyncIterable<unknown> | Iterable<unknown>,
): (call: ServerWritableStream<Buffer, Buffer>) => void {
  return (call) => {
    const info = callInfo(call);
    const serve = async (): Promise<void> => {
      for await (const reply of handler(method.request.decode(call.request), info)) {
        if (info.signal.aborted) return;
        if (!call.write(method.reply.encode(reply))) await once(call, 'drain', { signal: info.signal });
      }
    };
    serve().then(
      () => {
        call.end();
      },
      (error: unknown) => {
        if (!info.signal.aborted) call.emit('error', toStatus(error));
      },
    );
  };
}

function bidiHandler(
  method: AnyMethod,
  handler: (stream: ServerStream<unknown, unknown>) => void,
): (call: ServerDuplexStream<Buffer, Buffer>) => void {
  return (call) => {
    let ended = false;
    const closeHandlers: (() => void)[] = [];
    const close = (finish: () => void): void => {
      if (ended) return;
      ended = true;
      for (const onClose of closeHandlers) onClose();
      finish();
    };
    const fail = (error: unknown): void => {
      close(() => call.emit('error', toStatus(error)));
    };
    const info = callInfo(call);
    call.on('end', () => {
      close(() => call.end());
    });
    call.on('cancelled', () => {
      close(() => call.end());
    });
    call.on('error', () => {
      close(() => undefined);
    });
    handler({
      ...info,
      onMessage: (onMessage) => {
        call.on('data', (bytes: Buffer) => {
          if (ended) return;
          try {
            onMessage(method.request.decode(bytes));
          } catch (error) {
            fail(error);
          }
        });
      },
      onClose: (onClose) => {
        closeHandlers.push(onClose);
      },
      send: (reply) => {
        if (ended) return;
        if (!call.write(method.reply.encode(reply)) && !call.isPaused()) {
          // A caller that does not read its replies is not asked for more work until it does.
          call.pause();
          call.once('drain', () => call.resume());
        }
      },
      end: () => {
        close(() => call.end());
      },
    });
  };
}

function callInfo(call: {
  getPeer(): string;
  cancelled: boolean;
  on(event: 'cancelled', listener: () => void): unknown;
}): CallInfo {
  const controller = new AbortController();
  const onCancelled = (): void => {
    controller.abort(new SaraError('CANCELLED', `the caller at ${call.getPeer()} gave up`, {}));
  };
  if (call.cancelled) onCancelled();
  else call.on('cancelled', onCancelled);
  return { signal: controller.signal, peer: call.getPeer() };
}

export interface RpcServerOptions {
  /** host:port to bind; port 0 takes a free one. */
  readonly listen: string;
  readonly services: readonly ServiceBinding[];
  /** Default: insecure, and then only on loopback. */
  readonly security?: ServerSecurity;
}

/** A running server. */
export interface RpcServer {
  /** host:port it is bound to. */
  readonly address: string;
  readonly port: number;
  /** Lets running calls end for `graceMs`, then breaks them. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Binds and starts a server.
 * @throws SaraError CONFIG_INVALID when the address cannot be bound, or is not loopback and has no security
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const security = options.security ?? { kind: 'insecure' };
  const { host } = splitAddress(options.listen);
  if (security.kind === 'insecure' && security.allowBeyondLoopback !== true && !isLoopback(host)) {
    throw new SaraError(
      'CONFIG_INVALID',
      `refusing to listen on ${options.listen} without TLS: whoever reaches it could run work here. ` +
        'Give certificates, listen on 127.0.0.1, or allow it explicitly.',
      { listen: options.listen },
    );
  }
  const server = new Server(serverOptions());
  for (const service of options.services) {
    for (const { path, kind, handler } of service.methods) {
      const type = kind === 'server-stream' ? 'serverStream' : kind;
      server.register(path, handler, passThrough, passThrough, type);
    }
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.listen, serverCredentials(security), (error, boundPort) => {
      if (error === null) resolve(boundPort);
      else {
        reject(
          new SaraError('CONFIG_INVALID', `cannot listen on ${options.listen}: ${error.message}`, {
            listen: options.listen,
          }),
        );
      }
    });
  });
  return { address: joinAddress(host, port), port, stop: (graceMs = 2_000) => stopServer(server, graceMs) };
}

async function stopServer(server: Server, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function serverCredentials(security: ServerSecurity): ServerCredentials {
  if (security.kind === 'insecure') return ServerCredentials.createInsecure();
  const pair = { private_key: security.key, cert_chain: security.cert };
  return ServerCredentials.createSsl(security.ca, [pair], true);
}

function passThrough(bytes: Buffer): Buffer {
  return bytes;
}

/** 'host:port' or '[v6]:port' in its parts. */
export function splitAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 65_535)) {
    throw new SaraError('CONFIG_INVALID', `'${address}' is not host:port with a port of 0 to 65535`, {
      address,
    });
  }
  return { host, port };
}

export function joinAddress(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
