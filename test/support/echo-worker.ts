/** A worker process with EchoActors. Prints its endpoint as JSON, and ends with its parent. */
import { ActorHost } from '../../shared/actor/host.ts';
import { runMain, stopWithParent } from '../../shared/lifecycle.ts';
import { silentLogger } from '../../shared/log.ts';
import { echoRegistry } from './echo-actor.ts';

await runMain(async (life) => {
  stopWithParent(life);
  const host = await ActorHost.start({
    name: process.argv[2] ?? 'child',
    registry: echoRegistry,
    listen: '127.0.0.1:0',
    objectStoreBytes: 1 << 30,
    log: silentLogger,
  });
  life.defer('actor host', () => host.stop(0));
  process.stdout.write(`${JSON.stringify(host.endpoint)}\n`);
  await new Promise<void>((resolve) => {
    life.signal.addEventListener('abort', () => {
      resolve();
    });
  });
});
