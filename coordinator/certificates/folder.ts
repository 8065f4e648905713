/** A folder of certificates as `sara certs` makes it: `ca.crt`, `ca.key`, and `<part>.crt`, `<part>.key`. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import type { Part } from '../../shared/parts.ts';
import {
  authorityPem,
  createAuthority,
  issueCertificate,
  readAuthority,
  validFor,
  type Authority,
  type IssuedCertificate,
} from './issue.ts';

export const CERTIFICATE_FILES: readonly (Part | 'nats')[] = ['coordinator', 'worker', 'client', 'nats'];

const AUTHORITY_DAYS = 3650;

export interface CertificateFolderOptions {
  /** How long the parts' certificates are good. */
  readonly days: number;
  /** Names and addresses of the NATS server. */
  readonly natsHosts: readonly string[];
  readonly nowMs: number;
}

/**
 * Makes an authority, when the folder has none, and signs a new certificate for every part: also how they are renewed.
 * @throws SaraError FILE_CORRUPT when the authority that is there cannot be used
 */
export async function writeCertificateFolder(
  folder: string,
  { days, natsHosts, nowMs }: CertificateFolderOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = await authorityOf(folder, nowMs);
  for (const part of CERTIFICATE_FILES) {
    const hosts = part === 'nats' ? natsHosts : [];
    await writePair(folder, part, await issueCertificate(authority, part, validFor(days, nowMs), hosts));
  }
}

async function authorityOf(folder: string, nowMs: number): Promise<Authority> {
  const [cert, key] = await Promise.all(['ca.crt', 'ca.key'].map((name) => readIfThere(join(folder, name))));
  if (cert === null && key === null) {
    const authority = await createAuthority('sara authority', validFor(AUTHORITY_DAYS, nowMs));
    await writePair(folder, 'ca', await authorityPem(authority));
    return authority;
  }
  if (cert === null || key === null)
    throw new SaraError('FILE_CORRUPT', `${folder} has only one of ca.crt and ca.key`, { folder });
  try {
    return await readAuthority({ cert, key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'FILE_CORRUPT',
      `the authority in ${folder} cannot be read: ${reason}`,
      { folder },
      { cause },
    );
  }
}

async function writePair(folder: string, name: string, { cert, key }: IssuedCertificate): Promise<void> {
  const keyPath = join(folder, `${name}.key`);
  await writeFile(keyPath, key, { mode: 0o600 });
  await chmod(keyPath, 0o600);
  await writeFile(join(folder, `${name}.crt`), cert);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
