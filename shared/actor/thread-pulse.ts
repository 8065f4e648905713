/**
 * Whether the thread of an actor still does something. It says so by beats of its event loop; while it is inside a
 * computation it cannot, and then the kernel's account of its processor time speaks for it. A thread that neither beats
 * nor computes, and owes an answer, stands still: in a driver that does not come back, or in a deadlock.
 *
 * Where the kernel keeps no account per thread (elsewhere than on Linux), the process's stands for it, which notices
 * less. A device that computes while its thread sleeps looks idle, too: so the time allowed is far beyond one kernel.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** How often a thread says that it lives, in ms. */
export const BEAT_MS = 250;

/** Shared by the two sides: [beats, id of the thread to the kernel or 0]. */
export type PulseCells = Int32Array<SharedArrayBuffer>;

export function newPulseCells(): PulseCells {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** Called by the thread itself, once. Keeps nothing alive. */
export function beginPulse(cells: PulseCells): void {
  Atomics.store(cells, 1, kernelThreadId());
  setInterval(() => Atomics.add(cells, 0, 1), BEAT_MS).unref();
}

/** Follows one thread. Counts looks, not time: a process that was stopped as a whole finds its threads as they were. */
export class ThreadPulse {
  readonly #cells: PulseCells;
  #lastSign = '';
  #numSilent = 0;

  constructor(cells: PulseCells) {
    this.#cells = cells;
  }

  /**
   * @param owesAnswer a thread that owes none may be as silent as it likes
   * @returns looks in a row, this one among them, in which it has given no sign of life
   */
  look(owesAnswer: boolean): number {
    const sign = `${Atomics.load(this.#cells, 0)} ${processorTime(Atomics.load(this.#cells, 1))}`;
    this.#numSilent = owesAnswer && sign === this.#lastSign ? this.#numSilent + 1 : 0;
    this.#lastSign = sign;
    return this.#numSilent;
  }
}

function kernelThreadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/** Grows while the thread computes; in whatever unit. */
function processorTime(threadId: number): string {
  if (threadId > 0) {
    try {
      // Fields 14 and 15, counted behind the name in brackets, which may hold anything.
      const stat = readFileSync(`/proc/self/task/${threadId}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).join(' ');
    } catch {
      // It has just ended, which is noticed elsewhere.
    }
  }
  const { user, system } = process.cpuUsage();
  return `${user} ${system}`;
}
