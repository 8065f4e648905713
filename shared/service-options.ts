/**
 * The options that the coordinator and the worker have in common, as one table that both command lines are made from,
 * and what they mean once read: flag over environment over default.
 */
import { SaraError } from './errors.ts';
import type { NatsAccess } from './messaging/connection.ts';
import { isLoopback, splitAddress } from './rpc/address.ts';
import type { TlsFiles } from './rpc/certificates.ts';

export const DEFAULT_NATS = 'nats://127.0.0.1:4222';

/** One option of a command line. */
export interface OptionFacts {
  /** As commander reads it, e.g. `--nats <urls>`. */
  readonly flags: string;
  readonly env: string;
  readonly text: string;
  readonly default?: string;
}

/** Files by which the parts of a deployment know each other; clients have them too. */
export const TLS_OPTIONS: readonly OptionFacts[] = [
  { flags: '--tls-cert <file>', env: 'SARA_TLS_CERT', text: 'certificate of this part (PEM)' },
  { flags: '--tls-key <file>', env: 'SARA_TLS_KEY', text: 'its private key (PEM)' },
  {
    flags: '--tls-ca <file>',
    env: 'SARA_TLS_CA',
    text: 'authorities that the other parts are known by (PEM)',
  },
];

/** Of the programs that serve until they are stopped. */
export const SERVICE_OPTIONS: readonly OptionFacts[] = [
  {
    flags: '--nats <urls>',
    env: 'SARA_NATS',
    text: 'NATS servers, comma-separated; tls:// for TLS',
    default: DEFAULT_NATS,
  },
  { flags: '--nats-user <name>', env: 'SARA_NATS_USER', text: 'user of NATS' },
  { flags: '--nats-password-file <file>', env: 'SARA_NATS_PASSWORD_FILE', text: 'its password' },
  { flags: '--nats-creds <file>', env: 'SARA_NATS_CREDS', text: 'credentials (JWT and seed) of NATS' },
  {
    flags: '--http <host:port>',
    env: 'SARA_HTTP',
    text: 'answer /healthz, /readyz and /metrics there (plain HTTP)',
  },
  ...TLS_OPTIONS,
  {
    flags: '--insecure',
    env: 'SARA_INSECURE',
    text: 'allow listening beyond this machine without TLS and tokens',
  },
];

/** What commander makes of {@link SERVICE_OPTIONS}. */
export interface ServiceFlags extends TlsFlags {
  readonly nats: string;
  readonly natsUser?: string;
  readonly natsPasswordFile?: string;
  readonly natsCreds?: string;
  readonly http?: string;
  readonly insecure?: boolean;
}

export interface TlsFlags {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

export interface ServiceOptions {
  readonly nats: NatsAccess;
  readonly tls: TlsFiles | null;
  /** host:port of the HTTP endpoint; null: none. */
  readonly http: string | null;
  readonly insecure: boolean;
}

/** @throws SaraError USAGE when options that need each other are not all there */
export function serviceOptions(flags: ServiceFlags): ServiceOptions {
  const tls = tlsFiles(flags);
  return {
    nats: natsAccess(flags, tls),
    tls,
    http: given(flags.http),
    insecure: flags.insecure === true,
  };
}

/** @throws SaraError USAGE when only some of the three files are named */
export function tlsFiles({ tlsCert, tlsKey, tlsCa }: TlsFlags): TlsFiles | null {
  const [cert, key, ca] = [tlsCert, tlsKey, tlsCa].map(given);
  if (cert === null && key === null && ca === null) return null;
  if (cert === null || key === null || ca === null) {
    throw new SaraError(
      'USAGE',
      'mutual TLS needs all of --tls-cert, --tls-key and --tls-ca (SARA_TLS_CERT, SARA_TLS_KEY, SARA_TLS_CA)',
    );
  }
  return { cert, key, ca };
}

function natsAccess(flags: ServiceFlags, tls: TlsFiles | null): NatsAccess {
  const [user, passwordFile, credsFile] = [flags.natsUser, flags.natsPasswordFile, flags.natsCreds].map(
    given,
  );
  if ((user === null) !== (passwordFile === null))
    throw new SaraError('USAGE', '--nats-user and --nats-password-file need each other');
  if (user !== null && credsFile !== null)
    throw new SaraError('USAGE', '--nats-creds and --nats-user exclude each other');
  const servers = flags.nats.split(',').map((server) => server.trim());
  return {
    servers,
    tls: servers.some((server) => server.startsWith('tls://')) ? (tls ?? 'default-authorities') : null,
    credentials:
      credsFile !== null
        ? { kind: 'creds', file: credsFile }
        : user !== null && passwordFile !== null
          ? { kind: 'password', user, passwordFile }
          : null,
  };
}

/** A variable that is set to nothing, as manifests like to do, is not set. */
function given(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

/** Whether other machines can reach what listens at `listen`. */
export function isExposed(listen: string): boolean {
  return !isLoopback(splitAddress(listen).host);
}
