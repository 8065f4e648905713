/** Options that several commands share, and how their texts become values. */
import { InvalidArgumentError, Option } from 'commander';
import { parseBytes } from '../../shared/bytes.ts';
import { MAX_PRIORITY } from '../../shared/run-api.ts';
import { DEFAULT_NATS, TLS_OPTIONS, type OptionFacts } from '../../shared/service-options.ts';

export const DEFAULT_COORDINATOR = '127.0.0.1:7780';
/** Of k8s/base. */
export const DEFAULT_NAMESPACE = 'sara';

/** An option of {@link OptionFacts} as commander has it. */
export function toOption({ flags, env, text, default: value }: OptionFacts): Option {
  return new Option(flags, text).env(env).default(value);
}

/** How a coordinator is reached: of every command that asks one. */
export function apiOptions(): Option[] {
  return [coordinatorOption(), ...kubeOptions(), ...accessOptions()];
}

/** A coordinator inside a Kubernetes cluster: reached through its API server, with the rights of the kubeconfig. */
export function kubeOptions(): Option[] {
  return [
    new Option('--context <name>', 'context of the kubeconfig whose cluster the coordinator is in').env(
      'SARA_CONTEXT',
    ),
    new Option('--namespace <name>', 'its namespace there').env('SARA_NAMESPACE').default(DEFAULT_NAMESPACE),
  ];
}

/** What a coordinator wants to see of those who ask. */
export function accessOptions(): Option[] {
  return [
    new Option('--token-file <file>', 'bearer token for it (or SARA_TOKEN itself)').env('SARA_TOKEN_FILE'),
    ...TLS_OPTIONS.map(toOption),
    new Option('--insecure', 'allow the token to travel without TLS').env('SARA_INSECURE'),
  ];
}

/** Shorter ones are lost to a garbage collection, or to the server's clock. */
const MIN_LEASE_MS = 1000;

export function coordinatorOption(): Option {
  return new Option('--coordinator <host:port>', 'where the coordinator answers')
    .env('SARA_COORDINATOR')
    .default(DEFAULT_COORDINATOR);
}

export function natsOption(): Option {
  return new Option('--nats <url>', 'NATS servers, comma-separated').env('SARA_NATS').default(DEFAULT_NATS);
}

export function setOption(): Option {
  return new Option('--set <path=value>', 'override a field of the configuration (repeatable)').argParser(
    collect,
  );
}

/** For options that may be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

export function daysOption(): Option {
  return new Option('--days <n>', 'how long the certificates are good').argParser(wholeNumber(1)).default(90);
}

export function workersOption(): Option {
  return new Option(
    '--workers <n>',
    'worker processes (default: stages x replicas of the configuration)',
  ).argParser(wholeNumber(1));
}

export function memoryOption(): Option {
  return new Option(
    '--memory <size>',
    "memory for each worker, e.g. 8GB (default: its share of the machine's)",
  ).argParser((text: string) => {
    const bytes = parseBytes(text);
    if (bytes === null || bytes === 0)
      throw new InvalidArgumentError('expected a size such as 8GB or 512MiB');
    return bytes;
  });
}

export function threadsOption(): Option {
  return new Option(
    '--threads <n>',
    'engine threads for each worker (default: its share of the cores)',
  ).argParser(wholeNumber(1));
}

export function priorityOption(): Option {
  return new Option(
    '--priority <n>',
    `of the runs that wait, the one with the highest is next, -${MAX_PRIORITY} to ${MAX_PRIORITY}`,
  )
    .default(0)
    .argParser((text) => {
      const value = Number(text);
      if (Number.isSafeInteger(value) && Math.abs(value) <= MAX_PRIORITY) return value;
      throw new InvalidArgumentError(`expected a whole number, -${MAX_PRIORITY} to ${MAX_PRIORITY}`);
    });
}

export function leaseOption(): Option {
  return new Option(
    '--lease <ms>',
    'time without a sign of life after which a worker or coordinator counts as lost; set by the first on a NATS',
  )
    .env('SARA_LEASE')
    .argParser(wholeNumber(MIN_LEASE_MS));
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON instead of a table');
}

function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`expected a whole number, ${minimum} or more`);
    }
    return value;
  };
}
