/** One command of the worker program, run in this process: what it prints, and what it throws. */
import { Command } from 'commander';
import { Lifecycle } from '../../shared/lifecycle.ts';
import { silentLogger } from '../../shared/log.ts';

/**
 * @param register adds the command to a program
 * @param args from the command's name on
 * @returns what went to stdout
 * @throws SaraError as the command; CommanderError with code `commander.*` for options it does not take
 */
export async function runWorkerCommand(
  register: (root: Command, life: Lifecycle) => void,
  args: readonly string[],
): Promise<string> {
  const life = new Lifecycle(silentLogger);
  const root = new Command('sara-worker').exitOverride().configureOutput({ writeErr: () => undefined });
  register(root, life);
  const printed: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (text: string | Uint8Array): boolean => {
    printed.push(typeof text === 'string' ? text : Buffer.from(text).toString());
    return true;
  };
  try {
    await root.parseAsync(args, { from: 'user' });
  } finally {
    process.stdout.write = write;
    await life.close();
  }
  return printed.join('');
}
