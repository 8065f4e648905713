/** Who may ask the coordinator for what: one row per method. Each role may what those before it may. */
import { COORDINATOR_SERVICE } from '../../shared/rpc/services.ts';

export const ROLES = ['read', 'submit', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The least role that may call a method. */
export const ROLE_OF_METHOD: Readonly<Record<keyof typeof COORDINATOR_SERVICE, Role>> = {
  getRun: 'read',
  listRuns: 'read',
  watchRun: 'read',
  listWorkers: 'read',
  submitRun: 'submit',
  cancelRun: 'submit',
  resumeRun: 'submit',
  // Has a worker read the files that the request names.
  planRun: 'submit',
  drainWorker: 'admin',
};

const ROLE_OF_PATH: ReadonlyMap<string, Role> = new Map(
  Object.entries(COORDINATOR_SERVICE).map(([name, { path }]) => [
    path,
    ROLE_OF_METHOD[name as keyof typeof COORDINATOR_SERVICE],
  ]),
);

/** @param path of the method; what is not listed is for nobody but an admin */
export function roleFor(path: string): Role {
  return ROLE_OF_PATH.get(path) ?? 'admin';
}

export function includes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
