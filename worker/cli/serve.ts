/** `sara worker`, `sara-worker serve`: this machine as a worker of a cluster. */
import { Option, type Command } from 'commander';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { SERVICE_OPTIONS, serviceOptions, type ServiceFlags } from '../../shared/service-options.ts';
import { defaultWorkerName, serve } from '../serve.ts';
import { byteSize, positive } from './arguments.ts';

interface WorkerFlags extends ServiceFlags {
  readonly name: string;
  readonly listen: string;
  readonly advertise?: string;
  readonly memory?: number;
  readonly threads?: number;
  readonly exitWithParent: boolean;
  readonly grace: number;
  readonly objectStore?: number;
}

/** Less than Kubernetes grants by default, which is 30 s. */
const DEFAULT_GRACE_MS = 25_000;

export function serveCommand(root: Command, life: Lifecycle): void {
  const command = root
    .command('serve')
    .description('Offer this machine to runs until stopped. Finds the coordinator through NATS.')
    .addOption(
      new Option('--name <name>', 'unique among live workers').env('SARA_NAME').default(defaultWorkerName()),
    )
    .addOption(
      new Option('--listen <host:port>', 'where actors are reached; port 0 takes a free one')
        .env('SARA_LISTEN')
        .default('127.0.0.1:0'),
    )
    .addOption(
      new Option('--advertise <host:port>', 'where others reach them, when not --listen').env(
        'SARA_ADVERTISE',
      ),
    )
    .addOption(
      new Option('--memory <size>', "memory that stages may use, e.g. 8GB (default: all of the machine's)")
        .env('SARA_MEMORY')
        .argParser(byteSize),
    )
    .addOption(
      new Option('--threads <n>', 'engine threads (default: all cores)')
        .env('SARA_THREADS')
        .argParser(positive),
    )
    .addOption(
      new Option('--object-store <size>', 'tensors held for other workers (default: a quarter of the memory)')
        .env('SARA_OBJECT_STORE')
        .argParser(byteSize),
    )
    .addOption(
      new Option('--grace <ms>', 'longest time to drain when asked to end: its run goes on without it first')
        .env('SARA_GRACE')
        .default(DEFAULT_GRACE_MS)
        .argParser(positive),
    )
    .option('--exit-with-parent', 'stop when standard input closes', false);
  for (const { flags, env, text, default: value } of SERVICE_OPTIONS)
    command.addOption(new Option(flags, text).env(env).default(value));
  command.action(async (flags: WorkerFlags) => {
    const { name, listen, advertise, memory, threads, exitWithParent, grace, objectStore } = flags;
    await serve(
      {
        ...serviceOptions(flags),
        name,
        listen,
        exitWithParent,
        graceMs: grace,
        ...(objectStore === undefined ? {} : { objectStoreBytes: objectStore }),
        ...(advertise === undefined || advertise === '' ? {} : { advertise }),
        ...(memory === undefined ? {} : { memoryBytes: memory }),
        ...(threads === undefined ? {} : { numThreads: threads }),
      },
      life,
    );
  });
}
