/** Starts a worker process (echo-worker.ts) and waits until it listens. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerEndpoint } from '../../shared/actor/protocol.ts';

export interface ChildWorker {
  readonly endpoint: WorkerEndpoint;
  readonly process: ChildProcess;
  /** Ends it and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function startChildWorker(name: string): Promise<ChildWorker> {
  const script = fileURLToPath(new URL('echo-worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line').then(([line]) => line as string),
    exited.then(([code]) => {
      throw new Error(`worker ${name} ended with ${String(code)} before it listened`);
    }),
  ]);
  return {
    endpoint: JSON.parse(first) as WorkerEndpoint,
    process: child,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await exited;
    },
  };
}
