/**
 * Who may call what: asked at every call, before a byte of its message is read.
 *
 * By certificate only the parts that need a method may call it: a stolen worker's certificate neither places actors on
 * other workers nor submits runs. Bearer tokens are the coordinator's own business (coordinator/access).
 */
import { SaraError } from '../errors.ts';
import type { Part } from '../parts.ts';

/** What is known of a caller before its message is read. */
export interface Caller {
  /** Its address. */
  readonly peer: string;
  /** What its certificate names; null when the connection has none. */
  readonly parts: readonly Part[] | null;
  /** Bearer token it sent. */
  readonly token: string | null;
}

export interface Gate {
  /**
   * @param path of the method: /package.Service/Method
   * @throws SaraError UNAUTHENTICATED, PERMISSION_DENIED
   */
  admit(path: string, caller: Caller): void;
}

/** The parts that call each service. */
const CALLERS: Readonly<Record<string, readonly Part[]>> = {
  'sara.v1.ActorHost': ['coordinator'],
  'sara.v1.TensorStore': ['coordinator', 'worker'],
  'sara.v1.Coordinator': ['coordinator', 'client'],
};

/** Admits by certificate; whoever has none was let in by the listener, which knows why. */
export const certificateGate: Gate = {
  admit(path, { parts, peer }) {
    if (parts === null) return;
    const service = path.split('/')[1] ?? '';
    const allowed = CALLERS[service] ?? [];
    if (allowed.some((part) => parts.includes(part))) return;
    const who = parts.length === 0 ? 'no part of sara' : parts.join(', ');
    throw new SaraError(
      'PERMISSION_DENIED',
      `${service} is for ${allowed.join(', ')}; the certificate of ${peer} is that of ${who}`,
      { service, peer, parts: who },
    );
  },
};

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/;

/** @returns null when it is no bearer token */
export function bearerToken(authorization: string | Buffer | undefined): string | null {
  return typeof authorization === 'string' ? (BEARER.exec(authorization)?.[1] ?? null) : null;
}
