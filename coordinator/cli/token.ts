/** `sara token`: makes a bearer token and the line by which a coordinator accepts it. */
import type { Role } from '../access/roles.ts';
import { makeToken } from '../access/token-file.ts';

/** The token goes to stdout, to be kept by its owner; the line for the coordinator's file, which is no secret, to stderr. */
export function printToken({ name, role }: { readonly name: string; readonly role: Role }): void {
  const { token, sha256 } = makeToken();
  process.stdout.write(`${token}\n`);
  process.stderr.write(`  - { name: ${name}, role: ${role}, sha256: ${sha256} }\n`);
}
