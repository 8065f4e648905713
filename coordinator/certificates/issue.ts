/**
 * A small certificate authority for those without cert-manager: ECDSA P-256 keys, one certificate per part, told apart
 * by the part's name (shared/parts.ts) and not by machine.
 */
import { webcrypto } from 'node:crypto';
// What @peculiar/x509 finds its parts with; it must be there first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { CERTIFICATE_NAMES, type Part } from '../../shared/parts.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Clocks of two machines may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** PEM texts. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From now on, for `days`. */
export function validFor(days: number, nowMs: number): Validity {
  return { fromMs: nowMs - CLOCK_SKEW_MS, untilMs: nowMs + days * 24 * 60 * 60 * 1000 };
}

export async function createAuthority(name: string, validity: Validity): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [name] }],
    ...dates(validity),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

/** Of an authority that was written before. */
export async function readAuthority({ cert, key }: IssuedCertificate): Promise<Authority> {
  const certificate = new x509.X509Certificate(cert);
  const pkcs8 = x509.PemConverter.decodeFirst(key);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']);
  const spki = certificate.publicKey.rawData;
  const publicKey = await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']);
  return { certificate, keys: { privateKey, publicKey } };
}

/**
 * Signs a certificate that serves and connects as `part`.
 * @param hosts further names or addresses, e.g. of a NATS server
 */
export async function issueCertificate(
  authority: Authority,
  part: Part | 'nats',
  validity: Validity,
  hosts: readonly string[] = [],
): Promise<IssuedCertificate> {
  const keys = await generateKeys();
  const ownName = part === 'nats' ? [] : [CERTIFICATE_NAMES[part]];
  const names = [...ownName, ...hosts].map((name) => ({
    type: isAddress(name) ? ('ip' as const) : ('dns' as const),
    value: name,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: [part] }],
    issuer: authority.certificate.subjectName,
    ...dates(validity),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys) };
}

/** The authority in PEM: the certificate for every part, the key for whoever signs. */
export async function authorityPem({ certificate, keys }: Authority): Promise<IssuedCertificate> {
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

function dates({ fromMs, untilMs }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(fromMs), notAfter: new Date(untilMs) };
}

/** 127 random bits, in hexadecimal: positive, and never twice the same. */
function randomSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] &= 0x7f;
  return Buffer.from(bytes).toString('hex');
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
