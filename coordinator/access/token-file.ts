/**
 * The file of bearer tokens that the coordinator accepts: names, roles and SHA-256 digests, never the tokens.
 *
 * ```yaml
 * tokens:
 *   - { name: ada, role: submit, sha256: 9f86d081884c7d65... } # expires: 2027-01-31 is possible
 * ```
 *
 * A digest without salt or stretching is enough, for tokens are 256 random bits (`sara token` makes them), not words
 * that could be guessed.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { SaraError } from '../../shared/errors.ts';
import { ROLES, type Role } from './roles.ts';

/** A file of a thousand tokens has a tenth of this. */
const MAX_FILE_BYTES = 1024 * 1024;

const entrySchema = z.strictObject({
  /** Whose it is, for the log. */
  name: z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/),
  role: z.enum(ROLES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Last day or moment it is accepted, UTC. */
  expires: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional(),
});
const fileSchema = z.strictObject({ tokens: z.array(entrySchema).max(10_000) });

export interface AcceptedToken {
  readonly name: string;
  readonly role: Role;
  readonly digest: Buffer;
  /** In milliseconds since 1970; Infinity: never. */
  readonly expiresAtMs: number;
}

/** @throws SaraError FILE_NOT_FOUND, CONFIG_INVALID naming the entry */
export async function readTokenFile(path: string): Promise<AcceptedToken[]> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw invalid(path, `${size} > ${MAX_FILE_BYTES} bytes`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof SaraError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `cannot read the tokens ${path}: ${reason}`, { path }, { cause });
  }
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause));
  }
  const result = fileSchema.safeParse(tree);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(path, `${issue.path.join('.')}: ${issue.message}`);
  }
  return result.data.tokens.map(({ name, role, sha256, expires }) => ({
    name,
    role,
    digest: Buffer.from(sha256, 'hex'),
    expiresAtMs: expires === undefined ? Infinity : endOf(expires),
  }));
}

/** A date means the whole day. */
function endOf(expires: string): number {
  return Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(expires) ? `${expires}T23:59:59.999Z` : expires);
}

function invalid(path: string, reason: string): SaraError {
  return new SaraError('CONFIG_INVALID', `the tokens ${path} are not valid: ${reason}`, { path });
}

/** The entry that a token is accepted by, looked for in constant time per entry; null: none. */
export function findToken(
  tokens: readonly AcceptedToken[],
  token: string,
  nowMs: number,
): AcceptedToken | null {
  const digest = sha256(token);
  let found: AcceptedToken | null = null;
  // To the end, so that the time taken tells nothing about where it stands.
  for (const entry of tokens) if (timingSafeEqual(entry.digest, digest)) found = entry;
  return found !== null && nowMs <= found.expiresAtMs ? found : null;
}

/** A new token and the digest that goes into the file. */
export function makeToken(): { readonly token: string; readonly sha256: string } {
  const token = `sara_${randomBytes(32).toString('base64url')}`;
  return { token, sha256: sha256(token).toString('hex') };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
