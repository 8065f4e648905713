/** A program for the lifecycle tests: does as its first argument says. */
import { SaraError } from '../../shared/errors.ts';
import { runMain } from '../../shared/lifecycle.ts';

await runMain(async (life) => {
  life.defer('mark', () => void process.stdout.write('cleaned\n'));
  const mode = process.argv[2];
  if (mode === 'done') return;
  if (mode === 'fail') throw new SaraError('DOES_NOT_FIT', 'as asked');
  const keepAlive = setInterval(() => undefined, 1000);
  await new Promise<void>((_resolve, reject) => {
    life.signal.addEventListener('abort', () => {
      process.stdout.write('told\n');
      if (mode === 'deaf') return;
      clearInterval(keepAlive);
      reject(life.signal.reason as Error);
    });
    process.stdout.write('ready\n');
  });
});
