/**
 * What each part may say and hear on NATS, from the table of subjects: no more than it needs. A subject, stream or
 * bucket that is added has to be given to somebody here, or nobody may touch it.
 *
 * What stays possible: a worker can take back another worker's registration, for all workers are one user. What does
 * not: to write the record or history of a run, to lead, or to listen to answers that are for the coordinator.
 */
import { CERTIFICATE_NAMES, type Part } from '../parts.ts';
import { BUCKETS, inboxPrefix, STREAMS, SUBJECT_TREES } from './subjects.ts';

/** `own`: makes it, writes, reads and watches. `entries`: reads and writes single entries of what is there. */
type BucketAccess = 'own' | 'entries' | 'none';
/** `own`: makes it, writes and reads. `write`: adds to what is there. */
type StreamAccess = 'own' | 'write' | 'none';

/** The parts that connect to NATS. */
export type NatsPart = Exclude<Part, 'client'>;
export const NATS_PARTS: readonly NatsPart[] = ['coordinator', 'worker'];

interface Access {
  readonly buckets: Readonly<Record<keyof typeof BUCKETS, BucketAccess>>;
  readonly streams: Readonly<Record<keyof typeof STREAMS, StreamAccess>>;
  /** Subjects of core NATS to say and hear. */
  readonly exchanges: readonly string[];
}

const ACCESS: Readonly<Record<NatsPart, Access>> = {
  coordinator: {
    buckets: { runs: 'own', workers: 'own', leases: 'own' },
    streams: { events: 'own', steps: 'none' },
    exchanges: [],
  },
  worker: {
    buckets: { runs: 'none', workers: 'entries', leases: 'none' },
    streams: { events: 'none', steps: 'none' },
    exchanges: [SUBJECT_TREES.exchange],
  },
};

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Subjects that a part may publish to and subscribe to. */
export function permissionsOf(part: NatsPart): NatsPermissions {
  const { buckets, streams, exchanges } = ACCESS[part];
  const bucketNames = Object.keys(BUCKETS) as (keyof typeof BUCKETS)[];
  const streamNames = Object.keys(STREAMS) as (keyof typeof STREAMS)[];
  return {
    publish: [
      '$JS.API.INFO',
      ...bucketNames.flatMap((name) => bucketSubjects(BUCKETS[name], buckets[name])),
      ...streamNames.flatMap((name) => streamSubjects(STREAMS[name], streams[name])),
      ...exchanges,
    ],
    subscribe: [`${inboxPrefix(part)}.>`, ...exchanges],
  };
}

function bucketSubjects(bucket: string, access: BucketAccess): string[] {
  if (access === 'none') return [];
  const stream = `KV_${bucket}`;
  const entries = [
    `$KV.${bucket}.>`,
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
  ];
  return access === 'entries' ? entries : [...entries, ...owning(stream)];
}

function streamSubjects(
  { name, subjects }: { readonly name: string; readonly subjects: readonly string[] },
  access: StreamAccess,
): string[] {
  if (access === 'none') return [];
  const writing = [...subjects, `$JS.API.STREAM.INFO.${name}`];
  return access === 'write' ? writing : [...writing, `$JS.API.STREAM.MSG.GET.${name}`, ...owning(name)];
}

/** Making a stream and following it, with servers from 2.9 on. */
function owning(stream: string): string[] {
  return [
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.FC.${stream}.>`,
  ];
}

/** How the server tells who connects: by the name in its certificate, or by password. */
export type NatsUsers = 'certificates' | 'passwords';

/** Variable of the server's environment with the password of a part, as text or as a bcrypt hash. */
export function passwordVariable(part: NatsPart): string {
  return `SARA_NATS_${part.toUpperCase()}_PASSWORD`;
}

/**
 * The permissions as a file for nats-server, to be included in its configuration.
 *
 * With `certificates` the server's tls block must say `verify_and_map: true`.
 */
export function natsPermissionsFile(users: NatsUsers): string {
  return [
    "# Who may say and hear what: made by 'sara nats-config' from shared/messaging/permissions.ts. Do not edit.",
    '',
    ...NATS_PARTS.flatMap((part) => [...permissionBlock(part), '']),
    'authorization {',
    '  users: [',
    ...NATS_PARTS.map((part) => `    { ${userOf(part, users)}, permissions: $${part.toUpperCase()} }`),
    '  ]',
    '}',
    '',
  ].join('\n');
}

function userOf(part: NatsPart, users: NatsUsers): string {
  return users === 'certificates'
    ? `user: ${JSON.stringify(CERTIFICATE_NAMES[part])}`
    : `user: ${JSON.stringify(part)}, password: $${passwordVariable(part)}`;
}

function permissionBlock(part: NatsPart): string[] {
  const { publish, subscribe } = permissionsOf(part);
  const list = (subjects: readonly string[]): string[] =>
    subjects.map((subject) => `    ${JSON.stringify(subject)}`);
  return [
    `${part.toUpperCase()} = {`,
    '  publish: { allow: [',
    ...list(publish),
    '  ] }',
    '  subscribe: { allow: [',
    ...list(subscribe),
    '  ] }',
    // Receipts of the exchange go to the sender's inbox, and to no other.
    '  allow_responses: { max: 4, expires: "2m" }',
    '}',
  ];
}
