/** What cert-manager does with the manifests' certificates: makes the secret that each one names. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ofKind, type KubeObject } from '../objects.ts';
import { run } from './run.ts';

interface CertificateSpec {
  readonly secretName: string;
  readonly isCA?: boolean;
  readonly commonName?: string;
  readonly dnsNames?: readonly string[];
  readonly usages?: readonly string[];
  readonly issuerRef: { readonly name: string };
}

interface IssuerSpec {
  readonly selfSigned?: object;
  readonly ca?: { readonly secretName: string };
}

/** Files of a secret, by name. */
export type SecretData = Readonly<Record<string, string>>;

const DAYS = ['-days', '2'];
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** OpenSSL's words for cert-manager's. */
const USAGES: Readonly<Record<string, string>> = {
  'digital signature': 'keyUsage=digitalSignature',
  'server auth': 'serverAuth',
  'client auth': 'clientAuth',
};

/** @returns secrets by name */
export async function issueCertificates(
  objects: readonly KubeObject[],
  folder: string,
): Promise<Map<string, SecretData>> {
  await mkdir(folder, { recursive: true });
  const issuers = new Map(
    ofKind(objects, 'Issuer').map(({ metadata, spec }) => [metadata.name, spec as IssuerSpec]),
  );
  const secrets = new Map<string, SecretData>();
  const specs = ofKind(objects, 'Certificate').map(({ spec }) => spec as CertificateSpec);
  // The authority first.
  for (const spec of [...specs].sort((a, b) => Number(b.isCA ?? false) - Number(a.isCA ?? false))) {
    const authority = issuers.get(spec.issuerRef.name)?.ca?.secretName;
    secrets.set(spec.secretName, await issue(spec, authority ?? null, folder));
  }
  return secrets;
}

async function issue(spec: CertificateSpec, authority: string | null, folder: string): Promise<SecretData> {
  const path = (secret: string, file: string): string => join(folder, `${secret}.${file}`);
  const own = (file: string): string => path(spec.secretName, file);
  const key = ['-keyout', own('key'), '-subj', `/CN=${spec.commonName ?? spec.secretName}`];
  if (authority === null) {
    await run('openssl', 'req', '-x509', ...NEW_KEY, ...key, '-out', own('crt'), ...DAYS);
  } else {
    await run('openssl', 'req', ...NEW_KEY, ...key, '-out', own('csr'));
    const words = (spec.usages ?? []).map((usage) => USAGES[usage] ?? usage);
    const extensions = [
      `subjectAltName=${(spec.dnsNames ?? []).map((name) => `DNS:${name}`).join(',')}`,
      ...words.filter((word) => word.includes('=')),
      `extendedKeyUsage=${words.filter((word) => !word.includes('=')).join(',')}`,
    ];
    await writeFile(own('ext'), extensions.join('\n'));
    await run(
      ...['openssl', 'x509', '-req', '-in', own('csr'), '-out', own('crt'), '-extfile', own('ext')],
      ...['-CA', path(authority, 'crt'), '-CAkey', path(authority, 'key'), '-CAcreateserial', ...DAYS],
    );
  }
  const read = (file: string): Promise<string> => readFile(file, 'utf8');
  const issuer = authority ?? spec.secretName;
  return {
    'tls.crt': await read(own('crt')),
    'tls.key': await read(own('key')),
    'ca.crt': await read(path(issuer, 'crt')),
  };
}
