/** Certificates made for a test, in a temporary folder: of our authority, of strangers, of other times. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  authorityPem,
  createAuthority,
  issueCertificate,
  validFor,
  type Authority,
  type Validity,
} from '../../coordinator/certificates/issue.ts';
import { silentLogger } from '../../shared/log.ts';
import type { Part } from '../../shared/parts.ts';
import { Certificates, type TlsFiles } from '../../shared/rpc/certificates.ts';

const DAYS = 2;

export class TestAuthority {
  readonly folder: string;
  readonly #authority: Authority;
  readonly #opened: Certificates[] = [];
  #numIssued = 0;

  private constructor(folder: string, authority: Authority) {
    this.folder = folder;
    this.#authority = authority;
  }

  static async create(): Promise<TestAuthority> {
    const folder = await mkdtemp(join(tmpdir(), 'sara-test-tls-'));
    const authority = await createAuthority('test authority', validFor(DAYS, Date.now()));
    await writeFile(join(folder, 'ca.crt'), (await authorityPem(authority)).cert);
    return new TestAuthority(folder, authority);
  }

  get caFile(): string {
    return join(this.folder, 'ca.crt');
  }

  /** Files of a new certificate. @param over written over these instead of new ones */
  async files(
    part: Part | 'nats',
    options: { validity?: Validity; hosts?: readonly string[]; over?: TlsFiles } = {},
  ): Promise<TlsFiles> {
    const { validity = validFor(DAYS, Date.now()), hosts = [] } = options;
    const name = `${part}-${this.#numIssued++}`;
    const place = (suffix: string): string => join(this.folder, `${name}.${suffix}`);
    const files = options.over ?? { cert: place('crt'), key: place('key'), ca: this.caFile };
    const { cert, key } = await issueCertificate(this.#authority, part, validity, hosts);
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    return files;
  }

  /** As a process loads them. @param ca trusted instead of this authority */
  async certificates(part: Part, options: { validity?: Validity; ca?: string } = {}): Promise<Certificates> {
    const files = await this.files(part, options);
    const loaded = await Certificates.load(
      { ...files, ca: options.ca ?? files.ca },
      { log: silentLogger, refreshMs: 60_000 },
    );
    this.#opened.push(loaded);
    return loaded;
  }

  async remove(): Promise<void> {
    for (const certificates of this.#opened) certificates.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A validity that has ended. */
export function ended(): Validity {
  const nowMs = Date.now();
  return { fromMs: nowMs - 2 * 3_600_000, untilMs: nowMs - 3_600_000 };
}
