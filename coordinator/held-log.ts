/**
 * Output of a process whose place is not known yet: held in memory until a log file is named, then written there.
 * A run's folder, where its logs belong, exists only after the processes that make it have started.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** Kept to explain an early end. */
const MAX_TAIL_LENGTH = 4_000;
/** Held until the file is known; later output is dropped until then. */
const MAX_HELD_LENGTH = 1024 * 1024;

/** Also a pino destination. */
export class HeldLog {
  #tail = '';
  #held = '';
  #file: WriteStream | null = null;

  write(text: string): void {
    this.#tail = (this.#tail + text).slice(-MAX_TAIL_LENGTH);
    if (this.#file !== null) this.#file.write(text);
    else if (this.#held.length + text.length <= MAX_HELD_LENGTH) this.#held += text;
  }

  /** The last of what was written. */
  get tail(): string {
    return this.#tail.trimEnd();
  }

  /** Names the file; what was held goes there first. */
  writeTo(path: string): void {
    this.#file = createWriteStream(path, { flags: 'a' });
    // A log is a convenience: a full disk must not end the run through it.
    this.#file.on('error', () => undefined);
    this.#file.write(this.#held);
    this.#held = '';
  }

  async close(): Promise<void> {
    if (this.#file === null) return;
    this.#file.end();
    await finished(this.#file).catch(() => undefined);
  }
}
