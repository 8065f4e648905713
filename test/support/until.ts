/** Waits for something another process or callback does, without a fixed sleep. */
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 5;
const GIVE_UP_MS = 20_000;

/** @param condition polled until it holds */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what = 'the condition',
): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`${what} did not come true within ${GIVE_UP_MS} ms`);
    await pause(POLL_MS);
  }
}
