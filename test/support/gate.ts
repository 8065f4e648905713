/** A file that a process under test waits for (SARA_FAULT=wait@...): the test decides when it goes on. */
import { rm, writeFile } from 'node:fs/promises';

export class Gate {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async open(): Promise<void> {
    await writeFile(this.path, '');
  }

  async close(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
