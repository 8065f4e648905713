/**
 * The client side of a connection: typed calls on the methods of services.ts.
 *
 * Control channels and tensor channels are separate connections with different windows and limits; see
 * transport-options.ts for the numbers. Connecting is lazy; a call to a peer that is not there fails at once.
 */
import type { CallOptions as GrpcCallOptions, ChannelCredentials, ClientDuplexStream } from '@grpc/grpc-js';
import { Client, credentials, experimental, Metadata } from '@grpc/grpc-js';
import { abortReason } from '../clock.ts';
import type { SaraError } from '../errors.ts';
import { traceparent } from '../observe/tracing.ts';
import { CERTIFICATE_NAMES, type Part } from '../parts.ts';
import type { Certificates } from './certificates.ts';
import type { Method } from './method.ts';
import type { Peer } from './status.ts';
import { fromStatus } from './status.ts';
import type { ChannelPurpose } from './transport-options.ts';
import { TRACE_HEADER } from './trace-header.ts';
import { clientOptions } from './transport-options.ts';

export type ChannelSecurity =
  | { readonly kind: 'insecure' }
  | {
      readonly kind: 'mtls';
      readonly certificates: Certificates;
      /** Whose certificate the other side must have, at whatever address it is. */
      readonly peer: Part;
    };

/** Sent with every call, read anew each time; null: none. */
export type TokenSource = () => string | null;

export interface CallOptions {
  /** Longest wait for the answer, in ms. */
  readonly timeoutMs?: number;
  /** Gives up when aborted; the other side is told. */
  readonly signal?: AbortSignal;
}

/** The client's end of a bidirectional stream. */
export interface ClientStream<Request, Reply> {
  send(request: Request): void;
  /** Replies in the order they were sent. */
  onMessage(handler: (reply: Reply) => void): void;
  /** Called once, with the reason, when nothing more will come. */
  onClose(handler: (error: SaraError) => void): void;
  /** Ends the stream; the server sees its end. */
  end(): void;
  /** Breaks the stream off. */
  cancel(): void;
}

export class Channel {
  readonly #client: Client;
  readonly #peer: Peer;
  readonly #token: TokenSource;

  constructor(
    address: string,
    purpose: ChannelPurpose,
    peer: Peer,
    security: ChannelSecurity = { kind: 'insecure' },
    token: TokenSource = () => null,
  ) {
    this.#peer = peer;
    this.#token = token;
    const serverName =
      security.kind === 'mtls'
        ? {
            'grpc.ssl_target_name_override': CERTIFICATE_NAMES[security.peer],
            'grpc.default_authority': CERTIFICATE_NAMES[security.peer],
          }
        : {};
    this.#client = new Client(address, channelCredentials(security), {
      ...clientOptions(purpose),
      ...serverName,
    });
  }

  /** One question, one answer. */
  async unary<Request, Reply>(
    method: Method<'unary', Request, Reply>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Reply> {
    const bytes = method.request.encode(request);
    const reply = await new Promise<Buffer>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        passThrough,
        passThrough,
        bytes,
        this.#metadata(),
        grpcOptions(options),
        (error, value) => {
          unlink();
          if (error !== null) reject(fromStatus(error, this.#peer));
          else if (value === undefined)
            reject(fromStatus(new Error('an answer without a message'), this.#peer));
          else resolve(value);
        },
      );
      const unlink = onAbort(options.signal, (reason) => {
        reject(reason);
        call.cancel();
      });
    });
    return method.reply.decode(reply);
  }

  /** One question, many answers. Leaving the loop early tells the server to stop. */
  async *serverStream<Request, Reply>(
    method: Method<'server-stream', Request, Reply>,
    request: Request,
    options: CallOptions = {},
  ): AsyncGenerator<Reply, void, undefined> {
    const call = this.#client.makeServerStreamRequest(
      method.path,
      passThrough,
      passThrough,
      method.request.encode(request),
      this.#metadata(),
      grpcOptions(options),
    );
    const unlink = onAbort(options.signal, () => {
      call.cancel();
    });
    try {
      for await (const bytes of call) yield method.reply.decode(bytes as Buffer);
    } catch (error) {
      if (options.signal?.aborted) throw abortReason(options.signal);
      throw fromStatus(error, this.#peer);
    } finally {
      unlink();
      call.cancel();
    }
  }

  /** Messages both ways until one side ends. */
  bidi<Request, Reply>(method: Method<'bidi', Request, Reply>): ClientStream<Request, Reply> {
    const call: ClientDuplexStream<Buffer, Buffer> = this.#client.makeBidiStreamRequest(
      method.path,
      passThrough,
      passThrough,
      this.#metadata(),
    );
    return new DuplexClientStream(call, method, this.#peer);
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    const token = this.#token();
    if (token !== null) metadata.set('authorization', `Bearer ${token}`);
    const parent = traceparent();
    if (parent !== '') metadata.set(TRACE_HEADER, parent);
    return metadata;
  }

  close(): void {
    this.#client.close();
  }
}

class DuplexClientStream<Request, Reply> implements ClientStream<Request, Reply> {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #method: Method<'bidi', Request, Reply>;
  readonly #peer: Peer;
  #closeHandler: (error: SaraError) => void = () => undefined;
  #closedBy: SaraError | null = null;

  constructor(call: ClientDuplexStream<Buffer, Buffer>, method: Method<'bidi', Request, Reply>, peer: Peer) {
    this.#call = call;
    this.#method = method;
    this.#peer = peer;
    call.on('error', (error) => {
      this.#close(fromStatus(error, peer));
    });
    call.on('end', () => {
      this.#close(fromStatus(streamEnded(), peer));
    });
  }

  send(request: Request): void {
    if (this.#closedBy === null) this.#call.write(this.#method.request.encode(request));
  }

  onMessage(handler: (reply: Reply) => void): void {
    this.#call.on('data', (bytes: Buffer) => {
      if (this.#closedBy !== null) return;
      let reply: Reply;
      try {
        reply = this.#method.reply.decode(bytes);
      } catch (error) {
        this.#close(fromStatus(error, this.#peer));
        this.#call.cancel();
        return;
      }
      handler(reply);
    });
  }

  onClose(handler: (error: SaraError) => void): void {
    this.#closeHandler = handler;
    if (this.#closedBy !== null) handler(this.#closedBy);
  }

  end(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  #close(error: SaraError): void {
    if (this.#closedBy !== null) return;
    this.#closedBy = error;
    this.#closeHandler(error);
  }
}

/** A server that ends a stream on purpose is as gone as one that crashed: the same status as a broken link. */
function streamEnded(): Error {
  return Object.assign(new Error('the stream was ended by the server'), {
    code: 14,
    details: 'the stream was ended by the server',
    metadata: new Metadata(),
  });
}

function grpcOptions(options: CallOptions): GrpcCallOptions {
  return options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
}

/** @returns undoes the listening */
function onAbort(signal: AbortSignal | undefined, handler: (reason: Error) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => {
    handler(abortReason(signal));
  };
  if (signal.aborted) queueMicrotask(listener);
  else signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
}

function channelCredentials(security: ChannelSecurity): ChannelCredentials {
  return security.kind === 'insecure'
    ? credentials.createInsecure()
    : experimental.createCertificateProviderChannelCredentials(security.certificates, security.certificates);
}

function passThrough(bytes: Buffer): Buffer {
  return bytes;
}
