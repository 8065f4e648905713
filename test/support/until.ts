/** Waits for something another process or callback does, without a fixed sleep. */
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 5;
const GIVE_UP_MS = 20_000;

/**
 * @param condition polled until it holds
 * @param giveUpMs for what takes longer than messages between processes
 */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what = 'the condition',
  giveUpMs = GIVE_UP_MS,
): Promise<void> {
  const giveUpAt = Date.now() + giveUpMs;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`${what} did not come true within ${giveUpMs} ms`);
    await pause(POLL_MS);
  }
}
