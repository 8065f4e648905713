/** Names of runs: sortable by time, telling at a glance, safe as a folder, a KV key and a NATS subject token. */
import { SaraError } from '../shared/errors.ts';

const RUN_ID = /^\d{8}-\d{6}-[a-z0-9-]{1,24}-[0-9a-f]{4}$/;
const MAX_SLUG_LENGTH = 24;

/**
 * For example `20261124-083015-emoji-4f2a`.
 * @param label the run's name, or whatever tells it apart; reduced to [a-z0-9-]
 * @param suffix tells runs of the same second apart, [0, 65536)
 */
export function runId(nowMs: number, label: string, suffix: number): string {
  const [date, time] = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').split(/[T.]/);
  const slug = label
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG_LENGTH)
    .replaceAll(/^-+|-+$/g, '');
  return `${date}-${time}-${slug === '' ? 'run' : slug}-${suffix.toString(16).padStart(4, '0')}`;
}

/** @throws SaraError RUN_NOT_FOUND when no run can be called so: such a text must not become part of a key */
export function requireRunId(text: string): string {
  if (RUN_ID.test(text)) return text;
  throw new SaraError('RUN_NOT_FOUND', `no run is called '${text}'; 'sara list' shows those there are`, {
    run: text,
  });
}
