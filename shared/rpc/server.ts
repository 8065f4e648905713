/**
 * A gRPC server of typed services: handlers see decoded values and throw SaraErrors; bytes, statuses and
 * back-pressure stay here.
 *
 * Messages cross grpc-js as plain Buffers and are decoded in the handlers' wrappers, so that bytes that are
 * not the expected message end a call with FRAME_INVALID and its reason instead of the transport's INTERNAL.
 */
import { once } from 'node:events';
import type {
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { SaraError } from '../errors.ts';
import { inSpan } from '../observe/tracing.ts';
import { partsNamedBy } from '../parts.ts';
import { isLoopback, joinAddress, splitAddress } from './address.ts';
import type { Certificates } from './certificates.ts';
import { bearerToken, certificateGate, type Caller, type Gate } from './gate.ts';
import { openListener, type ConnectionRefusal } from './listener.ts';
import type { Method, MethodKind } from './method.ts';
import { toStatus } from './status.ts';
import { TRACE_HEADER, traceContextOf } from './trace-header.ts';
import { serverOptions } from './transport-options.ts';

export type ServerSecurity =
  | { readonly kind: 'insecure'; readonly allowBeyondLoopback?: boolean }
  | { readonly kind: 'mtls'; readonly certificates: Certificates };

/** Why a call or a connection was turned away; a label of the metric that counts them. */
export type Refusal = ConnectionRefusal | 'unauthenticated' | 'permission' | 'frame';

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

/** What surrounds every handler: who is let through, and who is told of those that are not. */
interface Surroundings {
  admit(path: string, call: ServerCall): void;
  refused(error: unknown, peer: string): void;
}

export interface ServiceBinding {
  readonly methods: readonly {
    readonly path: string;
    readonly kind: MethodKind;
    readonly handler: (surroundings: Surroundings) => RawHandler;
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
      handler: (surroundings) => rawHandler(method, handlerTable[name], surroundings),
    })),
  };
}

function rawHandler(method: AnyMethod, handler: unknown, surroundings: Surroundings): RawHandler {
  switch (method.kind) {
    case 'unary':
      return unaryHandler(
        method,
        handler as (request: unknown, call: CallInfo) => Promise<unknown>,
        surroundings,
      );
    case 'server-stream':
      return serverStreamHandler(
        method,
        handler as (request: unknown, call: CallInfo) => AsyncIterable<unknown>,
        surroundings,
      );
    case 'bidi':
      return bidiHandler(method, handler as (stream: ServerStream<unknown, unknown>) => void, surroundings);
  }
}

function unaryHandler(
  method: AnyMethod,
  handler: (request: unknown, call: CallInfo) => Promise<unknown>,
  surroundings: Surroundings,
): (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void {
  return (call, reply) => {
    const serve = async (): Promise<Buffer> => {
      surroundings.admit(method.path, call);
      const request = method.request.decode(call.request);
      const reply = await traced(method, call, () => handler(request, callInfo(call)));
      return method.reply.encode(reply);
    };
    serve().then(
      (bytes) => {
        reply(null, bytes);
      },
      (error: unknown) => {
        surroundings.refused(error, call.getPeer());
        reply(toStatus(error));
      },
    );
  };
}

function serverStreamHandler(
  method: AnyMethod,
  handler: (request: unknown, call: CallInfo) => AsyncIterable<unknown> | Iterable<unknown>,
  surroundings: Surroundings,
): (call: ServerWritableStream<Buffer, Buffer>) => void {
  return (call) => {
    const info = callInfo(call);
    const serve = async (): Promise<void> => {
      surroundings.admit(method.path, call);
      await traced(method, call, send);
    };
    const send = async (): Promise<void> => {
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
        surroundings.refused(error, call.getPeer());
        if (!info.signal.aborted) call.emit('error', toStatus(error));
      },
    );
  };
}

function bidiHandler(
  method: AnyMethod,
  handler: (stream: ServerStream<unknown, unknown>) => void,
  surroundings: Surroundings,
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
      surroundings.refused(error, call.getPeer());
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
    try {
      surroundings.admit(method.path, call);
    } catch (error) {
      fail(error);
      return;
    }
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

/** What all kinds of calls have in common. */
interface ServerCall {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly subjectaltname?: string } };
  on(event: 'cancelled', listener: () => void): unknown;
}

/** As a span below the caller's, where both trace. A caller that does not is nobody's span to begin. */
function traced<T>({ path }: AnyMethod, call: ServerCall, work: () => Promise<T>): Promise<T> {
  const parent = traceContextOf(call.metadata.get(TRACE_HEADER).at(0));
  return parent === '' ? work() : inSpan(path.slice(1), { 'rpc.system': 'grpc' }, work, parent);
}

function callInfo(call: ServerCall): CallInfo {
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
  /** Asked after the certificates' own gate. */
  readonly gate?: Gate;
  /** Told of every connection and call that is turned away. */
  readonly onRefused?: (reason: Refusal, peer: string, message: string) => void;
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
  const onRefused = options.onRefused ?? (() => undefined);
  const server = new Server(serverOptions());
  const surroundings = surroundingsOf(options.gate, onRefused);
  for (const service of options.services) {
    for (const { path, kind, handler } of service.methods) {
      const type = kind === 'server-stream' ? 'serverStream' : kind;
      server.register(path, handler(surroundings), passThrough, passThrough, type);
    }
  }
  // Sockets come from our listener, secured already.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await openListener({
    listen: options.listen,
    certificates: security.kind === 'mtls' ? security.certificates : null,
    onConnection: (socket) => {
      injector.injectConnection(socket);
    },
    onRefused,
  });
  return {
    address: joinAddress(host, listener.port),
    port: listener.port,
    stop: (graceMs = 2_000) => {
      listener.close();
      return stopServer(server, graceMs);
    },
  };
}

function surroundingsOf(
  gate: Gate | undefined,
  onRefused: NonNullable<RpcServerOptions['onRefused']>,
): Surroundings {
  return {
    admit: (path, call) => {
      const caller = callerOf(call);
      certificateGate.admit(path, caller);
      gate?.admit(path, caller);
    },
    refused: (error, peer) => {
      const reason = error instanceof SaraError ? REFUSALS[error.code] : undefined;
      if (reason !== undefined) onRefused(reason, peer, (error as SaraError).message);
    },
  };
}

/** Errors that turn a caller away, in the metric's words. */
const REFUSALS: Readonly<Partial<Record<string, Refusal>>> = {
  UNAUTHENTICATED: 'unauthenticated',
  PERMISSION_DENIED: 'permission',
  FRAME_INVALID: 'frame',
};

function callerOf(call: ServerCall): Caller {
  const { sslPeerCertificate } = call.getAuthContext();
  return {
    peer: call.getPeer(),
    parts: sslPeerCertificate === undefined ? null : partsNamedBy(sslPeerCertificate.subjectaltname ?? ''),
    token: bearerToken(call.metadata.get('authorization').at(0)),
  };
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

function passThrough(bytes: Buffer): Buffer {
  return bytes;
}
