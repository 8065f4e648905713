/**
 * Lets callers of the API through by bearer token and role. The token file is read again when it changes: a token that
 * is taken out is refused from then on. A file that became unreadable or invalid changes nothing, and is said once.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import { asSaraError, SaraError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Caller, Gate } from '../../shared/rpc/gate.ts';
import { includes, roleFor } from './roles.ts';
import { findToken, readTokenFile, type AcceptedToken } from './token-file.ts';

/** How soon a change of the file counts. */
const REFRESH_MS = 5_000;

export class TokenGate implements Gate {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #tokens: readonly AcceptedToken[];
  #version: string;
  #problem: string | null = null;

  private constructor(
    path: string,
    first: { tokens: readonly AcceptedToken[]; version: string },
    { clock, log }: { clock: Clock; log: Logger },
  ) {
    this.#path = path;
    this.#tokens = first.tokens;
    this.#version = first.version;
    this.#clock = clock;
    this.#log = log;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
  }

  /** @throws SaraError FILE_NOT_FOUND, CONFIG_INVALID */
  static async open(path: string, options: { clock: Clock; log: Logger }): Promise<TokenGate> {
    const tokens = await readTokenFile(path);
    return new TokenGate(path, { tokens, version: await versionOf(path) }, options);
  }

  admit(path: string, { token, peer }: Caller): void {
    if (token === null) {
      throw new SaraError(
        'UNAUTHENTICATED',
        'the coordinator wants a token: give --token-file or SARA_TOKEN_FILE',
        { peer },
      );
    }
    const found = findToken(this.#tokens, token, this.#clock.nowMs());
    if (found === null) {
      throw new SaraError('UNAUTHENTICATED', 'the coordinator does not know this token, or it has expired', {
        peer,
      });
    }
    const { name, role } = found;
    const needed = roleFor(path);
    if (!includes(role, needed)) {
      throw new SaraError(
        'PERMISSION_DENIED',
        `${path.split('/').at(-1)} is for role ${needed}; the token of ${name} has role ${role}`,
        { name, role, needed },
      );
    }
    if (needed !== 'read') this.#log.info({ user: name, role, peer, method: path }, 'admitted');
  }

  /** Looks at the file now; done by itself every few seconds. Never rejects. */
  async refresh(): Promise<void> {
    try {
      const version = await versionOf(this.#path);
      if (version === this.#version && this.#problem === null) return;
      this.#tokens = await readTokenFile(this.#path);
      this.#version = version;
      this.#problem = null;
      this.#log.info({ numTokens: this.#tokens.length }, 'the tokens were read again');
    } catch (thrown) {
      const error = asSaraError(thrown);
      if (error.message !== this.#problem)
        this.#log.error({ err: error }, 'the tokens cannot be read; going on with those before');
      this.#problem = error.message;
    }
  }

  /** Ends the looking. */
  close(): void {
    clearInterval(this.#timer);
  }
}

async function versionOf(path: string): Promise<string> {
  const { ino, mtimeMs, size } = await stat(path);
  return `${ino} ${mtimeMs} ${size}`;
}
