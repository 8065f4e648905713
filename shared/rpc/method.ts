/** What one gRPC method is to both of its ends: a path, a kind, and how its messages are read and written. */
import type { Codec } from './codec.ts';

export type MethodKind = 'unary' | 'server-stream' | 'bidi';

export interface Method<K extends MethodKind, Request, Reply> {
  readonly kind: K;
  /** HTTP/2 path: /package.Service/Method. */
  readonly path: string;
  readonly request: Codec<Request>;
  readonly reply: Codec<Reply>;
}
