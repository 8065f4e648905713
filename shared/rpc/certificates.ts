/**
 * The certificate, key and authority of this process, as files that somebody else renews (cert-manager, a script).
 *
 * Invariants:
 * 1. What is handed out is whole: key and certificate belong together and the authority can be read. A renewal that is
 *    half written, or broken, is left alone and said once; the certificates before it stay in use.
 * 2. New connections use the newest certificates; those that are open stay as they are.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { experimental } from '@grpc/grpc-js';
import { SaraError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities by which peers are known. */
  readonly ca: string;
}

export interface CertificateSet {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/** A renewed secret reaches a container within a minute; certificates are renewed days before they end. */
const REFRESH_MS = 30_000;

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

export class Certificates implements experimental.CertificateProvider {
  readonly #files: TlsFiles;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #onRenewed = new Set<(set: CertificateSet) => void>();
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();
  #current: CertificateSet;
  /** What was wrong with the files when they were last looked at, for saying it once. */
  #problem: string | null = null;

  private constructor(files: TlsFiles, first: CertificateSet, options: { log: Logger; refreshMs: number }) {
    this.#files = files;
    this.#current = first;
    this.#log = options.log;
    this.#timer = setInterval(() => void this.refresh(), options.refreshMs);
    // Looking for renewals is no reason to stay alive.
    this.#timer.unref();
  }

  /** @throws SaraError FILE_NOT_FOUND, CONFIG_INVALID when the files do not make a usable identity */
  static async load(files: TlsFiles, options: { log: Logger; refreshMs?: number }): Promise<Certificates> {
    return new Certificates(files, await readSet(files), { refreshMs: REFRESH_MS, ...options });
  }

  get current(): CertificateSet {
    return this.#current;
  }

  /** When the certificate ends, in milliseconds since 1970. */
  get expiresAtMs(): number {
    return Date.parse(new X509Certificate(this.#current.cert).validTo);
  }

  /** @returns ends the telling */
  onRenewed(listener: (set: CertificateSet) => void): () => void {
    this.#onRenewed.add(listener);
    return () => this.#onRenewed.delete(listener);
  }

  /** Looks at the files now; done by itself twice a minute. Never rejects. */
  async refresh(): Promise<void> {
    let found: CertificateSet;
    try {
      found = await readSet(this.#files);
      this.#problem = null;
    } catch (error) {
      const problem = (error as SaraError).message;
      if (problem !== this.#problem)
        this.#log.error({ err: error }, 'renewed certificates cannot be used; going on with those before');
      this.#problem = problem;
      return;
    }
    if (isSame(found, this.#current)) return;
    this.#current = found;
    this.#log.info({ until: new Date(this.expiresAtMs).toISOString() }, 'certificates were renewed');
    for (const listener of this.#onRenewed) listener(found);
    for (const listener of this.#caListeners) listener({ caCertificate: found.ca });
    for (const listener of this.#identityListeners) listener(identityOf(found));
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    queueMicrotask(() => {
      listener({ caCertificate: this.#current.ca });
    });
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    queueMicrotask(() => {
      listener(identityOf(this.#current));
    });
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  /** Ends the looking for renewals. */
  close(): void {
    clearInterval(this.#timer);
  }
}

function identityOf({ cert, key }: CertificateSet): experimental.IdentityCertificateUpdate {
  return { certificate: cert, privateKey: key };
}

function isSame(a: CertificateSet, b: CertificateSet): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && a.ca.equals(b.ca);
}

async function readSet(files: TlsFiles): Promise<CertificateSet> {
  const [cert, key, ca] = await Promise.all([files.cert, files.key, files.ca].map(read));
  try {
    // Refuses text that is no PEM, and a key that is not the certificate's.
    createSecureContext({ cert, key, ca });
    new X509Certificate(ca);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'CONFIG_INVALID',
      `the certificate ${files.cert}, key ${files.key} and authority ${files.ca} do not go together: ${reason}`,
      { cert: files.cert, key: files.key, ca: files.ca },
      { cause },
    );
  }
  return { cert, key, ca };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `cannot read ${path}: ${reason}`, { path }, { cause });
  }
}
