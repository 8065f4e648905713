/**
 * An event file of TensorBoard, written as a run goes on: every event is in the file before the next begins, so what
 * is there can be watched at any time, and a crash costs at most the record being written (a reader stops before it).
 */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { SaraError } from '../../shared/errors.ts';
import { encodeEvent, type BoardEvent } from './event.ts';
import { tfRecord } from './tf-record.ts';

export class EventFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  /** Writes in their order, one at a time. */
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, clock: Clock) {
    this.path = path;
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * A new file in `folder`, beside those of the run's earlier lives. TensorBoard finds it by its name and reads files
   * in the order of names, which begin with their time.
   * @throws SaraError DISK_WRITE_FAILED
   */
  static async create(folder: string, clock: Clock): Promise<EventFile> {
    const seconds = String(Math.floor(clock.nowMs() / 1000)).padStart(10, '0');
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`);
    const file = await attempt(path, async () => {
      await mkdir(folder, { recursive: true });
      return open(path, 'a');
    });
    const events = new EventFile(path, file, clock);
    if ((await attempt(path, () => file.stat())).size === 0) await events.write({ kind: 'file-begins' });
    return events;
  }

  /**
   * Appends one event; resolves when the system has it.
   * @throws SaraError DISK_WRITE_FAILED
   */
  write(event: BoardEvent): Promise<void> {
    const record = tfRecord(encodeEvent(event, this.#clock.nowMs()));
    const written = this.#written.then(() => attempt(this.path, () => this.#file.appendFile(record)));
    this.#written = written.catch(() => undefined); // its caller hears of it; the next may fare better
    return written;
  }

  async close(): Promise<void> {
    await this.#written;
    await attempt(this.path, () => this.#file.close());
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('DISK_WRITE_FAILED', `cannot write ${path}: ${reason}`, { path, reason }, { cause });
  }
}
